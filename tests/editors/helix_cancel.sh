#!/bin/bash
# Types while a turn runs and cancels it by a code action, in a real Helix with an agent that takes its time:
#   helix_cancel.sh HX RUNTIME SCRATCH LANGUAGES
# Every keystroke stays, and nothing else happens to the text; the same with an agent that fails: one clear message.
set -u
hx=$1 runtime=$2 scratch=$3 languages=$4
columns=80 rows=24
. "${BASH_SOURCE[0]%/*}/helix_steps.sh"

# agent FAULT: the embedded agent at an address of its own, with one of its faults, as the provider.
agent() {
  pilotlight agent --fault "$1" > "$scratch/agent" &
  agent=$!
  local tries url
  for tries in $(seq 100); do
    url=$(sed -n 's/^listening on ws\(.*\)\/responses$/http\1/p' "$scratch/agent")
    [ -z "$url" ] || break
    sleep 0.1
  done
  mkdir -p "$scratch/config/pilotlight"
  printf '[provider]\nbase_url = "%s"\n' "$url" > "$scratch/config/pilotlight/config.toml"
}

agent "$5"
begin
trap 'in_tmux kill-server 2>/dev/null; kill "$agent"' EXIT
choose "Finish" && pass "begun" || fail "the code action is offered"
case $5 in
  slow)
    offered "Cancel Pilotlight" > /dev/null && pass "a running turn can be cancelled" || fail "Cancel is offered"
    escape
    keys ggO
    type_in "// typed meanwhile"
    choose "Cancel Pilotlight" && pass "cancelled" || fail "Cancel is taken"
    wait_for "cancelled" || fail "said to be cancelled"
    shows "// typed meanwhile" && shows "fn $new" && pass "every keystroke stayed" || fail "every keystroke stayed"
    open main.rs
    shows "$old" && ! shows "$new" && pass "nothing else changed" || fail "nothing else changed"
    ;;
  *)
    wait_for "$6" && screen | tail -1 && pass "said in the first 80 columns: $6" || fail "one message says what is wrong: $6"
    ;;
esac
end
