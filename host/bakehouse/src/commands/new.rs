//! `bakehouse new`

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Result;
use bakehouse_builder::Builder;
use bakehouse_core::progress::Reporter;
use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage;

use super::{Session, recipe_check};
use crate::cli::NewArgs;
use crate::config::{Project, RegistryChoice, Settings, Uses};
use crate::context::{services, sources};
use crate::failure::ExitCode;
use crate::init::{Written, schemas};
use crate::new::{
    Ask, Destination, Kind, Look, NewError, OWN_SDK, OpenedFiles, Wanted, define, is_name, places,
    write,
};
use crate::pipeline::unbuilt::Understudy;
use crate::product::Product;

/// Platforms that are looked for where neither flag nor project names any.
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];

/// Looks at upstream, writes an app of what is there, and checks it; says what
/// could not be told, and what to run next.
pub(super) async fn new(session: &Session, args: &NewArgs) -> Result<ExitCode> {
    let project = session.project()?;
    let settings = Settings::resolve(project.file(), &session.overrides)?;
    let wanted = wanted(&project, args)?;
    let crate_too = wanted.kind == Kind::Rust;
    for place in places(&project, &wanted.app, crate_too) {
        if place.symlink_metadata().is_ok() {
            return Err(NewError::Exists(place).into());
        }
    }
    if crate_too && wanted.sdk.is_none() {
        return Err(NewError::NoSdk(project.root().to_owned()).into());
    }
    let state = project.state();
    storage::create(&state)?;
    let scratch = tempfile::Builder::new().prefix("new-").tempdir_in(&state);
    let scratch = scratch.at("create a folder in", &state)?;
    let look = look(session, &project, scratch.path().to_owned())?;
    let definition = define(&look, wanted, Ask::new(args.yes)).await?;
    let prefix = match &settings.registry {
        RegistryChoice::Host(host) => Some(format!("{host}/{}", settings.namespace)),
        RegistryChoice::Local => None,
    };
    let prefix = prefix.map(|prefix| prefix.trim_end_matches('/').to_owned());
    for path in write(&project, &definition, &Destination { prefix })? {
        session.printer.done(format_args!("wrote {path}"));
    }
    for (path, written) in schemas(project.root())? {
        if written != Written::Left {
            let path = path.display();
            session.printer.line(format_args!("wrote {path}"));
        }
    }
    for note in &definition.notes {
        session.printer.talk(format_args!("note: {note}"));
    }
    let app = &definition.app;
    let checked = recipe_check::new_app(session, app).await?;
    session.printer.talk(format_args!(
        "next: `bakehouse run {app} --registry local` publishes it on this machine; \
         `bakehouse recipe check {app}` lists all options"
    ));
    Ok(checked)
}

fn wanted(project: &Project, args: &NewArgs) -> Result<Wanted> {
    if !is_name(&args.app) {
        return Err(NewError::Name(args.app.clone()).into());
    }
    let from = args.from.parse().map_err(NewError::Release)?;
    let of_sources = ["git:", "oci:"]
        .iter()
        .any(|kind| args.from.starts_with(kind));
    let kind = args
        .recipe
        .unwrap_or(match of_sources || args.dockerfile.is_some() {
            true => Kind::Dockerfile,
            false => Kind::Binaries,
        });
    let mut platforms = args.on.clone();
    if platforms.is_empty() {
        platforms = project.file().platforms.clone().unwrap_or_default();
    }
    if platforms.is_empty() {
        platforms = PLATFORMS
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect();
    }
    Ok(Wanted {
        app: args.app.clone(),
        from,
        kind,
        platforms,
        license: args.license.clone(),
        summary: args.about.clone(),
        tag: args.tag.clone(),
        file: args.file.clone(),
        member: args.member.clone(),
        base: args.base.clone(),
        dockerfile: args.dockerfile.clone(),
        sdk: sdk(project),
    })
}

/// The SDK that a crate of the project is written on: the project's own, or
/// that of the release which it, or this program, is of.
fn sdk(project: &Project) -> Option<String> {
    if project.root().join("plugins").join("sdk").is_dir() {
        return Some(OWN_SDK.to_owned());
    }
    let uses = project.file().ci.uses.as_ref();
    let product = uses.and_then(Uses::product).or_else(Product::own);
    product.map(|product| product.sdk())
}

fn look(session: &Session, project: &Project, scratch: PathBuf) -> Result<Look> {
    let seen: Arc<dyn Builder> = Arc::new(Understudy::default());
    let reporter = Arc::clone(&session.reporter) as Arc<dyn Reporter>;
    let services = services(project, &seen, &reporter)?;
    Ok(Look {
        releases: services.releases.open().map_err(NewError::SetUp)?.clone(),
        fetcher: services.fetcher.open().map_err(NewError::SetUp)?.clone(),
        sources: sources(project, &reporter),
        images: services.upstream.clone(),
        scratch,
        opened: OpenedFiles::default(),
        reporter,
    })
}
