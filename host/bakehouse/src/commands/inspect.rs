//! `bakehouse inspect`

use anyhow::Result;
use bakehouse_registry::{Endpoint, Inspection};
use bakehouse_runtime::recipe_digest;
use serde::Serialize;

use super::text::inspection_text;
use super::{Session, reference};
use crate::cli::{Format, InspectArgs};
use crate::config::{Project, RegistryChoice, Settings};
use crate::failure::ExitCode;

/// Version of the JSON. It grows by adding fields.
const SCHEMA: u32 = 1;

/// An inspection as JSON.
#[derive(Serialize)]
struct Inspected<'a> {
    schema: u32,
    #[serde(flatten)]
    inspection: &'a Inspection,
}

/// Shows the index or image that a reference names.
pub(super) async fn inspect(session: &Session, args: &InspectArgs) -> Result<ExitCode> {
    let opened = reference::open(session, &args.reference).await?;
    let mut inspection = opened.registry.inspect(&opened.image, &opened.tag).await?;
    inspection.recipe_now = recipe_now(session, opened.registry.endpoint(), &opened.image);
    match args.format {
        Format::Json => session.printer.json(&Inspected {
            schema: SCHEMA,
            inspection: &inspection,
        })?,
        Format::Text => session.printer.data(&inspection_text(&inspection)),
    }
    Ok(ExitCode::Success)
}

/// Digest of the recipe that the project has for an image; none where it does
/// not publish there, or the recipe cannot be read: any reference can be
/// inspected, with or without a project.
fn recipe_now(session: &Session, endpoint: &Endpoint, image: &str) -> Option<String> {
    let project = session.project().ok()?;
    let settings = Settings::resolve(project.file(), &session.overrides).ok()?;
    let registry = match &settings.registry {
        RegistryChoice::Local => "local",
        RegistryChoice::Host(host) => host,
    };
    let own = format!("{registry}/{}/{image}", settings.namespace);
    if endpoint.show_repository(image) != own {
        return None;
    }
    let apps = project.apps().ok()?;
    apps.iter().find_map(|app| digest(&project, app, image))
}

/// Digest of an app's recipe, where it is the app that publishes this image.
fn digest(project: &Project, app: &str, image: &str) -> Option<String> {
    let file = project.app(app).ok()?;
    let publishes = file.grants.images.iter().any(|granted| granted == image);
    publishes.then_some(())?;
    recipe_digest(app, &project.recipe(app, &file.recipe), &file.options).ok()
}
