//! Exit codes and hints of the machine's and the network's errors.

use bakehouse_system::docker::HelperError;
use bakehouse_system::docker::credentials::CredentialsError;
use bakehouse_system::http::{HttpError, SetUpError};
use bakehouse_system::place::PlaceError;
use bakehouse_system::quota::QuotaError;
use bakehouse_system::unpack::UnpackError;
use bakehouse_system::work_tree::PathError;

use super::{ExitCode, Explanation, core};

/// The advice about certificates.
const CERTIFICATES: &str = "where the certificate is your own, or of a proxy that looks into TLS, name the bundle of \
    its authority in SSL_CERT_FILE, or add it to this machine's certificates (`update-ca-certificates`)";

/// The advice about a request that ended before its answer, or was put off; none
/// where nothing of that kind is the cause.
pub(super) fn way(error: &HttpError) -> Option<String> {
    match error {
        HttpError::Untrusted(_) => Some(CERTIFICATES.to_owned()),
        HttpError::Proxy { proxy, .. } => Some(format!(
            "check {}: the proxy has to run, and to let this machine through; NO_PROXY names \
             hosts that are asked directly",
            proxy.variable
        )),
        HttpError::Busy { .. } | HttpError::Paused { .. } => {
            Some("wait until then, and run the same command again".to_owned())
        }
        _ => None,
    }
}

pub(super) fn credentials(error: &CredentialsError) -> Explanation {
    let hint = match error {
        CredentialsError::Silent { .. } => {
            "run `docker login`, or take the helper out of Docker's config.json".to_owned()
        }
        CredentialsError::Config { host, path, .. } => format!(
            "mend {}, or remove it and run: docker login {host}",
            path.display()
        ),
        CredentialsError::File { path, .. } => format!(
            "let this user read {}, or name another folder in DOCKER_CONFIG",
            path.display()
        ),
        CredentialsError::Helper {
            host,
            program,
            source,
        } => match source {
            HelperError::Start(_) => format!(
                "install {program}, or take it out of credHelpers and credsStore in Docker's \
                 config.json and run: docker login {host}"
            ),
            HelperError::Failed | HelperError::Malformed => {
                format!("see what `echo {host} | {program} get` says, or run: docker login {host}")
            }
        },
    };
    Explanation::new(ExitCode::Credentials).hint(hint)
}

/// The explanation of a path: the files in a work tree, and the recipe's names for
/// them, are the recipe's.
pub(super) fn path(error: &PathError) -> Explanation {
    match error {
        PathError::Storage(error) => core::storage(error),
        PathError::Root(_)
        | PathError::Empty
        | PathError::Long
        | PathError::Outside(_)
        | PathError::Leaves(_)
        | PathError::BelowFile(_)
        | PathError::Name(_)
        | PathError::NoFolder(_)
        | PathError::NoFile(_) => Explanation::new(ExitCode::Recipe),
    }
}

pub(super) fn quota(error: &QuotaError) -> Explanation {
    match error {
        QuotaError::Full(_) => Explanation::new(ExitCode::Recipe),
        QuotaError::Storage(error) => core::storage(error),
        QuotaError::Stopped(_) => Explanation::new(ExitCode::Internal),
    }
}

pub(super) fn place(error: &PlaceError) -> Explanation {
    match error {
        PlaceError::Name(_) => Explanation::new(ExitCode::Recipe),
        PlaceError::Storage(error) => core::storage(error),
    }
}

pub(super) fn unpack(error: &UnpackError) -> Explanation {
    match error {
        UnpackError::Entries(_)
        | UnpackError::Refused { .. }
        | UnpackError::Damaged(_)
        | UnpackError::Name(_)
        | UnpackError::Unknown
        | UnpackError::Member(_)
        | UnpackError::Empty
        | UnpackError::OneFile => Explanation::new(ExitCode::Recipe),
        UnpackError::Absent { .. } => Explanation::new(ExitCode::Upstream)
            .hint("upstream packs it otherwise now; name what there is in the recipe"),
        UnpackError::Storage(error) => core::storage(error),
        UnpackError::Stopped => Explanation::new(ExitCode::Internal),
    }
}

pub(super) fn set_up(_: &SetUpError) -> Explanation {
    Explanation::new(ExitCode::Config).hint(
        "it reads this machine's certificates: install them (ca-certificates), or name a bundle in SSL_CERT_FILE",
    )
}
