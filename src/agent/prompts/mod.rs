//! Every sentence of ours that a model reads, each in a file of its own beside this one; no code has any but the
//! answers of tools. The tests in `tests/prompts.rs` hold what is sent in known situations against snapshots.

use super::Action;

/// What a session begins with; constant as long as it lives, since a change empties the server's prefix cache.
pub const INSTRUCTIONS: &str = include_str!("instructions.md");
/// The declarations of the tools that only read.
pub const TOOLS: &str = include_str!("tools.json");
/// What `apply_patch` is as a function.
pub const PATCH: &str = include_str!("apply_patch.md");
/// What it is as a freeform tool; the grammar says the rest.
pub const PATCH_FREEFORM: &str = include_str!("apply_patch_freeform.md");
/// The grammar of the freeform tool.
pub const PATCH_GRAMMAR: &str = include_str!("apply_patch.lark");
/// The project; `{name}`, `{languages}` and `{layout}` are filled in.
pub const BRIEF: &str = include_str!("brief.md");
/// Above the lines of past turns.
pub const PAST: &str = include_str!("past.md");
/// Above the files that a new lineage begins with.
pub const KNOWN: &str = include_str!("known.md");
/// Above the project's own guidelines.
pub const GUIDELINES: &str = include_str!("guidelines.md");
/// Above changes of the user.
pub const CHANGED: &str = include_str!("changed.md");
/// Above a list of files that changed too much to be shown.
pub const LISTED: &str = include_str!("listed.md");
/// A change of the model gave way to the user's; `{path}` is filled in.
pub const DROPPED: &str = include_str!("dropped.md");
/// A patch in the model's last words was refused; `{reason}` is filled in.
pub const WRITTEN_PATCH: &str = include_str!("written_patch.md");

/// What an action asks for.
pub fn of(action: Action) -> &'static str {
    match action {
        Action::Fix => include_str!("fix.md"),
        Action::Finish => include_str!("finish.md"),
        Action::Implement => include_str!("implement.md"),
        Action::Edit => include_str!("edit.md"),
        Action::Document => include_str!("document.md"),
        Action::Test => include_str!("test.md"),
        Action::Simplify => include_str!("simplify.md"),
        Action::Ask => include_str!("ask.md"),
        Action::Custom => include_str!("action.md"),
    }
    .trim_end()
}

/// A sentence with its gaps filled, each `{name}` once; what is filled in is not looked at again.
pub fn filled(sentence: &str, gaps: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut rest = sentence.trim_end();
    while let Some((at, (name, value))) =
        gaps.iter().filter_map(|gap| Some((rest.find(&format!("{{{}}}", gap.0))?, gap))).min_by_key(|(at, _)| *at)
    {
        text.push_str(&rest[..at]);
        text.push_str(value);
        rest = &rest[at + name.len() + 2..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_filled_and_what_fills_them_stays() {
        assert_eq!(filled("{a} and {b}.\n", &[("a", "{b}"), ("b", "{a}")]), "{b} and {a}.");
    }
}
