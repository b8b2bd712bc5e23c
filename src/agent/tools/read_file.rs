//! `read_file`: a header line `PATH (lines A-B of N)`, then the text as it is. What the model was given before and still
//! holds is referred to instead.

use serde::Deserialize;

use super::{Answer, Effect, View, arguments};
use crate::delta::ledger::Sight;

/// Most text given at once (contract 1.7).
const MAX_BYTES: usize = 64 * 1024;
/// Text up to this size is given again rather than referred to.
const WORTH_REPEATING: usize = 200;

#[derive(Deserialize)]
pub struct Arguments {
    pub path: String,
    #[serde(default, deserialize_with = "arguments::number")]
    start_line: Option<usize>,
    #[serde(default, deserialize_with = "arguments::number")]
    end_line: Option<usize>,
}

pub fn run(arguments: Arguments, view: &View) -> Result<Answer, String> {
    let path = view.path(&arguments.path)?;
    let text = view.text(&path)?;
    let count = text.line_count();
    let first = arguments.start_line.unwrap_or(1).max(1);
    let wanted = arguments.end_line.unwrap_or(count).min(count);
    if first > count.max(1) || (wanted < first && count > 0) {
        return Err(format!("{path} has {count} lines; lines {first}-{wanted} are not among them"));
    }
    let lines = text.lines(first..=wanted);
    let (shown, last) = cut(&lines, first, wanted);
    let range = if count == 0 { "0-0".to_owned() } else { format!("{first}-{last}") };
    let header = if last < wanted {
        format!("{path} (lines {range} of {count}; read on with start_line={})", last + 1)
    } else {
        format!("{path} (lines {range} of {count})")
    };
    if shown.len() > WORTH_REPEATING && view.ledger.has_given(&path, &text, (first, last)) {
        let output = format!("{path}: unchanged since you read it; lines {range} are above, as you were given them");
        return Ok(Answer { output, effect: Effect::Repeated });
    }
    let whole = first == 1 && last == count;
    let output = format!("{header}\n{shown}");
    let sight = if whole { Sight::Whole } else { Sight::Lines { first, last, of: count } };
    Ok(Answer { output, effect: Effect::Saw { path, text, sight, lines: (first, last) } })
}

/// As many whole lines as fit, and the number of the last. A single line beyond the limit is given whole: half of it
/// could not be read on from.
fn cut(lines: &str, first: usize, wanted: usize) -> (&str, usize) {
    if lines.len() <= MAX_BYTES {
        return (lines, wanted);
    }
    let mut end = 0;
    let mut last = first;
    for (index, line) in lines.split_inclusive('\n').enumerate() {
        if end + line.len() > MAX_BYTES && index > 0 {
            break;
        }
        end += line.len();
        last = first + index;
    }
    (&lines[..end], last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_line_that_can_be_read_on_from() {
        let line = format!("{}\n", "x".repeat(1023));
        let text = line.repeat(100);
        let (shown, last) = cut(&text, 1, 100);
        assert_eq!((shown.len(), last), (64 * 1024, 64));
        let long = "y".repeat(100_000);
        assert_eq!(cut(&long, 7, 7), (long.as_str(), 7));
    }
}
