#!/bin/bash
# install-corpora.sh
#
# Gets two published versions each of some Rust crates, npm and Python packages, whose differences the test `noise` makes
# into patches, into ${PILOTLIGHT_CORPORA:-target/corpora}, and writes their paths to the file `env` there (NAME=value lines).
# What is already there in the pinned versions is kept: a second run takes a moment.
#
# Everything comes from the ordinary registries of cargo, npm and pip, checked by hash: the versions are those of .ci/corpora.
# Nothing of it is built or run. Needs cargo and python3; where there is no npm, Node is got like the rest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "${PILOTLIGHT_CORPORA:-$here/../target/corpora}")
. "$here/packages.sh"

# install_side SIDE: the old or the new versions, unpacked.
install_side() {
  local pins=$here/corpora/$1 version
  version=$(cat "$pins"/* | sha256sum)
  done_as "$1" "$version" && return
  say "the $1 versions"
  rm -rf "${dir:?}/$1"
  mkdir -p "$dir/$1/crates"
  # Cargo asks for a package with sources before it fetches what one depends on.
  cp "$pins/Cargo.toml" "$pins/Cargo.lock" "$dir/$1/crates/"
  touch "$dir/$1/crates/lib.rs"
  (cd "$dir/$1/crates" && cargo vendor --quiet --locked vendor > /dev/null)
  modules "$1/npm" "$pins"
  wheels "$1/python" "$pins/requirements.txt"
  mark "$1" "$version"
}

mkdir -p "$dir"
[ -x "$(command -v npm)" ] || install_node
install_side old
install_side new
printf 'OLD=%s\nNEW=%s\n' "$dir/old" "$dir/new" > "$dir/env"
say "ready; paths are in $dir/env:"
cat "$dir/env"
