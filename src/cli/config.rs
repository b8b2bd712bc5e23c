//! `pilotlight config`: the effective configuration in a folder, each value with the layer it came from, and what of
//! the folder's `.pilotlight.toml` does not count.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstyle::Style;
use clap::Args;

use super::output::{FAINT, print_styled, visible, warn};
use super::{Outcome, Settings, consents, folder, load};
use crate::config::{Sources, columns, schema, settings};
use crate::scope::{Consent, Scope};

#[derive(Args)]
pub struct Arguments {
    /// The project; the current folder if none is given.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Print the JSON Schema of the user file instead.
    #[arg(long)]
    schema: bool,
}

pub fn run(arguments: &Arguments, given: &Settings) -> Outcome {
    if arguments.schema {
        anstream::println!("{:#}", schema());
        return Ok(ExitCode::SUCCESS);
    }
    let root = folder(arguments.workspace.as_ref())?;
    let (user, sources) = load(given)?;
    let scope = Scope::of(&root, &user, &consents(&sources));
    print_styled(&(head(&scope, &sources) + &body(&scope)))?;
    scope.damage.iter().for_each(|damage| warn(damage));
    scope.loaded.warnings.iter().for_each(|warning| warn(&warning.to_string()));
    scope.closed_by().iter().for_each(|reason| warn(reason));
    Ok(ExitCode::SUCCESS)
}

/// The files, and whether the folder may be sent.
fn head(scope: &Scope, sources: &Sources) -> String {
    let place = |path: &Path| format!("{}{}", path.display(), if path.exists() { "" } else { " (not there)" });
    let consent = match &scope.consent {
        Consent::NotNeeded => "not needed: nothing leaves this machine".to_owned(),
        Consent::Given(origin) => format!("this folder may be sent to {origin}"),
        Consent::Missing(origin) => {
            format!("not given: nothing of this folder is sent to {origin}; to allow it, run: {}", scope.trust())
        }
    };
    let user_file = sources.user_file_path().map_or_else(|| "nowhere".to_owned(), |path| place(&path));
    let lines = [("user file", user_file), ("workspace file", place(&scope.file())), ("consent", consent)];
    let line = |(name, text): &(&str, String)| format!("# {:<16}{}\n", format!("{name}:"), visible(text));
    lines.iter().map(line).chain(["\n".to_owned()]).collect()
}

/// Every value; those that nobody set are faint.
fn body(scope: &Scope) -> String {
    let settings = settings(&scope.loaded);
    let mut text = String::new();
    for (setting, (value, origin)) in settings.iter().zip(columns(&settings)) {
        let style = if setting.is_default() { FAINT } else { Style::new() };
        let _ = writeln!(text, "{style}{value}{style:#}{FAINT}{}{FAINT:#}", visible(&origin));
    }
    text
}
