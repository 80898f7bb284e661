//! Dockerfiles that fuzzing starts from, or found: every edit again.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "tests end by panicking"
)]

#[path = "../../../fuzz/edits.rs"]
mod edits;

#[test]
fn findings_are_harmless() {
    let mut count = 0;
    for folder in ["seeds", "regressions"] {
        let folder = format!(
            "{}/../../fuzz/{folder}/dockerfile",
            env!("CARGO_MANIFEST_DIR")
        );
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            edits::edits(&String::from_utf8_lossy(&bytes));
            count += 1;
        }
    }
    assert!(count > 0);
}
