//! Programs that `./justw test` sets up.

use std::path::PathBuf;
use std::process::Command;

/// The path of a program; fails the test with a hint where it is missing.
pub fn tool(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "`{name}` is not on PATH\nhint: run the tests with ./justw test, which sets it up"
            )
        })
}

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
