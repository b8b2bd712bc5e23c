//! How long the program takes from its start until `initialize` is answered, and until its first byte reaches the provider's
//! socket: `cargo bench --bench startup`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod bench;
mod editor;

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Instant;

use bench::{Report, Samples};
use editor::{Editor, Setup, source, uri};

const RUNS: usize = 41;
/// Files in the folder, at a hundredth and a tenth of it and at all of it.
const FILES: [usize; 3] = [20, 200, 2_000];

/// A folder with so many files in folders of twenty, as in a repository.
fn fill(folder: &Path, files: usize) {
    std::fs::write(folder.join(".gitignore"), "target/\n*.log\n").expect("a file");
    let text = source(40, false);
    for file in 0..files {
        let below = folder.join(format!("part_{}", file / 20));
        std::fs::create_dir_all(&below).expect("a folder");
        std::fs::write(below.join(format!("file_{file}.rs")), &text).expect("a file");
    }
}

/// The start of the program until it answers, in milliseconds.
fn until_answered(setup: &Setup, folder: Option<&Path>) -> Samples {
    Samples::of((0..RUNS).map(|_| Editor::of_program(setup).initialize(folder)))
}

/// The start of the program until the provider has something of it.
fn until_first_byte(folder: &str, files: usize) -> Samples {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    let setup = Setup::new(&[("provider.base_url", &url)]);
    let folder = setup.folder(folder);
    fill(&folder, files);
    Samples::of((0..RUNS).map(|_| {
        let accepting = listener.try_clone().expect("the same port");
        let first_byte = thread::spawn(move || {
            let (mut socket, _) = accepting.accept().expect("a connection");
            let mut byte = [0; 3];
            socket.read_exact(&mut byte).expect("three bytes");
            assert_eq!(&byte, b"GET", "the upgrade begins");
            Instant::now()
        });
        let mut editor = Editor::of_program(&setup);
        editor.initialize(Some(&folder));
        editor.open(&uri(&folder.join("a.rs")), "fn a() {}\n");
        first_byte.join().expect("a first byte").duration_since(editor.started)
    }))
}

fn main() {
    let mut report = Report::new("startup");
    let mut rows = vec![["from its start until", "median", "p90", "best"].map(str::to_owned).to_vec()];
    let mut add = |report: &mut Report, what: &str, samples: &Samples, limit: f64| {
        let figures =
            [samples.median(), samples.percentile(90.0), samples.least()].map(|value| format!("{value:.1} ms"));
        rows.push([&[what.to_owned()][..], &figures].concat());
        report.budget(what, samples.median(), limit, "ms");
        report.figure(&format!("{what} ms"), samples.median());
    };
    let alone = Setup::alone();
    add(&mut report, "`initialize` answered, no folder", &until_answered(&alone, None), 5.0);
    let points = FILES.map(|files| {
        let folder = alone.folder(&format!("with_{files}"));
        fill(&folder, files);
        let samples = until_answered(&alone, Some(&folder));
        add(&mut report, &format!("`initialize` answered, a folder of {files} files"), &samples, 5.0);
        (files as f64, samples.median())
    });
    report.growth("`initialize` by files in the folder", &points);
    let embedded = Setup::new(&[]);
    add(&mut report, "`initialize` answered, the embedded agent", &until_answered(&embedded, None), 5.0);
    let points = FILES.map(|files| {
        let samples = until_first_byte("work", files);
        add(&mut report, &format!("the first byte at the provider, a folder of {files} files"), &samples, 20.0);
        (files as f64, samples.median())
    });
    report.growth("first byte by files in the folder", &points);
    let size = std::fs::metadata(editor::program()).expect("the program").len();
    report.figure("program bytes", size);
    report.table("Start", &rows);
    println!("The program has {:.1} MB.\n", size as f64 / 1e6);
    report.finish();
}
