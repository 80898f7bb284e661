//! pip's own configuration: where the index of Python's packages is.
//!
//! Read as pip does: environment, then the file of `PIP_CONFIG_FILE`, those of the
//! user, and the global ones. Further indexes (`extra-index-url`) are not asked.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use bakehouse_core::loopback::is_private;
use bakehouse_system::storage;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::Url;

use super::ReleaseError;
use super::access::{Site, Token};

/// The index in which pip looks without any configuration.
const PYPI: &str = "https://pypi.org/simple/";
/// Bytes of a configuration file.
const MAX_FILE: u64 = 1 << 20;

/// pip's configuration. Passwords in it are never shown.
#[derive(Default)]
pub struct PipConfig {
    index: Option<String>,
}

impl PipConfig {
    /// The configuration of this process.
    #[must_use]
    pub fn load() -> Self {
        let variables: HashMap<String, String> = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect();
        let home = std::env::home_dir();
        Self::from(&variables, home.as_deref(), Path::new("/etc"))
    }

    /// One that names this index, and nothing else.
    #[must_use]
    pub fn index(url: &str) -> Self {
        Self {
            index: Some(url.to_owned()),
        }
    }

    fn from(variables: &HashMap<String, String>, home: Option<&Path>, global: &Path) -> Self {
        let set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
        if let Some(index) = set("PIP_INDEX_URL") {
            return Self::index(index);
        }
        let named = set("PIP_CONFIG_FILE").map(PathBuf::from);
        let config = set("XDG_CONFIG_HOME").map(PathBuf::from);
        let config = config.or_else(|| home.map(|home| home.join(".config")));
        let files = [
            named,
            config.map(|config| config.join("pip/pip.conf")),
            home.map(|home| home.join(".pip/pip.conf")),
            Some(global.join("xdg/pip/pip.conf")),
            Some(global.join("pip.conf")),
        ];
        let index = files
            .into_iter()
            .flatten()
            .filter_map(|path| storage::read_text(&path, MAX_FILE).ok())
            .find_map(|text| index_url(&text));
        Self { index }
    }

    /// The index.
    ///
    /// # Errors
    /// [`ReleaseError::BadIndex`] where what names one is no address, or one that
    /// is not encrypted.
    pub(super) fn site(&self) -> Result<Site, ReleaseError> {
        let text = self.index.as_deref().unwrap_or(PYPI);
        let base = Url::parse(&format!("{}/", text.trim_end_matches('/')));
        let mut base = base
            .ok()
            .filter(is_private)
            .filter(|url| url.query().is_none() && url.fragment().is_none())
            .ok_or(ReleaseError::BadIndex)?;
        let token = basic(&base)?;
        // An address without them is always fine.
        let _ = base.set_username("").and_then(|()| base.set_password(None));
        Ok(Site {
            base,
            upstream: None,
            token,
            headers: &[("accept", "application/vnd.pypi.simple.v1+json")],
            variables: match self.index {
                Some(_) => "the login in PIP_INDEX_URL, or in `index-url` of pip's configuration",
                None => "PIP_INDEX_URL",
            },
        })
    }
}

/// The login in an address (RFC 7617).
fn basic(url: &Url) -> Result<Option<Token>, ReleaseError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let plain = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    let (user, password) = (plain(url.username()), plain(url.password().unwrap_or("")));
    let secret = BASE64_STANDARD.encode(format!("{user}:{password}"));
    Token::new("Basic", "PIP_INDEX_URL", &secret)
        .map(Some)
        .map_err(|_| ReleaseError::BadIndex)
}

/// The key `index-url` in the section `[global]`.
fn index_url(text: &str) -> Option<String> {
    let mut global = false;
    for line in text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            global = section.trim_end_matches(']').trim() == "global";
        } else if global
            && let Some((key, value)) = line.split_once(['=', ':'])
            && key.trim().replace('_', "-") == "index-url"
        {
            return Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)], user: &str, global: &str) -> PipConfig {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("home/.config/pip/pip.conf", user);
        write("etc/pip.conf", global);
        let variables = variables
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let (home, etc) = (folder.path().join("home"), folder.path().join("etc"));
        PipConfig::from(&variables, Some(&home), &etc)
    }

    fn base(config: &PipConfig) -> String {
        config.site().unwrap().base.into()
    }

    #[test]
    fn the_nearest_setting_counts() {
        let user = "[install]\nindex-url = https://wrong.test/\n[global]\n# why\nindex_url: https://user.test/simple\n";
        let global = "[global]\nindex-url = https://global.test/simple/\n";
        assert_eq!(base(&config(&[], "", "")), "https://pypi.org/simple/");
        assert_eq!(
            base(&config(&[], "", global)),
            "https://global.test/simple/"
        );
        assert_eq!(
            base(&config(&[], user, global)),
            "https://user.test/simple/"
        );
        let set = [("PIP_INDEX_URL", "http://127.0.0.1:3141/root/pypi/+simple")];
        assert_eq!(
            base(&config(&set, user, global)),
            "http://127.0.0.1:3141/root/pypi/+simple/"
        );
    }

    #[test]
    fn logins_go_into_a_header_and_into_no_address() {
        let site = PipConfig::index("https://me:p%40ss@index.test/simple");
        let site = site.site().unwrap();
        assert_eq!(site.base.as_str(), "https://index.test/simple/");
        let token = site.token.unwrap();
        assert_eq!(token.0.to_str().unwrap(), "Basic bWU6cEBzcw==");
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn what_is_no_address_or_not_encrypted_is_refused() {
        for text in [
            "index.test",
            "http://index.test/simple",
            "ftp://x/",
            "https://x/?a",
        ] {
            let refused = PipConfig::index(text).site();
            assert!(matches!(refused, Err(ReleaseError::BadIndex)), "{text}");
        }
    }
}
