#!/bin/bash
# Everything by plain code actions in a real Helix on a small terminal, as a person would:
#   helix_day.sh HX RUNTIME SCRATCH LANGUAGES
# A rename is finished after a look at its diff and given back; a question is answered. Leaves what the screen showed in SCRATCH/pictures, for the README.
set -u
hx=$1 runtime=$2 scratch=$3 languages=$4
columns=80 rows=14
. "${BASH_SOURCE[0]%/*}/helix_steps.sh"

# picture NAME [ROWS]: keeps what the screen shows, or its first rows.
picture() {
  mkdir -p "$scratch/pictures"
  screen | sed 's/ *$//' | head -n "${2:-$rows}" > "$scratch/pictures/helix-$1.txt"
}

begin
offered "Finish this change" > /dev/null || fail "the code action is offered"
keys Space a
wait_for "Finish this change" && sleep 0.2 && picture menu
choose "Finish" && wait_for "Choose Apply, Discard or Show among the code actions" && pass "told what to do next" ||
  fail "told what to do next"
picture proposed
offered "Apply Pilotlight" "Discard Pilotlight" "Show Pilotlight" > /dev/null && pass "three ways to go on" ||
  fail "three ways to go on"
keys Space a
wait_for "Show Pilotlight" && sleep 0.2 && picture choices
choose "Show Pilotlight"
wait_for "diff --git" && pass "the diff is shown" || fail "the diff is shown"
sleep 0.2
picture diff $((rows - 2))
keys ':buffer-close' Enter
gone "diff --git" && shows "fn $new" && pass "closing it leads back" || fail "closing it leads back"
choose "Apply" && pass "applied"
open report.rs
wait_for "$new" && pass "other files follow" || fail "other files follow"
keys u
wait_for "$old" && pass "one undo in each" || fail "one undo in each"

open main.rs
keys ggO
type_in "// AI? what is the sum?"
escape
choose "Answer this comment" && wait_for "embedded agent" && pass "AI? is answered in a document" || fail "AI? is answered"
keys ':buffer-close' Enter
wait_for "fn main" || fail "closing the answer leads back"
end
