//! Keeping a document in step with its editor. What is checked is in `checks/sync.rs`.
#![no_main]

#[path = "../checks/sync.rs"]
mod sync;

libfuzzer_sys::fuzz_target!(|data: &[u8]| sync::check(data));
