#!/bin/bash
# Drives a real Helix in tmux through one use of pilotlight, as a person would:
#   helix_smoke.sh HX RUNTIME SCRATCH LANGUAGES
# SCRATCH/project holds a copy of the sample beside this file; LANGUAGES is editors/helix/languages.toml as it is shipped;
# `pilotlight` must be on PATH. Everything Helix writes goes under SCRATCH; SCRATCH/hx.log has every message of the protocol.
# Prints one line a step; exit code 0 if all passed. Polls the screen for what it waits for, never waits a fixed time for it.
set -u
hx=$1 runtime=$2 scratch=$3 languages=$4
project=$scratch/project
old=total_price new=order_total

in_tmux() { tmux -S "$scratch/tmux.sock" "$@"; }
screen() { in_tmux capture-pane -p -t hx; }
keys() { in_tmux send-keys -t hx "$@"; }
# A terminal reads Escape and a key right behind it as Alt with that key: hence the pause.
escape() { keys Escape; sleep 0.2; }
shows() { screen | grep -qF -- "$1"; }

pass() { echo "pass  $1"; }
fail() {
  echo "FAIL  $1"
  screen
  exit 1
}

# wait_for TEXT [TENTHS]: until the screen shows TEXT.
wait_for() {
  local tries
  for tries in $(seq "${2:-100}"); do
    shows "$1" && return 0
    sleep 0.1
  done
  return 1
}

# menu_row TITLE BEFORE: how far down the code-action menu TITLE is. The menu's rows are those around it that are not as
# they were before it opened, above Helix's own last two lines.
menu_row() {
  paste -d $'\001' <(printf '%s\n' "$2") <(screen) | awk -F $'\001' -v title="$1" '
    NR > 38 { exit }
    { changed = ($1 != $2) }
    changed && !was { top = NR }
    changed && index($2, title) { print NR - top; exit }
    { was = changed }'
}

# choose TITLE: opens the code-action menu until it has TITLE (the server may still be starting or working), then takes it.
choose() {
  local tries before down
  for tries in $(seq 40); do
    escape
    before=$(screen)
    keys Space a
    if wait_for "$1" 5; then
      down=$(menu_row "$1" "$before")
      [ -n "$down" ] || continue
      [ "$down" -eq 0 ] || keys -N "$down" Down
      sleep 0.2 # let Helix draw the selection, so that Enter does not overtake it
      keys Enter
      return 0
    fi
  done
  return 1
}

# open NAME: shows one of the project's files, the buffer if there is one.
open() {
  escape
  keys ":open src/$1" Enter
  wait_for "src/$1" || fail "open $1"
}

mkdir -p "$scratch/config/helix" "$scratch/cache"
cp "$languages" "$scratch/config/helix/languages.toml"
printf '[editor.lsp]\ndisplay-messages = true\n' > "$scratch/config/helix/config.toml"
trap 'in_tmux kill-server 2>/dev/null' EXIT
in_tmux -f /dev/null new-session -d -s hx -x 120 -y 40 \
  "cd '$project' && exec env HELIX_RUNTIME='$runtime' XDG_CONFIG_HOME='$scratch/config' XDG_CACHE_HOME='$scratch/cache' \
   TERM=xterm-256color '$hx' -v --log '$scratch/hx.log' src/price.rs"
wait_for "fn $old" || fail "open the definition"

keys "/$old" Enter
sleep 0.2
keys c "$new"
escape
wait_for "fn $new" && pass "definition renamed, unsaved" || fail "rename the definition"

choose "Finish" && pass "Finish this change" || fail "the code action is offered"
choose "Apply" && pass "confirmed by a second code action" || fail "the proposal is offered"
for file in main.rs report.rs; do
  open "$file"
  wait_for "$new" || fail "use renamed in $file"
  shows "$old" && fail "a use is left in $file"
  pass "use renamed in $file"
done
for file in main.rs report.rs price.rs; do
  grep -q "$old" "$project/src/$file" && pass "nothing was saved: $file" || fail "saved without being told: $file"
done

escape
keys ':quit-all!' Enter
for tries in $(seq 60); do
  in_tmux has-session -t hx 2>/dev/null || { pass "quit"; echo ok; exit 0; }
  sleep 0.1
done
fail "quit"
