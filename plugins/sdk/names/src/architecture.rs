//! Names of processor architectures, as the files of releases have them.
//!
//! Upstreams follow Go, Rust, Node.js, Debian or nobody: `amd64`, `x86_64` and `x64`
//! are one machine. A pattern's `{arch}` stands for all of them.

/// The names that files for a platform's architecture have, usual names first. An
/// architecture that is not known here goes by its own name.
#[must_use]
pub fn architecture_names<'a>(architecture: &'a str, variant: Option<&str>) -> Vec<&'a str> {
    let known: &[&str] = match (architecture, variant) {
        ("amd64", None) => &["amd64", "x86_64", "x64", "x86-64", "64bit"],
        ("amd64", Some("v2")) => &["amd64v2", "amd64_v2", "x86_64_v2", "x86_64-v2"],
        ("amd64", Some("v3")) => &["amd64v3", "amd64_v3", "x86_64_v3", "x86_64-v3"],
        ("arm64", None | Some("v8")) => &[
            "arm64",
            "aarch64",
            "armv8",
            "arm64v8",
            "aarch_64",
            "arm64-v8a",
        ],
        ("arm", Some("v7")) => &[
            "armv7",
            "armhf",
            "arm-v7",
            "arm_v7",
            "arm-7",
            "armv7l",
            "armv7hf",
            "arm32v7",
            "arm32-v7a",
            "arm",
        ],
        ("arm", Some("v6")) => &[
            "armv6", "armel", "arm-v6", "arm_v6", "arm-6", "armv6l", "arm32v6", "arm32-v6", "arm",
        ],
        ("arm", Some("v5")) => &[
            "armv5", "armel", "arm-v5", "arm_v5", "arm-5", "arm32v5", "arm32-v5", "arm",
        ],
        ("386", _) => &[
            "386", "i386", "i686", "x86", "32bit", "ia32", "i586", "x86_32",
        ],
        ("ppc64le", _) => &["ppc64le", "powerpc64le", "ppc64el", "ppcle_64"],
        ("s390x", _) => &["s390x", "s390_64"],
        ("riscv64", _) => &["riscv64", "riscv64gc"],
        ("loong64", _) => &["loong64", "loongarch64"],
        ("mips64le", _) => &["mips64le", "mips64el"],
        _ => &[],
    };
    match known {
        [] => vec![architecture],
        known => known.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::architecture_names as names;

    #[test]
    fn each_ecosystem_has_names_of_its_own() {
        for (architecture, variant, name) in [
            ("amd64", None, "x86_64"),
            ("amd64", None, "x64"),
            ("arm64", None, "aarch64"),
            ("arm", Some("v7"), "armhf"),
            ("386", None, "i686"),
            ("ppc64le", None, "powerpc64le"),
            ("s390x", None, "s390x"),
        ] {
            assert!(names(architecture, variant).contains(&name), "{name}");
        }
        assert!(!names("amd64", Some("v3")).contains(&"amd64"));
    }
}
