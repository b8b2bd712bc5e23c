//! What a person sees on a terminal: coloured diffs and a table of receipts. Colours go away by themselves where the
//! output is no terminal.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::Failure;
use crate::session::receipt::{human_bytes, saved};
use crate::visible::shown;

/// For what is well.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// For what is worth a look.
pub const NOTABLE: Style = AnsiColor::Yellow.on_default();
/// For what is wrong.
pub const BAD: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();
/// For headings.
pub const STRONG: Style = Style::new().bold();
/// For what is beside the point.
pub const FAINT: Style = Style::new().dimmed();

/// Writes to stdout, byte for byte. A reader that is gone, as `head` soon is, has had enough: that is no error.
///
/// # Errors
/// What the system says when stdout cannot take it.
pub fn print(text: &str) -> Result<(), Failure> {
    printed(write_out(&mut io::stdout().lock(), text))
}

/// Writes to stdout, coloured for people. As [`print`].
///
/// # Errors
/// What the system says when stdout cannot take it.
pub fn print_styled(text: &str) -> Result<(), Failure> {
    printed(write_out(&mut anstream::stdout(), text))
}

/// Writes a diff to stdout: coloured for people, byte for byte for `git apply`.
///
/// # Errors
/// What the system says when stdout cannot take it.
pub fn print_diff(diff: &str) -> Result<(), Failure> {
    let stdout = io::stdout();
    match stdout.is_terminal() || AutoStream::choice(&stdout) != ColorChoice::Never {
        true => print_styled(&coloured(diff)),
        false => print(diff),
    }
}

fn write_out(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn printed(written: io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("stdout: {error}; what was printed is not complete")))
        }
        _ => Ok(()),
    }
}

/// A line on stderr, which nobody may read any more.
pub fn note(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// A warning on stderr.
pub fn warn(text: &str) {
    note(&format!("{NOTABLE}warning:{NOTABLE:#} {}", visible(text)));
}

/// A text whose control characters are seen and not obeyed, and whose invisible ones are written out: what a file or a
/// model says must neither steer a terminal nor mislead its reader.
pub fn visible(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if !text.contains(steers) {
        return shown(text);
    }
    let picture = |c: char| char::from_u32(0x2400 + u32::from(c)).filter(|_| c < ' ').unwrap_or('\u{fffd}');
    let pictured: String = text.replace("\r\n", "\n").chars().map(|c| if steers(c) { picture(c) } else { c }).collect();
    Cow::Owned(shown(&pictured).into_owned())
}

/// A diff with colours, to be looked at.
pub fn coloured(diff: &str) -> String {
    let diff = visible(diff);
    let mut text = String::with_capacity(diff.len() + 256);
    for line in diff.split_inclusive('\n') {
        let style = match line.as_bytes() {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] | [b'd', b'i', b'f', b'f', ..] => STRONG,
            [b'+', ..] => ADDED,
            [b'-', ..] => REMOVED,
            [b'@', ..] => PLACE,
            _ => Style::new(),
        };
        let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
        text.push_str(&format!("{style}{body}{style:#}{end}"));
    }
    text
}

/// Receipts (as the server gives them) as a table, *bytes sent* beside *what a full resend would have sent*.
pub fn table(receipts: &[Value]) -> String {
    let head = ["turn", "action", "outcome", "rounds", "tools", "sent", "full resend", "saved", "first event", "total"];
    let mut rows: Vec<[String; 10]> = vec![head.map(str::to_owned)];
    rows.extend(receipts.iter().map(row));
    let sum = |field: &str| receipts.iter().map(|one| number(one, field)).sum::<u64>();
    let (sent, full) = (sum("bytes_sent"), sum("bytes_full_resend"));
    let mut last = [const { String::new() }; 10];
    last[0] = "all".into();
    (last[5], last[6], last[7]) = (human_bytes(sent), human_bytes(full), saved(sent, full));
    rows.push(last);
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        let style = if index == 0 || index == rows.len() - 1 { STRONG } else { Style::new() };
        let cells: Vec<String> =
            row.iter().enumerate().map(|(column, cell)| pad(cell, widths[column], column)).collect();
        text.push_str(&format!("{style}  {}{style:#}\n", cells.join("  ").trim_end()));
    }
    text
}

fn row(receipt: &Value) -> [String; 10] {
    let text = |field: &str| receipt[field].as_str().unwrap_or("–").to_owned();
    let milliseconds = |field: &str| format!("{:.1} ms", receipt[field].as_f64().unwrap_or_default());
    let (sent, full) = (number(receipt, "bytes_sent"), number(receipt, "bytes_full_resend"));
    [
        text("turn"),
        text("action"),
        text("outcome"),
        number(receipt, "rounds").to_string(),
        number(receipt, "tool_calls").to_string(),
        human_bytes(sent),
        human_bytes(full),
        saved(sent, full),
        milliseconds("ms_to_first_event"),
        milliseconds("ms_total"),
    ]
}

fn number(receipt: &Value, field: &str) -> u64 {
    receipt[field].as_u64().unwrap_or_default()
}

/// Words to the left, figures to the right.
fn pad(cell: &str, width: usize, column: usize) -> String {
    if column < 3 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
}
