#!/bin/bash
# What the script for all languages writes for a Helix, asked of that Helix itself:
#   helix_languages.sh HX RUNTIME SCRATCH SCRIPT [WRITTEN]
# SCRIPT is editors/helix/all-languages.py; WRITTEN, where given, is what it is to write for this version. Helix lists its
# languages with their servers, without our file and with it: nothing may differ but pilotlight, last everywhere.
set -u
hx=$1 runtime=$2 scratch=$3 script=$4 written=${5:-}
. "${BASH_SOURCE[0]%/*}/helix_steps.sh"

# health NAME LANGUAGE...: what Helix says of each language with the configuration in SCRATCH/NAME, one line each: its name
# and its servers. Not the table of all languages, in which 25.01 leaves out all servers but the first.
health() {
  local config=$1 language
  shift
  for language in "$@"; do
    HELIX_RUNTIME=$runtime XDG_CONFIG_HOME=$scratch/$config XDG_CACHE_HOME=$scratch/cache "$hx" --health "$language" \
      2>> "$scratch/$config.err" | awk -v line="$language" '
        { gsub(/\033\[[0-9;]*m/, "") }
        /^Configured debug/ { exit }
        $1 == "✘" || $1 == "✓" { sub(/:$/, "", $2); line = line " " $2 }
        END { print line }'
  done
  [ ! -s "$scratch/$config.err" ] || { cat "$scratch/$config.err"; fail "Helix takes the configuration"; }
}

mkdir -p "$scratch/without/helix" "$scratch/with/helix"
python3 "$script" "$hx" > "$scratch/with/helix/languages.toml" || fail "the script finds the languages"
pass "the script finds the languages"
if [ -n "$written" ]; then
  diff "$written" "$scratch/with/helix/languages.toml" || fail "what is shipped is what the script writes"
  pass "what is shipped is what the script writes"
fi
languages=$(sed -n 's/^name = "\(.*\)"$/\1/p' "$scratch/with/helix/languages.toml" | grep -vx plain-text)
[ "$(wc -w <<< "$languages")" -gt 200 ] || fail "the script finds all languages"
health without $languages | sed 's/$/ pilotlight/' > "$scratch/expected"
health with $languages > "$scratch/found"
grep -qx 'rust rust-analyzer pilotlight' "$scratch/expected" || fail "Helix names the servers"
diff "$scratch/expected" "$scratch/found" || fail "every language has its own servers, and pilotlight last"
pass "$(wc -l < "$scratch/found") languages have their own servers, and pilotlight last"
echo ok
