//! Reading the patches that models write: V4A, the language of `apply_patch`, and what they write instead when they
//! answer in words, unified diffs and search/replace blocks.
//!
//! [`parse`] forgives what carries no meaning (CRLF, code fences, a heredoc or no envelope around the patch, blank lines
//! between sections, line ends that were escaped, the forgotten space before context) and nothing else: a patch it does
//! not fully understand is an error that names the line and says what to write instead. It never judges paths (the
//! context policy does) and never looks at a file.

mod blocks;
mod one_line;
mod open_hunk;
mod parser;
mod sections;
mod unified;

use std::fmt::Write as _;

use thiserror::Error;

/// The largest patch that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// The most file sections one patch may have.
pub const MAX_FILES: usize = 1_000;
/// The most hunks one patch may have, over all its files.
pub const MAX_HUNKS: usize = 10_000;

/// What unified diffs say below a last line that has no line end.
const NO_NEWLINE: &str = "\\ No newline at end of file\n";

/// One file section of a patch. Paths are as the model wrote them, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilePatch {
    /// A file that does not exist yet.
    Add {
        /// Where it goes.
        path: String,
        /// Its whole text; V4A writes whole lines only, so that it is empty or ends in a line end.
        text: String,
    },
    /// A file that goes away.
    Delete {
        /// Which one.
        path: String,
    },
    /// A file that changes, moves, or both.
    Update {
        /// The file as it is called before the patch.
        path: String,
        /// What it is called afterwards, where that differs.
        move_to: Option<String>,
        /// The changes in file order; empty only for a pure move.
        hunks: Vec<Hunk>,
    },
}

impl FilePatch {
    /// The path the section is about: for a move, the path before it.
    pub fn path(&self) -> &str {
        match self {
            FilePatch::Add { path, .. } | FilePatch::Delete { path } | FilePatch::Update { path, .. } => path,
        }
    }
}

/// One change within a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hunk {
    /// The `@@` lines above the hunk, outermost first, trimmed and not empty.
    pub anchors: Vec<String>,
    /// Its lines in order.
    pub lines: Vec<HunkLine>,
    /// Whether the hunk says that its last line is the last of the file.
    pub end_of_file: bool,
    /// Whether that last line is then without a line end, as only unified diffs can say.
    pub no_final_newline: bool,
}

impl Hunk {
    /// The lines the file must have for the hunk to fit: context and removed ones.
    pub fn old_lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter_map(|line| match line {
            HunkLine::Context(text) | HunkLine::Remove(text) => Some(text.as_str()),
            HunkLine::Add(_) => None,
        })
    }
}

/// A line of a hunk, without its mark and without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HunkLine {
    /// A line that is there and stays.
    Context(String),
    /// A line that is there and goes.
    Remove(String),
    /// A line that comes.
    Add(String),
}

