#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bakehouse::fuzzing::archive(data));
