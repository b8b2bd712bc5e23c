//! Writes edits as V4A patches and reads the patches it wrote back into texts.
//!
//! Every hunk is located by its own lines: context grows until the block occurs once in what is left of the file, so
//! that a patch can be placed wrongly by nobody.

/// A replacement of a byte range.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// First byte replaced.
    pub start: usize,
    /// Behind the last byte replaced.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
}

/// Lines of context around a change, before it grows.
const CONTEXT: usize = 3;

/// Whole lines that are replaced: old lines `first..last` become `text`.
struct Change {
    first: usize,
    last: usize,
    text: String,
}

/// The text with the edits made. They must be sorted and disjoint.
pub fn edited(text: &str, edits: &[Edit]) -> String {
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        new.push_str(text.get(at..edit.start).unwrap_or(""));
        new.push_str(&edit.text);
        at = edit.end;
    }
    new.push_str(text.get(at..).unwrap_or(""));
    new
}

/// Sorts edits and drops repeated and overlapping ones (the first of two wins).
pub fn tidy(edits: &mut Vec<Edit>) {
    edits.sort();
    let mut end = 0;
    edits.retain(|edit| {
        let keep = edit.start >= end;
        if keep {
            end = edit.end;
        }
        keep
    });
}

/// The `*** Update File` section that makes these edits (sorted and disjoint) in a file.
pub fn update(path: &str, text: &str, edits: &[Edit]) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    // Compared as those who place the patch do, who may see an empty line behind the last line end.
    let plain: Vec<&str> = text.split('\n').collect();
    let changes = changes(text, &lines, edits);
    let mut section = format!("*** Update File: {path}\n");
    let mut floor = 0;
    let mut next = 0;
    while next < changes.len() {
        let mut last = next + 1;
        let mut low = changes[next].first.saturating_sub(CONTEXT).max(floor);
        let mut high = (changes[next].last + CONTEXT).min(lines.len());
        loop {
            // A change within reach of the context becomes part of the hunk.
            while last < changes.len() && changes[last].first <= high + CONTEXT {
                high = (changes[last].last + CONTEXT).min(lines.len());
                last += 1;
            }
            if is_unique(&plain[floor..], &plain[low..high]) || (low == floor && high == lines.len()) {
                break;
            }
            low = low.saturating_sub(2).max(floor);
            high = (high + 2).min(lines.len());
        }
        write_hunk(&mut section, &lines, &changes[next..last], (low, high));
        floor = high;
        next = last;
    }
    section
}

/// Wraps sections into one patch.
pub fn envelope(sections: &str) -> String {
    format!("*** Begin Patch\n{sections}*** End Patch\n")
}

fn changes(text: &str, lines: &[&str], edits: &[Edit]) -> Vec<Change> {
    let mut starts = Vec::with_capacity(lines.len() + 1);
    let mut offset = 0;
    for line in lines {
        starts.push(offset);
        offset += line.len();
    }
    starts.push(offset);
    let line_of = |offset: usize| starts.partition_point(|start| *start <= offset).saturating_sub(1).min(lines.len());
    let mut groups: Vec<(usize, usize, Vec<Edit>)> = Vec::new();
    for edit in edits {
        let first = line_of(edit.start);
        let last = if edit.end > edit.start { line_of(edit.end - 1) + 1 } else { (first + 1).min(lines.len()) };
        match groups.last_mut() {
            Some((_, end, group)) if first < *end => {
                *end = (*end).max(last);
                group.push(edit.clone());
            }
            _ => groups.push((first, last, vec![edit.clone()])),
        }
    }
    groups
        .into_iter()
        .map(|(first, last, mut group)| {
            let (start, end) = (starts[first], starts[last]);
            group.iter_mut().for_each(|edit| (edit.start, edit.end) = (edit.start - start, edit.end - start));
            Change { first, last, text: edited(&text[start..end], &group) }
        })
        .collect()
}

fn is_unique(lines: &[&str], block: &[&str]) -> bool {
    !block.is_empty() && lines.windows(block.len()).filter(|window| *window == block).take(2).count() == 1
}

fn write_hunk(section: &mut String, lines: &[&str], changes: &[Change], (low, high): (usize, usize)) {
    let mut put = |mark: char, line: &str| {
        section.push(mark);
        section.push_str(line.strip_suffix('\n').unwrap_or(line));
        section.push('\n');
    };
    put('@', "@");
    let mut at = low;
    for change in changes {
        lines[at..change.first].iter().for_each(|line| put(' ', line));
        lines[change.first..change.last].iter().for_each(|line| put('-', line));
        change.text.split_inclusive('\n').for_each(|line| put('+', line));
        at = change.last;
    }
    lines[at..high].iter().for_each(|line| put(' ', line));
}

