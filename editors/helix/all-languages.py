#!/usr/bin/env python3
"""all-languages.py [HX]: writes, for every language of a Helix, its own language servers with pilotlight after them.

HX is the program itself, not a script that starts it (default: `hx` or `helix` on PATH; Debian's is /usr/lib/hx/hx). Helix
carries its default languages.toml inside its program: that is what is read, whatever you have configured. Only names are
taken over. Needs Python 3.11 or newer. Never runs Helix, never writes a file: the result goes to stdout.
"""

import re
import shutil
import sys
import tomllib

HEAD = """\
# To put at the top of ~/.config/helix/languages.toml, above what you have there, so that yours wins.
# Every language of one version of Helix with its own servers, as that version ships them, and pilotlight after them.
# Another version may lack one of these languages and then refuses the whole file: all-languages.py writes it for the
# Helix you have.

[language-server.pilotlight]
command = "pilotlight"
args = ["lsp"]

# Helix starts no server for files whose language it does not know: plain text becomes a language here.
[[language]]
name = "plain-text"
scope = "text.plain"
file-types = ["txt"]
language-servers = ["pilotlight"]
"""


def shipped(program):
    """The default languages.toml inside a program: from its first line to its last grammar. Other texts may follow at once."""
    with open(program, "rb") as file:
        content = file.read()
    begin = content.find(b"\nuse-grammars")
    last = content.find(b"\0", begin)
    last = content.rfind(b"[[grammar]]", begin, last if last >= 0 else None)
    end = re.compile(rb"source = \{[^}\n]*\}").search(content, last) if 0 <= begin < last else None
    if not end:
        sys.exit(f"{program} has no languages.toml in it: name the program itself, not a script that starts it")
    return tomllib.loads(content[begin:end.end()].decode())


def toml(server):
    """One entry of `language-servers`: a name, or a table of a name and features."""
    if isinstance(server, str):
        return f'"{server}"'
    pairs = []
    for key, value in server.items():
        pairs.append(f"{key} = " + ("[" + ", ".join(map(toml, value)) + "]" if isinstance(value, list) else toml(value)))
    return "{ " + ", ".join(pairs) + " }"


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else shutil.which("hx") or shutil.which("helix")
    if not program or sys.argv[1:2] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    languages = shipped(program)["language"]
    print(HEAD, end="")
    for language in sorted(languages, key=lambda language: language["name"]):
        servers = [*language.get("language-servers", []), "pilotlight"]
        print(f'\n[[language]]\nname = "{language["name"]}"\nlanguage-servers = [{", ".join(map(toml, servers))}]')


main()
