//! Options: choices that a recipe leaves to the app's `app.toml`.
//!
//! A recipe declares each ([`Recipe::options`](crate::Recipe::options)); the host holds
//! app.toml to that, fills in defaults, and refuses all others. So each function
//! here is for options that were declared as of its kind.

pub use crate::__bindings::bakehouse::recipe::options::{
    OptionDeclaration, OptionKind, OptionValue, app, get,
};

use std::collections::BTreeMap;

use crate::Error;
use crate::json::text_table;

impl OptionDeclaration {
    /// A text; `why` is one line for who writes app.toml.
    #[must_use]
    pub fn text(name: &str, why: &str) -> Self {
        Self::new(name, OptionKind::Text, why)
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean(name: &str, why: &str) -> Self {
        Self::new(name, OptionKind::Boolean, why)
    }

    /// A whole number.
    #[must_use]
    pub fn integer(name: &str, why: &str) -> Self {
        Self::new(name, OptionKind::Integer, why)
    }

    /// Several texts.
    #[must_use]
    pub fn texts(name: &str, why: &str) -> Self {
        Self::new(name, OptionKind::Texts, why)
    }

    /// A table, which arrives as JSON.
    #[must_use]
    pub fn table(name: &str, why: &str) -> Self {
        Self::new(name, OptionKind::Table, why)
    }

    fn new(name: &str, kind: OptionKind, why: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            choices: Vec::new(),
            default: None,
            required: false,
            why: why.to_owned(),
        }
    }

    /// The only texts that it can be, or hold.
    #[must_use]
    pub fn choices(mut self, choices: &[&str]) -> Self {
        self.choices = owned(choices);
        self
    }

    /// The value that it has where app.toml does not say.
    #[must_use]
    pub fn default(mut self, value: impl Into<OptionValue>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// App.toml must say it.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

impl From<&str> for OptionValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for OptionValue {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for OptionValue {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<&[&str]> for OptionValue {
    fn from(texts: &[&str]) -> Self {
        Self::Texts(owned(texts))
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// A text, where it is set or has a default.
///
/// # Panics
/// If it is declared as something else.
#[must_use]
pub fn text(name: &str) -> Option<String> {
    get(name).map(|value| match value {
        OptionValue::Text(text) => text,
        _ => otherwise(name),
    })
}

/// Yes or no; no, where it is neither set nor has a default.
///
/// # Panics
/// If it is declared as something else.
#[must_use]
pub fn boolean(name: &str) -> bool {
    get(name).is_some_and(|value| match value {
        OptionValue::Boolean(value) => value,
        _ => otherwise(name),
    })
}

/// A whole number, where it is set or has a default.
///
/// # Panics
/// If it is declared as something else.
#[must_use]
pub fn integer(name: &str) -> Option<i64> {
    get(name).map(|value| match value {
        OptionValue::Integer(number) => number,
        _ => otherwise(name),
    })
}

/// Several texts; none, where it is neither set nor has a default.
///
/// # Panics
/// If it is declared as something else.
#[must_use]
pub fn texts(name: &str) -> Vec<String> {
    get(name).map_or_else(Vec::new, |value| match value {
        OptionValue::Texts(texts) => texts,
        _ => otherwise(name),
    })
}

/// A table as JSON text, where it is set or has a default.
///
/// # Panics
/// If it is declared as something else.
#[must_use]
pub fn json(name: &str) -> Option<String> {
    get(name).map(|value| match value {
        OptionValue::Json(text) => text,
        _ => otherwise(name),
    })
}

/// A table of texts, by their keys; empty, where it is neither set nor has a
/// default.
///
/// # Errors
/// [`Error::InvalidInput`] naming a key that has another value than a text.
///
/// # Panics
/// If it is declared as something else.
pub fn table(name: &str) -> Result<BTreeMap<String, String>, Error> {
    let Some(text) = json(name) else {
        return Ok(BTreeMap::new());
    };
    text_table(&text).map_err(|key| {
        let key = key.map_or_else(String::new, |key| format!(": `{key}` is none"));
        Error::InvalidInput(format!(
            "option `{name}` is a table of texts in quotes{key}"
        ))
    })
}

#[expect(clippy::panic, reason = "the recipe asks for what it did not declare")]
fn otherwise(name: &str) -> ! {
    panic!("option `{name}` is declared as another kind")
}
