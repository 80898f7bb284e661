//! Exit codes and hints of a registry's errors.

use bakehouse_registry::{
    EndpointError, IndexError, LayoutError, LocalRegistryError, LookupError, ManifestError,
    MergeError, PushError, RegistryError, TransportError,
};

use super::{ExitCode, Explanation, core, system};

pub(super) fn endpoint(error: &EndpointError) -> Explanation {
    match error {
        EndpointError::Host(_) => Explanation::new(ExitCode::Config)
            .hint("write it as HOST or HOST:PORT, without a scheme, e.g. ghcr.io; or `local`"),
        EndpointError::Namespace { .. } => Explanation::new(ExitCode::Config)
            .hint("use lower case letters, digits, `.`, `_`, `-`, and `/` between parts"),
        EndpointError::Reference(_) => Explanation::new(ExitCode::NotFound)
            .hint("names are lower case; tags are letters, digits, `_`, `.` and `-`"),
    }
}

pub(super) fn registry(error: &RegistryError) -> Explanation {
    let failed = Explanation::new(ExitCode::Registry);
    match error {
        RegistryError::Reference(error) => endpoint(error),
        RegistryError::Client { .. } => Explanation::new(ExitCode::Internal),
        RegistryError::Credentials(error) => system::credentials(error),
        RegistryError::Refused { host, .. } => {
            Explanation::new(ExitCode::Credentials).hint(refused(host))
        }
        RegistryError::Unreachable { .. } => failed
            .hint(
                "check the address given as --registry, as REGISTRY or in bakehouse.toml, and that \
                 the registry runs",
            )
            .everywhere(),
        RegistryError::Failed { source, .. } => failed.hint(match **source {
            TransportError::List(_) => {
                "half a list hides the newest versions, so none of it is used; ask who runs the registry"
            }
            _ => "what was pushed is kept; run the same command again",
        }),
        RegistryError::Unreadable { .. } => {
            failed.hint("see who put it there; delete the tag, and the version is built again")
        }
        RegistryError::Configuration { .. } => failed,
        RegistryError::NotFound { .. } => Explanation::new(ExitCode::NotFound)
            .hint("`bakehouse plan` shows what is published and what is missing"),
        RegistryError::MissingChild { .. } => {
            failed.hint("the index is broken; publish the version again with --force")
        }
        RegistryError::Lost { .. } => {
            failed.hint("run the same command again; look into the registry's log")
        }
        RegistryError::Overwritten { .. } => {
            failed.hint("another run may publish the same image; run again when it has ended")
        }
        RegistryError::NoVersion { .. } => Explanation::new(ExitCode::NotFound)
            .hint("another process may have deleted it; run again"),
        RegistryError::VersionTag { source, .. } => registry(source),
        RegistryError::OtherVersion { tag, .. } => {
            Explanation::new(ExitCode::Config).hint(format!(
                "delete the tag {tag}, or give what it holds another one, then run again"
            ))
        }
        RegistryError::RevisionTag { .. } => Explanation::new(ExitCode::Config)
            .hint("delete that tag, if nobody pulls it any more, and run again"),
    }
}

fn refused(host: &str) -> String {
    let mut hint = format!("run `docker login {host}` with an account that may push there");
    if host == "ghcr.io" {
        // It answers 401 or 403 for what is private and for what does not exist
        // alike, until somebody is logged in; then 404.
        hint.push_str(
            ", or set GITHUB_TOKEN (scope write:packages) and GITHUB_ACTOR; ghcr.io says the same \
             of a private package and of one that does not exist yet to whom it does not know",
        );
    }
    hint
}

