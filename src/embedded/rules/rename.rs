//! Renames: from definitions that were renamed to a plan that renames their uses.

use std::collections::{BTreeMap, BTreeSet};

use super::analysis;
use super::conversation::Conversation;
use super::lexer::{Language, Source, line_of};
use super::patch::{Edit, tidy};
use super::rewrite::{self, Rewrite};
use super::symbol::{Reach, Target};
use super::workspace;
use super::{Reply, plan::Plan};

/// One name for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The name before.
    pub old: String,
    /// The name to be.
    pub new: String,
    /// Where the new name stands already: files and offsets.
    pub done: Vec<(String, usize)>,
    /// The definitions: files and offsets.
    pub definitions: Vec<(String, usize)>,
    /// What it is, as one says it.
    pub what: &'static str,
    /// How far it can be seen.
    pub reach: Reach,
}

/// Places named in an answer, at most.
const PLACES: usize = 10;

/// What came of one or several renames.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// The edits, by file.
    pub edits: BTreeMap<String, Vec<Edit>>,
    /// What keeps parts of what it replaces, by file.
    pub rewrites: BTreeMap<String, Vec<Rewrite>>,
    /// A sentence for each rename.
    sentences: Vec<String>,
}

impl Outcome {
    /// Adds the uses of one rename, asking for what has to be known first.
    ///
    /// `all` are the renames that happen together: where one is done already, the others see the former name.
    pub fn add(&mut self, conversation: &Conversation<'_>, rename: &Rename, all: &[Rename]) -> Result<(), Reply> {
        let found = Found::find(conversation, rename, all)?;
        let (unknown, elsewhere) = (found.unknown.clone(), found.elsewhere.clone());
        let mut left = self.take(conversation, found, rename);
        left.extend(unknown.iter().map(|path| (format!("{path} (it could not be read)"), None)));
        self.conclude(rename, left, &elsewhere);
        Ok(())
    }

    /// The plan with its summary.
    pub fn into_plan(mut self, conversation: &Conversation<'_>) -> Plan {
        let mut summary = "Pilotlight's embedded agent:".to_owned();
        for (index, sentence) in self.sentences.iter().enumerate() {
            let (first, rest) = sentence.split_at(sentence.chars().next().map_or(0, char::len_utf8));
            summary.push(' ');
            summary.push_str(&if index == 0 { first.to_owned() } else { first.to_uppercase() });
            summary.push_str(rest);
        }
        for (path, rewrites) in self.rewrites {
            let edits = self.edits.remove(&path).unwrap_or_default();
            let edits = rewrite::flatten(conversation.text(&path).unwrap_or(""), edits, rewrites);
            if !edits.is_empty() {
                self.edits.insert(path, edits);
            }
        }
        Plan { edits: self.edits, summary }
    }

    /// How many places are changed so far.
    pub fn changes(&self) -> usize {
        self.edits.values().map(Vec::len).sum::<usize>() + self.rewrites.values().map(Vec::len).sum::<usize>()
    }

    /// Whether there is nothing to do and nothing to say.
    pub fn is_empty(&self) -> bool {
        self.sentences.is_empty() && self.changes() == 0
    }

    /// Adds a sentence to the summary.
    pub fn say(&mut self, sentence: impl Into<String>) {
        self.sentences.push(sentence.into());
    }

    /// Names what was left alone, place and reason, reason by reason.
    pub fn say_left(&mut self, left: Vec<(String, Option<&'static str>)>) {
        let mut reasons: Vec<(Option<&str>, Vec<String>)> = Vec::new();
        for (place, why) in left {
            match reasons.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, places)) if places.last() == Some(&place) => {}
                Some((_, places)) => places.push(place),
                None => reasons.push((why, vec![place])),
            }
        }
        for (why, places) in reasons {
            let why = why.map_or(String::new(), |why| format!(": {why}"));
            self.say(format!("Left alone: {}{why}.", listed(&places)));
        }
    }

    /// Takes over the edits of a rename; gives what was left: places and why.
    fn take(
        &mut self,
        conversation: &Conversation<'_>,
        found: Found,
        rename: &Rename,
    ) -> Vec<(String, Option<&'static str>)> {
        let Found { edits, mut left, refusals, .. } = found;
        for (path, mut edits) in edits {
            tidy(&mut edits);
            left.retain(|(other, offset, _)| *other != path || !edits.iter().any(|edit| edit.start == *offset));
            let text = conversation.text(&path).unwrap_or("");
            edits.retain(|edit| text.get(edit.start..edit.end) != Some(&edit.text));
            if !edits.is_empty() {
                self.edits.entry(path).or_default().extend(edits);
            }
        }
        refusals.into_iter().for_each(|refusal| self.say(format!("`{}` was left alone: {refusal}.", rename.old)));
        left.sort_unstable();
        left.dedup();
        left.into_iter().map(|(path, offset, why)| (place(conversation, &path, offset), Some(why))).collect()
    }

    fn conclude(&mut self, rename: &Rename, left: Vec<(String, Option<&'static str>)>, elsewhere: &[String]) {
        let (old, new, what) = (&rename.old, &rename.new, rename.what);
        let mine = |edit: &&Edit| edit.text == *new || edit.text.contains(new.as_str());
        let by_file = self.edits.values().map(|edits| edits.iter().filter(mine).count());
        let counts: Vec<usize> = by_file.filter(|count| *count > 0).collect();
        let uses: usize = counts.iter().sum();
        let sentence = match (uses, counts.len()) {
            (0, _) => format!("no use of the {what} `{old}` was left to rename to `{new}`."),
            (uses, files) => format!(
                "renamed the {what} `{old}` to `{new}`: {uses} use{} in {files} file{}.",
                plural(uses),
                plural(files)
            ),
        };
        self.say(sentence);
        self.say_left(left);
        if !elsewhere.is_empty() {
            self.say(format!("Files of other languages mention `{old}` too: {}.", listed(elsewhere)));
        }
    }
}

