//! Checks of what a build was really made of, after BuildKit made it and before
//! its result is used.
//!
//! A base that is one manifest is pulled for whatever platform is asked for, so
//! an amd64 base becomes an "arm64" image without a word. Secrets and cache keys
//! are looked at here because a Dockerfile can name a mount by a variable, and a
//! base can bring steps of its own (`ONBUILD`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bakehouse_core::error::chain;
use bakehouse_core::platform::Platform;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::recipe::Dockerfile;
use bakehouse_registry::{LookupError, Upstream};

use super::provenance::{Provenance, UsedImage};
use crate::builder::{BuildRequest, Output};
use crate::cache::step_key::step_key;
use crate::step_settings::is_setting;

/// The platforms that images are for, as registries said: one answer for each image
/// and platform of a run. Clones share them.
#[derive(Clone)]
pub(crate) struct Bases {
    upstream: Upstream,
    known: Arc<Mutex<HashMap<(String, Platform), Answer>>>,
}

type Answer = Result<Option<Platform>, Arc<LookupError>>;

impl Bases {
    pub(crate) fn new(upstream: Upstream) -> Self {
        Self {
            upstream,
            known: Arc::default(),
        }
    }

    async fn made_for(&self, image: &UsedImage) -> Answer {
        let key = (image.reference.clone(), image.platform.clone());
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = known().get(&key) {
            return answer.clone();
        }
        let answer = self.upstream.made_for(&key.0, &key.1).await;
        let answer = answer.map_err(Arc::new);
        known().insert(key, answer.clone());
        answer
    }
}

/// The reasons why the materials of a build are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsedError {
    /// A step mounts a secret that the build does not name.
    #[error("RUN in {place} mounts the secret {}, which the build does not name", .secret.escape_debug())]
    Secret {
        /// The step's line and file.
        place: String,
        /// The secret's name.
        secret: String,
    },
    /// A step may have come from another app's layers.
    #[error(
        "RUN in {place} was not built with this app's own cache key: use the builder's own Dockerfile frontend, or a current version of docker/dockerfile"
    )]
    StepKey {
        /// The step's line and file.
        place: String,
    },
    /// The last stage is taken for another platform than the image's.
    #[error(
        "{place}: base {base} is taken for {taken}, and the image is for {wanted}: leave --platform out of the FROM that names it"
    )]
    StagePlatform {
        /// The line and file that name it.
        place: String,
        /// The base's reference.
        base: String,
        /// The platform that it is taken for.
        taken: Box<Platform>,
        /// The platform that the image is for.
        wanted: Box<Platform>,
    },
    /// A base is an image for another platform.
    #[error(
        "{place}: base {base} is for {made}, and {wanted} is wanted: name a base that is published for {wanted}; read files that fit every platform from a stage `FROM --platform=$BUILDPLATFORM`"
    )]
    BasePlatform {
        /// The line and file that name it.
        place: String,
        /// The base's reference.
        base: String,
        /// The platform that it is for.
        made: Box<Platform>,
        /// The platform that is wanted.
        wanted: Box<Platform>,
    },
}

/// Refuses a result that depends on an image for another platform, on a secret
/// that the build does not name, or on layers that are not only this app's.
///
/// # Errors
/// With the Dockerfile's line.
pub(crate) async fn check(
    request: &BuildRequest,
    used: &Provenance,
    bases: &Bases,
    reporter: &dyn Reporter,
) -> Result<(), UsedError> {
    steps(request, used)?;
    for image in &used.images {
        let wanted = wanted(request, image);
        if !image.platform.runs_on(wanted) {
            return Err(other_stage(request, image, wanted));
        }
        match bases.made_for(image).await {
            Ok(Some(made)) if !made.runs_on(wanted) => {
                return Err(other_platform(request, image, &made, wanted));
            }
            Ok(_) => {}
            // Builders may have mirrors that the host knows nothing of.
            Err(error) => reporter.report(Event::Warning {
                message: &format!(
                    "{}: the platform of base {} was not checked: {}",
                    request.target,
                    image.reference,
                    chain(&*error)
                ),
            }),
        }
    }
    Ok(())
}

fn steps(request: &BuildRequest, used: &Provenance) -> Result<(), UsedError> {
    let build = &request.build;
    let key = step_key(&request.target.app, &build.secrets);
    for run in &used.runs {
        let place = place(request, run.line);
        let unnamed = |secret: &&String| !build.secrets.contains(secret) && !is_setting(secret);
        if let Some(secret) = run.secrets.iter().find(unnamed) {
            return Err(UsedError::Secret {
                place,
                secret: secret.clone(),
            });
        }
        if !run.hosts.contains(&key) {
            return Err(UsedError::StepKey { place });
        }
    }
    Ok(())
}

/// The platform that an image has to be for: that of the stage it is used in, as
/// the Dockerfile says; what a published image is made from has no choice.
fn wanted<'a>(request: &'a BuildRequest, image: &'a UsedImage) -> &'a Platform {
    let is_published = !matches!(request.output, Output::Files(_));
    if image.is_root && is_published {
        &request.target.platform
    } else {
        &image.platform
    }
}

fn other_stage(request: &BuildRequest, image: &UsedImage, wanted: &Platform) -> UsedError {
    UsedError::StagePlatform {
        place: place(request, image.line),
        base: image.reference.clone(),
        taken: Box::new(image.platform.clone()),
        wanted: Box::new(wanted.clone()),
    }
}

fn other_platform(
    request: &BuildRequest,
    image: &UsedImage,
    made: &Platform,
    wanted: &Platform,
) -> UsedError {
    UsedError::BasePlatform {
        place: place(request, image.line),
        base: image.reference.clone(),
        made: Box::new(made.clone()),
        wanted: Box::new(wanted.clone()),
    }
}

/// `line 3 of the Dockerfile`.
fn place(request: &BuildRequest, line: Option<usize>) -> String {
    let file = match &request.build.dockerfile {
        Dockerfile::Inline(_) => "the Dockerfile",
        Dockerfile::Path(path) => path,
    };
    match line {
        Some(line) => format!("line {line} of {file}"),
        None => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::request;
    use crate::output::provenance::UsedRun;

    fn said(secrets: &[&str], hosts: &[String], named: &[&str]) -> Option<String> {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let mut request = request();
        request.build.secrets = list(named);
        let used = Provenance {
            images: Vec::new(),
            runs: vec![UsedRun {
                line: Some(7),
                hosts: hosts.to_vec(),
                secrets: list(secrets),
            }],
        };
        let error = steps(&request, &used).err()?;
        Some(error.to_string())
    }

    #[test]
    fn secrets_and_keys_are_the_builds_own() {
        let key = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            step_key("esbuild", &names)
        };
        assert_eq!(said(&["A"], &[key(&["A"])], &["A"]), None);
        assert_eq!(said(&[], &["x".to_owned(), key(&[])], &[]), None);
        // The host's own, which it hands to every step.
        assert_eq!(said(&["dev.bakehouse.npm"], &[key(&[])], &[]), None);
        let message = said(&["B"], &[key(&["A"])], &["A"]).unwrap();
        let start = "RUN in line 7 of the Dockerfile mounts the secret B, which";
        assert!(message.starts_with(start), "{message}");
        for hosts in [
            vec![],
            vec![key(&[])],
            vec![step_key("other", &["A".to_owned()])],
        ] {
            let message = said(&["A"], &hosts, &["A"]).unwrap();
            assert!(message.contains("own cache key"), "{message}");
        }
    }
}
