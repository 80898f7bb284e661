#![no_main]

#[path = "../edits.rs"]
mod edits;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    bakehouse::fuzzing::dockerfile(data);
    edits::edits(&String::from_utf8_lossy(data));
});
