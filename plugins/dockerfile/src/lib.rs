//! Upstream's own Dockerfile, built for every platform.
//!
//! For upstreams whose Dockerfile needs a few edits, or none, to be for more than
//! one platform. One recipe serves many apps: the edits are listed in `app.toml`.

mod settings;

use bakehouse_sdk::dockerfile::Editor;
use bakehouse_sdk::release;
use bakehouse_sdk::{
    App, Build, Error, Grant, Image, Job, OptionDeclaration, Prepared, Recipe, Version,
};

use settings::{Digests, Settings, Syntax};

struct Dockerfile;

impl Recipe for Dockerfile {
    fn options() -> Vec<OptionDeclaration> {
        settings::declarations()
    }

    fn describe() -> Result<App, Error> {
        let settings = Settings::read()?;
        let summary = match &settings.summary {
            Some(summary) => summary.clone(),
            None => format!(
                "{}, built from upstream's Dockerfile",
                settings.image_name()
            ),
        };
        let platforms: Vec<&str> = settings.platforms.iter().map(String::as_str).collect();
        let image = Image::new(settings.image_name(), &platforms).summary(&summary);
        let mut app = App::new(&settings.app, env!("CARGO_PKG_VERSION"))
            .summary(&summary)
            .upstream(&settings.upstream())
            .license(&settings.license)
            .image(image)
            .wants(Grant::Releases, &settings.source, "versions")
            .wants(Grant::Sources, &settings.repository, "upstream's source")
            // Upstream may change them with every version; app.toml says which.
            .wants(Grant::Bases, "*", "what upstream's Dockerfile starts from");
        for address in &settings.downloads {
            app = app.wants(Grant::Downloads, address, "what upstream's Dockerfile adds");
        }
        if settings.submodules {
            app = app.wants(Grant::Sources, "*", "submodules");
        }
        if settings.network {
            app = app.wants_network("RUN steps of upstream's Dockerfile");
        }
        Ok(app)
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let settings = Settings::read()?;
        let releases = release::list(&settings.source, &settings.selection(), limit)?;
        let version = |release: &release::Release| {
            let version = Version::of(release).source(&settings.repository, &release.tag);
            match settings.submodules {
                true => version.with_submodules(),
                false => version,
            }
        };
        Ok(releases.iter().map(version).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let settings = Settings::read()?;
        let platform = &job.target.platform;
        let mut file = Editor::open(&settings.dockerfile)?;
        for stage in &settings.build_stages {
            file.pin_to_build_platform(stage)?;
        }
        for (base, with) in &settings.bases {
            file.replace_base(base, with)?;
        }
        match settings.digests {
            Digests::Fit => file.fit_digests(platform)?,
            Digests::Keep => {}
            Digests::Drop => file.drop_digests(platform)?,
        }
        match &settings.syntax {
            Syntax::Keep => {}
            Syntax::Drop => file.set_syntax(None)?,
            Syntax::Image(image) => file.set_syntax(Some(image))?,
        }
        let mut build = Build::inline(file.text(), platform).in_folder(&settings.context);
        if let Some(stage) = &settings.stage {
            build = build.stage(stage);
        }
        let number = &job.version.number;
        let commit = job
            .checkout
            .as_ref()
            .map_or("", |checkout| &checkout.commit);
        let tag = job
            .checkout
            .as_ref()
            .map_or("", |checkout| &checkout.git_ref);
        for (name, value) in &settings.args {
            let value = value
                .replace("{version}", number)
                .replace("{tag}", tag)
                .replace("{commit}", commit);
            build = build.arg(name, &value);
        }
        for (name, value) in &settings.labels {
            build = build.label(name, value);
        }
        if settings.network {
            build = build.with_network();
        }
        Ok(build.into())
    }
}

bakehouse_sdk::export!(Dockerfile);
