//! `pilotlight agent`: the embedded agent as a Responses server of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::{Failure, Outcome, runtime};
use crate::embedded::fault::{Fault, FaultKind};
use crate::embedded::{AgentOptions, StartError, start};

/// Token that a server beyond loopback asks for.
const TOKEN_VARIABLE: &str = "PILOTLIGHT_AGENT_TOKEN";

#[derive(Args)]
pub struct Arguments {
    /// Where to listen; port 0 takes any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen beyond this machine; needs a token in PILOTLIGHT_AGENT_TOKEN.
    #[arg(long)]
    allow_remote: bool,
    /// Let something go wrong: NAME[,after=N][,times=N][,delay=MS]. May be given several times.
    #[arg(long = "fault", value_name = "FAULT", long_help = fault_help())]
    faults: Vec<Fault>,
    /// Serve as if every client were so far away: milliseconds of a round trip.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    rtt: u32,
    /// Record every connection, message and end as a line of JSON at the end of this file.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// What `--fault` takes, with every fault.
fn fault_help() -> String {
    let mut help = String::from(
        "Let something go wrong: NAME[,after=N][,times=N][,delay=MS]. May be given several times.\n\n\
         after=N lets N requests pass first, warm-ups included (N connections for the upgrade faults); times=N lets it \
         happen N times, else it happens every time; delay=MS waits before it acts. Faults that can act together do; of \
         those that end a request the first acts. The faults:\n",
    );
    for (name, about) in FaultKind::catalogue() {
        help.push_str(&format!("\n{name:<22}{about}"));
    }
    help
}

pub fn run(arguments: &Arguments) -> Outcome {
    let token = std::env::var(TOKEN_VARIABLE).ok().filter(|token| !token.is_empty());
    if !arguments.listen.ip().is_loopback() {
        if !arguments.allow_remote {
            let message = "is beyond this machine; add --allow-remote and set PILOTLIGHT_AGENT_TOKEN";
            return Err(Failure::Usage(format!("--listen {} {message}", arguments.listen)));
        }
        if token.is_none() {
            return Err(Failure::Usage(format!("--allow-remote needs a token; set {TOKEN_VARIABLE}")));
        }
    }
    let options = AgentOptions {
        listen: arguments.listen,
        token,
        faults: arguments.faults.clone(),
        rtt: Duration::from_millis(arguments.rtt.into()),
        record: arguments.record.clone(),
    };
    runtime()?.block_on(async {
        let agent = start(options).await.map_err(|error| match error {
            StartError::TokenNeeded { .. } => Failure::Usage(error.to_string()),
            error => Failure::failed(error),
        })?;
        anstream::println!("listening on {}", agent.websocket_url());
        tokio::select! {
            () = agent.stopped() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}
