//! Wheels for a platform, by their names (PEP 427; PEP 600, 656): best first.

use bakehouse_core::platform::Platform;

/// The wheels that may carry a program for a platform, best first: those for musl
/// before those for glibc, and those of any Python before those of one.
pub(in crate::new) fn rank<'n>(names: &[&'n str], platform: &Platform) -> Vec<&'n str> {
    let Some(machine) = machine(platform) else {
        return Vec::new();
    };
    let mut found: Vec<_> = names
        .iter()
        .filter_map(|name| Some((score(name, machine)?, *name)))
        .collect();
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

/// The machine, as Python's `sysconfig.get_platform` has it.
fn machine(platform: &Platform) -> Option<&'static str> {
    Some(match (platform.architecture(), platform.variant()) {
        ("amd64", None) => "x86_64",
        ("arm64", None | Some("v8")) => "aarch64",
        ("arm", Some("v7")) => "armv7l",
        ("386", _) => "i686",
        ("ppc64le", _) => "ppc64le",
        ("s390x", _) => "s390x",
        ("riscv64", _) => "riscv64",
        _ => return None,
    })
}

fn score(name: &str, machine: &str) -> Option<(u8, bool, usize)> {
    let parts: Vec<&str> = name.strip_suffix(".whl")?.split('-').collect();
    let (python, abi, tags) = match parts.as_slice() {
        [_, _, python, abi, tags] | [_, _, _, python, abi, tags] => (*python, *abi, *tags),
        _ => return None,
    };
    let end = format!("_{machine}");
    let libc = tags
        .split('.')
        .filter(|tag| tag.ends_with(&end))
        .filter_map(|tag| match tag.split('_').next()? {
            "musllinux" => Some(0),
            first if first.starts_with("manylinux") => Some(1),
            "linux" => Some(2),
            _ => None,
        });
    let any = python.split('.').any(|one| one == "py3") && abi == "none";
    Some((libc.min()?, !any, name.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The wheels of ruff 0.14.6, and its sources.
    const RUFF: &[&str] = &[
        "ruff-0.14.6-py3-none-linux_armv6l.whl",
        "ruff-0.14.6-py3-none-macosx_11_0_arm64.whl",
        "ruff-0.14.6-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
        "ruff-0.14.6-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "ruff-0.14.6-py3-none-manylinux_2_31_riscv64.whl",
        "ruff-0.14.6-py3-none-musllinux_1_2_aarch64.whl",
        "ruff-0.14.6-py3-none-musllinux_1_2_x86_64.whl",
        "ruff-0.14.6-py3-none-win_amd64.whl",
        "ruff-0.14.6.tar.gz",
    ];

    #[test]
    fn musl_comes_first() {
        let best = |platform: &str| rank(RUFF, &platform.parse().unwrap()).first().copied();
        assert_eq!(best("linux/amd64"), Some(RUFF[6]));
        assert_eq!(best("linux/arm64"), Some(RUFF[5]));
        assert_eq!(best("linux/riscv64"), Some(RUFF[4]));
        assert_eq!(best("linux/s390x"), None);
    }
}
