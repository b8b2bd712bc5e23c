//! Paths, names and ignore files. What is checked is in `checks/paths.rs`.
#![no_main]

#[path = "../checks/paths.rs"]
mod paths;

libfuzzer_sys::fuzz_target!(|data: &[u8]| paths::check(data));
