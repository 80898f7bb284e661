//! Where npm's registry is: npm's own configuration (npm docs, "npmrc" and
//! "config").

use std::path::PathBuf;
use std::time::Duration;

use crate::recipe::CallError;

/// Longest time that `npm config get` may take.
const NPM_TIMEOUT: Duration = Duration::from_secs(20);

/// Address and token of the registry for one package.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct NpmRegistry {
    /// Base URL, with a `/` at its end.
    pub(super) url: url::Url,
    /// Bearer token.
    pub(super) token: Option<String>,
}

/// Finds the registry for a package, in npm's order: environment, project,
/// user, then what npm itself says (its global file and default).
pub(super) async fn resolve(package: &str) -> Result<NpmRegistry, CallError> {
    let lines = read_files();
    let scope = package.split_once('/').map(|(scope, _)| scope);
    let scoped = scope.and_then(|scope| lookup(&lines, &format!("{scope}:registry")));
    let address = match scoped
        .or_else(from_environment)
        .or_else(|| lookup(&lines, "registry"))
    {
        Some(address) => address,
        None => ask_npm().await?,
    };
    let invalid = |error: &dyn std::fmt::Display| {
        CallError::Unavailable(format!(
            "npm's registry address `{address}` is not a URL: {error}"
        ))
    };
    let with_slash = format!("{}/", address.trim_end_matches('/'));
    let url = url::Url::parse(&with_slash).map_err(|error| invalid(&error))?;
    let host_and_path = with_slash
        .split_once("://")
        .map(|(_, rest)| rest)
        .unwrap_or_default();
    let token = lookup(&lines, &format!("//{host_and_path}:_authToken"));
    Ok(NpmRegistry { url, token })
}

fn from_environment() -> Option<String> {
    ["npm_config_registry", "NPM_CONFIG_REGISTRY"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|value| !value.is_empty())
}

fn read_files() -> Vec<(String, String)> {
    let user = std::env::var_os("NPM_CONFIG_USERCONFIG")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".npmrc")));
    [Some(PathBuf::from(".npmrc")), user]
        .into_iter()
        .flatten()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .flat_map(|text| parse(&text))
        .collect()
}

/// `key = value` lines; `${NAME}` stands for environment variables.
fn parse(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| {
            (
                key.trim().to_owned(),
                expand(value.trim().trim_matches('"')),
            )
        })
        .collect()
}

fn expand(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        out.push_str(before);
        out.push_str(&std::env::var(name).unwrap_or_default());
        rest = after;
    }
    out + rest
}

fn lookup(lines: &[(String, String)], key: &str) -> Option<String> {
    lines
        .iter()
        .find(|(name, _)| name == key)
        .map(|(_, value)| value.clone())
        .filter(|value| !value.is_empty())
}

async fn ask_npm() -> Result<String, CallError> {
    let unknown = |why: &str| {
        CallError::Unavailable(format!(
            "npm's registry address is not known ({why}); set NPM_CONFIG_REGISTRY, or install npm"
        ))
    };
    let mut npm = tokio::process::Command::new("npm");
    npm.args(["config", "get", "registry"])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(NPM_TIMEOUT, npm.output())
        .await
        .map_err(|_| unknown("npm does not answer"))?
        .map_err(|error| unknown(&format!("npm: {error}")))?;
    let address = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || address.is_empty() || address == "undefined" {
        return Err(unknown("npm has none"));
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines() {
        let lines = parse(
            "# c\nregistry = \"http://a.example/npm\"\n@x:registry=http://b.example\n//b.example/:_authToken=${NO_SUCH_VARIABLE}t\nyes\n",
        );
        assert_eq!(lookup(&lines, "registry").unwrap(), "http://a.example/npm");
        assert_eq!(lookup(&lines, "@x:registry").unwrap(), "http://b.example");
        assert_eq!(lookup(&lines, "//b.example/:_authToken").unwrap(), "t");
        assert_eq!(lookup(&lines, "other"), None);
    }
}
