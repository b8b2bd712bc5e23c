//! The edit core: from what the model wrote to the smallest safe change of what the user has.
//!
//! A patch is read ([`patch`]), each of its hunks is found in the text the model saw ([`apply`]), the result is merged
//! into the text the user has now ([`mod@merge`]), mapped to that document's own line ends ([`line_endings`]) and reduced to
//! the edits that are really needed ([`minimal`]).
//!
//! Everything here is a pure function over `&str`. It knows nothing of LSP, of the wire, of files or of time, and it
//! never guesses: what cannot be placed, merged or verified is refused with a reason that the model can act on.
//! Except where said otherwise text is the model's text: LF line ends and no byte order mark.

mod anchor;
pub mod apply;
mod canonical;
mod fit;
mod indent;
mod line_diff;
pub mod line_endings;
mod locate;
pub mod merge;
pub mod minimal;
pub mod patch;
mod rejection;

pub use apply::apply_hunks;
pub(crate) use line_diff::{LineHunk, Span, line_hunks};
pub use line_endings::{LineEnding, from_model, to_model};
pub use merge::{Conflict, Merged, merge};
pub use minimal::{TextChange, apply_changes, minimal_changes};
pub use patch::{FilePatch, Hunk, HunkLine, PatchError};
pub use rejection::{Candidate, Reason, Rejection};

#[cfg(test)]
mod tests;
