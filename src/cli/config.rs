//! `pilotlight config`: the effective configuration, each value with the layer it came from.

use std::process::ExitCode;

use clap::Args;

use super::{Outcome, Settings, load};
use crate::config::{render, schema};

#[derive(Args)]
pub struct Arguments {
    /// Print the JSON Schema of the user file instead.
    #[arg(long)]
    schema: bool,
}

pub fn run(arguments: &Arguments, settings: &Settings) -> Outcome {
    if arguments.schema {
        anstream::println!("{:#}", schema());
        return Ok(ExitCode::SUCCESS);
    }
    let (loaded, sources) = load(settings)?;
    if let Some(file) = sources.user_file_path() {
        let state = if file.exists() { "" } else { " (not there)" };
        anstream::println!("# user file: {}{state}", file.display());
    }
    anstream::print!("{}", render(&loaded));
    for warning in &loaded.warnings {
        anstream::eprintln!("warning: {warning}");
    }
    Ok(ExitCode::SUCCESS)
}
