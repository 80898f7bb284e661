//! busybox, a static program that is a shell.

use std::path::PathBuf;

/// The program for an architecture, as `./justw test` set it up.
pub fn busybox(architecture: &str) -> Vec<u8> {
    let home = std::env::var("BAKEHOUSE_HOME").expect("BAKEHOUSE_HOME is set by ./justw test");
    let path = PathBuf::from(home).join(format!("tools/busybox-{architecture}/bin/busybox"));
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}\nhint: ./justw test sets it up", path.display())
    })
}
