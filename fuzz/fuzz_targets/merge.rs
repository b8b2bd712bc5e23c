//! Merging, and the edits that lead to the merged text. What is checked is in `checks/merge.rs`.
#![no_main]

#[path = "../checks/merge.rs"]
mod merge;

libfuzzer_sys::fuzz_target!(|data: &[u8]| merge::check(data));
