//! A `DOCKER_CONFIG` folder for one app's builds.

use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::docker::credentials::RegistryAuth;
use bakehouse_system::docker::docker_folder;
use bakehouse_system::storage;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// Bytes of Docker's own configuration.
const MAX_CONFIG: u64 = 1 << 20;

/// Makes a `DOCKER_CONFIG` folder holding only these logins, by registry
/// (`host[:port]`): no credential helper, no proxies. The user's Docker contexts
/// still work.
///
/// It is in `scratch`, a folder of this run's that goes with the build, and is
/// swept by the next run when this one is killed, so no login outlives its use.
///
/// # Errors
/// If the folder cannot be written.
pub(crate) fn docker_config(
    scratch: &Path,
    logins: &[(String, RegistryAuth)],
) -> Result<PathBuf, StorageError> {
    let folder = scratch.join("docker");
    storage::create(&folder)?;
    write(&folder, docker_folder().as_deref(), logins).at("write to", &folder)?;
    Ok(folder)
}

fn write(folder: &Path, user: Option<&Path>, logins: &[(String, RegistryAuth)]) -> io::Result<()> {
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
            RegistryAuth::Token(token) => json!({ "registrytoken": token }),
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
            symlink(contexts.canonicalize()?, folder.join("contexts"))?;
        }
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join("config.json"))?
        .write_all(config.to_string().as_bytes())
}

fn current_context(user: &Path) -> Option<Value> {
    let text = storage::read_text(&user.join("config.json"), MAX_CONFIG).ok()?;
    let config: Value = serde_json::from_str(&text).ok()?;
    config.get("currentContext").cloned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

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
        let config = tempfile::tempdir().unwrap();
        write(config.path(), Some(user.path()), &logins).unwrap();
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
        let scratch = tempfile::tempdir().unwrap();
        let folder = docker_config(scratch.path(), &logins).unwrap();
        assert!(folder.starts_with(scratch.path()));
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("config.json")), 0o600);
    }
}
