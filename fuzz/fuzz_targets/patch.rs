//! Reading patches and applying them. What is checked is in `checks/patch.rs`.
#![no_main]

#[path = "../checks/patch.rs"]
mod patch;

libfuzzer_sys::fuzz_target!(|data: &[u8]| patch::check(data));
