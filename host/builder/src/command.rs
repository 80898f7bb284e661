//! A build as command line.

use std::ffi::OsString;
use std::path::Path;

use bakehouse_core::date::Date;
use bakehouse_core::recipe::{Dockerfile, Network};

use super::build_site::{BuildSite, Handed};
use super::builder::{BuildRequest, Output};
use crate::cache::layer_cache::CacheArgs;
use crate::cache::step_key::step_key;
use crate::dockerfile::reserved::is_reserved;
use crate::error::BuildError;

/// Arguments after the program's name, and what it reads from stdin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    pub(crate) args: Vec<OsString>,
    pub(crate) stdin: Option<String>,
}

/// The reasons why a request cannot be a command line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// A name that is empty, or would be read as something else.
    #[error("`{name}` is not a name for a {what}")]
    Name {
        /// The kind of thing that it would name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// BuildKit gives this build argument a meaning of its own.
    #[error("the build argument {} belongs to BuildKit; leave it to the host", .0.escape_debug())]
    Reserved(String),
    /// A build argument in other letters than ASCII's.
    #[error(
        "`{}` is not a name for a build argument: it takes ASCII letters, digits, `_`, `-` and `.`",
        .0.escape_debug()
    )]
    ArgName(String),
    /// A repository that would be more than one field of CSV.
    #[error("`{0}` is not a repository")]
    Repository(String),
}

/// Turns a request into a command line.
///
/// # Errors
/// If a path leaves the work tree or is not there, or a name cannot be passed
/// on.
pub(crate) fn command_line(
    request: &BuildRequest,
    site: &BuildSite,
    builder: &str,
    cache: &CacheArgs,
    handed: &Handed,
) -> Result<CommandLine, BuildError> {
    let build = &request.build;
    let tree = site.tree();
    let mut line = Line(vec!["build".into()]);
    line.pair("--builder", builder);
    line.push("--progress=rawjson");
    line.path("--metadata-file", &site.metadata());
    line.pair("--platform", &build.platform.to_string());
    line.pair(
        "--network",
        match build.network {
            Network::None => "none",
            Network::Default => "default",
        },
    );
    line.push(match request.provenance {
        true => "--provenance=mode=max",
        false => "--provenance=false",
    });
    line.push("--sbom=false");
    if let Some(stage) = &build.stage {
        line.pair("--target", &word("stage", stage)?);
    }
    for (name, value) in &build.args {
        line.pair("--build-arg", &format!("{}={value}", arg_name(name)?));
    }
    // Cache mounts of one app are not another's.
    line.pair(
        "--build-arg",
        &format!("BUILDKIT_CACHE_MOUNT_NS={}", request.target.app),
    );
    // A name that no step asks for is part of the cache key of every step.
    let key = step_key(&request.target.app, &build.secrets);
    line.pair("--add-host", &format!("{key}:127.0.0.1"));
    for name in &build.secrets {
        line.pair("--secret", &format!("id={name},env={name}"));
    }
    for secret in handed.settings.secrets() {
        line.pair("--secret", &secret);
    }
    let epoch = request.created.as_ref().map(Date::epoch_seconds);
    if let Some(epoch) = epoch {
        line.pair("--build-arg", &format!("SOURCE_DATE_EPOCH={epoch}"));
    }
    for (name, value) in &build.labels {
        line.pair("--label", &format!("{}={value}", word("label", name)?));
    }
    for (name, value) in &build.contexts {
        let name = word("context", name)?;
        if value.starts_with("docker-image://") {
            line.pair("--build-context", &format!("{name}={value}"));
        } else {
            let mut text = OsString::from(format!("{name}="));
            text.push(tree.folder(value)?);
            line.push("--build-context");
            line.push(text);
        }
    }
    for from in &cache.from {
        line.pair("--cache-from", from);
    }
    for to in &cache.to {
        line.pair("--cache-to", to);
    }
    line.push("--output");
    line.push(output(&request.output, epoch.is_some())?);
    let stdin = match (&build.dockerfile, &handed.dockerfile) {
        (Dockerfile::Path(_), Some(file)) => {
            line.path("--file", file);
            None
        }
        (Dockerfile::Path(path), None) => {
            line.path("--file", &tree.file(path)?);
            None
        }
        (Dockerfile::Inline(text), _) => {
            line.pair("--file", "-");
            Some(handed.text.as_ref().unwrap_or(text).clone())
        }
    };
    line.push("--");
    line.push(tree.folder(&build.context)?);
    Ok(CommandLine {
        args: line.0,
        stdin,
    })
}

struct Line(Vec<OsString>);

impl Line {
    fn push(&mut self, arg: impl Into<OsString>) {
        self.0.push(arg.into());
    }

    fn pair(&mut self, flag: &str, value: &str) {
        self.push(flag);
        self.push(value);
    }

    fn path(&mut self, flag: &str, value: &Path) {
        self.push(flag);
        self.push(value);
    }
}

/// The `--output` value, which is a line of CSV. Layers are always OCI, so
/// that builders agree on media types. What comes back comes as an archive on
/// stdout, where the host can stop it.
fn output(output: &Output, rewrite: bool) -> Result<OsString, RequestError> {
    let image = if rewrite {
        ",oci-mediatypes=true,rewrite-timestamp=true"
    } else {
        ",oci-mediatypes=true"
    };
    match output {
        Output::PushByDigest {
            repository,
            plain_http,
        } => {
            if repository.contains([',', '"', '=', ' ']) {
                return Err(RequestError::Repository(repository.clone()));
            }
            let insecure = if *plain_http {
                ",registry.insecure=true"
            } else {
                ""
            };
            Ok(format!(
                "type=image,name={repository},push-by-digest=true,name-canonical=true,push=true{insecure}{image}"
            )
            .into())
        }
        Output::OciArchive(_) => Ok(format!("type=oci,tar=true,dest=-{image}").into()),
        Output::Files(_) => Ok("type=tar,dest=-".into()),
    }
}

/// A name that ends at the first `=`.
fn word(what: &'static str, name: &str) -> Result<String, RequestError> {
    if name.is_empty() || name.starts_with('-') || name.contains(['=', '\0', '\n', ' ']) {
        return Err(RequestError::Name {
            what,
            name: name.to_owned(),
        });
    }
    Ok(name.to_owned())
}

/// A build argument's name. In letters other than ASCII's BuildKit finds names of
/// its own: `\u{17f}` is an `s` to it.
fn arg_name(name: &str) -> Result<String, RequestError> {
    if is_reserved(name) {
        return Err(RequestError::Reserved(name.to_owned()));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.chars().all(plain) {
        return Err(RequestError::ArgName(name.to_owned()));
    }
    word("build argument", name)
}

#[cfg(test)]
#[path = "command_tests.rs"]
pub(crate) mod tests;
