//! The architecture that a file's name says.

use bakehouse_names::architecture_names;

/// Architectures that files are for, with their variants.
const ARCHITECTURES: &[(&str, Option<&str>)] = &[
    ("amd64", None),
    ("amd64", Some("v2")),
    ("amd64", Some("v3")),
    ("arm64", None),
    ("arm", Some("v7")),
    ("arm", Some("v6")),
    ("arm", Some("v5")),
    ("386", None),
    ("ppc64le", None),
    ("ppc64", None),
    ("s390x", None),
    ("riscv64", None),
    ("loong64", None),
    ("mips64le", None),
    ("mips64", None),
    ("mipsle", None),
    ("mips", None),
];
/// More words for an architecture, which are one with the system's.
const GLUED: &[(&str, &str)] = &[
    ("linux64", "amd64"),
    ("linux-64", "amd64"),
    ("linux_64", "amd64"),
    ("linuxamd64", "amd64"),
    ("linuxarm64", "arm64"),
    ("linux32", "386"),
    ("linux-32", "386"),
    ("linux_32", "386"),
    ("linux386", "386"),
];
/// Words that look like an architecture's, and are of another.
const OTHER_MACHINES: &[&str] = &[
    "aarch64_be",
    "armeb",
    "powerpc",
    "ppc",
    "sparc64",
    "sparcv9",
    "universal2",
    "amd64v4",
    "mipsel",
    "powerpc64",
    "i486",
];
/// The word for an architecture in a name: its place, and its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::new) struct Machine {
    pub(in crate::new) place: std::ops::Range<usize>,
    pub(in crate::new) architecture: &'static str,
    pub(in crate::new) variant: Option<&'static str>,
}

/// The architecture that a name says: by the longest word for one.
pub(in crate::new) fn platform_of(name: &str) -> Option<Machine> {
    let lower = name.to_ascii_lowercase();
    let mut best: Option<Machine> = None;
    let mut better = |word: &str, architecture, variant| {
        for place in places(&lower, word) {
            if best
                .as_ref()
                .is_none_or(|best| place.len() > best.place.len())
            {
                best = Some(Machine {
                    place,
                    architecture,
                    variant,
                });
            }
        }
    };
    for word in OTHER_MACHINES {
        better(word, "", None);
    }
    for (architecture, variant) in ARCHITECTURES {
        for word in architecture_names(architecture, *variant) {
            better(word, architecture, *variant);
        }
    }
    for (word, architecture) in GLUED {
        better(word, architecture, None);
    }
    // Just `arm` is told by nothing else than that it is the first variant's.
    let mut best = best?;
    if &lower[best.place.clone()] == "arm" {
        best.variant = None;
    }
    Some(best)
}

/// Places of a whole word.
fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = std::ops::Range<usize>> + 't {
    let alone = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    text.match_indices(word).filter_map(move |(start, word)| {
        let end = start + word.len();
        let before = text[..start].chars().next_back();
        let whole = alone(before) && alone(text[end..].chars().next());
        whole.then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::platform_of;

    #[test]
    fn the_longest_word_tells() {
        let of =
            |name: &str| platform_of(name).map(|machine| (machine.architecture, machine.variant));
        for (name, wanted) in [
            ("Xray-linux-64.zip", Some(("amd64", None))),
            ("Xray-linux-arm64-v8a.zip", Some(("arm64", None))),
            ("Xray-linux-arm32-v7a.zip", Some(("arm", Some("v7")))),
            ("Xray-linux-mips32le.zip", None),
            ("protoc-33.0-linux-aarch_64.zip", Some(("arm64", None))),
            ("protoc-33.0-linux-x86_32.zip", Some(("386", None))),
            ("protoc-33.0-linux-x86_64.zip", Some(("amd64", None))),
            ("jq-linux-mips64r6", None),
            ("tool-0.1.64.tar.gz", None),
            ("tool-linux-armv8.tar.gz", Some(("arm64", None))),
            ("restic_0.18.1_linux_arm.bz2", Some(("arm", None))),
        ] {
            assert_eq!(of(name), wanted, "{name}");
        }
    }
}
