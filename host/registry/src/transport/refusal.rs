//! The cause of a refusal, by the codes of the specification and the status.
//!
//! Registries say much with few codes, and some say it with codes of their own;
//! in what words does not count here.

use reqwest::StatusCode;

/// The reasons why a registry does not do what it is asked for (distribution-spec
/// v1.1, "Error Codes").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It does not know us, or no longer.
    Unauthorized,
    /// It knows us, and lets us not do this.
    Denied,
    /// The repository, or the project that it is in, has to be made first.
    NoRepository,
    /// There may be no repository of this name.
    Name,
    /// The tag is there already, and stays what it is.
    Immutable,
    /// There is no room, or no more that is paid for.
    Full,
    /// The content that is sent has too many bytes.
    TooLarge,
    /// There are too many requests.
    Busy,
    /// It takes nothing: it is read-only, or a cache of another registry.
    ReadOnly,
    /// It does not take what OCI 1.1 says it may be sent.
    Unsupported,
    /// Bytes arrived otherwise than they were sent.
    Digest,
    /// It has trouble of its own.
    Server,
}

/// Codes, and what they mean whatever the status is. The first are those of the
/// specification.
const CODES: [(&str, Refusal); 16] = [
    ("NAME_UNKNOWN", Refusal::NoRepository),
    ("NAME_INVALID", Refusal::Name),
    ("TOOMANYREQUESTS", Refusal::Busy),
    ("SIZE_INVALID", Refusal::Digest),
    ("DIGEST_INVALID", Refusal::Digest),
    ("MANIFEST_INVALID", Refusal::Unsupported),
    // Amazon ECR says so of a tag that may not be changed; its API has the others.
    ("TAG_INVALID", Refusal::Immutable),
    ("ImageTagAlreadyExistsException", Refusal::Immutable),
    ("RepositoryNotFoundException", Refusal::NoRepository),
    ("LimitExceededException", Refusal::Full),
    // Harbor.
    ("NOT_FOUND", Refusal::NoRepository),
    ("PRECONDITION", Refusal::Immutable),
    ("PROJECTPOLICYVIOLATION", Refusal::Denied),
    ("FORBIDDEN", Refusal::Denied),
    // Quay, where tags are immutable, and where pushes are switched off.
    ("TAG_ALREADY_EXISTS", Refusal::Immutable),
    ("METHOD NOT ALLOWED", Refusal::ReadOnly),
];

/// Codes of the specification that are of one upload, or of what it names: 404
/// says nothing of the repository then.
const OF_CONTENT: [&str; 5] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_UNKNOWN",
];

impl Refusal {
    /// The refusal that an answer's status and codes mean; none where they say
    /// nothing.
    pub(super) fn of(status: StatusCode, codes: &[String]) -> Option<Self> {
        let by_code = codes.iter().find_map(|code| {
            let known = CODES.iter().find(|(known, _)| known == code);
            known.map(|(_, refusal)| *refusal)
        });
        if by_code.is_some() && !status.is_server_error() {
            return by_code;
        }
        if OF_CONTENT.iter().any(|code| has(codes, code)) {
            return None;
        }
        Some(match status.as_u16() {
            401 => Self::Unauthorized,
            // Artifact Registry and Harbor say so of what is not there, too.
            403 => Self::Denied,
            404 => Self::NoRepository,
            // Quay's and distribution's read-only mode, with DENIED or UNSUPPORTED.
            405 | 501 => Self::ReadOnly,
            409 | 412 => Self::Immutable,
            402 | 507 => Self::Full,
            413 => Self::TooLarge,
            415 => Self::Unsupported,
            429 => Self::Busy,
            500.. => by_code.unwrap_or(Self::Server),
            _ if has(codes, "UNAUTHORIZED") => Self::Unauthorized,
            _ if has(codes, "DENIED") => Self::Denied,
            _ if has(codes, "UNSUPPORTED") => Self::Unsupported,
            _ => return None,
        })
    }
}

fn has(codes: &[String], wanted: &str) -> bool {
    codes.iter().any(|code| code == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_answer() {
        for (status, codes, cause) in [
            (401, &["UNAUTHORIZED"][..], Refusal::Unauthorized),
            (401, &[], Refusal::Unauthorized),
            (400, &["UNAUTHORIZED"], Refusal::Unauthorized),
            // GitHub, `permission_denied: write_package`; Artifact Registry.
            (403, &["DENIED"], Refusal::Denied),
            (403, &[], Refusal::Denied),
            (404, &["NAME_UNKNOWN"], Refusal::NoRepository),
            (400, &["RepositoryNotFoundException"], Refusal::NoRepository),
            // Harbor, of a project.
            (404, &["NOT_FOUND"], Refusal::NoRepository),
            (404, &[], Refusal::NoRepository),
            (400, &["NAME_INVALID"], Refusal::Name),
            (400, &["TAG_INVALID"], Refusal::Immutable),
            (412, &["PRECONDITION"], Refusal::Immutable),
            (412, &[], Refusal::Immutable),
            (409, &["TAG_ALREADY_EXISTS"], Refusal::Immutable),
            (400, &["LimitExceededException"], Refusal::Full),
            (507, &[], Refusal::Full),
            (402, &["DENIED"], Refusal::Full),
            (413, &[], Refusal::TooLarge),
            (400, &["SIZE_INVALID"], Refusal::Digest),
            (429, &["TOOMANYREQUESTS"], Refusal::Busy),
            (429, &[], Refusal::Busy),
            (400, &["TOOMANYREQUESTS"], Refusal::Busy),
            // Quay, and distribution.
            (405, &["DENIED"], Refusal::ReadOnly),
            (405, &["UNSUPPORTED"], Refusal::ReadOnly),
            (405, &[], Refusal::ReadOnly),
            (400, &["UNSUPPORTED"], Refusal::Unsupported),
            (400, &["MANIFEST_INVALID"], Refusal::Unsupported),
            (415, &[], Refusal::Unsupported),
            (400, &["DIGEST_INVALID"], Refusal::Digest),
            (500, &["UNKNOWN"], Refusal::Server),
            (503, &[], Refusal::Server),
            (503, &["DENIED"], Refusal::Server),
            (503, &["TOOMANYREQUESTS"], Refusal::Busy),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
            assert_eq!(
                Refusal::of(status, &codes),
                Some(cause),
                "{status} {codes:?}"
            );
        }
        assert_eq!(Refusal::of(StatusCode::BAD_REQUEST, &[]), None);
        let lost = ["BLOB_UPLOAD_UNKNOWN".to_owned()];
        assert_eq!(Refusal::of(StatusCode::NOT_FOUND, &lost), None);
        let own = ["PLAN_LIMIT".to_owned()];
        assert_eq!(Refusal::of(StatusCode::IM_A_TEAPOT, &own), None);
    }
}
