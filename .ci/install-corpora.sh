#!/bin/bash
# install-corpora.sh [noise] [history]      (none named: both)
#
# Gets published versions of some Rust crates, npm and Python packages into ${PILOTLIGHT_CORPORA:-target/corpora}, and writes
# their paths to the file `env` there (NAME=value lines). What is already there in the pinned versions is kept: a second run
# takes a moment.
#   noise      two versions of each, far apart; the test of that name makes their differences into patches
#   history    one version after the other of each; the bench of that name plays their differences as a person's edits
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

install_noise() {
  install_side old
  install_side new
}

# crate_version NAME VERSION CHECKSUM: one published version of a crate that needs no other, into history/NAME/VERSION.
crate_version() {
  local work=$dir/history.crate
  rm -rf "$work"
  mkdir -p "$work" "$dir/history/$1"
  touch "$work/lib.rs"
  printf '[package]\nname = "corpus"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[dependencies]\n%s = { version = "=%s", default-features = false }\n' \
    "$1" "$2" > "$work/Cargo.toml"
  printf 'version = 4\n[[package]]\nname = "corpus"\nversion = "0.0.0"\ndependencies = ["%s"]\n[[package]]\nname = "%s"\nversion = "%s"\nsource = "registry+https://github.com/rust-lang/crates.io-index"\nchecksum = "%s"\n' \
    "$1" "$1" "$2" "$3" > "$work/Cargo.lock"
  (cd "$work" && cargo vendor --quiet --locked vendor > /dev/null)
  mv "$work/vendor/$1" "$dir/history/$1/$2"
  rm -rf "$work"
}

install_history() {
  local pins=$here/corpora/history version name number checksum requirement module
  version=$(cat "$pins"/* | sha256sum)
  done_as history "$version" && return
  say "one version after the other of some packages"
  rm -rf "$dir/history"
  mkdir -p "$dir/history"
  while read -r name number checksum; do
    crate_version "$name" "$number" "$checksum"
  done < "$pins/crates.txt"
  while read -r requirement; do
    name=${requirement%%==*} number=${requirement#*==} number=${number%% *}
    wheel history.python "$requirement"
    mkdir -p "$dir/history/$name"
    mv "$dir/history.python/$name" "$dir/history/$name/$number"
    rm -rf "$dir"/history.python*
  done < "$pins/requirements.txt"
  modules history.npm "$pins"
  for module in "$dir"/history.npm/node_modules/*; do
    name=$(basename "$module")
    mkdir -p "$dir/history/${name%-*}"
    mv "$module" "$dir/history/${name%-*}/${name##*-}"
  done
  rm -rf "$dir"/history.npm*
  mark history "$version"
}

# The one place where tests and benches learn where everything is. What is absent is left out.
write_env() {
  {
    [ ! -e "$dir/old.version" ] || printf 'OLD=%s\nNEW=%s\n' "$dir/old" "$dir/new"
    [ ! -e "$dir/history.version" ] || echo "HISTORY=$dir/history"
  } > "$dir/env"
}

mkdir -p "$dir"
[ -x "$(command -v npm)" ] || install_node
for one in ${@:-noise history}; do
  case $one in
    noise | history) "install_$one" ;;
    *) die "unknown '$one': noise and history are known" ;;
  esac
done
write_env
say "ready; paths are in $dir/env:"
cat "$dir/env"
