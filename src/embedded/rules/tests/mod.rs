//! The agent at work on small workspaces: files in one string, a change or an instruction, and what came of it.

mod comments;
mod editor;
mod fixes;
mod protocol;
mod python;
mod rust;
mod rust_members;
mod signatures;
mod typescript;
mod variants;
mod various;

use editor::Editor;

/// Edits the workspace as a user would (each `old => new` replaces one place), asks to finish, and compares the result.
///
/// `after` holds the files that differ from `before`, whole. Gives the agent's last words.
fn check_finish(before: &str, edits: &[(&str, &str)], after: &str) -> String {
    let mut editor = Editor::new(before);
    for (old, new) in edits {
        editor.type_over(old, new);
    }
    let said = editor.finish();
    editor.expect(after);
    said
}

/// Asks for an edit in words and compares the result.
fn check_edit(before: &str, instruction: &str, after: &str) -> String {
    let mut editor = Editor::new(before);
    let said = editor
        .ask(&format!("Request: edit\n<instruction bytes=\"{}\">\n{instruction}\n</instruction>\n", instruction.len()));
    editor.expect(after);
    said
}

/// Asks to fix diagnostics of one file and compares the result.
fn check_fix(before: &str, path: &str, diagnostics: &str, after: &str) -> String {
    let mut editor = Editor::new(before);
    let said = editor.ask(&format!(
        "Request: fix in \"{path}\"\n<diagnostics path=\"{path}\" bytes=\"{}\">\n{diagnostics}\n</diagnostics>\n",
        diagnostics.len()
    ));
    editor.expect(after);
    said
}
