//! Reads what an instruction in words asks for: renames, and parameters to remove.
//!
//! Words that are not understood are passed over; nothing is done that was not asked for in so many words.

use super::lexer::is_identifier;

/// Something an instruction asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Another name.
    Rename(Renaming),
    /// A parameter less.
    Remove(Removal),
}

/// A rename as asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renaming {
    /// What stands before the name, as in `Type::name` or `Type.name`.
    pub owner: Option<String>,
    /// The name now.
    pub old: String,
    /// The name wanted.
    pub new: String,
}

/// A parameter to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its name.
    pub parameter: String,
    /// The function it is to be removed from; else the one nearby.
    pub function: Option<String>,
}

/// What an instruction asks for, in its order, as far as it is known here.
pub fn wishes(instruction: &str) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = renames(instruction).into_iter().map(Wish::Rename).collect();
    wishes.extend(removals(instruction).into_iter().map(Wish::Remove));
    wishes
}

/// `remove the parameter NAME of FUNCTION`
fn removals(instruction: &str) -> Vec<Removal> {
    let words: Vec<&str> = instruction.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let is =
        |at: usize, wanted: &[&str]| words.get(at).is_some_and(|word| wanted.contains(&word.to_lowercase().as_str()));
    let mut removals = Vec::new();
    for at in (0..words.len()).filter(|at| is(*at, &["remove", "drop", "delete"])) {
        let article = |word: &str| matches!(word, "the" | "unused" | "its" | "obsolete");
        let noun = (at + 1..words.len()).find(|at| !article(&words[*at].to_lowercase())).unwrap_or(at);
        let named = |at: usize| words.get(at).filter(|word| is_identifier(word));
        // `the parameter x` and `the x parameter`
        let (parameter, next) = match is(noun, &["parameter", "argument"]) {
            true => (named(noun + 1), noun + 2),
            false if is(noun + 1, &["parameter", "argument"]) => (named(noun), noun + 2),
            false => continue,
        };
        let Some(parameter) = parameter else { continue };
        let article = |at: usize| is(at, &["the", "function", "method"]);
        let of = is(next, &["of", "from", "in"]).then(|| (next + 1..next + 4).find(|at| !article(*at))).flatten();
        let function = of.and_then(|at| words.get(at)).map(|word| split_owner(word).1);
        let function = function.filter(|name| is_identifier(name));
        removals.push(Removal { parameter: (*parameter).to_owned(), function: function.map(str::to_owned) });
    }
    removals
}

/// `rename OLD to NEW`
fn renames(instruction: &str) -> Vec<Renaming> {
    let words: Vec<&str> = instruction.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let mut wishes = Vec::new();
    let mut at = 0;
    let mut renaming = false;
    while at < words.len() {
        let verb = words[at].to_ascii_lowercase();
        if matches!(verb.as_str(), "rename" | "renaming") {
            renaming = true;
            at += 1;
        } else if !(renaming && verb == "and") {
            at += 1;
            continue;
        } else {
            at += 1;
        }
        let Some(link) = words[at..]
            .iter()
            .take(6)
            .position(|word| matches!(word.to_ascii_lowercase().as_str(), "to" | "into" | "as" | "->" | "=>"))
        else {
            continue;
        };
        let (Some(old), Some(new)) = (words[at..at + link].last(), words.get(at + link + 1)) else { continue };
        let (owner, old) = split_owner(old);
        let (_, new) = split_owner(new);
        if is_identifier(old) && is_identifier(new) && old != new && !is_pronoun(old) {
            wishes.push(Renaming { owner: owner.map(str::to_owned), old: old.to_owned(), new: new.to_owned() });
            at += link + 2;
        }
    }
    wishes
}

/// A word without quotes, commas and a call's brackets.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(|char: char| "`'\",;:!?".contains(char));
    let word = word.strip_suffix('.').unwrap_or(word);
    let word = word.trim_matches(|char: char| "`'\"".contains(char));
    word.strip_suffix("()").unwrap_or(word)
}

fn is_pronoun(word: &str) -> bool {
    matches!(word, "it" | "this" | "that" | "them" | "these" | "everything" | "all")
}

fn split_owner(word: &str) -> (Option<&str>, &str) {
    let cut = word.rfind("::").map(|cut| (cut, 2)).or_else(|| word.rfind(['.', '#']).map(|cut| (cut, 1)));
    match cut {
        Some((cut, width)) => {
            let owner = &word[..cut];
            (Some(owner.rsplit(['.', ':']).next().unwrap_or(owner)), &word[cut + width..])
        }
        None => (None, word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(instruction: &str) -> Vec<(Option<String>, String, String)> {
        renames(instruction).into_iter().map(|wish| (wish.owner, wish.old, wish.new)).collect()
    }

    #[test]
    fn renames_are_read_from_words() {
        let plain = |old: &str, new: &str| (None, old.to_owned(), new.to_owned());
        assert_eq!(read("rename fetch to load everywhere"), [plain("fetch", "load")]);
        assert_eq!(read("Please rename the function `fetch` to `load` in src/a.rs."), [plain("fetch", "load")]);
        assert_eq!(read("rename 'a' to 'b' and c to d"), [plain("a", "b"), plain("c", "d")]);
        assert_eq!(
            read("Rename method Store::get() to fetch_one"),
            [(Some("Store".into()), "get".into(), "fetch_one".into())]
        );
        assert_eq!(read("rename a -> b"), [plain("a", "b")]);
        assert_eq!(read("translate this to French"), []);
        assert_eq!(read("rename it to something nicer-looking"), []);
    }

    #[test]
    fn removals_are_read_from_words() {
        let read = |instruction: &str| -> Vec<(String, Option<String>)> {
            removals(instruction).into_iter().map(|wish| (wish.parameter, wish.function)).collect()
        };
        let found = |parameter: &str, function: Option<&str>| vec![(parameter.to_owned(), function.map(str::to_owned))];
        assert_eq!(read("Remove the parameter `times` of `send()`."), found("times", Some("send")));
        assert_eq!(read("drop the unused argument times from Mail::send"), found("times", Some("send")));
        assert_eq!(read("remove the times parameter of the function send"), found("times", Some("send")));
        assert_eq!(read("AI! remove the parameter times"), found("times", None));
        assert_eq!(read("remove the comments and the parameter list"), []);
    }
}
