//! Any texts in frames, however much they look like frames, diffs or requests themselves: the other end reads exactly the
//! parts that were written, with exactly these texts; and any bytes as a message come to an end.
//!
//! An input is a path in a line, then texts parted by lines `=====`.

use pilotlight::delta::frame::{file, frame};
use pilotlight::embedded::rules::frames::{Part, parts};

/// Panics if anything is wrong with what is made of the input.
pub fn check(data: &[u8]) {
    let input = String::from_utf8_lossy(data);
    let (path, rest) = input.split_once('\n').unwrap_or(("a.rs", &input));
    let texts: Vec<&str> = rest.split("=====\n").collect();
    let mut message = String::new();
    let mut written = Vec::new();
    for (index, text) in texts.iter().copied().enumerate() {
        let framed = match index % 3 {
            0 => file(path, text),
            1 => frame("diagnostics", &[("path", path)], text),
            _ => frame("instruction", &[], text),
        };
        written.push(match index % 3 {
            0 => Part::File { path: path.into(), text },
            1 => Part::Diagnostics { path: path.into(), text },
            _ => Part::Instruction(text),
        });
        message.push_str(&framed);
        message.push('\n');
    }
    assert_eq!(parts(&message), written, "{message}");
    // Whatever it is, each part is of the message: no more parts than lines.
    assert!(parts(rest).len() <= rest.lines().count());
}
