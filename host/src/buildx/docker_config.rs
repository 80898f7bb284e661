//! A `DOCKER_CONFIG` folder for one app's builds.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use oci_client::secrets::RegistryAuth;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::child_env::docker_folder;

/// A `DOCKER_CONFIG` folder holding only these logins: no credential helper, no
/// proxies. The user's Docker contexts still work. Removed when dropped.
#[derive(Debug)]
pub(crate) struct DockerConfig {
    folder: TempDir,
}

impl DockerConfig {
    /// Logins by registry, `host[:port]`.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(crate) fn new(logins: &[(String, RegistryAuth)]) -> io::Result<Self> {
        Self::from(docker_folder().as_deref(), logins)
    }

    fn from(user: Option<&Path>, logins: &[(String, RegistryAuth)]) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("bakehouse-docker-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let mut auths = Map::new();
        for (registry, login) in logins {
            // Docker Hub's entry has a name of its own.
            let key = match registry.as_str() {
                "docker.io" | "index.docker.io" => "https://index.docker.io/v1/",
                other => other,
            };
            let login = match login {
                RegistryAuth::Anonymous => continue,
                RegistryAuth::Basic(user, password) => {
                    let auth = BASE64_STANDARD.encode(format!("{user}:{password}"));
                    json!({ "auth": auth })
                }
                RegistryAuth::Bearer(token) => json!({ "identitytoken": token }),
            };
            auths.insert(key.to_owned(), login);
        }
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
    pub(crate) fn path(&self) -> &Path {
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
        let logins = [
            ("one.test", RegistryAuth::Basic("u".into(), "p".into())),
            ("docker.io", RegistryAuth::Bearer("t".into())),
            ("open.test", RegistryAuth::Anonymous),
        ]
        .map(|(registry, login)| (registry.to_owned(), login));
        let config = DockerConfig::from(Some(user.path()), &logins).unwrap();
        let text = std::fs::read_to_string(config.path().join("config.json")).unwrap();
        let expected = json!({
            "auths": {
                "one.test": { "auth": "dTpw" },
                "https://index.docker.io/v1/": { "identitytoken": "t" },
            },
            "currentContext": "far",
        });
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
        assert!(config.path().join("contexts").is_dir());
    }
}
