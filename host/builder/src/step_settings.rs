//! Settings that `RUN` steps are handed beside what their Dockerfile says: a
//! company's proxy, mirrors of package managers, certificates.
//!
//! Each is a secret to BuildKit, mounted as a variable or a file. Mounts are no
//! part of an image's history, a variable from a secret is none of its
//! configuration, and a secret's value is in no step's cache key, so an image is
//! the same to the byte with them and without. A build argument would be in the
//! history, and a file in a layer.

use std::path::Path;

use bakehouse_core::storage_error::{At as _, StorageError};

/// The beginning of the secrets' names. Those that recipes may name have no dots.
const PREFIX: &str = "dev.bakehouse.";
/// The folder of the values, in a build's scratch folder.
const FOLDER: &str = "step-settings";

/// The settings. Clones are cheap enough for one build each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepSettings {
    settings: Vec<Setting>,
}

/// One value, and where steps find it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    id: String,
    value: String,
    /// Environment variables that have it.
    variables: &'static [&'static str],
    /// The file that has it, an absolute path.
    file: Option<&'static str>,
    /// Never printed.
    hidden: bool,
}

impl StepSettings {
    /// Hands a value as environment variables. `id` is a word that tells it from
    /// others; `hidden`: it is never printed.
    pub fn variables(
        &mut self,
        id: &str,
        names: &'static [&'static str],
        value: impl Into<String>,
        hidden: bool,
    ) {
        self.settings.push(Setting {
            id: format!("{PREFIX}{id}"),
            value: value.into(),
            variables: names,
            file: None,
            hidden,
        });
    }

    /// Hands a text as a file. Nothing of the path may be in an image already: a
    /// folder on the way to it that is there would be in a layer.
    pub fn file(&mut self, id: &str, path: &'static str, text: impl Into<String>, hidden: bool) {
        self.settings.push(Setting {
            id: format!("{PREFIX}{id}"),
            value: text.into(),
            variables: &[],
            file: Some(path),
            hidden,
        });
    }

    /// Whether there is nothing to hand.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// The flags of each `RUN`, with a space before each.
    pub(crate) fn mounts(&self) -> String {
        let mut mounts = String::new();
        for setting in &self.settings {
            let mount = format!(" --mount=type=secret,id={}", setting.id);
            for name in setting.variables {
                mounts.push_str(&format!("{mount},env={name}"));
            }
            if let Some(path) = setting.file {
                mounts.push_str(&format!("{mount},target={path},mode=0444"));
            }
        }
        mounts
    }

    /// Values of `--secret`, relative to the scratch folder.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = String> {
        self.settings.iter().map(|setting| {
            let id = &setting.id;
            format!("id={id},src={FOLDER}/{id}")
        })
    }

    /// Values that are never printed.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &str> {
        let hidden = self.settings.iter().filter(|setting| setting.hidden);
        hidden.map(|setting| setting.value.as_str())
    }

    /// Writes the values into a scratch folder.
    ///
    /// # Errors
    /// What the file system refuses.
    pub(crate) fn write(&self, scratch: &Path) -> Result<(), StorageError> {
        let folder = scratch.join(FOLDER);
        std::fs::create_dir(&folder).at("make", &folder)?;
        for setting in &self.settings {
            let path = folder.join(&setting.id);
            std::fs::write(&path, &setting.value).at("write", &path)?;
        }
        Ok(())
    }
}

/// Whether a secret is one of these settings.
pub(crate) fn is_setting(secret: &str) -> bool {
    secret.starts_with(PREFIX)
}
