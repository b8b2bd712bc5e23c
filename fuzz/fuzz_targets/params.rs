//! Parameters of methods and commands. What is checked is in `checks/params.rs`.
#![no_main]

#[path = "../checks/params.rs"]
mod params;
#[path = "../checks/server.rs"]
mod server;

libfuzzer_sys::fuzz_target!(|data: &[u8]| params::check(data));
