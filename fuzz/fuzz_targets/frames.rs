//! Frames, written here and read at the other end. What is checked is in `checks/frames.rs`.
#![no_main]

#[path = "../checks/frames.rs"]
mod frames;

libfuzzer_sys::fuzz_target!(|data: &[u8]| frames::check(data));
