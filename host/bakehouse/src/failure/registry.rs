//! Exit codes and hints of a registry's errors.

use bakehouse_registry::{
    EndpointError, IndexError, LayoutError, LocalRegistryError, LookupError, ManifestError,
    MergeError, PushError, Refusal, RegistryError, TransportError,
};

use super::{ExitCode, Explanation, core, system};

pub(super) fn endpoint(error: &EndpointError) -> Explanation {
    match error {
        EndpointError::Host(_) => Explanation::new(ExitCode::Config)
            .hint("write it as HOST or HOST:PORT, without a scheme, e.g. ghcr.io; or `local`"),
        EndpointError::Namespace(_) => Explanation::new(ExitCode::Config)
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
        RegistryError::Refused { host, source, .. } => {
            let hint = match source.refusal() {
                Some(Refusal::Denied) => denied(host),
                _ => refused(host),
            };
            Explanation::new(ExitCode::Credentials).hint(hint)
        }
        RegistryError::Unreachable { source, .. } => failed.hint(unreachable(source)).everywhere(),
        RegistryError::Failed { host, source, .. } => failed.hint(request(host, source)),
        RegistryError::Unreadable { source, .. } => manifest(source),
        RegistryError::Configuration { .. } => failed.hint(OTHER_CONTENT),
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
        RegistryError::OtherVersion { tag, .. } => Explanation::new(ExitCode::Config).hint(
            format!("delete the tag {tag}, or give what it holds another one, then run again"),
        ),
        RegistryError::RevisionTag { .. } => Explanation::new(ExitCode::Config)
            .hint("delete that tag, if nobody pulls it any more, and run again"),
    }
}

/// The advice where a tag holds content that is somebody else's.
const OTHER_CONTENT: &str = "see who put it there; delete the tag, and the version is built again";
/// A page came in place of an answer.
const PAGE: &str = "something answers in place of the registry, a login page or a proxy perhaps: \
                    check the address of the registry, and what is between it and this machine";

/// It sends requests elsewhere.
const AWAY: &str = "the registry sends requests to another host: where that is a login page, check the address of \
                    the registry; where it is the registry's storage, this machine has to reach it";

/// The advice about a registry that nobody talks to.
fn unreachable(error: &TransportError) -> String {
    let way = match error {
        TransportError::Away { .. } => return AWAY.to_owned(),
        TransportError::Way(error) => system::way(error),
        _ => None,
    };
    way.unwrap_or_else(|| {
        "check the address given as --registry, as REGISTRY, in bakehouse.toml or in the \
         reference, and that the registry runs; `bakehouse doctor` asks the project's alone"
            .to_owned()
    })
}

/// The advice about a request that a registry did not do.
fn request(host: &str, error: &TransportError) -> String {
    let hint = match error {
        page if page.is_page() => PAGE,
        TransportError::Redirect(_) | TransportError::Away { .. } => AWAY,
        TransportError::List(_) => {
            "half a list hides the newest versions, so none of it is used; ask who runs the registry"
        }
        TransportError::NoTagList(_) => {
            "check the address of the registry; ask who runs it, or what is in front of it"
        }
        error => match error.refusal() {
            Some(refusal) => return refusal_hint(host, refusal),
            None => "what was pushed is kept; run the same command again",
        },
    };
    hint.to_owned()
}

/// The advice about a refusal, by its cause.
fn refusal_hint(host: &str, refusal: Refusal) -> String {
    let hint = match refusal {
        Refusal::Unauthorized => return refused(host),
        Refusal::Denied => return denied(host),
        Refusal::NoRepository => return no_repository(host),
        Refusal::Name => {
            "the registry takes no repository of this name: see `namespace`, and how the recipe \
             calls the image"
        }
        Refusal::Immutable => {
            "the tag is there already, and the registry keeps it as it is: let it change tags, \
             which moving ones need, or leave that one out of `moving` in app.toml"
        }
        Refusal::Full => {
            "the registry has no room left: delete there what nobody needs, or raise its quota; \
             then run the same command again"
        }
        Refusal::TooLarge => {
            "the registry, or a proxy in front of it, takes nothing as large: raise its limit \
             (nginx calls it client_max_body_size), or push past the proxy"
        }
        Refusal::Busy => {
            "the registry wants fewer requests: wait, then run the same command again; who is \
             logged in may mostly ask for more"
        }
        Refusal::ReadOnly => {
            "the registry takes no pushes: it is in maintenance, locked, or a cache of another \
             registry; see what it says of itself, or push to another one"
        }
        Refusal::Unsupported => {
            "the registry does not take what OCI's distribution-spec 1.1 has: update it, or push to \
             another one"
        }
        Refusal::Digest => {
            "bytes were changed on their way or in the registry's storage: run the same command \
             again; where that does not help, see what is between"
        }
        Refusal::Server => {
            "the registry has trouble of its own: what was pushed is kept; run the same command \
             again later"
        }
    };
    hint.to_owned()
}

