//! When the user is asked before an edit, and by which of the editor's means (contract 2.7).

use super::abilities::Abilities;
use crate::agent::Proposal;
use crate::agent::landing::{Operation, Plan};
use crate::config::Confirm;
use crate::visible::shown;

/// How a plan goes ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// At once.
    AtOnce,
    /// The editor shows the edit with annotations and asks.
    Annotations,
    /// A message asks.
    Message,
    /// Two code actions, *Apply* and *Discard*.
    TwoSteps,
}

/// Chooses the way: confined to the invoked file it goes at once; anything else is asked for, by the best means there
/// is. `never` waives the question, except for deletions and sensitive files.
pub fn way(plan: &Plan, proposal: &Proposal, confirm: Confirm, abilities: &Abilities) -> Way {
    let ask = match confirm {
        _ if plan.is_grave() => true,
        Confirm::Never => false,
        Confirm::Always => true,
        Confirm::Auto => !plan.is_confined_to(proposal.invoked.as_ref()),
    };
    let annotated = abilities.annotations && abilities.document_changes;
    match ask {
        false => Way::AtOnce,
        true if annotated => Way::Annotations,
        true if abilities.message_requests => Way::Message,
        true => Way::TwoSteps,
    }
}

/// The question, in one sentence; names in it are shown for what they are.
pub fn question(plan: &Plan) -> String {
    let unsaved = plan.files.iter().any(|file| file.operation == Operation::Create);
    let note = if unsaved { " New files stay unsaved until you save them." } else { "" };
    format!("Pilotlight would {}.{note}", shown(&plan.describe()))
}

#[cfg(test)]
mod tests;
