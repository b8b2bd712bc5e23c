#!/usr/bin/env python3
"""Pilotlight beside other AI language servers, by one LSP client in one run: start-up, idle memory, typing, code actions.

    cargo build --release
    npm install --prefix target/peers @github/copilot-language-server
    python3 benches/peers/measure.py [--runs N] [--json FILE]

Measured is whatever is there: target/release/pilotlight, copilot-language-server in target/peers or on PATH, lsp-ai on PATH.
Nothing is signed in, and no model is asked, so what is compared is the server around the model and nothing else. A server's
answer to a code action is timed whatever it says, also where it is a refusal; the table tells which it was.

Every server gets a home and a workspace of its own that go with the run. Figures are medians; memory is the resident set of
the process and all its children, in which shared pages count once for each. Python's standard library alone; Linux and macOS.
"""

import argparse
import json
import os
import pathlib
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Longest wait for an answer; what takes longer hangs.
LIMIT = 60
# After `initialized` a server may still read its files; then memory is looked at.
SETTLE = 5
LINES = 10_000
KEYS = 500
REQUESTS = 50


class Client:
    """A server and the editor that talks to it: asks, tells, and answers what it is asked with nothing."""

    def __init__(self, command, folder):
        home = pathlib.Path(folder, "home")
        home.mkdir(parents=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        environment = kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.answers = queue.Queue()
        self.numbers = 0
        self.writing = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        stream = self.process.stdout
        while True:
            length = None
            while (line := stream.readline().strip()):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            if length is None:
                return
            message = json.loads(stream.read(length))
            if "method" not in message:
                self.answers.put((time.perf_counter(), message))
            elif "id" in message:
                items = (message.get("params") or {}).get("items")
                self._send({"id": message["id"], "result": [None] * len(items) if items else None})

    def _send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with self.writing:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.process.stdin.flush()

    def tell(self, method, params):
        self._send({"method": method, "params": params})

    def ask(self, method, params):
        """Asks and waits; gives the answer and when it came."""
        self.numbers += 1
        self._send({"id": self.numbers, "method": method, "params": params})
        while True:
            when, message = self.answers.get(timeout=LIMIT)
            if message.get("id") == self.numbers:
                return when, message

    def resident(self):
        """Kilobytes of the process and all its children."""
        listed = subprocess.run(["ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True).stdout
        rows = [tuple(map(int, line.split())) for line in listed.splitlines()]
        ours, total = {self.process.pid}, 0
        # Children may be listed before their parents.
        while found := {pid for pid, parent, _ in rows if parent in ours} - ours:
            ours |= found
        for pid, _, size in rows:
            total += size if pid in ours else 0
        return total

    def end(self):
        try:
            self.ask("shutdown", None)
            self.tell("exit", None)
            self.process.wait(timeout=10)
        except (subprocess.TimeoutExpired, queue.Empty, OSError):
            self.process.kill()
            self.process.wait()


def initialize(client, folder, options):
    uri = pathlib.Path(folder, "workspace").as_uri()
    capabilities = {
        "workspace": {"workspaceFolders": True, "configuration": True, "applyEdit": True},
        "textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["", "quickfix"]}}}},
        "window": {"workDoneProgress": True},
    }
    return client.ask(
        "initialize",
        {
            "processId": os.getpid(),
            "clientInfo": {"name": "measure"},
            "rootUri": uri,
            "workspaceFolders": [{"uri": uri, "name": "workspace"}],
            "capabilities": capabilities,
            "initializationOptions": options,
        },
    )


def measure(command, options):
    """One run of one server."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder).resolve()
        (folder / "workspace").mkdir()
        text = "".join(f"def f{number}(a, b):\n    return a + {number}\n" for number in range(LINES // 2))
        file = folder / "workspace" / "code.py"
        file.write_text(text)
        client = Client(command, folder)
        try:
            when, answer = initialize(client, folder, options)
            found = {"start_ms": (when - client.began) * 1e3}
            if "error" in answer:
                raise RuntimeError(f"initialize was answered by {answer['error']}")
            client.tell("initialized", {})
            time.sleep(SETTLE)
            found["idle_mb"] = client.resident() / 1e3
            found |= edit(client, file.as_uri(), text)
            found["open_mb"] = client.resident() / 1e3
            return found
        finally:
            client.end()


def edit(client, uri, text):
    """Types into a document, and lists the code actions of a place in it."""
    client.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": text}})
    place = {"line": LINES // 2, "character": 4}
    actions = {"textDocument": {"uri": uri}, "range": {"start": place, "end": place}, "context": {"diagnostics": []}}

    def listed():
        return client.ask("textDocument/codeAction", actions)

    listed()
    version = 1

    def key():
        nonlocal version
        version += 1
        change = {"range": {"start": place, "end": place}, "text": "x"}
        document = {"uri": uri, "version": version}
        client.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    began = time.perf_counter()
    for _ in range(KEYS):
        key()
    when, _ = listed()
    typed = (when - began) / KEYS * 1e3
    waits, both = [], []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        when, answer = listed()
        waits.append((when - began) * 1e3)
        began = time.perf_counter()
        key()
        both.append((listed()[0] - began) * 1e3)
    says = "refused" if "error" in answer else f"{len(answer.get('result') or [])} actions"
    return {
        "typed_ms": typed,
        "actions_ms": statistics.median(waits),
        "key_actions_ms": statistics.median(both),
        "answer": says,
    }


def servers(ours):
    """Name, command and initialization options of each server that is there; what is not is said."""
    if not ours.exists():
        sys.exit(f"measure.py: no {ours}: run 'cargo build --release'")
    copilot = ROOT / "target/peers/node_modules/.bin/copilot-language-server"
    copilot = str(copilot) if copilot.exists() else shutil.which("copilot-language-server")
    lsp_ai = shutil.which("lsp-ai")
    told = {"editorInfo": {"name": "measure", "version": "1"}, "editorPluginInfo": {"name": "measure", "version": "1"}}
    listed = [("Pilotlight", [str(ours), "lsp"], {})]
    if copilot:
        listed.append(("copilot-language-server", [copilot, "--stdio"], told))
    else:
        print("SKIPPED copilot-language-server: npm install --prefix target/peers @github/copilot-language-server")
    if lsp_ai:
        listed.append(("lsp-ai", [lsp_ai, "--stdio"], {"memory": {"file_store": {}}, "models": {}}))
    else:
        print("SKIPPED lsp-ai: not on PATH (cargo install lsp-ai)")
    return listed


COLUMNS = [
    ("start_ms", "spawn to `initialize`", "ms"),
    ("idle_mb", "memory, idle", "MB"),
    ("open_mb", "memory, one file of 10,000 lines edited", "MB"),
    ("typed_ms", "a keystroke of 500 in a row", "ms"),
    ("actions_ms", "`codeAction`", "ms"),
    ("key_actions_ms", "a keystroke, then `codeAction`", "ms"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="runs of each server, of which the medians count")
    parser.add_argument("--pilotlight", type=pathlib.Path, default=ROOT / "target/release/pilotlight", help="its program")
    parser.add_argument("--json", type=pathlib.Path, help="where the figures go as JSON too")
    arguments = parser.parse_args()
    there = servers(arguments.pilotlight)
    runs = {name: [] for name, _, _ in there}
    # By turns, so that whatever else the machine does meets all of them.
    for _ in range(arguments.runs):
        for name, command, options in there:
            runs[name].append(measure(command, options))
    medians = {
        name: {key: statistics.median(run[key] for run in found) for key, _, _ in COLUMNS} for name, found in runs.items()
    }
    names = list(medians)
    peers = [f" | {name} | ratio" for name in names[1:]]
    print(f"| medians of {arguments.runs} | {names[0]}{''.join(peers)} |")
    print("|---|" + "--:|" * (2 * len(names) - 1))
    for key, words, unit in COLUMNS:
        first = medians[names[0]][key]
        cells = [f"{first:.2f} {unit}"]
        for name in names[1:]:
            cells += [f"{medians[name][key]:.2f} {unit}", f"×{medians[name][key] / first:.1f}"]
        print(f"| {words} | {' | '.join(cells)} |")
    print("answers to `codeAction`: " + "; ".join(f"{name}: {runs[name][-1]['answer']}" for name in names))
    if arguments.json:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(medians, indent=2) + "\n")


if __name__ == "__main__":
    main()