/// The advice where a push makes no repository.
fn no_repository(host: &str) -> String {
    let how = match service(host) {
        Some(Service::Ecr) => " (`aws ecr create-repository --repository-name NAMESPACE/IMAGE`)",
        Some(Service::ArtifactRegistry) => " (`gcloud artifacts repositories create`)",
        _ => "",
    };
    format!(
        "this registry makes no repository, or project, by a push: make it there first{how}, or \
         correct `namespace`; then run the same command again"
    )
}

/// We are known, and may not.
fn denied(host: &str) -> String {
    format!(
        "{}; where the account may, what the registry says is the cause: a quota, a rule for tags, \
         a read-only mode",
        refused(host)
    )
}

/// Services whose refusals mean something of their own.
enum Service {
    Ecr,
    ArtifactRegistry,
}

fn service(host: &str) -> Option<Service> {
    let ends = |end: &str| host.ends_with(end);
    if ends(".amazonaws.com") || ends(".amazonaws.com.cn") || host == "public.ecr.aws" {
        return Some(Service::Ecr);
    }
    (ends("-docker.pkg.dev") || ends("gcr.io")).then_some(Service::ArtifactRegistry)
}

fn refused(host: &str) -> String {
    let mut hint = format!("run `docker login {host}` with an account that may push there");
    if host == "ghcr.io" {
        // It answers 401 or 403 for what is private and for what does not exist
        // alike, until somebody is logged in; then 404.
        hint.push_str(
            ", or set GITHUB_TOKEN (scope write:packages) and GITHUB_ACTOR; a workflow needs \
             `packages: write`, and access to the package in the package's settings; ghcr.io says \
             the same of a private package and of one that does not exist yet to whom it does not \
             know",
        );
    }
    match service(host) {
        // Its passwords are good for 12 hours (GetAuthorizationToken).
        Some(Service::Ecr) => hint.push_str(", with `aws ecr get-login-password`, once in 12 hours"),
        Some(Service::ArtifactRegistry) => hint.push_str(
            " (role Artifact Registry Writer); it says the same of a repository that does not exist",
        ),
        None => {}
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
        | LayoutError::Entry { .. }
        | LayoutError::NotOne(_) => made_wrong,
    }
}

/// The explanation of content that cannot be read: in a registry it is anybody's,
/// so that it is no bug.
pub(super) fn manifest(error: &ManifestError) -> Explanation {
    Explanation::new(ExitCode::Registry).hint(match error {
        ManifestError::Page(_) => PAGE,
        ManifestError::Artifact { .. } => {
            "see who put it there; give it another tag and delete this one, and the version is built"
        }
        ManifestError::NoManifest { .. }
        | ManifestError::Schema(_)
        | ManifestError::Index { .. }
        | ManifestError::NoEntry { .. }
        | ManifestError::NoImages { .. }
        | ManifestError::NoImage { .. }
        | ManifestError::Platform(_) => OTHER_CONTENT,
    })
}

pub(super) fn lookup(error: &LookupError) -> Explanation {
    match error {
        LookupError::Absent { .. } => Explanation::new(ExitCode::Upstream),
        LookupError::Malformed { .. } | LookupError::NoPath { .. } | LookupError::Name { .. } => {
            Explanation::new(ExitCode::Recipe)
        }
        LookupError::Registry(error) if error.is_refused() => Explanation::new(ExitCode::Denied),
        LookupError::Registry(RegistryError::Unreachable { source, .. }) => Explanation {
            hint: match &**source {
                TransportError::Way(error) => system::way(error),
                _ => None,
            },
            ..Explanation::new(ExitCode::Upstream)
        },
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
