//! The main job on published packages of Python and JavaScript: a name and a signature changed at their definitions only
//! and not saved, *Finish this change* by the real binary, and a program that uses the package has the last word.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod installed;
mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use installed::{CORPORA, INTEROP, Installed};
use serde_json::json;
use support::{Client, Project, TestEditor};

/// Prints what a command line makes of its options, with its help and its mistakes.
const CLICK: &str = "\
import click
from click.testing import CliRunner

@click.group()
def main():
    pass

@main.command(context_settings={'token_normalize_func': str.lower})
@click.option('--Name', '-n', default='x', show_default=True)
@click.option('--loud/--quiet', default=False, help='How to say it. ' * 9)
def hello(name, loud):
    click.echo(name.upper() if loud else name)

for line in (['--help'], ['hello', '--help'], ['hello', '--NAME=a'], ['hello', '-nb', '--loud'], ['hello', '--nome']):
    print(CliRunner().invoke(main, line).output)
";

/// Sends messages in fragments, compressed and not, and prints what comes back.
const WS: &str = "\
const { WebSocketServer, WebSocket } = require('./index.js')
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } }, () => {
  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`)
  let left = 2
  client.on('open', () => {
    client.send('one ', { fin: false }); client.send('two ', { fin: false }); client.send('three', { fin: true })
    client.send(Buffer.from([1, 2]), { fin: false }); client.send(Buffer.from([3]), { fin: true })
  })
  client.on('message', (data, binary) => {
    console.log(binary ? [...data].join() : String(data))
    left -= 1
    if (left === 0) { client.close(); server.close() }
  })
})
server.on('connection', socket => socket.on('message', (data, binary) => socket.send(data, { binary })))
setTimeout(() => process.exit(1), 20000).unref()
";

#[test]
fn a_python_package_works_as_before() {
    let Some((corpora, programs)) = installed("PYTHON") else { return };
    let package = Package {
        folder: &corpora.path("OLD").join("python/click"),
        inside: "click",
        extension: "py",
        program: ("use_it.py", CLICK),
        interpreter: programs.path("PYTHON"),
    };
    package.finish(
        "click/parser.py",
        &[
            ("def split_opt(opt: str)", "def split_option(opt: str)"),
            (
                "def normalize_opt(opt: str, ctx: t.Optional[\"Context\"])",
                "def normalize_opt(ctx: t.Optional[\"Context\"], opt: str)",
            ),
        ],
    );
}

#[test]
fn a_javascript_package_works_as_before() {
    let Some((corpora, programs)) = installed("NODE") else { return };
    let package = Package {
        folder: &corpora.path("OLD").join("npm/node_modules/ws"),
        inside: "",
        extension: "js",
        program: ("use_it.js", WS),
        interpreter: programs.path("NODE"),
    };
    package.finish(
        "lib/buffer-util.js",
        &[("function concat(list, totalLength) {", "function joined(totalLength, list) {")],
    );
}

/// The packages and the interpreter of this name.
fn installed(interpreter: &str) -> Option<(Installed, Installed)> {
    let corpora = CORPORA.find("real_packages", "", &["OLD"])?;
    Some((corpora, INTEROP.find("real_packages", "clients", &[interpreter])?))
}

/// A package and what uses it.
struct Package<'a> {
    folder: &'a Path,
    /// The folder of the project that it is put into.
    inside: &'a str,
    extension: &'a str,
    /// A program and its text, which prints what the package does.
    program: (&'a str, &'a str),
    interpreter: &'a Path,
}

impl Package<'_> {
    /// Changes definitions of one file and has the rest done: the program then prints what it did before.
    fn finish(&self, file: &str, changes: &[(&str, &str)]) {
        let project = Project::new("");
        let mut texts = BTreeMap::new();
        read(self.folder, self.inside, self.extension, &mut texts);
        texts.insert(self.program.0.to_owned(), self.program.1.to_owned());
        texts.iter().for_each(|(name, text)| project.write(name, text));
        let before = self.run(&project).expect("the package works");
        assert!(!before.is_empty(), "the program prints something");
        let mut editor = TestEditor::start(Client::helix_master(), &project);
        editor.open(file);
        changes.iter().for_each(|(old, new)| editor.change(file, old, new));
        project.write(file, &editor.text(file));
        assert!(self.run(&project).is_none_or(|now| now != before), "the change alone should break it");
        let turn = editor.begin("pilotlight.finish", json!({"uri": editor.uri(file)}));
        editor.expect_outcome(&turn, "applied");
        for name in texts.keys().filter(|name| editor.is_open(name)) {
            project.write(name, &editor.text(name));
        }
        assert_eq!(self.run(&project), Some(before));
    }

    /// What the program prints, if it ends well.
    fn run(&self, project: &Project) -> Option<String> {
        let output = Command::new(self.interpreter)
            .arg(self.program.0)
            .current_dir(project.root())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("WS_NO_BUFFER_UTIL", "1")
            .output()
            .expect("the interpreter runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The files of a package, by their names in the project.
fn read(folder: &Path, inside: &str, extension: &str, texts: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("the package").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let name = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        let path = entry.path();
        if path.is_dir() {
            read(&path, &name, extension, texts);
        } else if path.extension().is_some_and(|found| found == extension) {
            texts.insert(name, std::fs::read_to_string(&path).expect("a source"));
        }
    }
}
