//! Stage 5, push: how an image gets into the registry by digest.

use std::path::Path;

use anyhow::{Context as _, Result};
use oci_spec::image::Descriptor;

use crate::buildx::{Built, Capabilities, Output};
use crate::context::Context;
use crate::error::{ExitCode, Failure};
use crate::registry::{Labels, other_label};
use crate::target::TargetId;

/// Where a builder with these capabilities sends an image: to the registry
/// itself, or into an archive in `room` that the host pushes.
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

/// Pushes what the builder did not, and checks that the registry has an image
/// for the platform that was asked for, with these labels.
pub(super) async fn push(
    context: &Context,
    target: &TargetId,
    output: &Output,
    built: &Built,
    labels: &Labels,
) -> Result<Descriptor> {
    let descriptor = match output {
        Output::OciArchive(archive) => {
            context
                .registry
                .push_archive(&target.image, archive)
                .await?
        }
        _ => built
            .descriptor
            .clone()
            .context("the builder named no digest")?,
    };
    let digest = descriptor.digest().to_string();
    let platforms = context
        .registry
        .pushed(&target.image, &digest)
        .await?
        .platforms;
    if let Some(pushed) = platforms.get(&target.platform) {
        check_labels(context, target, pushed, labels).await?;
        // A run trusts this, so that it need not ask again.
        let mut descriptor = descriptor;
        descriptor.set_platform(Some(target.platform.to_oci()));
        return Ok(descriptor);
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

/// A frontend may do with labels what it likes.
async fn check_labels(
    context: &Context,
    target: &TargetId,
    pushed: &Descriptor,
    labels: &Labels,
) -> Result<()> {
    let digest = pushed.digest().as_ref();
    let config = context.registry.config_of(&target.image, digest).await?;
    let Some(why) = config.and_then(|config| other_label(&config, labels)) else {
        return Ok(());
    };
    Err(Failure::new(
        ExitCode::Build,
        format!("{target}: the image pushed as {digest} {why}"),
    )
    .hint("these labels are Bakehouse's: the Dockerfile's frontend, or a base image, sets another")
    .into())
}
