//! A `DOCKER_CONFIG` folder for one app's builds.

use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::child_env::docker_folder;
use crate::engine::Credentials;

/// A `DOCKER_CONFIG` folder holding only these logins, for
/// [`ChildEnv::docker_config`](super::ChildEnv::docker_config). The user's
/// Docker contexts still work. Removed when dropped.
#[derive(Debug)]
pub struct DockerConfig {
    folder: TempDir,
}

impl DockerConfig {
    /// Logins by registry, written as Docker's own `auths` keys are
    /// (`host[:port]`; Docker Hub has its own key).
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn new<'a>(
        logins: impl IntoIterator<Item = (&'a str, &'a Credentials)>,
    ) -> io::Result<Self> {
        Self::from(docker_folder().as_deref(), logins)
    }

    fn from<'a>(
        user: Option<&Path>,
        logins: impl IntoIterator<Item = (&'a str, &'a Credentials)>,
    ) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bakehouse-docker-")
            .tempdir()?;
        let auths: Map<String, Value> = logins
            .into_iter()
            .map(|(registry, login)| {
                let pair = format!("{}:{}", login.username, login.password);
                let auth = BASE64_STANDARD.encode(pair);
                (registry.to_owned(), json!({ "auth": auth }))
            })
            .collect();
        let mut config = json!({ "auths": auths });
        if let Some(user) = user {
            if let Some(context) = current_context(user)
                && let Some(config) = config.as_object_mut()
            {
                config.insert("currentContext".to_owned(), context);
            }
            let contexts = user.join("contexts");
            if contexts.is_dir() {
                symlink(contexts.canonicalize()?, folder.path().join("contexts"))?;
            }
        }
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.path().join("config.json"))?
            .write_all(config.to_string().as_bytes())?;
        Ok(Self { folder })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn current_context(user: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(user.join("config.json")).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    config.get("currentContext").cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_only_what_was_given() {
        let user = tempfile::tempdir().unwrap();
        std::fs::create_dir(user.path().join("contexts")).unwrap();
        std::fs::write(
            user.path().join("config.json"),
            r#"{"auths":{"other.test":{"auth":"c2VjcmV0"}},"credsStore":"x","currentContext":"far"}"#,
        )
        .unwrap();
        let login = Credentials {
            username: "u".to_owned(),
            password: "p".to_owned(),
        };
        let config = DockerConfig::from(Some(user.path()), [("one.test", &login)]).unwrap();
        let text = std::fs::read_to_string(config.path().join("config.json")).unwrap();
        let expected = json!({
            "auths": { "one.test": { "auth": "dTpw" } }, "currentContext": "far"
        });
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        assert!(config.path().join("contexts").is_dir());
        assert!(!format!("{login:?}").contains("\"p\""));
    }
}
