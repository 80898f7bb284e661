//! crane, as an independent witness.

use std::collections::BTreeMap;
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
    let mut files = crane_files(reference, platform);
    let file = files.remove(path);
    let (_, bytes) = file.unwrap_or_else(|| panic!("{reference} for {platform} has no {path}"));
    String::from_utf8(bytes).unwrap()
}

/// An image's files and folders, by path: permission bits, and bytes.
pub fn crane_files(reference: &str, platform: &str) -> BTreeMap<String, (u32, Vec<u8>)> {
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
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (path, (entry.header().mode().unwrap(), bytes))
    });
    entries.collect()
}
