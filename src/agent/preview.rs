//! What a proposal would do, to be read before it is done: a unified diff, with its conflicts above. For people; `git
//! apply` takes it too, since it skips what stands before a diff.

use std::fmt::Write;

use super::landing::{Obstacles, Operation, Plan, PlannedFile, Reason};
use crate::delta::unified::{Change, render_git};

/// A plan as a diff that `git apply` takes.
pub fn diff(plan: &Plan) -> String {
    plan.files.iter().map(file_diff).collect()
}

fn file_diff(file: &PlannedFile) -> String {
    let path = file.path.as_str();
    let (old_path, old, new) = match &file.operation {
        Operation::Create => (path, None, Some(file.target.as_str())),
        Operation::Delete => (path, Some(file.now.as_str()), None),
        Operation::Rename { from } => (from.as_str(), Some(file.now.as_str()), Some(file.target.as_str())),
        Operation::Edit => (path, Some(file.now.as_str()), Some(file.target.as_str())),
    };
    render_git(&Change { old_path, new_path: path, old, new })
}

/// What stands in the way of a proposal, both sides of every place, and then what could be done to the other files.
pub fn conflicts(obstacles: &Obstacles) -> String {
    let mut text = String::from("Nothing was applied.\n\n");
    for file in &obstacles.hindered {
        let Reason::Touching(places) = &file.reason else {
            let _ = writeln!(text, "{}: {}\n", file.path, file.reason);
            continue;
        };
        for place in places {
            let _ = writeln!(text, "{}, line {}. You have:", file.path, place.line);
            quote(&place.yours, &mut text);
            text.push_str("Pilotlight proposes:\n");
            quote(&place.proposed, &mut text);
            text.push('\n');
        }
    }
    if !obstacles.rest.files.is_empty() {
        text.push_str("The other files would change so:\n\n");
        text.push_str(&diff(&obstacles.rest));
    }
    text
}

/// Indented, so that no line of it can be taken for a diff's.
fn quote(lines: &str, text: &mut String) {
    if lines.is_empty() {
        text.push_str("    (nothing)\n");
    }
    for line in lines.lines() {
        let _ = writeln!(text, "    {line}");
    }
}
