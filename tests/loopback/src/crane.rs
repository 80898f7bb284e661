//! crane, as an independent witness.

use std::process::Command;

use crate::tool;

/// What crane, the independent witness, prints.
pub fn crane(arguments: &[&str]) -> String {
    let output = Command::new(tool("crane"))
        .args(arguments)
        .output()
        .expect("crane starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "crane {arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A file of an image, as crane reads it.
pub fn crane_file(reference: &str, platform: &str, path: &str) -> String {
    let output = Command::new(tool("crane"))
        .args(["export", "--platform", platform, reference, "-"])
        .output()
        .expect("crane starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "crane export {reference}: {stderr}"
    );
    let mut archive = tar::Archive::new(output.stdout.as_slice());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().as_os_str() == path {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
            return text;
        }
    }
    panic!("{reference} for {platform} has no {path}");
}
