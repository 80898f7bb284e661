//! Names of processor architectures, as the files of releases have them.
//!
//! Upstreams follow Go, Rust, Node.js, Debian or nobody: `amd64`, `x86_64` and `x64`
//! are one machine. A pattern's `{arch}` stands for all of them.

use bakehouse_sdk::Platform;

/// What files for a platform's architecture are called, usual names first. An
/// architecture that is not known here goes by its own name.
pub(crate) fn names(platform: &Platform) -> Vec<&str> {
    let variant = platform.variant.as_deref();
    let known: &[&str] = match (platform.architecture.as_str(), variant) {
        ("amd64", None) => &["amd64", "x86_64", "x64", "x86-64", "64bit"],
        ("amd64", Some("v2")) => &["amd64v2", "amd64_v2", "x86_64_v2", "x86_64-v2"],
        ("amd64", Some("v3")) => &["amd64v3", "amd64_v3", "x86_64_v3", "x86_64-v3"],
        ("arm64", None | Some("v8")) => &["arm64", "aarch64", "armv8", "arm64v8"],
        ("arm", Some("v7")) => &[
            "armv7", "armhf", "arm-v7", "arm_v7", "arm-7", "armv7l", "armv7hf", "arm32v7", "arm",
        ],
        ("arm", Some("v6")) => &[
            "armv6", "armel", "arm-v6", "arm_v6", "arm-6", "armv6l", "arm32v6", "arm",
        ],
        ("arm", Some("v5")) => &[
            "armv5", "armel", "arm-v5", "arm_v5", "arm-5", "arm32v5", "arm",
        ],
        ("386", _) => &["386", "i386", "i686", "x86", "32bit", "ia32", "i586"],
        ("ppc64le", _) => &["ppc64le", "powerpc64le", "ppc64el"],
        ("riscv64", _) => &["riscv64", "riscv64gc"],
        ("loong64", _) => &["loong64", "loongarch64"],
        ("mips64le", _) => &["mips64le", "mips64el"],
        _ => &[],
    };
    match known {
        [] => vec![platform.architecture.as_str()],
        known => known.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use bakehouse_sdk::platform;

    use super::*;

    #[test]
    fn each_ecosystem_has_names_of_its_own() {
        for (text, name) in [
            ("linux/amd64", "x86_64"),
            ("linux/amd64", "x64"),
            ("linux/arm64", "aarch64"),
            ("linux/arm/v7", "armhf"),
            ("linux/386", "i686"),
            ("linux/ppc64le", "powerpc64le"),
            ("linux/s390x", "s390x"),
        ] {
            assert!(names(&platform(text)).contains(&name), "{text}");
        }
        assert!(!names(&platform("linux/amd64/v3")).contains(&"amd64"));
    }
}
