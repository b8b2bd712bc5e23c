# What the scripts that drive Helix share: a terminal to look at and type into, steps that pass or end the whole run, and the
# beginning and end of every scenario. To be sourced with hx, runtime, scratch and languages set; see helix_smoke.sh.
project=$scratch/project
old=total_price new=order_total
columns=${columns:-120} rows=${rows:-40}

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

# gone TEXT: until the screen does not show TEXT.
gone() {
  local tries
  for tries in $(seq 100); do
    shows "$1" || return 0
    sleep 0.1
  done
  return 1
}

# menu_row TITLE BEFORE: how far down the code-action menu TITLE is. The menu's rows are those around it that are not as
# they were before it opened, above Helix's own last two lines.
menu_row() {
  paste -d $'\001' <(printf '%s\n' "$2") <(screen) | awk -F $'\001' -v title="$1" -v rows="$rows" '
    NR > rows - 2 { exit }
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

# offered TITLE...: the rows of the code-action menu that have these titles, one line each, once all of them are offered.
offered() {
  local tries before title row
  for tries in $(seq 40); do
    escape
    before=$(screen)
    keys Space a
    row=
    for title in "$@"; do
      wait_for "$title" 5 || { row=; break; }
      row="$row$(menu_row "$title" "$before") "
    done
    [ -z "$row" ] || { picture_of_menu=$(screen); escape; echo "$row"; return 0; }
  done
  return 1
}

# confirm: says yes, in the message of newer versions of Helix or by a second code action.
confirm() {
  local tries
  for tries in $(seq 100); do
    if shows "Choose Apply"; then choose "Apply"; return; fi
    if shows "│ Pilotlight would"; then keys Enter; return; fi
    sleep 0.1
  done
  return 1
}

# at TEXT: puts the cursor on the next TEXT, selected.
at() {
  escape
  keys / && keys -l -- "$1" && keys Enter
  sleep 0.2
}

# type_in TEXT: as fast as a person types. What comes faster Helix 25.01 tells its servers out of order; ours puts it in
# order again, others do not.
type_in() {
  local index
  for ((index = 0; index < ${#1}; index++)); do
    keys -l -- "${1:index:1}"
    sleep 0.03
  done
}

# write_at NAME: one of the project's files, from stdin.
write_at() {
  mkdir -p "$(dirname "$project/$1")"
  cat > "$project/$1"
}

# open NAME: shows one of the project's files, the buffer if there is one.
open() {
  escape
  keys ":open src/$1" Enter
  wait_for "src/$1" || fail "open $1"
}

# start FILE: Helix with the shipped languages.toml, in the project, on one of its files.
start() {
  mkdir -p "$scratch/config/helix" "$scratch/cache"
  cp "$languages" "$scratch/config/helix/languages.toml"
  cp "${languages%/*}/config.toml" "$scratch/config/helix/config.toml"
  trap 'in_tmux kill-server 2>/dev/null' EXIT
  in_tmux -f /dev/null new-session -d -s hx -x "$columns" -y "$rows" \
    "cd '$project' && exec env HELIX_RUNTIME='$runtime' XDG_CONFIG_HOME='$scratch/config' XDG_CACHE_HOME='$scratch/cache' \
     TERM=xterm-256color '$hx' -v --log '$scratch/hx.log' $1"
  # What is typed earlier is lost, or taken for something else.
  wait_for " NOR " || fail "Helix starts"
}

# begin: the sample, and a function renamed in it where it is defined, unsaved.
begin() {
  start src/price.rs
  wait_for "fn $old" || fail "open the definition"

  keys "/$old" Enter
  sleep 0.2
  keys c "$new"
  escape
  wait_for "fn $new" && pass "definition renamed, unsaved" || fail "rename the definition"
}

# end: leaves without saving.
end() {
  escape
  keys ':quit-all!' Enter
  for tries in $(seq 60); do
    in_tmux has-session -t hx 2>/dev/null || { pass "quit"; echo ok; exit 0; }
    sleep 0.1
  done
  fail "quit"
}
