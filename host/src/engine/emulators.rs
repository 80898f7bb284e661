//! Programs of other architectures that this machine's kernel can start.

use std::path::Path;

use crate::platform::Platform;

const BINFMT: &str = "/proc/sys/fs/binfmt_misc";

/// QEMU's names of architectures, and OCI's.
const ARCHITECTURES: &[(&str, &str, Option<&str>)] = &[
    ("aarch64", "arm64", None),
    ("arm", "arm", Some("v7")),
    ("i386", "386", None),
    ("loongarch64", "loong64", None),
    ("mips64el", "mips64le", None),
    ("ppc64le", "ppc64le", None),
    ("riscv64", "riscv64", None),
    ("s390x", "s390x", None),
    ("x86_64", "amd64", None),
];

/// Platforms with an enabled `binfmt_misc` handler named `qemu-*`, as QEMU's
/// packages and `tonistiigi/binfmt` register them. Only says something about
/// an engine on this machine.
#[must_use]
pub fn emulated_platforms() -> Vec<Platform> {
    from(Path::new(BINFMT))
}

fn from(folder: &Path) -> Vec<Platform> {
    let enabled = |name: &str| {
        std::fs::read_to_string(folder.join(format!("qemu-{name}")))
            .is_ok_and(|text| text.starts_with("enabled"))
    };
    ARCHITECTURES
        .iter()
        .filter(|(qemu, ..)| enabled(qemu))
        .filter_map(|(_, architecture, variant)| {
            Platform::new("linux", architecture, *variant).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_handlers() {
        let dir = tempfile::tempdir().unwrap();
        assert!(from(dir.path()).is_empty());
        std::fs::write(dir.path().join("qemu-aarch64"), "enabled\ninterpreter /q\n").unwrap();
        std::fs::write(dir.path().join("qemu-s390x"), "disabled\n").unwrap();
        let found: Vec<_> = from(dir.path()).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["linux/arm64"]);
    }
}
