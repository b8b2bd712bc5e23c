//! `pilotlight lsp`: the language server on stdio. Only the protocol is written to stdout.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::{Failure, Outcome, Settings, load, runtime};
use crate::lsp::{Options, Stdout, serve};
use crate::session::pool::SessionPool;

#[derive(Args, Default)]
pub struct Arguments {
    /// Accepted because some editors add it; stdio is the only way.
    #[arg(long)]
    stdio: bool,
}

pub fn run(_: &Arguments, settings: &Settings) -> Outcome {
    let (loaded, sources) = load(settings)?;
    let runtime = runtime()?;
    let options = Options { loaded, env: sources.env, pool: Arc::new(SessionPool::default()) };
    let served = runtime.block_on(serve(options, tokio::io::stdin(), Stdout::new()));
    // A blocked read of stdin must not hold the process up.
    runtime.shutdown_background();
    match served.map_err(Failure::failed)? {
        true => Ok(ExitCode::SUCCESS),
        false => Ok(ExitCode::FAILURE),
    }
}