/// A place as one reads it: `PATH:LINE`.
pub fn place(conversation: &Conversation<'_>, path: &str, offset: usize) -> String {
    format!("{path}:{}", conversation.text(path).map_or(0, |text| line_of(text, offset)))
}

/// The uses of all definitions of a rename.
#[derive(Default)]
pub struct Found {
    /// The replacements, by file.
    pub edits: BTreeMap<String, Vec<Edit>>,
    /// File, offset and reason of what may be a use as well.
    pub left: Vec<(String, usize, &'static str)>,
    /// Why nothing at all can be done.
    pub refusals: Vec<String>,
    /// Files that have the name and cannot be read.
    pub unknown: Vec<String>,
    /// Places in files of other languages.
    pub elsewhere: Vec<String>,
    /// Names whose definitions would help to tell more.
    wants: BTreeSet<String>,
}

impl Found {
    /// Finds the uses in the whole workspace, asking for what has to be known first.
    pub fn find(conversation: &Conversation<'_>, rename: &Rename, all: &[Rename]) -> Result<Found, Reply> {
        let home = rename.definitions.first().map_or("", |(path, _)| path.as_str());
        let mut paths: BTreeSet<String> = rename.definitions.iter().map(|(path, _)| path.clone()).collect();
        let mut elsewhere = Vec::new();
        if rename.reach == Reach::Workspace {
            for (path, lines) in workspace::search(conversation, &rename.old, Some(Language::of(home)))? {
                if workspace::shares_names(home, &path) {
                    paths.insert(path);
                } else {
                    elsewhere.extend(lines.iter().map(|line| format!("{path}:{line}")));
                }
            }
        }
        paths.extend(rename.done.iter().map(|(path, _)| path.clone()));
        workspace::read(conversation, paths.iter().map(String::as_str))?;
        let (known, unknown): (Vec<&String>, Vec<&String>) =
            paths.iter().partition(|path| conversation.text(path).is_some());
        let mut sources = sources(conversation, &known, rename, all);
        let mut found = Found::of(&sources, rename);
        let more: Vec<String>;
        if !found.left.is_empty() && !found.wants.is_empty() {
            let defining = workspace::definitions(conversation, &found.wants)?.into_iter();
            more = defining.filter(|path| workspace::shares_names(home, path) && !paths.contains(path)).collect();
            workspace::read(conversation, more.iter().map(String::as_str))?;
            sources.extend(more.iter().filter_map(|path| Some(Source::lex(path, conversation.text(path)?))));
            found = Found::of(&sources, rename);
        }
        found.unknown = unknown.into_iter().cloned().collect();
        found.elsewhere = elsewhere;
        Ok(found)
    }

    fn of(sources: &[Source<'_>], rename: &Rename) -> Found {
        let mut found = Found::default();
        for (path, offset) in &rename.definitions {
            let Some(file) = sources.iter().position(|source| source.path == path) else { continue };
            let Some(token) = sources[file].token_at(*offset) else { continue };
            let uses = analysis::uses(sources, Target { file, token, old: &rename.old, new: &rename.new });
            let path = |file: usize| sources[file].path.to_owned();
            found.refusals.extend(uses.refusal);
            found.wants.extend(uses.wants);
            found.left.extend(uses.left.iter().map(|left| (path(left.file), left.offset, left.why)));
            for (file, edit) in uses.edits {
                found.edits.entry(path(file)).or_default().push(edit);
            }
        }
        found.refusals.dedup();
        found
    }
}

/// The known files, read as they were before the user renamed anything. A place may have been renamed more than once: it
/// has the former name of this rename.
fn sources<'t>(
    conversation: &'t Conversation<'_>,
    known: &[&'t String],
    this: &'t Rename,
    all: &'t [Rename],
) -> Vec<Source<'t>> {
    let texts = known.iter().filter_map(|path| Some((path.as_str(), conversation.text(path)?)));
    texts
        .map(|(path, text)| {
            let mut source = Source::lex(path, text);
            for rename in all.iter().chain([this]) {
                for (_, offset) in rename.done.iter().filter(|(other, _)| other == path) {
                    if let Some(token) = source.token_at(*offset) {
                        source.reads_as(token, &rename.old);
                    }
                }
            }
            source
        })
        .collect()
}

/// Places as a list that is not too long.
pub fn listed(places: &[String]) -> String {
    let mut list = places.iter().take(PLACES).cloned().collect::<Vec<_>>().join(", ");
    if places.len() > PLACES {
        list.push_str(&format!(" and {} more", places.len() - PLACES));
    }
    list
}

/// The ending of a noun that is counted.
pub fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
