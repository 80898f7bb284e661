//! Addresses of git repositories.

use std::fmt;

use bakehouse_core::loopback::is_private;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::AddressError;

/// The address of a git repository that may be fetched from: `https://...`, in
/// its normal form, without user, query or fragment. On loopback plain
/// `http://` will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(Url);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Saying what to write instead.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let bad = |why: &str| {
            let (text, why) = (text.to_owned(), why.to_owned());
            AddressError { text, why }
        };
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        if !is_private(&url) {
            return Err(bad("write it as https://HOST/PATH"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("leave out user and password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("leave out everything from `?` or `#` on"));
        }
        if url.path().trim_matches('/').is_empty() {
            return Err(bad("it names no repository on its host"));
        }
        // Grants compare texts.
        if url.as_str() != text {
            return Err(bad(&format!("write it as {url}")));
        }
        Ok(Self(url))
    }

    /// A submodule's address, which may be relative to this one as `./` and
    /// `../` (gitmodules, `submodule.<name>.url`).
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn join(&self, submodule: &str) -> Result<Self, AddressError> {
        if !submodule.starts_with("./") && !submodule.starts_with("../") {
            return Self::parse(submodule);
        }
        let mut base = self.0.as_str().trim_end_matches('/');
        let mut rest = submodule;
        loop {
            if let Some(after) = rest.strip_prefix("./") {
                rest = after;
            } else if let Some(after) = rest.strip_prefix("../") {
                rest = after;
                base = base.rsplit_once('/').map_or("", |(parent, _)| parent);
            } else {
                return Self::parse(&format!("{base}/{rest}"));
            }
        }
    }

    /// The address as a URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// A file name of its own, with a readable beginning.
    #[must_use]
    pub fn file_name(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        let readable: String = format!("{host}{}", self.0.path())
            .chars()
            .map(|c| match c {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' => c,
                _ => '-',
            })
            .take(80)
            .collect();
        let digest = hex::encode(Sha256::digest(self.0.as_str()));
        format!("{readable}-{}", digest.get(..16).unwrap_or_default())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_what_grants_can_compare() {
        for good in [
            "https://git.example/a/b",
            "https://git.example:8443/a/b.git",
            "http://127.0.0.1:8080/a",
            "http://[::1]:8080/a",
            "http://localhost/a",
        ] {
            assert_eq!(Address::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "git.example/a",
            "http://git.example/a",
            "http://127.0.0.1.evil.example/a",
            "ssh://git.example/a",
            "git@git.example:a/b",
            "file:///etc",
            "ext::sh -c id",
            "--upload-pack=id",
            "https://user@git.example/a",
            "https://git.example/a?b",
            "https://git.example/a#b",
            "https://git.example/",
            "https://git.example/a/../b",
            "https://GIT.example/a",
            "https://git.example/a b",
        ] {
            let error = Address::parse(bad).unwrap_err();
            assert_eq!(error.text, bad);
        }
    }

    #[test]
    fn joins_as_git_does() {
        let address = Address::parse("https://git.example/a/b.git").unwrap();
        for (submodule, joined) in [
            ("../c.git", "https://git.example/a/c.git"),
            ("../../d/e", "https://git.example/d/e"),
            ("./f", "https://git.example/a/b.git/f"),
            ("https://other.example/g", "https://other.example/g"),
        ] {
            assert_eq!(address.join(submodule).unwrap().as_str(), joined);
        }
        for bad in ["../../../../../etc", "../../..", "/etc", "../c/../../x"] {
            assert!(address.join(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn file_names_differ() {
        let name = |text: &str| Address::parse(text).unwrap().file_name();
        let one = name("https://git.example/a/b");
        assert!(one.starts_with("git.example-a-b-"), "{one}");
        assert_ne!(one, name("https://git.example/a-b"));
        assert!(!name(&format!("https://git.example/{}", "x/".repeat(200))).contains('/'));
    }
}