/// A file's path and the lines of its hunks.
pub type FileHunks<'a> = (&'a str, Vec<Vec<&'a str>>);

/// The paths a patch updates and their hunks; nothing if it does anything but update files.
pub fn read(patch: &str) -> Option<Vec<FileHunks<'_>>> {
    let mut files: Vec<FileHunks<'_>> = Vec::new();
    for line in patch.lines() {
        if let Some(path) = line.strip_prefix("*** Update File: ") {
            files.push((path, Vec::new()));
        } else if line.starts_with("@@") {
            files.last_mut()?.1.push(Vec::new());
        } else if line.starts_with("***") {
            if line != "*** Begin Patch" && line != "*** End Patch" {
                return None;
            }
        } else {
            files.last_mut()?.1.last_mut()?.push(line);
        }
    }
    Some(files)
}

/// The text after hunks as [`read`] gives them, or nothing if they do not fit exactly.
pub fn apply(text: &str, hunks: &[Vec<&str>]) -> Option<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let plain: Vec<&str> = lines.iter().map(|line| line.strip_suffix('\n').unwrap_or(line)).collect();
    let mut new = String::with_capacity(text.len());
    let mut floor = 0;
    for hunk in hunks {
        let old: Vec<&str> =
            hunk.iter().filter(|line| !line.starts_with('+')).map(|line| line.get(1..).unwrap_or("")).collect();
        let offset = plain.get(floor..)?.windows(old.len().max(1)).position(|window| window == old)?;
        lines[floor..floor + offset].iter().for_each(|line| new.push_str(line));
        let mut at = floor + offset;
        for line in hunk {
            match line.chars().next() {
                Some('+') => {
                    new.push_str(&line[1..]);
                    new.push('\n');
                }
                Some('-') => at += 1,
                _ => {
                    new.push_str(lines[at]);
                    at += 1;
                }
            }
        }
        floor = at;
        if floor == lines.len() && !text.ends_with('\n') && new.ends_with('\n') {
            new.pop();
        }
    }
    lines[floor..].iter().for_each(|line| new.push_str(line));
    Some(new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { start, end, text: text.into() }
    }

    #[test]
    fn a_hunk_has_three_lines_of_context() {
        let text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(
            update("n", text, &[edit(8, 9, "five")]),
            "*** Update File: n\n@@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
        );
    }

    #[test]
    fn context_grows_until_the_place_is_unique() {
        let block = "start\na\nb\nc\nx\nd\ne\nf\nend\n";
        let text = format!("first\n{block}second\n{block}");
        let place = text.rfind('x').expect("x");
        let section = update("n", &text, &[edit(place, place + 1, "y")]);
        assert!(section.contains(" second\n"), "{section}");
        let files = read(&section).expect("readable");
        assert_eq!(apply(&text, &files[0].1), Some(edited(&text, &[edit(place, place + 1, "y")])));
    }

    #[test]
    fn whole_lines_can_go() {
        let text = "use a;\nuse b;\n\nfn main() {}\n";
        let section = update("n", text, &[edit(7, 14, "")]);
        assert_eq!(section, "*** Update File: n\n@@\n use a;\n-use b;\n \n fn main() {}\n");
    }

    proptest! {
        /// Few distinct lines make repeated blocks likely.
        #[test]
        fn what_is_written_is_placed_exactly(
            lines in proptest::collection::vec("[ab]?", 1..40),
            picks in proptest::collection::vec((0_usize..40, "[abc]{0,2}(\n[xy])?"), 1..6),
            ended: bool,
        ) {
            let text = lines.join("\n") + if ended { "\n" } else { "" };
            let mut edits: Vec<Edit> = picks
                .into_iter()
                .filter_map(|(line, new)| {
                    let start: usize = lines.iter().take(line).map(|line| line.len() + 1).sum();
                    let end = start + lines.get(line)?.len();
                    // A last line without an end cannot be said to become empty: that is the line gone.
                    let unsayable = new.is_empty() && line + 1 == lines.len();
                    (!unsayable && text.get(start..end)? != new && start < text.len()).then_some(Edit { start, end, text: new })
                })
                .collect();
            tidy(&mut edits);
            prop_assume!(!edits.is_empty());
            let files = [update("n", &text, &edits)];
            let files = read(&files[0]).expect("readable");
            prop_assert_eq!(apply(&text, &files[0].1), Some(edited(&text, &edits)));
        }
    }
}
