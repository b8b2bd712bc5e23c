//! Diffs, written and read at both ends. What is checked is in `checks/diffs.rs`.
#![no_main]

#[path = "../checks/diffs.rs"]
mod diffs;

libfuzzer_sys::fuzz_target!(|data: &[u8]| diffs::check(data));
