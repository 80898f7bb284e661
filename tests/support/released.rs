//! The program as a release has it: an archive that `scripts/pack.sh` made, and
//! its checksums.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::shared::{identity, shared};

/// The target that archives are named for. The program in it is the one that tests
/// are run with, without what a debugger reads.
pub const TARGET: &str = "x86_64-unknown-linux-musl";

/// Name of the archive, and of the folder in it.
pub fn name() -> String {
    format!("bakehouse-{}-{TARGET}", env!("CARGO_PKG_VERSION"))
}

/// A folder with the archive and `SHA256SUMS`, made once for each build.
pub fn released() -> PathBuf {
    let program = env!("CARGO_BIN_EXE_bakehouse");
    shared("released", &identity(program), |folder| {
        let small = folder.join("bakehouse");
        let mut strip = Command::new("strip");
        run(strip.arg("-o").arg(&small).arg(program));
        let mut pack = Command::new(root().join("scripts/pack.sh"));
        run(pack.arg(&small).arg(TARGET).arg(folder).arg("1"));
        fs::remove_file(&small).unwrap();
        let sums = "sha256sum -- *.tar.gz >SHA256SUMS";
        run(Command::new("sh").args(["-ec", sums]).current_dir(folder));
    })
}

/// Unpacks the archive into a folder, and answers with that of the program.
pub fn unpack(into: &Path) -> PathBuf {
    let archive = released().join(format!("{}.tar.gz", name()));
    run(Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(into));
    into.join(name())
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}\nhint: install Debian's binutils"));
    let why = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {why}");
}

/// This repository.
pub fn root() -> &'static Path {
    let mut above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    above.nth(2).unwrap()
}
