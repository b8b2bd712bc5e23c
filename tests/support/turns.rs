//! What a user does with the test editor: asks for code actions, chooses one, runs commands, waits for turns.

use std::time::Instant;

use serde_json::{Value, json};

use super::LIMIT;
use super::editor::{Refusal, TestEditor};

impl TestEditor {
    /// The code actions with the cursor before a text.
    pub fn actions(&mut self, name: &str, needle: &str) -> Vec<Value> {
        let range = self.cursor(name, needle);
        self.actions_for(name, range, json!({"diagnostics": []}))
    }

    /// The code actions for a range in a context.
    pub fn actions_for(&mut self, name: &str, range: Value, context: Value) -> Vec<Value> {
        let params = json!({"textDocument": {"uri": self.uri(name)}, "range": range, "context": context});
        let answer = self.request("textDocument/codeAction", params);
        let actions = answer.as_ref().ok().and_then(Value::as_array).cloned();
        actions.unwrap_or_else(|| self.fail(&format!("code actions were answered by {answer:?}")))
    }

    /// The code action that runs a command, with the cursor before a text.
    pub fn action(&mut self, name: &str, needle: &str, command: &str) -> Value {
        let actions = self.actions(name, needle);
        let found = actions.iter().find(|action| action["command"]["command"] == command).cloned();
        found.unwrap_or_else(|| self.fail(&format!("no {command} among {actions:?}")))
    }

    /// Chooses a code action: runs its command.
    pub fn choose(&mut self, action: &Value) -> Result<Value, Refusal> {
        let command = &action["command"];
        let params = json!({"command": command["command"], "arguments": command["arguments"]});
        self.request("workspace/executeCommand", params)
    }

    /// Runs a command that must succeed.
    pub fn command(&mut self, command: &str, argument: Value) -> Value {
        let answer = self.try_command(command, argument);
        answer.unwrap_or_else(|refusal| self.fail(&format!("{command} was answered by {refusal:?}")))
    }

    /// Runs a command.
    pub fn try_command(&mut self, command: &str, argument: Value) -> Result<Value, Refusal> {
        self.request("workspace/executeCommand", json!({"command": command, "arguments": [argument]}))
    }

    /// Runs a command that starts a turn, and gives the turn.
    pub fn begin(&mut self, command: &str, argument: Value) -> String {
        let answer = self.command(command, argument);
        let turn = answer["turn"].as_str().map(str::to_owned);
        turn.unwrap_or_else(|| self.fail(&format!("{command} was answered by {answer}")))
    }

    /// *Finish this change*, by its code action.
    pub fn begin_finish(&mut self, name: &str, needle: &str) -> String {
        let action = self.action(name, needle, "pilotlight.finish");
        let answer = self.choose(&action).unwrap_or_else(|refusal| self.fail(&format!("{refusal:?}")));
        answer["turn"].as_str().unwrap_or_else(|| self.fail(&format!("no turn in {answer}"))).to_owned()
    }

    /// Waits for the end of a turn's progress, then for its receipt.
    pub fn receipt(&mut self, turn: &str) -> Value {
        if self.client.announces("/window/workDoneProgress") {
            let token = format!("pilotlight-{turn}");
            self.wait(&format!("the end of turn {turn}"), |editor| {
                editor.progress.get(&token)?.has("end").then_some(())
            });
        }
        self.receipt_when(turn, |_| true)
    }

    /// Asks for a turn's receipt until it is there and as it should be.
    pub fn receipt_when(&mut self, turn: &str, right: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + LIMIT;
        loop {
            let receipts = self.command("pilotlight.receipts", json!({}));
            let turns = receipts["turns"].as_array().into_iter().flatten();
            let receipt = turns.into_iter().find(|receipt| receipt["turn"] == turn).cloned();
            match receipt {
                Some(receipt) if right(&receipt) => return receipt,
                other if Instant::now() > until => self.fail(&format!("the receipt of {turn} stayed {other:?}")),
                _ => {}
            }
        }
    }

    /// Waits until a turn ended in this way.
    pub fn expect_outcome(&mut self, turn: &str, outcome: &str) -> Value {
        let receipt = self.receipt(turn);
        if receipt["outcome"] != outcome {
            self.fail(&format!("the turn should have ended as {outcome}: {receipt}"));
        }
        receipt
    }
}

/// The commands of code actions, in order.
pub fn commands(actions: &[Value]) -> Vec<&str> {
    actions.iter().filter_map(|action| action["command"]["command"].as_str()).collect()
}
