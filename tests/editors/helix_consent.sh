#!/bin/bash
# Asks pilotlight for something before it may send the project anywhere, in a real Helix in tmux, as a person would:
#   helix_consent.sh HX RUNTIME SCRATCH LANGUAGES ANSWER
# ANSWER is `Allow`, or anything else for somebody who leaves it at that. The rest is as in helix_smoke.sh.
set -u
hx=$1 runtime=$2 scratch=$3 languages=$4 answer=$5
. "${BASH_SOURCE[0]%/*}/helix_steps.sh"

begin
choose "Finish" && pass "Finish this change" || fail "the code action is offered"
wait_for "Nothing was sent." && pass "told that nothing was sent" || fail "told that nothing was sent"
shows "Choose the code action “Allow Pilotlight to send…”" && pass "told which code action to choose" ||
  fail "told which code action to choose"
if [ "$answer" = Allow ]; then
  choose "Allow Pilotlight to send" && pass "allowed" || fail "the consent is offered"
  choose "Apply" && pass "what was chosen went on, and was confirmed" || fail "what was chosen goes on"
  for file in main.rs report.rs; do
    open "$file"
    wait_for "$new" && pass "use renamed in $file" || fail "use renamed in $file"
  done
fi
end
