//! Platforms as text.

use std::fmt;

use crate::Platform;

/// A platform written `os/architecture[/variant]`.
///
/// # Panics
/// If the text has fewer than two parts. It is meant for literals.
#[must_use]
pub fn platform(text: &str) -> Platform {
    let mut parts = text.split('/').map(str::to_owned);
    match (parts.next(), parts.next()) {
        (Some(os), Some(architecture)) => Platform {
            os,
            architecture,
            variant: parts.next(),
        },
        #[expect(
            clippy::panic,
            reason = "a wrong literal is a fault of the recipe's author"
        )]
        _ => panic!("`{text}` is not a platform"),
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}
