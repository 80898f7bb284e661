//! The definition of an app, before it is a file.

use bakehouse_core::platform::Platform;
use toml::Value;

/// What is written into app.toml, and said of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Definition {
    /// The app.
    pub(crate) app: String,
    /// Its recipe.
    pub(crate) recipe: String,
    /// `[options]`, in order.
    pub(crate) options: Vec<(&'static str, Value)>,
    /// `[grants]`, in order.
    pub(crate) grants: Vec<(&'static str, Value)>,
    /// What could not be told, or is worth a look.
    pub(crate) notes: Vec<String>,
    /// For the README.
    pub(crate) about: Described,
    /// More files: paths from the project's root, and texts.
    pub(crate) files: Vec<(String, String)>,
}

/// The app for who pulls its image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) summary: String,
    pub(crate) license: String,
    pub(crate) upstream: String,
    pub(crate) platforms: Vec<Platform>,
    pub(crate) version: String,
    /// How the image is made, as the end of "The image ...".
    pub(crate) made: String,
}

impl Definition {
    /// Adds a text, where there is one.
    pub(super) fn option(&mut self, name: &'static str, text: Option<impl Into<String>>) {
        if let Some(text) = text {
            self.options.push((name, Value::String(text.into())));
        }
    }

    /// Adds a list of texts, where there is anything in it; each once.
    pub(super) fn grant(&mut self, name: &'static str, texts: &[String]) {
        let mut once: Vec<String> = Vec::new();
        for text in texts {
            if !once.contains(text) {
                once.push(text.clone());
            }
        }
        if !once.is_empty() {
            self.grants.push((name, array(&once)));
        }
    }
}

pub(super) fn array(texts: &[String]) -> Value {
    Value::Array(texts.iter().cloned().map(Value::String).collect())
}
