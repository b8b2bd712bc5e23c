//! `apply_patch`: a patch, taken whole or not at all. It must never write anything but the turn's working copy.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Answer, Effect, Input, View, Write};
use crate::agent::restore::{Misplaced, may_write, restore};
use crate::edit::{FilePatch, PatchError, apply_hunks, patch, to_model};
use crate::workspace::{ModelText, RelPath, secrets};

/// The arguments of the function: the one that is declared, or those of the built-in tool, which some models send
/// from habit.
#[derive(Deserialize)]
#[serde(untagged)]
enum Arguments {
    Patch {
        #[serde(alias = "input")]
        patch: String,
    },
    Operation {
        operation: Operation,
    },
    BareOperation(Operation),
}

/// One file's change as the built-in tool has it (openai SDK types, `apply_patch_call`).
#[derive(Deserialize)]
#[serde(tag = "type")]
enum Operation {
    #[serde(rename = "create_file")]
    Create { path: String, diff: String },
    #[serde(rename = "update_file")]
    Update { path: String, diff: String },
    #[serde(rename = "delete_file")]
    Delete { path: String },
}

impl Operation {
    fn read(self) -> Result<Vec<FilePatch>, PatchError> {
        let patch = match self {
            Operation::Create { path, diff } => patch::parse_create(&path, &diff)?,
            Operation::Update { path, diff } => patch::parse_update(&path, &diff)?,
            Operation::Delete { path } => FilePatch::Delete { path },
        };
        Ok(vec![patch])
    }
}

pub fn run(input: &Input, view: &View) -> Answer {
    let patches = match input {
        Input::Text(text) => patch::parse(text),
        Input::Json(json) => match serde_json::from_str(json) {
            Ok(Arguments::Patch { patch }) => patch::parse(&patch),
            Ok(Arguments::Operation { operation } | Arguments::BareOperation(operation)) => operation.read(),
            Err(_) => return refused("send the patch as the string `patch`", Vec::new()),
        },
    };
    take(patches, view)
}

/// Takes the patch in an answer that was meant to be words, as if the tool had been called with it; `None` if there is
/// none.
pub fn run_on_words(answer: &str, view: &View) -> Option<Answer> {
    Some(take(patch::find(answer)?, view))
}

fn take(patches: Result<Vec<FilePatch>, PatchError>, view: &View) -> Answer {
    let patches = match patches {
        Ok(patches) => patches,
        Err(error) => return refused(&error.to_string(), Vec::new()),
    };
    let named: Vec<RelPath> = patches.iter().filter_map(|patch| RelPath::parse(patch.path()).ok()).collect();
    let mut draft = Draft { view, files: BTreeMap::new(), moves: Vec::new() };
    for patch in &patches {
        if let Err(reason) = draft.take(patch) {
            let rest = if patches.len() > 1 { "\nNothing of this patch was applied." } else { "" };
            return refused(&format!("{reason}{rest}"), named);
        }
    }
    draft.finish()
}

fn refused(reason: &str, files: Vec<RelPath>) -> Answer {
    Answer { output: format!("Error: {reason}"), effect: Effect::Refused(files) }
}

/// The files of one patch as it goes along.
struct Draft<'a> {
    view: &'a View,
    /// Text before and after, by path.
    files: BTreeMap<RelPath, (Option<ModelText>, Option<ModelText>)>,
    moves: Vec<(RelPath, RelPath)>,
}

