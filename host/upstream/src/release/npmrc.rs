//! npm's own configuration: which registry has a package, and its token.
//!
//! Read as npm does: environment, `.npmrc` of the working directory, of the
//! user, and the global one. What only npm itself knows, npm is asked.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bakehouse_system::process::run;
use bakehouse_system::storage;
use tokio::process::Command;
use tokio::sync::OnceCell;
use url::Url;

use super::ReleaseError;

/// Bytes of an `.npmrc`.
const MAX_FILE: u64 = 1 << 20;
const NPM_LIMIT: Duration = Duration::from_secs(20);

/// npm's configuration. Tokens in it are never shown.
#[derive(Default)]
pub struct NpmConfig {
    /// Settings by key, highest priority first.
    levels: Vec<HashMap<String, String>>,
    /// Whether npm itself may be asked.
    ask_npm: bool,
    asked: OnceCell<Option<String>>,
}

impl NpmConfig {
    /// The configuration of this process.
    #[must_use]
    pub fn load() -> Self {
        let variables: HashMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let home = std::env::home_dir();
        Self::from(&variables, Path::new("."), home.as_deref())
    }

    /// One that names this registry for every package, and nothing else.
    #[must_use]
    pub fn registry(url: &str) -> Self {
        Self {
            levels: vec![HashMap::from([("registry".to_owned(), url.to_owned())])],
            ..Self::default()
        }
    }

    fn from(variables: &HashMap<String, String>, project: &Path, home: Option<&Path>) -> Self {
        // npm takes these in any case.
        let environment: HashMap<_, _> = variables
            .iter()
            .filter_map(|(name, value)| {
                let prefix = name.get(..11)?;
                let key = name.get(11..)?;
                let ours = prefix.eq_ignore_ascii_case("npm_config_") && !value.is_empty();
                ours.then(|| (key.to_ascii_lowercase(), value.clone()))
            })
            .collect();
        let named = |key: &str| environment.get(key).map(PathBuf::from);
        let files = [
            Some(project.join(".npmrc")),
            named("userconfig").or_else(|| home.map(|home| home.join(".npmrc"))),
            named("globalconfig"),
        ];
        let read = |path: PathBuf| {
            let text = storage::read_text(&path, MAX_FILE).ok()?;
            Some(parse(&text, variables))
        };
        let from_files: Vec<_> = files.into_iter().flatten().filter_map(read).collect();
        Self {
            levels: [vec![environment], from_files].concat(),
            ask_npm: true,
            asked: OnceCell::new(),
        }
    }

    fn setting(&self, key: &str) -> Option<&str> {
        let found = self.levels.iter().find_map(|level| level.get(key));
        found.map(String::as_str)
    }

    /// The address of the registry that has this package, with `/` at its end.
    ///
    /// # Errors
    /// If nothing names one, or what does is no address.
    pub(super) async fn registry_of(&self, package: &str) -> Result<Url, ReleaseError> {
        let scope = package.split_once('/').map(|(scope, _)| scope);
        let scoped = scope.and_then(|scope| self.setting(&format!("{scope}:registry")));
        let text = match scoped.or_else(|| self.setting("registry")) {
            Some(text) => Some(text.to_owned()),
            None if self.ask_npm => self.asked.get_or_init(ask_npm).await.clone(),
            None => None,
        };
        let text = text.ok_or(ReleaseError::NoNpmRegistry)?;
        let slash = if text.ends_with('/') { "" } else { "/" };
        match Url::parse(&format!("{text}{slash}")) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
            _ => Err(ReleaseError::BadNpmRegistry),
        }
    }

    /// The `Authorization` value for a URL: that of the longest matching
    /// `//host/path/:_authToken` or `:_auth`.
    pub(super) fn authorization(&self, url: &Url) -> Option<String> {
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut path = url.path();
        loop {
            let place = format!("//{authority}{path}");
            for (key, scheme) in [("_authToken", "Bearer"), ("_auth", "Basic")] {
                let with_slash = format!("{}/:{key}", place.trim_end_matches('/'));
                let without = format!("{}:{key}", place.trim_end_matches('/'));
                let found = self.setting(&with_slash).or_else(|| self.setting(&without));
                if let Some(secret) = found {
                    return Some(format!("{scheme} {secret}"));
                }
            }
            path = path.trim_end_matches('/').rsplit_once('/')?.0;
        }
    }
}

/// Lines of `key = value`, with `${VARIABLE}`.
fn parse(text: &str, variables: &HashMap<String, String>) -> HashMap<String, String> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';', '[']))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| {
            let value = value.trim().trim_matches(['"', '\'']);
            (key.trim().to_owned(), expand(value, variables))
        })
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn expand(value: &str, variables: &HashMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        match variables.get(name.trim_end_matches('?')) {
            Some(value) => out.push_str(value),
            None => out.push_str(&format!("${{{name}}}")),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

async fn ask_npm() -> Option<String> {
    let mut command = Command::new("npm");
    command.args(["config", "get", "registry"]);
    let ended = run(command, None, NPM_LIMIT, |_| {}).await.ok()?;
    let answer = ended.stdout.trim();
    let good = ended.status.success() && answer.starts_with("http");
    good.then(|| answer.to_owned())
}

impl std::fmt::Debug for NpmConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NpmConfig").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)], project: &str, user: &str) -> NpmConfig {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        std::fs::write(dir.path().join(".npmrc"), project).unwrap();
        std::fs::write(home.join(".npmrc"), user).unwrap();
        let variables = variables
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let mut config = NpmConfig::from(&variables, dir.path(), Some(&home));
        config.ask_npm = false;
        config
    }

    async fn of(config: &NpmConfig, package: &str) -> String {
        config.registry_of(package).await.unwrap().to_string()
    }

    #[tokio::test]
    async fn the_nearest_setting_wins() {
        let user = "registry = https://user.test/npm\n@s:registry=https://scope.test/\n";
        let nothing = config(&[], "", user);
        assert_eq!(of(&nothing, "x").await, "https://user.test/npm/");
        assert_eq!(of(&nothing, "@s/x").await, "https://scope.test/");
        assert_eq!(of(&nothing, "@t/x").await, "https://user.test/npm/");
        let project = config(&[], "; comment\nregistry=\"https://project.test\"", user);
        assert_eq!(of(&project, "x").await, "https://project.test/");
        for name in ["NPM_CONFIG_REGISTRY", "npm_config_registry"] {
            let environment = config(
                &[(name, "http://127.0.0.1:1")],
                "registry=https://p.test",
                user,
            );
            assert_eq!(of(&environment, "x").await, "http://127.0.0.1:1/");
        }
    }

    #[tokio::test]
    async fn says_how_to_name_one() {
        for text in ["", "registry=file:///etc"] {
            let error = config(&[], text, "").registry_of("x").await.unwrap_err();
            assert!(
                error.to_string().contains("NPM_CONFIG_REGISTRY"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn tokens_go_only_where_they_belong() {
        let user = "//a.test/npm/:_authToken=${TOKEN}\n//b.test:8080/:_auth=dTpw\n";
        let config = config(&[("TOKEN", "t0k")], "", user);
        let of = |url: &str| config.authorization(&Url::parse(url).unwrap());
        assert_eq!(of("https://a.test/npm/x").as_deref(), Some("Bearer t0k"));
        assert_eq!(of("https://b.test:8080/x/y").as_deref(), Some("Basic dTpw"));
        for other in [
            "https://a.test/other/x",
            "https://a.test.evil.test/npm/x",
            "https://b.test/x",
            "https://c.test/npm/x",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert!(!format!("{config:?}").contains("t0k"));
    }
}
