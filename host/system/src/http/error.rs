//! Failures of a request. They hold no URL and no header, hence no secret.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use bakehouse_core::error::chain;
use reqwest::StatusCode;
use rustls::CertificateError;

use super::Proxy;
use super::body::BodyError;
use super::redirect::RedirectError;
use super::retry::Transient;

/// The reasons why a request had no answer that is of use. The caller adds what it
/// asked for.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// 404 or 410.
    #[error("not found")]
    NotFound,
    /// 403: object stores say so of what they do not have, to whoever may not
    /// list it (Amazon S3, "`GetObject`", permissions).
    #[error("answered {status}: it is not there, or not for everybody")]
    Hidden {
        /// The status.
        status: StatusCode,
    },
    /// 401.
    #[error("answered {status}; it wants credentials")]
    Unauthorized {
        /// The status.
        status: StatusCode,
    },
    /// 429, or 503 that says when to ask again.
    #[error("rate limited for {} s", pause.as_secs())]
    Busy {
        /// The pause that it asks for.
        pause: Duration,
    },
    /// It asked for a longer pause than is waited for.
    #[error("rate limited; try again after {}", httpdate::fmt_http_date(*until))]
    Paused {
        /// The time from which it may be asked again.
        until: SystemTime,
    },
    /// Any other status that tells a failure.
    #[error("answered {status}")]
    Status {
        /// The status.
        status: StatusCode,
    },
    /// Nothing came for this long.
    #[error("no answer for {} s", limit.as_secs())]
    Silent {
        /// The time that was waited.
        limit: Duration,
    },
    /// The body left its bounds.
    #[error(transparent)]
    Body(BodyError),
    /// It leads where nobody follows.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The other side shows a certificate that this machine does not trust.
    #[error("its certificate is not trusted: {}", why(.0))]
    Untrusted(CertificateError),
    /// No connection through the proxy that the environment names.
    #[error("no connection through the proxy {proxy}: {}", root(error))]
    Proxy {
        /// The proxy.
        proxy: Proxy,
        /// The client's error, of which the message has the innermost cause.
        error: reqwest::Error,
    },
    /// No connection, or it broke.
    #[error("{}", chain(.0))]
    Connection(#[source] reqwest::Error),
}

/// Words of what is wrong with a server as a whole: of these errors, of reqwest, of a
/// registry's transport, and of git's, which is curl.
const OF_SERVERS: [&str; 9] = [
    "error sending request",
    "no connection",
    "the connection broke",
    "no answer for",
    "is not trusted",
    "rate limited",
    "answered 5",
    "Could not resolve host",
    "Failed to connect to",
];

/// Says that a message is about a server as a whole, whatever it was asked for: it
/// cannot be reached, is not trusted, is broken, or wants to be left alone.
#[must_use]
pub fn is_of_server(message: &str) -> bool {
    OF_SERVERS.iter().any(|words| message.contains(words))
}

impl HttpError {
    /// Whether the thing is not there, as far as anybody tells.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::NotFound | Self::Hidden { .. })
    }

    /// Whether it took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::Silent { .. } => true,
            Self::Body(error) => matches!(error, BodyError::Silent(_) | BodyError::Slow(_)),
            Self::Connection(error) | Self::Proxy { error, .. } => error.is_timeout(),
            _ => false,
        }
    }
}

impl Transient for HttpError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Busy { .. } | Self::Silent { .. } | Self::Proxy { .. } => true,
            Self::Status { status } => {
                *status == StatusCode::REQUEST_TIMEOUT || status.is_server_error()
            }
            Self::Connection(error) => !error.is_builder() && !error.is_redirect(),
            // What is slow or large would be so once more.
            Self::Body(error) => matches!(error, BodyError::Silent(_) | BodyError::Broken(_)),
            Self::NotFound
            | Self::Hidden { .. }
            | Self::Unauthorized { .. }
            | Self::Paused { .. }
            | Self::Untrusted(_)
            | Self::Redirect(_) => false,
        }
    }

    fn is_awaited(&self) -> bool {
        matches!(self, Self::Busy { .. })
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        if let Some(untrusted) = untrusted(&error) {
            return Self::Untrusted(untrusted);
        }
        let proxy = error.url().filter(|_| error.is_connect());
        let (proxy, error) = (proxy.and_then(Proxy::of), error.without_url());
        match proxy {
            Some(proxy) => Self::Proxy { proxy, error },
            None => Self::Connection(error),
        }
    }
}

/// The fault of the other side's certificate, where that is the cause.
fn untrusted(error: &reqwest::Error) -> Option<CertificateError> {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(why.clone());
        }
        // The source of an I/O error is that of the error in it.
        let within = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        cause = match within {
            Some(within) => Some(within),
            None => error.source(),
        };
    }
    None
}

/// The fault of a certificate, in words.
fn why(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "unknown issuer".to_owned(),
        CertificateError::Expired => "it has expired".to_owned(),
        CertificateError::NotValidForName => "it is for another name".to_owned(),
        other => other.to_string(),
    }
}

/// The innermost cause.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

impl From<BodyError> for HttpError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Broken(error) => error.into(),
            BodyError::Silent(limit) => Self::Silent { limit },
            other => Self::Body(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::time::Duration;

    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;

    use super::super::client;
    use super::*;

    #[test]
    fn a_server_as_a_whole_is_told_from_what_it_was_asked_for() {
        let pause = Duration::from_secs(3);
        let status = |code| StatusCode::from_u16(code).unwrap();
        for (error, is_its) in [
            (HttpError::Busy { pause }, true),
            (
                HttpError::Paused {
                    until: SystemTime::UNIX_EPOCH,
                },
                true,
            ),
            (HttpError::Silent { limit: pause }, true),
            (HttpError::Untrusted(CertificateError::UnknownIssuer), true),
            (
                HttpError::Status {
                    status: status(503),
                },
                true,
            ),
            (
                HttpError::Status {
                    status: status(400),
                },
                false,
            ),
            (HttpError::NotFound, false),
            (
                HttpError::Hidden {
                    status: status(403),
                },
                false,
            ),
            (
                HttpError::Unauthorized {
                    status: status(401),
                },
                false,
            ),
        ] {
            assert_eq!(is_of_server(&error.to_string()), is_its, "{error}");
        }
    }

    /// The address of a server whose certificate nobody knows.
    fn stranger() -> String {
        let named = vec!["127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(named).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream: TcpStream = stream.unwrap();
                let mut server = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
                while server.is_handshaking() && server.complete_io(&mut stream).is_ok() {}
            }
        });
        address
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_trusted_is_told_and_not_tried_again() {
        let http = client::builder(Duration::from_secs(5)).no_proxy().build();
        let failed = http.unwrap().get(stranger()).send().await.unwrap_err();
        let error = HttpError::from(failed);
        assert!(matches!(error, HttpError::Untrusted(_)), "{error:?}");
        assert!(!error.is_transient());
        let words = "its certificate is not trusted: unknown issuer";
        assert_eq!(error.to_string(), words);
    }
}
