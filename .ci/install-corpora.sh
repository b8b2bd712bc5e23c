#!/bin/bash
# install-corpora.sh
#
# Gets two published versions each of some Rust crates and Python packages, whose differences the test `noise` makes into
# patches, into ${PILOTLIGHT_CORPORA:-target/corpora}, and writes their paths to the file `env` there (NAME=value lines).
# What is already there in the pinned versions is kept: a second run takes a moment.
#
# Everything comes from the ordinary registries of cargo and pip, checked by hash: the versions are those of .ci/corpora.
# Nothing of it is built, run or installed.
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
  mkdir -p "$dir/$1"
  # Cargo asks for a package with sources before it fetches what one depends on.
  cp "$pins/Cargo.toml" "$pins/Cargo.lock" "$dir/$1/"
  touch "$dir/$1/lib.rs"
  (cd "$dir/$1" && cargo vendor --quiet --locked crates > /dev/null)
  wheels "$1/python" "$pins/requirements.txt"
  mark "$1" "$version"
}

mkdir -p "$dir"
install_side old
install_side new
printf 'OLD=%s\nNEW=%s\n' "$dir/old" "$dir/new" > "$dir/env"
say "ready; paths are in $dir/env:"
cat "$dir/env"
