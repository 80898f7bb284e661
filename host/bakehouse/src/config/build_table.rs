//! The `[build]` table of `bakehouse.toml`: a proxy, mirrors of package managers
//! and certificates for `RUN` steps.
//!
//! It is for networks in which upstream's steps reach nothing else. What it says is
//! in no image and no digest ([`StepSettings`]).

use std::fmt;
use std::path::{Path, PathBuf};

use bakehouse_builder::StepSettings;
use bakehouse_system::storage;
use serde::Deserialize;
use url::Url;

use crate::failure::{ExitCode, Failure};

/// Bytes of a file of certificates.
const MAX_CA: u64 = 1 << 20;
/// The path at which steps find it: in a folder that no image has.
const CA_FILE: &str = "/.bakehouse/ca.pem";
/// Cargo reads this below every folder.
const CARGO_FILE: &str = "/.cargo/config.toml";

/// The settings that `RUN` steps with a network are handed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BuildTable {
    /// The proxies that steps go through.
    pub proxy: Proxy,
    /// The mirrors that package managers fetch from.
    pub mirrors: PackageMirrors,
    /// A PEM file of every authority that steps trust, relative to the project.
    pub ca: Option<PathBuf>,
}

/// Proxies, as programs read them from `HTTP_PROXY` and the like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Proxy {
    /// For `http://`: an address, or `$NAME` for what a variable of the environment
    /// says.
    pub http: Option<Address>,
    /// For `https://`, in the same way.
    pub https: Option<Address>,
    /// Hosts that are reached without, with commas between them.
    pub no_proxy: Option<HostList>,
}

/// Addresses of registries, by package manager.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PackageMirrors {
    /// npm, yarn, pnpm, and corepack.
    pub npm: Option<Address>,
    /// pip and uv: the simple index.
    pub pypi: Option<Address>,
    /// Go modules: `GOPROXY`.
    pub go: Option<GoProxies>,
    /// Go's checksum database: `GOSUMDB`.
    pub go_sumdb: Option<SumDb>,
    /// crates.io: `sparse+https://...`.
    pub cargo: Option<CargoRegistry>,
}

/// `http://` or `https://`, or `$NAME` for what a variable of the operator's
/// environment says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Address(String);

/// Hosts, with commas between them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct HostList(String);

/// Addresses, `direct` and `off`, with `,` or `|` between them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct GoProxies(String);

/// `off`, or a database's name and key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SumDb(String);

/// `sparse+https://...`, or the address of a git index.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CargoRegistry(String);

/// A text that is none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    text: String,
    wanted: &'static str,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.escape_debug();
        write!(f, "`{text}` is not {}", self.wanted)
    }
}

fn fit(text: String, good: bool, wanted: &'static str) -> Result<String, Unfit> {
    match good {
        true => Ok(text),
        false => Err(Unfit { text, wanted }),
    }
}

/// Whether a text is an address that programs read from a variable.
fn is_address(text: &str) -> bool {
    let url = Url::parse(text);
    url.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"')
}

/// `NAME` of `$NAME`.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (!name.is_empty() && name.bytes().all(part)).then_some(name)
}

impl TryFrom<String> for Address {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let good = is_address(&text) || variable(&text).is_some();
        let wanted = "an address, `http://...` or `https://...`, nor `$NAME` of a variable";
        fit(text, good, wanted).map(Self)
    }
}

impl TryFrom<String> for HostList {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let host = |host: &str| {
            let part = |b: u8| b.is_ascii_alphanumeric() || b".-:*/[]_".contains(&b);
            !host.is_empty() && host.bytes().all(part)
        };
        let good = text.split(',').map(str::trim).all(host);
        fit(text, good, "a list of hosts with commas between them").map(Self)
    }
}

impl TryFrom<String> for GoProxies {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let mut all = text.split([',', '|']);
        let good = all.all(|one| matches!(one, "direct" | "off") || is_address(one));
        let good = good || variable(&text).is_some();
        let wanted = "a list of addresses, `direct` and `off` as GOPROXY has it";
        fit(text, good, wanted).map(Self)
    }
}

impl TryFrom<String> for SumDb {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let good = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        fit(text, good, "`off`, or a database as GOSUMDB has it").map(Self)
    }
}

impl TryFrom<String> for CargoRegistry {
    type Error = Unfit;

