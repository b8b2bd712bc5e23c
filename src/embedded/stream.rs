//! The events of one response on their way out: numbered, and told as oddly as the faults have it.
//!
//! It must never change what was decided; only how it is told, and whether all of it is.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::{
    ending,
    error::ApiError,
    events::{Head, Output},
    fault::{Ending, Interruption, Plan, Telling},
    lanes::Latest,
    respond::{Outlet, Signal, Stop},
};

/// Between two events of the fault `slow`.
const TRICKLE: Duration = Duration::from_millis(100);
/// Deltas that pass before a response is interrupted.
const DELTAS_BEFORE_INTERRUPTION: usize = 3;
/// Length of the frame of `huge-frame`: beyond the 16 MiB that clients take.
const HUGE_BYTES: usize = 17 * 1024 * 1024;

/// Numbers the events of one response and lets faults interfere.
pub(super) struct Stream<'a> {
    outlet: &'a Outlet,
    plan: &'a Plan,
    sequence: u64,
    deltas: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(outlet: &'a Outlet, plan: &'a Plan) -> Stream<'a> {
        Stream { outlet, plan, sequence: 0, deltas: 0 }
    }

    /// The events before any output.
    pub(super) async fn begin(&mut self, head: &Head) -> Result<(), Stop> {
        let response = head.object("in_progress", &[]);
        self.emit(json!({"type": "response.created", "response": response})).await?;
        self.emit(json!({"type": "response.in_progress", "response": response})).await?;
        self.interject().await
    }

    /// The events of the output, from the first item to the last.
    pub(super) async fn tell(&mut self, output: &[Output]) -> Result<(), Stop> {
        for (index, item) in output.iter().enumerate() {
            for event in item.events(index) {
                self.emit(event).await?;
            }
        }
        Ok(())
    }

    /// The terminal event of a response that nobody can continue.
    pub(super) async fn end(&mut self, response: Value) -> Result<(), Stop> {
        let event = self.terminal(response);
        self.emit(event).await
    }

    /// The terminal event of a response that can be continued, unless a fault keeps it back.
    pub(super) async fn complete(&mut self, response: Value, latest: Latest) -> Result<(), Stop> {
        if self.plan.ending == Some(Ending::MissingTerminal) {
            return Err(Stop::Ended);
        }
        let event = self.terminal(response);
        self.hold_up("response.completed").await?;
        let event = self.numbered(event);
        self.outlet.send(Signal::Completed(event, latest)).await?;
        if self.plan.ending == Some(Ending::CloseAfterResponse) {
            self.outlet.send(Signal::Cut).await?;
        }
        Ok(())
    }

    /// A response object as a terminal event, without what the faults leave out.
    fn terminal(&self, mut response: Value) -> Value {
        for (telling, field) in [(Telling::MissingUsage, "usage"), (Telling::MissingOutput, "output")] {
            if let Some(fields) = response.as_object_mut().filter(|_| self.plan.tells(telling)) {
                fields.remove(field);
            }
        }
        let status = response["status"].as_str().unwrap_or_default();
        json!({"type": format!("response.{status}"), "response": response})
    }

    async fn emit(&mut self, event: Value) -> Result<(), Stop> {
        self.hold_up(event["type"].as_str().unwrap_or_default()).await?;
        self.send(event).await
    }

    async fn send(&mut self, event: Value) -> Result<(), Stop> {
        let event = self.numbered(event);
        self.outlet.send(Signal::Event(event)).await
    }

    fn numbered(&mut self, mut event: Value) -> Value {
        if !self.plan.tells(Telling::MissingSequence) {
            event["sequence_number"] = json!(self.sequence);
            self.sequence += 1;
        }
        event
    }

    /// Faults that act before an event: it comes late, or never.
    async fn hold_up(&mut self, kind: &str) -> Result<(), Stop> {
        if self.plan.tells(Telling::Slow) {
            sleep(TRICKLE).await;
        }
        let is_delta = kind.ends_with(".delta");
        let is_end = matches!(kind, "response.output_item.done" | "response.completed");
        if let Some(Ending::Interrupted(interruption)) = self.plan.ending
            && (is_end || is_delta && self.deltas == DELTAS_BEFORE_INTERRUPTION)
        {
            return self.interrupt(interruption).await;
        }
        self.deltas += usize::from(is_delta);
        Ok(())
    }

    async fn interrupt(&self, interruption: Interruption) -> Result<(), Stop> {
        let signal = match interruption {
            Interruption::Break => Signal::Cut,
            Interruption::Error => ending::formed(ApiError::server_error(), self.plan.form),
            // Ends when the transport drops this task.
            Interruption::Silence => std::future::pending().await,
        };
        self.outlet.send(signal).await?;
        Err(Stop::Ended)
    }

    /// Faults that put something strange between good events.
    async fn interject(&mut self) -> Result<(), Stop> {
        for telling in &self.plan.tellings {
            match telling {
                Telling::BinaryFrame => self.outlet.send(Signal::Binary).await?,
                Telling::GarbageFrame => self.outlet.send(Signal::Garbage).await?,
                Telling::HugeFrame => {
                    self.send(json!({"type": "response.padding", "padding": "x".repeat(HUGE_BYTES)})).await?;
                }
                Telling::UnknownEvents => self.send_unknown().await?,
                Telling::MissingUsage
                | Telling::MissingOutput
                | Telling::MissingSequence
                | Telling::Slow
                | Telling::Refusal => {}
            }
        }
        Ok(())
    }

    async fn send_unknown(&mut self) -> Result<(), Stop> {
        let unnumbered = json!({"type": "codex.rate_limits", "plan_type": "pro", "credits": null,
                                "rate_limits": {"primary": {"used_percent": 12.5, "window_minutes": 300}}});
        self.outlet.send(Signal::Event(unnumbered)).await?;
        self.send(json!({"type": "response.metadata", "headers": {}, "metadata": null})).await?;
        self.send(json!({"type": "response.dance.delta", "delta": {"steps": [1, 2, 3]}, "item": 7})).await
    }
}
