//! What comes in on stdin. What is checked is in `checks/framing.rs`.
#![no_main]

#[path = "../checks/framing.rs"]
mod framing;
#[path = "../checks/server.rs"]
mod server;

libfuzzer_sys::fuzz_target!(|data: &[u8]| framing::check(data));
