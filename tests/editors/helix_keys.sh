#!/bin/bash
# The key bindings of editors/helix/config.toml in a real Helix whose commands take arguments, as a person would use them:
#   helix_keys.sh HX RUNTIME SCRATCH LANGUAGES
set -u
hx=$1 runtime=$2 scratch=$3 languages=$4
. "${BASH_SOURCE[0]%/*}/helix_steps.sh"

begin
keys Space l f
confirm && pass "Space l f asks for its confirmation" || fail "Space l f"
open main.rs
wait_for "$new" && pass "and is done" || fail "use renamed"
open price.rs
at "$new"
keys Space l e
wait_for '"instruction": "' && pass "Space l e leaves the cursor where the words go" || fail "Space l e"
keys -l "please rename \\\"$new\\\" to grand_total" && keys Enter
confirm || fail "an edit by its words is confirmed"
wait_for "fn grand_total" && pass "renamed by words" || fail "renamed by words"
escape
keys u
wait_for "fn $new" && pass "one undo takes it back" || fail "one undo takes it back"
at "$new"
keys Space l q
wait_for '"question": "' && keys -l "what is this?" && keys Enter
wait_for "embedded agent" && shows "answer-" && pass "Space l q opens the answer" || fail "Space l q"
keys ':buffer-close' Enter
wait_for "fn $new" && pass "closing it leads back" || fail "closing it leads back"
keys Space l c
keys Space l r
wait_for "Pilotlight begins a new session." && pass "Space l r begins anew" || fail "Space l r"
end
