//! What a person sees on a terminal: coloured diffs and a table of receipts. Colours go away by themselves where the
//! output is no terminal.

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::session::receipt::{human_bytes, saved};

const ADDED: Style = AnsiColor::Green.on_default();
const REMOVED: Style = AnsiColor::Red.on_default();
const PLACE: Style = AnsiColor::Cyan.on_default();
/// For headings.
pub const STRONG: Style = Style::new().bold();
/// For what is beside the point.
pub const FAINT: Style = Style::new().dimmed();

/// A diff with colours.
pub fn coloured(diff: &str) -> String {
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
