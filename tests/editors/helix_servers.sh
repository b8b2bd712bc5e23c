#!/bin/bash
# Pilotlight beside other people's language servers in a real Helix, in text that is not all ASCII:
#   helix_servers.sh HX RUNTIME SCRATCH LANGUAGES CASE
# CASE is python (ruff and Pyright), c (clangd) or typescript; the environment names the servers' programs as the file `env`
# of .ci/install-editors.sh does. A diagnostic of theirs is fixed through our code action, which hides nothing of theirs and
# does not come before it, and is undone at once; in Python a rename is finished, and their diagnostics follow.
set -u
hx=$1 runtime=$2 scratch=$3 languages=$4 language=$5
. "${BASH_SOURCE[0]%/*}/helix_steps.sh"

mkdir -p "$scratch/bin"
ln -sf "$RUFF" "$scratch/bin/ruff"
ln -sf "$CLANGD" "$scratch/bin/clangd"
ln -sf "$PYRIGHT_LANGSERVER" "$scratch/bin/pyright-langserver"
ln -sf "$TYPESCRIPT_LANGUAGE_SERVER" "$scratch/bin/typescript-language-server"
PATH=$scratch/bin:$PATH

# fix AT MESSAGE THEIRS OURS BEFORE AFTER: at AT they say MESSAGE and offer THEIRS; ours makes AFTER of BEFORE.
fix() {
  at "$1"
  wait_for "$2" 300 && pass "they report: $2" || fail "they report: $2"
  local theirs ours
  read -r theirs ours <<< "$(offered "$3" "$4")"
  [ -n "$ours" ] && pass "ours is offered beside theirs" || fail "ours is offered beside theirs"
  if [ "$language" != typescript ]; then # which prefers none of its fixes
    [ "$theirs" -lt "$ours" ] && pass "theirs is preferred and comes first" || fail "theirs comes first: rows $theirs and $ours"
  fi
  choose "$4"
  gone "$5" && shows "$6" && pass "ours fixes it" || fail "ours fixes it"
  escape
  keys u
  wait_for "$5" && pass "one undo takes it back" || fail "one undo takes it back"
  keys U
  gone "$5" && gone "$2" && pass "redone, they report it no more" || fail "they report it no more"
}

python() {
  write_at price.py <<'EOF'
"""Ceny – žluťoučký kůň 🐎."""
import json
import os


def total_price(count, each):
    return json.dumps({"€ 🐎": count * each})
EOF
  write_at main.py <<'EOF'
from price import total_price

print("🐎 €", total_price(3, 40))
EOF
  # What somebody adds who uses Pyright.
  printf '\n[[language]]\nname = "python"\nlanguage-servers = ["pyright", "ruff", "pilotlight"]\n' > "$scratch/more.toml"
  cat "$languages" "$scratch/more.toml" > "$scratch/languages.toml"
  cp "${languages%/*}/config.toml" "$scratch/config.toml"
  languages=$scratch/languages.toml
  start price.py
  at "import os"
  # Both speak of it, Pyright in a hint.
  wait_for "is not accessed" 300 && pass "Pyright reports it too" || fail "Pyright reports it too"
  fix "import os" "imported but unused" "Ruff (F401)" "Fix 2 problems here" "import os" "import json"
  at "$old"
  keys c
  type_in "$new"
  open_file main.py
  at "$old"
  wait_for "unknown import symbol" 300 && pass "Pyright misses the old name" || fail "Pyright misses the old name"
  open_file price.py
  choose "Finish" && confirm && pass "finished and confirmed" || fail "the rename is finished"
  open_file main.py
  wait_for "\"🐎 €\", $new(3, 40)" && gone "$old" && pass "every use is renamed" || fail "every use is renamed"
  at "$new"
  gone "unknown import symbol" && pass "Pyright is content" || fail "Pyright is content"
}

c() {
  write_at price.c <<'EOF'
#include <stdio.h>

int main(void) {
  int total = 3 * 40;
  printf("🐎 %d €\n", totl);
  return 0;
}
EOF
  start price.c
  fix "totl" "did you mean 'total'" "change 'totl' to 'total'" "Fix: " "totl)" "\"🐎 %d €\\n\", total);"
}

typescript() {
  write_at price.ts <<'EOF'
const total = 3 * 40;
console.log("🐎 €", totl);
export {};
EOF
  start price.ts
  fix "totl" "Did you mean 'total'" "Change spelling to 'total'" "Fix: " "totl)" "\"🐎 €\", total);"
}

# open_file NAME: shows a file at the project's root.
open_file() {
  escape
  keys ":open $1" Enter
  wait_for " $1" || fail "open $1"
}

"$language"
end