impl Draft<'_> {
    fn take(&mut self, patch: &FilePatch) -> Result<(), String> {
        let path = self.path(patch)?;
        match patch {
            FilePatch::Add { text, .. } => {
                self.may_create(&path)?;
                may_write(text).map_err(|misplaced| format!("{path}: {misplaced}"))?;
                self.write(&path, None, Some(ModelText::from_lf(text)));
            }
            FilePatch::Delete { .. } => {
                let text = self.text(&path)?;
                self.write(&path, Some(text), None);
            }
            FilePatch::Update { move_to, hunks, .. } => {
                let before = self.text(&path)?;
                let after = apply_hunks(&before.to_string(), hunks).map_err(|error| format!("{path}: {error}"))?;
                self.check_secrets(&path, &before, &after).map_err(|misplaced| format!("{path}: {misplaced}"))?;
                let after = ModelText::from_lf(&after);
                match move_to {
                    None => self.write(&path, Some(before), Some(after)),
                    Some(target) => {
                        let target = self.view.path(target.trim_start())?;
                        self.may_create(&target)?;
                        self.write(&path, Some(before), None);
                        self.write(&target, None, Some(after));
                        self.moves.push((path, target));
                    }
                }
            }
        }
        Ok(())
    }

    /// The file a section is about: as it is written where there is such a file, else without blanks before the name,
    /// which models add and next to no name has.
    fn path(&self, patch: &FilePatch) -> Result<RelPath, String> {
        match RelPath::parse(patch.path()) {
            Ok(path) if !matches!(patch, FilePatch::Add { .. }) && self.is_there(&path) => Ok(path),
            _ => self.view.path(patch.path().trim_start()),
        }
    }

    /// Whether the secrets of a file can stay what and where they are: what will be changed is the user's text, and an
    /// earlier patch may have been taken back.
    fn check_secrets(&self, path: &RelPath, before: &ModelText, after: &str) -> Result<(), Misplaced> {
        let base = self.view.working.base(path).unwrap_or(before).to_string();
        let raw = self.view.workspace.read_raw(path).unwrap_or_default();
        let real = to_model(&raw);
        let now = Some(secrets::hide(&real)).filter(|now| now.text() == base);
        // Where the user has typed meanwhile, only what the model saw can be looked at.
        restore(&now.unwrap_or_else(|| secrets::hide(&base)), after).map(drop)
    }

    /// A file's text, as earlier sections of this patch left it.
    fn text(&self, path: &RelPath) -> Result<ModelText, String> {
        match self.files.get(path) {
            Some((_, Some(text))) => Ok(text.clone()),
            Some((_, None)) => Err(format!("{path} is deleted or moved away earlier in this patch")),
            None => self.view.text(path),
        }
    }

    fn is_there(&self, path: &RelPath) -> bool {
        match self.files.get(path) {
            Some((_, text)) => text.is_some(),
            None => self.view.exists(path),
        }
    }

    fn may_create(&self, path: &RelPath) -> Result<(), String> {
        let exists = self.is_there(path);
        // An excluded place is refused in the same words, whether or not something is there; so is one below a file, which
        // may itself be excluded.
        if self.view.workspace.check(path).is_err() || self.clashes(path) {
            return Err(format!("{path} is not available for a new file; choose another place"));
        }
        if exists {
            return Err(format!("{path} exists already; change it with *** Update File"));
        }
        Ok(())
    }

    /// Whether a file is above this path, or files are below it: on disk, open, or made by the turn.
    fn clashes(&self, path: &RelPath) -> bool {
        let below = format!("{path}/");
        let mut of_the_turn = self.files.keys().chain(self.view.working.paths());
        self.view.workspace.is_below_a_file(path)
            || path.above().any(|part| self.is_made(&part))
            || of_the_turn.any(|other| other.as_str().starts_with(&below) && self.is_made(other))
    }

    /// Whether the turn has a text for this file.
    fn is_made(&self, path: &RelPath) -> bool {
        match self.files.get(path) {
            Some((_, text)) => text.is_some(),
            None => self.view.working.get(path).is_some_and(|text| text.is_some()),
        }
    }

    fn write(&mut self, path: &RelPath, before: Option<ModelText>, after: Option<ModelText>) {
        self.files.entry(path.clone()).and_modify(|file| file.1 = after.clone()).or_insert((before, after));
    }

    fn finish(self) -> Answer {
        let changed: Vec<String> = self.files.keys().map(RelPath::to_string).collect();
        let moved_from =
            |path: &RelPath| self.moves.iter().find(|(_, target)| target == path).map(|(source, _)| source.clone());
        let writes: Vec<Write> = self
            .files
            .iter()
            .map(|(path, (before, after))| Write {
                path: path.clone(),
                before: before.clone(),
                after: after.clone(),
                moved_from: moved_from(path),
            })
            .collect();
        Answer { output: format!("Done: {}", changed.join(", ")), effect: Effect::Patched(writes) }
    }
}