/// Why a patch could not be read. Its text is meant for the model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line} of the patch: {problem}")]
pub struct PatchError {
    /// The line of the patch, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What can be wrong with a patch. Quoted lines are cut to a readable length.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// More than [`MAX_BYTES`].
    #[error("the patch has {0} bytes, at most {MAX_BYTES} are read; split it into several calls")]
    TooLarge(usize),
    /// More than [`MAX_FILES`].
    #[error("more than {MAX_FILES} file sections; split the patch into several calls")]
    TooManyFiles,
    /// More than [`MAX_HUNKS`].
    #[error("more than {MAX_HUNKS} hunks; split the patch into several calls")]
    TooManyHunks,
    /// Something else before the envelope, or nothing at all.
    #[error("expected `*** Begin Patch` as the first line, found {0}")]
    NoBegin(Quote),
    /// The envelope is never closed: the patch may have been cut.
    #[error("the patch ends without `*** End Patch`; send it again, complete")]
    NoEnd,
    /// Something after the envelope.
    #[error("nothing may follow `*** End Patch`, found {0}; put all changes into one envelope")]
    AfterEnd(Quote),
    /// An envelope without sections.
    #[error("the patch changes no file; add a section such as `*** Update File: path`")]
    NoFiles,
    /// A line outside every section.
    #[error(
        "expected `*** Update File: path`, `*** Add File: path`, `*** Delete File: path` or `*** End Patch`, found {0}"
    )]
    NoSection(Quote),
    /// A section or move without a path.
    #[error("the path is missing; write it on the same line, relative to the workspace")]
    NoPath,
    /// A line of an added file without its mark.
    #[error("every line of an added file begins with `+` (an empty line is a lone `+`), found {0}")]
    AddLine(Quote),
    /// A line under a delete section.
    #[error("a `*** Delete File:` section has no lines, found {0}")]
    DeleteLine(Quote),
    /// A move that is not the first line of an update section.
    #[error("`*** Move to:` belongs right below `*** Update File:`")]
    MisplacedMove,
    /// A move of a file onto itself.
    #[error("the file is moved onto itself; leave the `*** Move to:` line out")]
    MoveToItself,
    /// An update section with neither hunks nor a move.
    #[error("the `*** Update File:` section changes nothing; add a hunk below an `@@` line")]
    EmptyUpdate,
    /// An `@@` line without lines.
    #[error("the hunk below this `@@` has no lines; write its context, `-` and `+` lines")]
    EmptyHunk,
    /// `*** End of File` outside a hunk.
    #[error("`*** End of File` belongs at the end of a hunk, after its lines")]
    MisplacedEndOfFile,
    /// Hunk lines after the end of the file.
    #[error("`*** End of File` ends its hunk; begin the next one with an `@@` line")]
    AfterEndOfFile,
    /// More than the lines of one file where one file was named.
    #[error("the diff of one file has only `@@`, context, `-` and `+` lines, found {0}; send one call for each file")]
    OneFile(Quote),
    /// Hunks of a unified diff of which nobody says which file they are of.
    #[error("no file is named above this hunk; write `--- a/PATH` and `+++ b/PATH` above the first hunk of each file")]
    NoFileHeader,
    /// A header of a unified diff that cannot be followed.
    #[error(
        "{0} is not understood here; write `--- a/PATH` and `+++ b/PATH`, then hunks below `@@ -1,3 +1,3 @@` lines"
    )]
    FileHeader(Quote),
    /// Two names for what should be one file.
    #[error(
        "the headers name two files, `{0}` and `{1}`; add `rename from` and `rename to` lines if the file is moved"
    )]
    TwoFiles(String, String),
    /// Context or removed lines in a file that is created.
    #[error("every line of a new file (`--- /dev/null`) begins with `+`, found {0}")]
    CreatedLine(Quote),
    /// A search/replace block without a path.
    #[error("the line above `<<<<<<< SEARCH` is the file's path and nothing else, found {0}")]
    BlockPath(Quote),
    /// A search/replace block that is not made of its three marker lines.
    #[error("a block is `<<<<<<< SEARCH`, the lines as they are, one `=======`, the new lines, `>>>>>>> REPLACE`; {0}")]
    Block(&'static str),
    /// Two ways to write a patch in one answer.
    #[error("another form of patch begins here, `{}`; write all changes in one form", .0.0)]
    SecondForm(Quote),
    /// Sections that contradict each other.
    #[error(
        "`{path}` is already the subject of line {first}; a file that is added, deleted or moved may have one section \
         only (to rewrite a file use `*** Update File:`)"
    )]
    Clash {
        /// The path both sections name.
        path: String,
        /// The line of the earlier section, from 1.
        first: usize,
    },
}

/// A line of the patch as shown in an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote(pub String);

impl Quote {
    const MAX_CHARS: usize = 80;

    fn new(line: &str) -> Quote {
        match line.char_indices().nth(Quote::MAX_CHARS) {
            Some((cut, _)) => Quote(format!("{}…", &line[..cut])),
            None => Quote(line.to_owned()),
        }
    }
}

impl std::fmt::Display for Quote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() { f.write_str("nothing") } else { write!(f, "`{}`", self.0) }
    }
}

/// Reads a patch: V4A, a unified diff, or search/replace blocks.
///
/// Several update sections of one file are kept as they are, to be applied one after the other. Two sections of one
/// path of which one adds, deletes or moves the file are an error.
///
/// # Errors
/// What is wrong, and on which line.
pub fn parse(patch: &str) -> Result<Vec<FilePatch>, PatchError> {
    if patch.len() > MAX_BYTES {
        return Err(PatchError { line: 1, problem: Problem::TooLarge(patch.len()) });
    }
    let text = one_line::decode(patch);
    match Form::of(&text) {
        Some(Form::Unified) => unified::parse(&text),
        Some(Form::Blocks) => blocks::parse(&text),
        Some(Form::V4a) | None => parser::parse(&text),
    }
}

