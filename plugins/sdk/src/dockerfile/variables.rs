//! Variables in `FROM` lines (Dockerfile reference, "Environment replacement").

use std::collections::BTreeMap;

use bakehouse_dockerfile::{Dockerfile, Value};

use super::Editor;
use crate::Platform;

/// Values by name; none for those that only the build knows.
#[derive(Debug, Default)]
pub(super) struct Variables(BTreeMap<String, Option<String>>);

/// The longest value that is worked out, in bytes: far above any image
/// reference. Lines like `ARG B=$A$A` double what the line before them made.
const LONGEST_VALUE: usize = 4 << 10;
/// The most that all values of one file may take, in bytes.
const ALL_VALUES: usize = 1 << 20;
/// The variables that BuildKit sets, and the editor does not know.
const UNKNOWN: [&str; 7] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETOSVERSION",
    "TARGETSTAGE",
];

impl Variables {
    /// A word without its quotes, its variables replaced; none for what is not
    /// known before the build, as [`bakehouse_dockerfile::expand`].
    pub(super) fn expand(&self, word: &str, escape: char) -> Option<String> {
        bakehouse_dockerfile::expand(word, escape, LONGEST_VALUE, |name| match self.0.get(name) {
            Some(Some(value)) => Value::Set(value.clone()),
            Some(None) => Value::Unknown,
            None => Value::Unset,
        })
    }
}

impl Editor {
    /// The variables that `FROM` lines can use: the target's platform, and the
    /// defaults of `ARG` instructions before the first of them.
    pub(super) fn variables(file: &Dockerfile, target: &Platform) -> Variables {
        let variant = target.variant.clone().unwrap_or_default();
        let known = [
            ("TARGETPLATFORM", target.to_string()),
            ("TARGETOS", target.os.clone()),
            ("TARGETARCH", target.architecture.clone()),
            ("TARGETVARIANT", variant),
        ];
        let mut variables = Variables::default();
        for (name, value) in known {
            variables.0.insert(name.to_owned(), Some(value));
        }
        for name in UNKNOWN {
            variables.0.insert(name.to_owned(), None);
        }
        let mut left = ALL_VALUES;
        for arg in Self::declared(file).into_iter().filter(|arg| arg.global) {
            let Some(default) = arg.default else { continue };
            // A default that is not known hides what the name stood for before.
            let value = variables.expand(default, file.escape).filter(|value| {
                let rest = left.checked_sub(arg.name.len() + value.len());
                left = rest.unwrap_or(left);
                rest.is_some()
            });
            variables.0.insert(arg.name.to_owned(), value);
        }
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_grow_without_end_are_not_known() {
        let mut text = "ARG A0=xxxxxxxxxxxxxxxx\n".to_owned();
        for n in 1..64 {
            text += &format!("ARG A{n}=$A{}$A{}\n", n - 1, n - 1);
        }
        let editor = Editor::parse("Dockerfile", &(text + "FROM scratch\n")).unwrap();
        let file = editor.read().unwrap();
        let variables = Editor::variables(&file, &crate::platform("linux/arm64"));
        let length = |name: &str| variables.0[name].as_ref().map(String::len);
        assert_eq!((length("A2"), length("A63")), (Some(64), None));
        let all: usize = variables.0.values().flatten().map(String::len).sum();
        assert!(all < ALL_VALUES);
    }

    #[test]
    fn what_only_the_build_knows_has_no_default() {
        let text = "ARG A=${BUILDARCH:-x} B=${A:-y} C=${NO:-z} TARGETARCH\nFROM scratch\n";
        let editor = Editor::parse("Dockerfile", text).unwrap();
        let file = editor.read().unwrap();
        let variables = Editor::variables(&file, &crate::platform("linux/arm64"));
        for (word, expected) in [
            ("$A", None),
            ("${B}", None),
            ("$C-$TARGETARCH", Some("z-arm64")),
            ("${TARGETVARIANT:+x}$TARGETOS", Some("linux")),
            ("$NO", Some("")),
        ] {
            assert_eq!(variables.expand(word, '\\').as_deref(), expected, "{word}");
        }
    }
}
