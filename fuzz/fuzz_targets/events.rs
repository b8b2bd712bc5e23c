//! What a server answers. What is checked is in `checks/events.rs`.
#![no_main]

#[path = "../checks/events.rs"]
mod events;

libfuzzer_sys::fuzz_target!(|data: &[u8]| events::check(data));
