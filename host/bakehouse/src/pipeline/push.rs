//! Stage 5, push: how an image gets into the registry by digest.

use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result};
use bakehouse_builder::{Built, Capabilities, Output};
use bakehouse_core::error::chain;
use bakehouse_core::progress::{Event, Reporter};
use bakehouse_core::target::TargetId;
use bakehouse_registry::{Archive, Labels, Manifest, Sent, download_size, other_label};
use oci_spec::image::{Descriptor, Digest, ImageConfiguration};

use super::outcome::PushedBytes;
use crate::context::Context;
use crate::failure::{ExitCode, Failure};
use crate::programs::{Foreign, foreign};

/// Bytes of layers that are read back from a registry, for one image.
const READ_BACK: u64 = 512 << 20;
/// Bytes after which it is told again how many were pushed.
const TOLD_EVERY: u64 = 4 << 20;

/// The destination to which a builder with these abilities sends an image: the
/// registry itself, or an archive in `room` that the host pushes.
pub(super) fn output(
    context: &Context,
    capabilities: &Capabilities,
    image: &str,
    room: &Path,
) -> Output {
    let endpoint = context.registry.endpoint();
    if capabilities.push_by_digest {
        Output::PushByDigest {
            repository: endpoint.repository(image),
            plain_http: endpoint.plain_http(),
        }
    } else {
        Output::OciArchive(room.join("image.tar"))
    }
}

/// An image that is in the registry.
pub(super) struct Pushed {
    /// The descriptor that an index has of it.
    pub(super) descriptor: Descriptor,
    /// Bytes of its configuration and its layers.
    pub(super) size: u64,
    /// The bytes on the wire; none where the builder pushed.
    pub(super) bytes: Option<PushedBytes>,
}

/// Pushes what the builder did not, and checks that the registry has an image
/// for the platform that was asked for, with these labels.
pub(super) async fn push(
    context: &Context,
    target: &TargetId,
    output: &Output,
    built: &Built,
    labels: &Labels,
) -> Result<Pushed> {
    let config = built.config.as_ref().map(Digest::as_ref);
    let (descriptor, bytes) = match output {
        Output::OciArchive(archive) => {
            let counted = Arc::new(Counted::new(target, &context.reporter));
            let told = Arc::clone(&counted);
            let pushed = context.registry.push_archive_told(
                &target.image,
                archive,
                Arc::new(move |sent| told.add(sent)),
            );
            (pushed.await?, Some(counted.bytes()))
        }
        _ => {
            let descriptor = built.descriptor.clone();
            (descriptor.context("the builder named no digest")?, None)
        }
    };
    let digest = descriptor.digest().to_string();
    let published = context.registry.pushed(&target.image, &digest, config);
    let published = published.await?;
    let platforms = &published.platforms;
    if let Some(pushed) = platforms.get(&target.platform) {
        let manifest = match pushed.digest() == descriptor.digest() {
            true => published.manifest.clone(),
            false => {
                let digest = pushed.digest().as_ref();
                let there = context.registry.manifest(&target.image, digest).await?;
                there.context("the image that was just pushed is gone")?
            }
        };
        let size = check(context, target, output, &manifest, labels).await?;
        // A run trusts this, so that it need not ask again.
        let mut descriptor = descriptor;
        descriptor.set_platform(Some(target.platform.to_oci()));
        return Ok(Pushed {
            descriptor,
            size,
            bytes,
        });
    }
    let found: Vec<_> = platforms.keys().map(ToString::to_string).collect();
    Err(Failure::new(
        ExitCode::Build,
        format!(
            "{target}: the image pushed as {digest} is for {}",
            if found.is_empty() {
                "no platform".to_owned()
            } else {
                found.join(", ")
            }
        ),
    )
    .hint("the Dockerfile's last stage must not set --platform")
    .into())
}

