//! What the benchmarks share: samples and their medians, growth, and a report of tables, budgets and charts.
//!
//! A benchmark says what it measured. It stops where something is wrong, never because something took long.

#![allow(dead_code, unused_imports, reason = "each benchmark uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and stops where something is wrong"
)]

mod chart;
mod growth;
mod report;
mod samples;

pub use chart::{Axis, Bars, Chart, Lines};
pub use growth::exponent;
pub use report::{Report, table};
pub use samples::Samples;