/// Reads the patch in an answer that was meant to be words; `None` if there is none.
///
/// # Errors
/// What is wrong, and on which line of the answer.
pub fn find(answer: &str) -> Option<Result<Vec<FilePatch>, PatchError>> {
    let answer = one_line::decode(answer);
    Some(match Form::of(&answer)? {
        Form::V4a => parser::envelopes(&answer).and_then(|envelopes| parse(&envelopes)),
        Form::Unified | Form::Blocks => parse(&answer),
    })
}

/// Reads a diff as the built-in `apply_patch` tool has it: V4A hunks of the one file at `path`, without an envelope.
///
/// # Errors
/// What is wrong, and on which line.
pub fn parse_update(path: &str, diff: &str) -> Result<FilePatch, PatchError> {
    parser::parse_update(path, &one_line::decode(diff))
}

/// The same for the text of a new file.
///
/// # Errors
/// What is wrong, and on which line.
pub fn parse_create(path: &str, diff: &str) -> Result<FilePatch, PatchError> {
    parser::parse_create(path, &one_line::decode(diff))
}

/// The ways to write a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    V4a,
    Unified,
    Blocks,
}

impl Form {
    /// The form that the first line belongs to which belongs to any.
    fn of(text: &str) -> Option<Form> {
        let lines: Vec<&str> = text.lines().collect();
        (0..lines.len()).find_map(|at| Form::begun_by(&lines[at..]))
    }

    /// The form that begins with the first of these lines.
    fn begun_by(lines: &[&str]) -> Option<Form> {
        let first = lines.first()?;
        if parser::begins(first.trim_start_matches('\u{feff}')) {
            Some(Form::V4a)
        } else if unified::begins(lines) {
            Some(Form::Unified)
        } else {
            blocks::begins(first).then_some(Form::Blocks)
        }
    }

    /// Passes over the line at `at`, unless a patch begins there: one of another form would be lost.
    fn pass_over(lines: &[&str], at: usize) -> Result<(), PatchError> {
        match Form::begun_by(&lines[at..]) {
            None => Ok(()),
            Some(_) => Err(PatchError { line: at + 1, problem: Problem::SecondForm(Quote::new(lines[at])) }),
        }
    }
}

/// Writes a patch with its envelope; `parse(&render(p)) == p` for all that [`parse`] can produce.
pub fn render(patches: &[FilePatch]) -> String {
    let mut out = String::from("*** Begin Patch\n");
    for patch in patches {
        render_file(&mut out, patch);
    }
    out.push_str("*** End Patch\n");
    out
}

// Writing to a `String` cannot fail, so the results of `writeln!` are dropped below.
fn render_file(out: &mut String, patch: &FilePatch) {
    match patch {
        FilePatch::Add { path, text } => {
            let _ = writeln!(out, "*** Add File: {path}");
            for line in text.split_inclusive('\n') {
                let _ = writeln!(out, "+{}", line.strip_suffix('\n').unwrap_or(line));
            }
            if !text.is_empty() && !text.ends_with('\n') {
                out.push_str(NO_NEWLINE);
            }
        }
        FilePatch::Delete { path } => {
            let _ = writeln!(out, "*** Delete File: {path}");
        }
        FilePatch::Update { path, move_to, hunks } => {
            let _ = writeln!(out, "*** Update File: {path}");
            if let Some(target) = move_to {
                let _ = writeln!(out, "*** Move to: {target}");
            }
            for hunk in hunks {
                render_hunk(out, hunk);
            }
        }
    }
}

fn render_hunk(out: &mut String, hunk: &Hunk) {
    if hunk.anchors.is_empty() {
        out.push_str("@@\n");
    }
    for anchor in &hunk.anchors {
        let _ = writeln!(out, "@@ {anchor}");
    }
    // It is about the new text, so it stands behind the last line of that.
    let last = hunk.lines.iter().rposition(|line| hunk.no_final_newline && !matches!(line, HunkLine::Remove(_)));
    for (index, line) in hunk.lines.iter().enumerate() {
        let (mark, text) = match line {
            HunkLine::Context(text) => (' ', text),
            HunkLine::Remove(text) => ('-', text),
            HunkLine::Add(text) => ('+', text),
        };
        let _ = writeln!(out, "{mark}{text}");
        if last == Some(index) {
            out.push_str(NO_NEWLINE);
        }
    }
    if hunk.end_of_file {
        out.push_str("*** End of File\n");
    }
}

#[cfg(test)]
mod tests;
