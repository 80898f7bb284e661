//! `bakehouse inspect`

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bakehouse_core::date::Date;
use bakehouse_core::error::chain;
use bakehouse_core::progress::Reporter;
use bakehouse_registry::{Endpoint, Inspection, ManifestError, RegistryError, VERSION_ANNOTATION};
use bakehouse_runtime::recipe_digest;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::inspect_text::inspect_page;
use super::{Session, reference};
use crate::cli::{Format, InspectArgs};
use crate::config::{Project, RegistryChoice, Settings};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::run_folder::KeptRun;
use crate::pipeline::unbuilt::Unbuilt;
use crate::schema::SchemaNumber;
use crate::status::{Against, against};

/// Longest that upstream is waited for: the rest is worth showing without.
const PATIENCE: Duration = Duration::from_secs(10);

/// An inspection, and what this project knows of it. Its JSON is stable: fields are
/// only added.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Inspected {
    /// Number of the schema.
    schema: SchemaNumber,
    #[serde(flatten)]
    pub(super) inspection: Inspection,
    /// The run of this project that pushed it; none where none is kept that did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pushed: Option<Pushed>,
    /// Upstream's newest version against this one, where an app of this project
    /// publishes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream: Option<Against>,
    /// The reason why that is not known, though an app publishes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upstream_unknown: Option<String>,
}

/// The run that pushed an image.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pushed {
    /// Its name.
    pub(super) run: String,
    /// The time at which it began.
    pub(super) at: Date,
}

/// Shows the index or image that a reference names.
pub(super) async fn inspect(session: &Session, args: &InspectArgs) -> Result<ExitCode> {
    let opened = reference::open(session, &args.reference).await?;
    let (registry, image, tag) = (&opened.registry, &opened.image, &opened.tag);
    let inspection = match registry.inspect(image, tag).await {
        Err(RegistryError::NotFound { .. }) => return Err(opened.nothing(session).await.into()),
        Err(error) if is_artifact(&error) => return Err(artifact(&error).into()),
        looked => looked?,
    };
    let mut inspected = Inspected {
        schema: SchemaNumber::NOW,
        inspection,
        pushed: None,
        upstream: None,
        upstream_unknown: None,
    };
    if let Some((project, app)) = published_by(session, registry.endpoint(), image) {
        inspected.inspection.recipe_now = digest(&project, &app);
        let repository = registry.endpoint().show_repository(image);
        inspected.pushed = pushed(&project, &repository, &inspected.inspection.digest);
        let version = version(&inspected.inspection).unwrap_or(tag);
        match upstream(session, project, &app, version).await {
            Ok(upstream) => inspected.upstream = Some(upstream),
            Err(error) => inspected.upstream_unknown = Some(chain(error.as_ref())),
        }
    }
    session.reporter.close();
    match args.format {
        Format::Json => session.printer.json(&inspected)?,
        Format::Text => {
            let page = inspect_page(session.printer.new_page(), &inspected, &Date::now());
            session.printer.page(&page);
        }
    }
    Ok(ExitCode::Success)
}

/// Whatever else cannot be read, is as wrong here as in a plan.
fn is_artifact(error: &RegistryError) -> bool {
    let RegistryError::Unreadable { source, .. } = error else {
        return false;
    };
    matches!(**source, ManifestError::Artifact { .. })
}

/// The failure for an artifact, such as a signature: here it may well be in its place,
/// unlike under the tag of a version that is to be built.
fn artifact(error: &RegistryError) -> Failure {
    Failure::new(ExitCode::Registry, chain(error))
        .hint("name an image; this is for the programs that know it")
}

/// The project and its app that publishes an image; none where it does not
/// publish there: any reference can be inspected, with or without a project.
fn published_by(session: &Session, endpoint: &Endpoint, image: &str) -> Option<(Project, String)> {
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
    let publishes = |app: &String| {
        let file = project.app(app).ok();
        file.is_some_and(|file| file.grants.images.iter().any(|granted| granted == image))
    };
    let app = project.apps().ok()?.into_iter().find(publishes)?;
    Some((project, app))
}

/// Digest of an app's recipe; none where it cannot be read.
fn digest(project: &Project, app: &str) -> Option<String> {
    let file = project.app(app).ok()?;
    recipe_digest(app, &project.recipe(app, &file.recipe), &file.options).ok()
}

/// The version that an image says it is.
fn version(inspection: &Inspection) -> Option<&str> {
    let labels = inspection.images.iter().map(|image| &image.labels);
    let mut all = std::iter::once(&inspection.annotations).chain(labels);
    all.find_map(|pairs| pairs.get(VERSION_ANNOTATION))
        .map(String::as_str)
}

/// The oldest run that is kept which tagged an index, or pushed an image, of this
/// digest in a repository. Later ones found it there.
fn pushed(project: &Project, repository: &str, digest: &str) -> Option<Pushed> {
    let runs = KeptRun::all(&project.runs()).ok()?;
    runs.iter().find_map(|run| {
        let report = run.report().ok()??;
        let place = &report.destination;
        let place = format!("{}/{}/", place.registry, place.namespace);
        repository.starts_with(&place).then_some(())?;
        let tagged = report.images.iter();
        let mut tagged = tagged.filter(|image| image.digest == digest && !image.tags.is_empty());
        let built = report.targets.iter();
        let mut built =
            built.filter(|target| target.is_built() && target.digest.as_deref() == Some(digest));
        (tagged.next().is_some() || built.next().is_some()).then_some(())?;
        Some(Pushed {
            run: run.id.clone(),
            at: Date::parse(&report.begun)?,
        })
    })
}

/// Upstream's newest version against this one.
async fn upstream(
    session: &Session,
    project: Project,
    app: &str,
    version: &str,
) -> Result<Against> {
    let reporter = Arc::clone(&session.reporter) as Arc<dyn Reporter>;
    let locked = session.overrides.locked;
    let late = Instant::now() + PATIENCE;
    let seconds = PATIENCE.as_secs();
    // It may have to be compiled first, which is not upstream's fault.
    let opening = Unbuilt::open(project, app, locked, &reporter);
    let Ok(app) = timeout_at(late, opening).await else {
        anyhow::bail!("the recipe was not ready within {seconds} s");
    };
    let app = app?;
    let now = Date::now();
    let Ok(asked) = timeout_at(late, against(&app, version, &now)).await else {
        anyhow::bail!("it did not answer within {seconds} s");
    };
    asked
}
