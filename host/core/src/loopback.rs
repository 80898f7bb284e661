//! Loopback addresses, where plain HTTP will do: nobody listens in on this machine.

use url::{Host, Url};

/// Whether a URL stays on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether nobody on the way can read or change what a URL gives: HTTPS, or
/// HTTP on loopback.
pub fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_spoken_to_in_the_clear() {
        let private = |url: &str| is_private(&Url::parse(url).unwrap());
        for url in [
            "https://a.example/x",
            "http://localhost:1/x",
            "http://127.8.8.8/x",
            "http://[::1]/x",
        ] {
            assert!(private(url), "{url}");
        }
        for url in [
            "http://a.example/x",
            "http://localhost.example/x",
            "http://127.0.0.1.example/x",
            "http://10.0.0.1/x",
            "ftp://localhost/x",
            "file:///x",
        ] {
            assert!(!private(url), "{url}");
        }
    }
}