/// Refuses an image with other labels than it was given, or with programs that
/// are not for its platform; gives its size.
async fn check(
    context: &Context,
    target: &TargetId,
    output: &Output,
    manifest: &Manifest,
    labels: &Labels,
) -> Result<u64> {
    let digest = manifest.descriptor().digest();
    let config = context.registry.named_config(&target.image, manifest);
    let config = config.await?;
    // A frontend may do with labels what it likes.
    if let Some(why) = other_label(&config, labels) {
        return Err(Failure::new(
            ExitCode::Build,
            format!("{target}: the image pushed as {digest} {why}"),
        )
        .hint("these labels are Bakehouse's: the Dockerfile's frontend, or a base image, sets another")
        .into());
    }
    programs(context, target, output, manifest.image()?.layers(), config).await?;
    size(manifest)
}

/// Bytes to download of an image: its configuration and its layers.
pub(super) fn size(manifest: &Manifest) -> Result<u64> {
    Ok(download_size(&manifest.image()?))
}

/// Bytes of a target's image on their way, told in steps.
struct Counted {
    target: TargetId,
    reporter: Arc<dyn Reporter>,
    bytes: Mutex<(PushedBytes, u64)>,
}

impl Counted {
    fn new(target: &TargetId, reporter: &Arc<dyn Reporter>) -> Self {
        Self {
            target: target.clone(),
            reporter: Arc::clone(reporter),
            bytes: Mutex::default(),
        }
    }

    fn add(&self, sent: Sent) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let (bytes, told) = &mut *bytes;
        let so_far = match sent {
            Sent::Bytes(more) => (&mut bytes.sent, more),
            Sent::Skipped(more) => (&mut bytes.skipped, more),
        };
        *so_far.0 = so_far.0.saturating_add(so_far.1);
        let all = bytes.sent.saturating_add(bytes.skipped);
        if all >= told.saturating_add(TOLD_EVERY) {
            *told = all;
            self.tell(*bytes);
        }
    }

    /// All of them, at the end.
    fn bytes(&self) -> PushedBytes {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell(bytes.0);
        bytes.0
    }

    fn tell(&self, PushedBytes { sent, skipped }: PushedBytes) {
        let target = &self.target;
        self.reporter.report(Event::TargetPushed {
            target,
            sent,
            skipped,
        });
    }
}

/// Refuses an image whose programs are not for its platform. Layers are read
/// from the archive, or back from the registry.
async fn programs(
    context: &Context,
    target: &TargetId,
    output: &Output,
    layers: &[Descriptor],
    config: ImageConfiguration,
) -> Result<()> {
    let registry = context.registry.clone();
    let (name, platform) = (target.image.clone(), target.platform.clone());
    let layers = layers.to_owned();
    let archive = match output {
        Output::OciArchive(path) => Some(path.clone()),
        _ => None,
    };
    let look = move || {
        let archive = archive.map(|path| Archive::open(&path)).transpose();
        let archive = archive.map_err(io::Error::other)?;
        let mut left = READ_BACK;
        foreign(&config, &platform, &layers, |layer| match &archive {
            Some(archive) => {
                let reader = archive.reader(layer).map_err(io::Error::other)?;
                Ok(Box::new(reader) as Box<dyn Read>)
            }
            None => {
                left = left.checked_sub(layer.size()).ok_or_else(|| {
                    io::Error::other(format!("its layers have over {} MiB", READ_BACK >> 20))
                })?;
                Ok(Box::new(registry.blob_reader(&name, layer)))
            }
        })
    };
    let found = match tokio::task::spawn_blocking(look).await? {
        Ok(found) => found,
        Err(error) => {
            context.reporter.report(Event::Warning {
                message: &format!(
                    "{target}: whether its programs are for it was not seen: {}",
                    chain(&error)
                ),
            });
            return Ok(());
        }
    };
    let Some(Foreign {
        path,
        named,
        architecture,
    }) = found
    else {
        return Ok(());
    };
    let by = match path == named {
        true => String::new(),
        false => format!(", which `{}` starts,", named.escape_debug()),
    };
    Err(Failure::new(
        ExitCode::Build,
        format!(
            "{target}: the program {}{by} is for linux/{architecture}",
            path.escape_debug()
        ),
    )
    .hint("put the program for the image's platform into it; TARGETARCH and `target.platform` name it")
    .into())
}
