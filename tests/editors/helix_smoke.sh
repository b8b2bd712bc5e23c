#!/bin/bash
# Drives a real Helix in tmux through one use of pilotlight, as a person would:
#   helix_smoke.sh HX RUNTIME SCRATCH LANGUAGES
# SCRATCH/project holds a copy of the sample beside this file; LANGUAGES is editors/helix/languages.toml as it is shipped;
# `pilotlight` must be on PATH. Everything Helix writes goes under SCRATCH; SCRATCH/hx.log has every message of the protocol.
# Prints one line a step; exit code 0 if all passed. Polls the screen for what it waits for, never waits a fixed time for it.
set -u
hx=$1 runtime=$2 scratch=$3 languages=$4
. "${BASH_SOURCE[0]%/*}/helix_steps.sh"

begin
choose "Finish" && pass "Finish this change" || fail "the code action is offered"
confirm && pass "confirmed" || fail "the proposal is offered"
for file in main.rs report.rs; do
  open "$file"
  wait_for "$new" || fail "use renamed in $file"
  shows "$old" && fail "a use is left in $file"
  pass "use renamed in $file"
done
for file in main.rs report.rs price.rs; do
  grep -q "$old" "$project/src/$file" && pass "nothing was saved: $file" || fail "saved without being told: $file"
done
end