pub(super) fn merge(error: &MergeError) -> Explanation {
    let config = Explanation::new(ExitCode::Config);
    let failed = Explanation::new(ExitCode::Registry);
    match error {
        MergeError::Registry(error) => registry(error),
        MergeError::Index(error) => index(error),
        MergeError::Platform(error) => core::platform(error),
        MergeError::OtherPlatform { claimed, .. } => config.hint(format!(
            "delete the digest file for {claimed} and build it again"
        )),
        MergeError::OtherLabels { .. } => config.hint(
            "plan or digest file are not what was planned and built: plan and build it again",
        ),
        MergeError::Lost { .. } => failed.hint("delete its digest file and build it again"),
        MergeError::Missing { .. } => failed
            .hint("the registry may have removed it; delete its digest file and build it again"),
        MergeError::Incomplete { .. } => {
            Explanation::new(ExitCode::Build).hint("build the missing platforms, then merge again")
        }
        MergeError::OtherIndex { .. } => {
            config.hint("another run published it meanwhile; plan the rebuild again")
        }
        MergeError::Replaces { .. } => config.hint(
            "a published version is never changed silently; rebuild it with --rebuild, or pass \
             --force to `merge`",
        ),
        MergeError::Revisions { .. } => failed.hint("delete old revision tags"),
        MergeError::LongTag { .. } => config.hint("publish it under a new version"),
        MergeError::Meanwhile { .. } => failed.hint("run again when it has ended"),
    }
}

pub(super) fn index(error: &IndexError) -> Explanation {
    match error {
        IndexError::Empty { .. } | IndexError::Json { .. } => Explanation::new(ExitCode::Internal),
        IndexError::Two { .. } => {
            Explanation::new(ExitCode::Config).hint("delete the digest file of the wrong one")
        }
    }
}

pub(super) fn push(error: &PushError) -> Explanation {
    match error {
        PushError::Layout(error) => layout(error),
        PushError::Registry(error) => registry(error),
    }
}

/// An archive is the builder's, and in a folder of this machine: where the disk
/// is well, the builder made it wrong.
pub(super) fn layout(error: &LayoutError) -> Explanation {
    let made_wrong = Explanation::new(ExitCode::Build).hint(
        "the builder exported no whole image; run the same command again, or use another builder",
    );
    match error {
        LayoutError::Open { source, .. }
        | LayoutError::NotTar { source, .. }
        | LayoutError::Read(source) => core::of_files(source).unwrap_or(made_wrong),
        LayoutError::Missing(_)
        | LayoutError::TooLarge { .. }
        | LayoutError::Size { .. }
        | LayoutError::Corrupt(_)
        | LayoutError::Malformed { .. }
        | LayoutError::NotOne(_) => made_wrong,
    }
}

/// What is in a registry is anybody's: that it cannot be read is no bug.
pub(super) fn manifest(error: &ManifestError) -> Explanation {
    match error {
        ManifestError::NoManifest { .. }
        | ManifestError::Schema(_)
        | ManifestError::Index { .. }
        | ManifestError::NoImage { .. }
        | ManifestError::Platform(_) => Explanation::new(ExitCode::Registry),
    }
}

pub(super) fn lookup(error: &LookupError) -> Explanation {
    match error {
        LookupError::Absent { .. } => Explanation::new(ExitCode::Upstream),
        LookupError::Malformed { .. } | LookupError::NoPath { .. } | LookupError::Name { .. } => {
            Explanation::new(ExitCode::Recipe)
        }
        LookupError::Registry(error) if error.is_refused() => Explanation::new(ExitCode::Denied),
        LookupError::Registry(_) => Explanation::new(ExitCode::Upstream),
    }
}

pub(super) fn local(error: &LocalRegistryError) -> Explanation {
    match error {
        LocalRegistryError::Storage(error) => core::storage(error),
        LocalRegistryError::Held { .. } => {
            Explanation::new(ExitCode::Registry).hint("end the other bakehouse process")
        }
        LocalRegistryError::Port { .. } => {
            Explanation::new(ExitCode::Registry).hint("choose another port")
        }
        LocalRegistryError::Damaged { folder, .. } => {
            Explanation::new(ExitCode::Storage).hint(format!(
                "put a copy of the file back; or remove {}, and run again to publish what it held anew",
                folder.display()
            ))
        }
    }
}
