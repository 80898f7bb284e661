//! The text that names a release source.

use std::fmt;
use std::str::FromStr;

use crate::recipe::CallError;

/// A release source, written `kind:name`. The same text is its grant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// An npm package, by name: `npm:esbuild`, `npm:@esbuild/linux-x64`.
    Npm(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Npm(name) => write!(f, "npm:{name}"),
        }
    }
}

impl FromStr for Source {
    type Err = CallError;

    fn from_str(text: &str) -> Result<Self, CallError> {
        let invalid =
            |why: &str| CallError::InvalidInput(format!("`{text}` is not a release source: {why}"));
        match text.split_once(':') {
            Some(("npm", name)) if is_npm_name(name) => Ok(Self::Npm(name.to_owned())),
            Some(("npm", _)) => Err(invalid("that is no npm package name")),
            Some((kind, _)) => Err(invalid(&format!(
                "this host knows npm:PACKAGE, not {kind}:"
            ))),
            None => Err(invalid("write it as npm:PACKAGE")),
        }
    }
}

/// npm's grammar of package names, scope included.
fn is_npm_name(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '_'])
            && part
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~'))
    };
    match name.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .is_some_and(|(scope, name)| part(scope) && part(name)),
        None => part(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for text in ["npm:esbuild", "npm:@esbuild/linux-x64"] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "npm",
            "npm:",
            "npm:../x",
            "npm:@x",
            "npm:a/b",
            "npm:A",
            "rubygems:x",
        ] {
            assert!(text.parse::<Source>().is_err(), "{text}");
        }
    }
}
