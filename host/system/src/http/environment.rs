//! Proxies and certificates, as the environment names them.
//!
//! The client takes them from there by itself, and passes over what it cannot use
//! without a word.

use std::fmt;
use std::path::{Path, PathBuf};

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

/// Variables with a proxy for all schemes; the first that is set counts.
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
/// Variables with a proxy for `http`.
const HTTP: [&str; 2] = ["HTTP_PROXY", "http_proxy"];
/// Variables with a proxy for `https`.
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
/// Variables with the hosts that no proxy is asked for.
const NONE: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// The variable with a bundle of certificates.
const BUNDLE: &str = "SSL_CERT_FILE";

/// A proxy, with the variable that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The variable.
    pub variable: &'static str,
    /// Scheme, host and port, without a login.
    pub address: String,
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.variable)
    }
}

impl Proxy {
    /// The proxy through which a URL is asked for; none where it is asked directly.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        Self::by(url, |name| std::env::var(name).ok())
    }

    fn by(url: &Url, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let own = match url.scheme() {
            "https" => HTTPS,
            _ => HTTP,
        };
        let none = first(NONE, &variable).map_or_else(String::new, |(_, hosts)| hosts);
        let asked = url.as_str().parse().ok()?;
        let mut set = [own, ALL]
            .into_iter()
            .filter_map(|names| first(names, &variable));
        set.find_map(|(name, value)| {
            let matcher = Matcher::builder().all(value).no(none.clone()).build();
            let proxy = matcher.intercept(&asked)?;
            let host = proxy.uri().authority()?.as_str();
            let host = host.rsplit('@').next().unwrap_or_default();
            let scheme = proxy.uri().scheme_str().unwrap_or("http");
            Some(Self {
                variable: name,
                address: format!("{scheme}://{host}"),
            })
        })
    }
}

/// A variable that names something that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is set, and names no proxy.
    #[error("{0} is not the address of a proxy, and is passed over")]
    Proxy(&'static str),
    /// It names a file that is not there.
    #[error("{variable} names {}, which is not there, and is passed over", path.display())]
    Bundle {
        /// The variable.
        variable: &'static str,
        /// The file.
        path: PathBuf,
    },
}

/// The variables that the client passes over, though they are set.
#[must_use]
pub fn unusable() -> Vec<Unusable> {
    passed_over(|name| std::env::var(name).ok(), Path::exists)
}

fn passed_over(
    variable: impl Fn(&str) -> Option<String>,
    exists: impl Fn(&Path) -> bool,
) -> Vec<Unusable> {
    let set = [HTTP, HTTPS, ALL]
        .into_iter()
        .filter_map(|names| first(names, &variable));
    let proxies = set.filter(|(_, value)| !value.trim().is_empty() && !is_proxy(value));
    let bundle = variable(BUNDLE).map(PathBuf::from);
    let bundle = bundle.filter(|path| !path.as_os_str().is_empty() && !exists(path));
    let bundle = bundle.map(|path| Unusable::Bundle {
        variable: BUNDLE,
        path,
    });
    let proxies = proxies.map(|(name, _)| Unusable::Proxy(name));
    proxies.chain(bundle).collect()
}

/// The first of these variables that is set, with its value.
fn first(
    names: [&'static str; 2],
    variable: impl Fn(&str) -> Option<String>,
) -> Option<(&'static str, String)> {
    names
        .into_iter()
        .find_map(|name| Some((name, variable(name)?)))
}

/// The client takes the value as the address of a proxy.
fn is_proxy(value: &str) -> bool {
    let matcher = Matcher::builder().all(value.to_owned()).build();
    let any = "https://host.invalid/".parse();
    any.is_ok_and(|any| matcher.intercept(&any).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)], url: &str) -> Option<String> {
        let variable = |name: &str| {
            let found = set.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        };
        Proxy::by(&Url::parse(url).unwrap(), variable).map(|proxy| proxy.to_string())
    }

    #[test]
    fn a_proxy_is_told_with_its_variable_and_without_its_login() {
        let set = [
            ("HTTPS_PROXY", "http://me:secret@proxy.test:3128"),
            ("all_proxy", "http://other.test:1"),
            ("NO_PROXY", "direct.test"),
        ];
        let through = Some("http://proxy.test:3128 (HTTPS_PROXY)".to_owned());
        assert_eq!(of(&set, "https://a.test/x"), through);
        let other = Some("http://other.test:1 (all_proxy)".to_owned());
        assert_eq!(of(&set, "http://a.test/x"), other);
        assert_eq!(of(&set, "https://direct.test/x"), None);
        assert_eq!(of(&[], "https://a.test/x"), None);
    }

    #[test]
    fn what_is_passed_over_is_known() {
        let set = [
            ("HTTPS_PROXY", "http://"),
            ("HTTP_PROXY", "proxy.test:3128"),
            ("ALL_PROXY", ""),
            ("SSL_CERT_FILE", "/gone.pem"),
        ];
        let variable = |name: &str| {
            let found = set.iter().find(|(key, _)| *key == name)?;
            Some(found.1.to_owned())
        };
        let told: Vec<_> = passed_over(variable, |_| false)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "HTTPS_PROXY is not the address of a proxy, and is passed over",
            "SSL_CERT_FILE names /gone.pem, which is not there, and is passed over",
        ];
        assert_eq!(told, expected);
        assert_eq!(passed_over(variable, |_| true).len(), 1);
        assert_eq!(passed_over(|_| None, |_| false), []);
    }
}
