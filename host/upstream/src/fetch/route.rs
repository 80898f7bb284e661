//! Routes of downloads: where one may lead.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bakehouse_core::grants::Denied;
use bakehouse_core::mirrors::Mirrors;
use bakehouse_system::http::redirect::Redirects;
use bakehouse_system::http::request::{accept, exchange, shown};
use bakehouse_system::http::retry::Retry;
use bakehouse_system::http::{HttpError, client};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Method, Response};
use url::{Host, Url};

use super::FetchError;

/// Decides about a URL.
pub type Decide<'a> = &'a (dyn Fn(&str) -> Result<(), Denied> + Send + Sync);

/// The addresses to which a download may lead.
#[derive(Clone, Copy)]
pub struct Route<'a> {
    /// The first URL is a file that a granted source serves itself. It may be
    /// redirected to any public address, as file hosts do.
    pub asset: bool,
    /// Whether a URL is granted by itself; then its host may be a private one.
    pub granted: Decide<'a>,
}

impl fmt::Debug for Route<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route")
            .field("asset", &self.asset)
            .finish_non_exhaustive()
    }
}

/// Clients that follow no redirect by themselves.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    any: Client,
    /// Connects to no loopback, private or link-local address.
    public: Client,
}

impl Clients {
    pub(crate) fn new() -> reqwest::Result<Self> {
        let builder = || client::builder(client::CONNECT);
        Ok(Self {
            any: builder().build()?,
            public: builder().dns_resolver(Arc::new(PublicOnly)).build()?,
        })
    }

    /// Asks for a URL and follows redirects along the route, and answers with
    /// the URLs that the route decided about. Where the operator has a mirror of
    /// one, that is asked, and trusted to redirect within itself; the route
    /// decides on the original. Each server is asked when it wants to be.
    pub(crate) async fn get(
        &self,
        first: &Url,
        route: Route<'_>,
        mirrors: &Mirrors,
        limit: Duration,
        retry: &mut Retry<'_>,
    ) -> Result<(Response, Vec<Url>), FetchError> {
        let what = shown(first);
        let failed = |source: HttpError| FetchError::Http {
            what: what.clone(),
            source,
        };
        let mut url = first.clone();
        let mut mirror = None;
        let mut way = Vec::new();
        let mut redirects = Redirects::default();
        loop {
            let mut client = &self.any;
            if mirror != Some(url.origin()) {
                client = self.client(&what, &url, way.len(), route).await?;
                way.push(url.clone());
                let fetched = mirrors.url(&url);
                if fetched != url {
                    client = &self.any;
                    mirror = Some(fetched.origin());
                    url = fetched;
                }
            }
            let server = url.origin().ascii_serialization();
            retry.turn(&server).await.map_err(failed)?;
            let request = client
                .get(url.clone())
                .header(reqwest::header::ACCEPT_ENCODING, "identity");
            let response = exchange(request, limit).await.map_err(failed)?;
            let (status, headers) = (response.status(), response.headers());
            let next = redirects.next(&Method::GET, &url, status, headers);
            match next.map_err(|error| failed(error.into()))? {
                Some(next) => url = next,
                None => {
                    let accepted = accept(response);
                    if let Err(HttpError::Busy { pause }) = accepted {
                        retry.refused(&server, pause);
                    }
                    return Ok((accepted.map_err(failed)?, way));
                }
            }
            url.set_fragment(None);
        }
    }

    /// Whether the route allows a way that was taken before.
    pub(crate) async fn allows(&self, way: &[Url], route: Route<'_>) -> bool {
        for (hop, url) in way.iter().enumerate() {
            if self.client("", url, hop, route).await.is_err() {
                return false;
            }
        }
        true
    }

    async fn client(
        &self,
        what: &str,
        url: &Url,
        hop: usize,
        route: Route<'_>,
    ) -> Result<&Client, FetchError> {
        let denied = match (route.granted)(url.as_str()) {
            Ok(()) => return Ok(&self.any),
            Err(_) if route.asset && hop == 0 => return Ok(&self.any),
            Err(denied) => denied,
        };
        let to = shown(url);
        if !route.asset {
            let via = if hop == 0 {
                String::new()
            } else {
                format!("{what} redirects to {to}: ")
            };
            return Err(FetchError::Denied { via, denied });
        }
        if !is_public(url).await {
            let via = format!("{what} redirects to {to}, which is a loopback or private address; ");
            return Err(FetchError::Denied { via, denied });
        }
        Ok(&self.public)
    }
}

/// Whether a host is public, as far as it can be resolved here; a name that
/// cannot may still be known to a proxy.
async fn is_public(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => public_v4(ip),
        Some(Host::Ipv6(ip)) => public_v6(ip),
        Some(Host::Domain(name)) => match tokio::net::lookup_host((name, 0)).await {
            Ok(addresses) => addresses.map(|address| address.ip()).all(public),
            Err(_) => true,
        },
        None => false,
    }
}

/// Resolves names to their public addresses only, whatever was looked up
/// before: names change what they resolve to.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| public(address.ip())).collect();
            if public.is_empty() {
                return Err(format!("{} has no public address", name.as_str()).into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => public_v4(ip),
        IpAddr::V6(ip) => public_v6(ip),
    }
}

/// IANA's special-purpose registry (RFC 6890), what is not globally reachable.
const fn public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18))
}

fn public_v6(ip: Ipv6Addr) -> bool {
    if let Some(ip) = ip.to_ipv4_mapped() {
        return public_v4(ip);
    }
    let [a, b, ..] = ip.segments();
    let [.., y, z] = ip.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match (a, b) {
        // NAT64 and 6to4 carry an IPv4 address.
        (0x64, 0xff9b) => public_v4(embedded(y, z)),
        (0x2002, _) => public_v4(embedded(b, ip.segments()[2])),
        (0x2001, 0xdb8) => false,
        // Global unicast is 2000::/3.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tells_public_from_private() {
        for private in [
            "http://127.0.0.1/",
            "http://localhost/",
            "http://0.0.0.0/",
            "http://10.1.2.3/",
            "http://172.16.0.1/",
            "http://192.168.0.1/",
            "http://169.254.169.254/latest/meta-data/",
            "http://100.64.0.1/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
        ] {
            assert!(!is_public(&Url::parse(private).unwrap()).await, "{private}");
        }
        for public in [
            "http://9.9.9.9/",
            "http://100.128.0.1/",
            "http://[2606:4700::1]/",
            "http://[64:ff9b::909:909]/",
        ] {
            assert!(is_public(&Url::parse(public).unwrap()).await, "{public}");
        }
    }
}
