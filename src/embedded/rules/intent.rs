//! What the user's changes mean: which identifiers were put in place of others, and where parameters changed.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::conversation::{Block, Change, Conversation};
use super::lexer::{Kind, Source, is_identifier};

/// An identifier the user put in place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Substitution {
    /// The file.
    pub path: String,
    /// The identifier before.
    pub old: String,
    /// The identifier now.
    pub new: String,
    /// Where it stands now: byte offset in the file's text.
    pub offset: usize,
}

/// What was found in the changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// One identifier in place of another, wherever it happened.
    pub substitutions: Vec<Substitution>,
    /// Places where something other than an identifier was put in or taken out: file and offset.
    pub reshaped: Vec<(String, usize)>,
}

/// A difference inside a block, by line of the block and column in bytes.
enum Difference {
    Substituted { old: String, new: String, line: usize, column: usize },
    Reshaped { line: usize, column: usize },
}

/// Files whose changes may mean something for others: their texts have to be known.
pub fn touched(conversation: &Conversation<'_>) -> Vec<String> {
    let mut paths: Vec<String> = conversation
        .changes
        .iter()
        .filter(|change| !change.blocks.is_empty())
        .map(|change| change.path.to_string())
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Reads the changes against the texts as they are now. Files that are not known are left out.
pub fn read(conversation: &Conversation<'_>) -> Intent {
    let mut intent = Intent::default();
    for change in &conversation.changes {
        if let Some(text) = conversation.text(&change.path) {
            change.blocks.iter().for_each(|block| read_block(change, block, text, &mut intent));
        }
    }
    intent.substitutions.sort_by_key(|found| (found.path.clone(), found.offset));
    intent.substitutions.dedup();
    intent
}

fn read_block(change: &Change<'_>, block: &Block<'_>, text: &str, intent: &mut Intent) {
    let offset = |line: usize, column: usize| {
        let wanted = block.added.get(line)?;
        line_start(text, block.line + line, wanted).map(|start| start + column)
    };
    for difference in differences(&change.path, block) {
        match difference {
            Difference::Substituted { old, new, line, column } => {
                if let Some(offset) = offset(line, column) {
                    // The user may have changed the name in several steps: the first name is the one others still use.
                    let earlier =
                        intent.substitutions.iter_mut().find(|found| found.path == change.path && found.new == old);
                    let old = match earlier {
                        Some(earlier) if text.get(earlier.offset..earlier.offset + old.len()) != Some(&old) => {
                            earlier.old.clone()
                        }
                        _ => old,
                    };
                    let path = change.path.to_string();
                    if old != new {
                        intent.substitutions.push(Substitution { path, old, new, offset });
                    }
                }
            }
            Difference::Reshaped { line, column } => {
                intent.reshaped.extend(offset(line, column).map(|offset| (change.path.to_string(), offset)));
            }
        }
    }
}

/// Where the line with this text begins: the one with this number, else the nearest.
fn line_start(text: &str, number: usize, wanted: &str) -> Option<usize> {
    let mut start = 0;
    let mut found: Option<(usize, usize)> = None;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if line.strip_suffix('\n').unwrap_or(line) == wanted {
            let distance = (index + 1).abs_diff(number);
            if found.is_none_or(|(best, _)| distance < best) {
                found = Some((distance, start));
            }
        }
        start += line.len();
    }
    found.map(|(_, start)| start)
}

fn differences(path: &str, block: &Block<'_>) -> Vec<Difference> {
    let (old_text, new_text) = (block.removed.join("\n"), block.added.join("\n"));
    let (old, new) = (Source::lex(path, &old_text), Source::lex(path, &new_text));
    let texts =
        |source: &Source<'_>| -> Vec<String> { source.code.iter().map(|token| token.text.to_owned()).collect() };
    let (old_tokens, new_tokens) = (texts(&old), texts(&new));
    let place = |token: usize| {
        let offset = new.code.get(token).map_or(new_text.len(), |token| token.start);
        let before = &new_text[..offset];
        (before.matches('\n').count(), offset - before.rfind('\n').map_or(0, |end| end + 1))
    };
    let mut found = Vec::new();
    let pair = |from: usize, to: usize, found: &mut Vec<Difference>| {
        let (line, column) = place(to);
        let identifiers = old.kind(from) == Some(Kind::Ident) && new.kind(to) == Some(Kind::Ident);
        if identifiers && is_identifier(&old_tokens[from]) && is_identifier(&new_tokens[to]) {
            let (old, new) = (old_tokens[from].clone(), new_tokens[to].clone());
            found.push(Difference::Substituted { old, new, line, column });
        } else {
            found.push(Difference::Reshaped { line, column });
        }
    };
    if old_tokens.len() == new_tokens.len() {
        let unequal = (0..old_tokens.len()).filter(|index| old_tokens[*index] != new_tokens[*index]);
        unequal.for_each(|index| pair(index, index, &mut found));
        return without_swaps(found);
    }
    for operation in capture_diff_slices(Algorithm::Myers, &old_tokens, &new_tokens) {
        match operation {
            DiffOp::Equal { .. } => {}
            DiffOp::Replace { old_index, old_len, new_index, new_len } if old_len == new_len => {
                (0..old_len).for_each(|step| pair(old_index + step, new_index + step, &mut found));
            }
            DiffOp::Replace { old_index, new_index, new_len, .. } => {
                // The first name is compared to the first: `(a: u8)` and `(b: u8, c: u8)` share a rename.
                pair(old_index, new_index, &mut found);
                let (line, column) = place(new_index + new_len - 1);
                found.push(Difference::Reshaped { line, column });
            }
            DiffOp::Insert { new_index, .. } | DiffOp::Delete { new_index, .. } => {
                let (line, column) = place(new_index);
                found.push(Difference::Reshaped { line, column });
            }
        }
    }
    without_swaps(found)
}

/// Two names that changed places were reordered, not renamed.
fn without_swaps(found: Vec<Difference>) -> Vec<Difference> {
    let pairs: Vec<(String, String)> = found
        .iter()
        .filter_map(|difference| match difference {
            Difference::Substituted { old, new, .. } => Some((old.clone(), new.clone())),
            Difference::Reshaped { .. } => None,
        })
        .collect();
    let kept = found.into_iter().map(|difference| match difference {
        Difference::Substituted { old, new, line, column } if pairs.contains(&(new.clone(), old.clone())) => {
            Difference::Reshaped { line, column }
        }
        other => other,
    });
    kept.collect()
}
