//! The workspace as the tools show it: searching, listing and reading by calls that are made once.
//!
//! Every function gives what the conversation already says, or the reply that asks for it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::conversation::Conversation;
use super::lexer::{Language, extension};
use super::{Reply, ReplyItem};

/// Files read in one reply.
const READS: usize = 50;
/// Files that may be read for one request.
const MOST_FILES: usize = 400;
/// Definitions looked up to tell more about uses.
const NAMES: usize = 20;
/// The same read is asked for this often, no more.
const TRIES: usize = 3;

/// Where a name occurs: lines by file.
pub type Hits = BTreeMap<String, Vec<usize>>;

/// Finds the whole word `name` in the files that can share a name with `language`, and in others as far as known.
pub fn search(conversation: &Conversation<'_>, name: &str, language: Option<Language>) -> Result<Hits, Reply> {
    let arguments = json!({"pattern": pattern(name), "max_results": 1000});
    let (hits, cut) = answer_to(conversation, &arguments)?;
    let Some(language) = language.filter(|_| cut) else {
        return if cut { Err(Reply::say(too_many(name))) } else { Ok(hits) };
    };
    let mut all = Hits::new();
    for extension in extensions(language) {
        let glob = format!("**/*.{extension}");
        let (hits, cut) =
            answer_to(conversation, &json!({"pattern": pattern(name), "glob": glob, "max_results": 1000}))?;
        all.extend(hits);
        if cut {
            let files = list(conversation, &glob)?;
            all.extend(files.into_iter().map(|file| (file, Vec::new())));
        }
    }
    if all.len() > MOST_FILES { Err(Reply::say(too_many(name))) } else { Ok(all) }
}

/// Files that define types or functions of these names.
pub fn definitions(conversation: &Conversation<'_>, names: &BTreeSet<String>) -> Result<Vec<String>, Reply> {
    let names: Vec<&str> = names.iter().take(NAMES).map(String::as_str).collect();
    let pattern = format!(r"\b(struct|enum|union|trait|type|fn|class|interface)\s+({})\b", names.join("|"));
    let (hits, _) = answer_to(conversation, &json!({"pattern": pattern, "max_results": 200}))?;
    Ok(hits.into_keys().take(2 * READS).collect())
}

/// Makes sure that the texts of these files are known, as far as they can be read.
pub fn read<'p>(conversation: &Conversation<'_>, paths: impl Iterator<Item = &'p str>) -> Result<(), Reply> {
    let missing = paths.filter(|path| conversation.text(path).is_none() && conversation.unreadable(path).is_none());
    let missing: Vec<&str> = missing.collect();
    if missing.len() > MOST_FILES {
        let count = missing.len();
        return Err(Reply::say(format!(
            "Pilotlight's embedded agent would have to read {count} files for this, more than it can in a turn, and \
             changed nothing."
        )));
    }
    let calls: Vec<ReplyItem> = missing
        .into_iter()
        .filter_map(|path| {
            let arguments = match conversation.read_from(path) {
                Some(line) => json!({"path": path, "start_line": line}),
                None => json!({"path": path}),
            };
            let worth_it = conversation.times_answered("read_file", &arguments) < TRIES;
            worth_it.then(|| ReplyItem::Call { name: "read_file".into(), arguments })
        })
        .take(READS)
        .collect();
    if calls.is_empty() { Ok(()) } else { Err(Reply { items: calls }) }
}

fn list(conversation: &Conversation<'_>, glob: &str) -> Result<Vec<String>, Reply> {
    let arguments = json!({"glob": glob});
    let Some(answer) = conversation.answer("list_files", &arguments) else {
        return Err(Reply::call("list_files", arguments));
    };
    Ok(answer.lines().skip(1).map(str::to_owned).collect())
}

/// The hits of a search and whether there are more.
fn answer_to(conversation: &Conversation<'_>, arguments: &Value) -> Result<(Hits, bool), Reply> {
    let Some(answer) = conversation.answer("search", arguments) else {
        return Err(Reply::call("search", arguments.clone()));
    };
    if answer.starts_with("Error:") {
        return Err(Reply::say(format!("Pilotlight's embedded agent could not search the workspace: {answer}")));
    }
    let (head, lines) = super::diff::line(answer);
    let mut hits = Hits::new();
    for (path, line) in lines.lines().filter_map(hit) {
        hits.entry(path.to_owned()).or_default().push(line);
    }
    Ok((hits, head.contains("there are more")))
}

/// `PATH:LINE:TEXT`
fn hit(line: &str) -> Option<(&str, usize)> {
    let colons = line.match_indices(':').map(|(position, _)| position);
    colons.clone().zip(colons.skip(1)).find_map(|(first, second)| {
        let number = line[first + 1..second].parse().ok()?;
        Some((&line[..first], number))
    })
}

/// A regular expression for a whole identifier; `\b` does not see a `$` as part of a word.
fn pattern(name: &str) -> String {
    let escaped = name.replace('$', "\\$");
    let edge =
        |char: Option<char>| if char.is_some_and(|char| char.is_alphanumeric() || char == '_') { "\\b" } else { "" };
    format!("{}{escaped}{}", edge(name.chars().next()), edge(name.chars().next_back()))
}

fn too_many(name: &str) -> String {
    format!("Pilotlight's embedded agent found `{name}` in too many places to be sure of each and changed nothing.")
}

fn extensions(language: Language) -> &'static [&'static str] {
    match language {
        Language::Rust => &["rs"],
        Language::Ecma { .. } => &["ts", "tsx", "js", "jsx", "mts", "cts", "mjs", "cjs"],
        Language::Python => &["py", "pyi"],
        Language::Go => &["go"],
        Language::C => &["c", "h", "cc", "cpp", "cxx", "hh", "hpp", "hxx", "inl"],
        Language::Java => &["java"],
        Language::Other | Language::Text => &[],
    }
}

/// Whether a file takes part in a rename of something defined in `home`.
pub fn shares_names(home: &str, path: &str) -> bool {
    let language = Language::of(home);
    language != Language::Text
        && language.shares_names_with(Language::of(path))
        && (language != Language::Other || extension(home) == extension(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_read_from_their_lines() {
        assert_eq!(hit("src/a.rs:12:let x: u8 = 3;"), Some(("src/a.rs", 12)));
        assert_eq!(hit("odd:name.rs:7::"), Some(("odd:name.rs", 7)));
        assert_eq!(hit("no hit"), None);
    }

    #[test]
    fn patterns_match_whole_words() {
        assert_eq!(pattern("fetch"), r"\bfetch\b");
        assert_eq!(pattern("$el"), r"\$el\b");
    }
}