    fn try_from(text: String) -> Result<Self, Unfit> {
        let good = is_address(text.strip_prefix("sparse+").unwrap_or(&text));
        let wanted = "a registry, `sparse+https://...` or `https://...`";
        fit(text, good, wanted).map(Self)
    }
}

impl BuildTable {
    /// The settings, with what variables and files hold; `variable` reads the
    /// operator's environment.
    ///
    /// # Errors
    /// [`ExitCode::Config`] for a variable that is not set or no address, and a
    /// file that is not there or has no certificates.
    pub fn settings(
        &self,
        root: &Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<StepSettings, Failure> {
        let mut settings = StepSettings::default();
        if let Some(Address(text)) = &self.mirrors.npm {
            let names = &[
                "NPM_CONFIG_REGISTRY",
                "YARN_NPM_REGISTRY_SERVER",
                "COREPACK_NPM_REGISTRY",
            ];
            let (value, hidden) = resolved("npm", text, &variable)?;
            // Corepack puts a slash of its own behind it, and registries refuse two.
            let value = value.trim_end_matches('/').to_owned();
            settings.variables("npm", names, value, hidden);
        }
        let mut hand = |id: &str, names, text: &str| -> Result<(), Failure> {
            let (value, hidden) = resolved(id, text, &variable)?;
            settings.variables(id, names, value, hidden);
            Ok(())
        };
        if let Some(Address(text)) = &self.proxy.http {
            hand("http-proxy", &["HTTP_PROXY", "http_proxy"], text)?;
        }
        if let Some(Address(text)) = &self.proxy.https {
            hand("https-proxy", &["HTTPS_PROXY", "https_proxy"], text)?;
        }
        if let Some(HostList(text)) = &self.proxy.no_proxy {
            hand("no-proxy", &["NO_PROXY", "no_proxy"], text)?;
        }
        if let Some(Address(text)) = &self.mirrors.pypi {
            hand("pypi", &["PIP_INDEX_URL", "UV_DEFAULT_INDEX"], text)?;
        }
        if let Some(GoProxies(text)) = &self.mirrors.go {
            hand("go", &["GOPROXY"], text)?;
        }
        if let Some(SumDb(text)) = &self.mirrors.go_sumdb {
            hand("go-sumdb", &["GOSUMDB"], text)?;
        }
        if let Some(CargoRegistry(registry)) = &self.mirrors.cargo {
            let text = format!(
                "[source.crates-io]\nreplace-with = \"bakehouse\"\n\n\
                 [source.bakehouse]\nregistry = \"{registry}\"\n"
            );
            settings.file("cargo", CARGO_FILE, text, false);
        }
        if let Some(path) = &self.ca {
            settings.file("ca", CA_FILE, certificates(&root.join(path))?, false);
            let names = &[
                "SSL_CERT_FILE",
                "NODE_EXTRA_CA_CERTS",
                "PIP_CERT",
                "REQUESTS_CA_BUNDLE",
                "CURL_CA_BUNDLE",
                "GIT_SSL_CAINFO",
                "CARGO_HTTP_CAINFO",
            ];
            settings.variables("ca-file", names, CA_FILE, false);
        }
        Ok(settings)
    }
}

/// A value, and whether it is never printed: one of a variable, or with a
/// password.
fn resolved(
    id: &str,
    text: &str,
    read: impl Fn(&str) -> Option<String>,
) -> Result<(String, bool), Failure> {
    let Some(name) = variable(text) else {
        return Ok((text.to_owned(), text.contains('@')));
    };
    let value = read(name).filter(|value| !value.is_empty());
    let failure = |why: &str| {
        Failure::new(
            ExitCode::Config,
            format!("bakehouse.toml: [build] hands ${name} as {id} to RUN steps, and {why}"),
        )
        .hint(format!(
            "set {name} to an address, `https://...`, or take the line out"
        ))
    };
    let value = value.ok_or_else(|| failure("it is not set"))?;
    let mut addresses = value.split([',', '|']);
    match addresses.all(|one| is_address(one) || matches!(one, "direct" | "off")) {
        true => Ok((value, true)),
        false => Err(failure("it holds no address")),
    }
}

fn certificates(path: &Path) -> Result<String, Failure> {
    let failure = |why: String| {
        let what = format!("bakehouse.toml: `ca` of [build]: {}: {why}", path.display());
        Failure::new(ExitCode::Config, what)
            .hint("name a PEM file of every authority that steps are to trust")
    };
    let text = storage::read_text(path, MAX_CA).map_err(|error| failure(error.to_string()))?;
    let begins = text
        .lines()
        .filter(|l| l.trim() == "-----BEGIN CERTIFICATE-----");
    let ends = text
        .lines()
        .filter(|l| l.trim() == "-----END CERTIFICATE-----");
    match (begins.count(), ends.count()) {
        (0, _) => Err(failure("it has no certificate".to_owned())),
        (begins, ends) if begins != ends => Err(failure("a certificate is cut off".to_owned())),
        _ if text.contains("PRIVATE KEY-----") => Err(failure(
            "it has a private key, which no step is handed".to_owned(),
        )),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProjectFile;

    fn read(text: &str) -> Result<BuildTable, String> {
        let file = toml::from_str::<ProjectFile>(&format!("[build]\n{text}"));
        file.map(|file| file.build)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_text_is_parsed_when_the_file_is_read() {
        for good in [
            "",
            "proxy = { http = \"http://user:p@proxy.example:3128\", https = \"$PROXY\", no-proxy = \"localhost,.corp.example,10.0.0.0/8,[::1]\" }",
            "mirrors.npm = \"https://npm.example/repository/all/\"",
            "mirrors.go = \"https://go.example,direct\"",
            "mirrors.go = \"https://a.example|https://b.example,off\"",
            "mirrors.go-sumdb = \"off\"",
            "mirrors.cargo = \"sparse+https://cargo.example/index/\"",
            "mirrors.pypi = \"https://pypi.example/simple\"",
        ] {
            assert!(read(good).is_ok(), "{good}: {:?}", read(good));
        }
        for (bad, says) in [
            (
                "mirrors.npm = \"npm.example\"",
                "`npm.example` is not an address",
            ),
            ("mirrors.npm = \"ftp://npm.example\"", "is not an address"),
            ("mirrors.npm = \"https://a b\"", "is not an address"),
            ("mirrors.npm = \"https://a\\nb\"", "is not an address"),
            ("mirrors.npm = \"$A-B\"", "is not an address"),
            ("mirrors.nmp = \"https://a.example\"", "unknown field `nmp`"),
            (
                "mirrors.go = \"https://a.example,indirect\"",
                "as GOPROXY has it",
            ),
            ("mirrors.go-sumdb = \"\"", "as GOSUMDB has it"),
            ("mirrors.cargo = \"sparse+ssh://a\"", "is not a registry"),
            (
                "mirrors.cargo = \"sparse+https://a.example/\\\"x\"",
                "is not a registry",
            ),
            ("proxy.http = \"proxy:3128\"", "is not an address"),
            ("proxy.no-proxy = \"a b\"", "is not a list of hosts"),
            ("proxy = \"http://a.example\"", "invalid type"),
        ] {
            let error = read(bad).unwrap_err();
            assert!(error.contains(says), "{bad}: {error}");
        }
    }

    #[test]
    fn variables_and_files_are_read_when_they_are_needed() {
        let dir = tempfile::tempdir().unwrap();
        let settings = |text: &str, value: Option<&str>| {
            let table = read(text).unwrap();
            let set = |name: &str| value.filter(|_| name == "PROXY").map(str::to_owned);
            table
                .settings(dir.path(), set)
                .map_err(|failure| failure.to_string())
        };
        let proxy = "proxy.http = \"$PROXY\"";
        assert!(
            settings(proxy, None)
                .unwrap_err()
                .contains("$PROXY as http-proxy")
        );
        assert!(
            settings(proxy, Some("a b"))
                .unwrap_err()
                .contains("no address")
        );
        assert!(
            !settings(proxy, Some("http://u:p@a.example"))
                .unwrap()
                .is_empty()
        );
        assert!(settings("", None).unwrap().is_empty());
        let whole = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
        for (text, says) in [
            ("", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\n", "cut off"),
            (
                &format!("{whole}-----BEGIN PRIVATE KEY-----\n"),
                "private key",
            ),
        ] {
            std::fs::write(dir.path().join("ca.pem"), text).unwrap();
            let error = settings("ca = \"ca.pem\"", None).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
        std::fs::write(dir.path().join("ca.pem"), whole).unwrap();
        assert!(settings("ca = \"ca.pem\"", None).is_ok());
        assert!(settings("ca = \"no.pem\"", None).is_err());
    }
}
