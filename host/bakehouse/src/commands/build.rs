//! `bakehouse build`

use std::collections::BTreeSet;

use anyhow::Result;
use bakehouse_core::recipe::App;

use super::Session;
use super::build_plan::build_plan;
use super::ending::Kind;
use super::text::{Act, dry_run};
use crate::cli::{BuildArgs, Format};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::build::reusable;
use crate::pipeline::plan::Plan;
use crate::pipeline::{check, discover, run as pipeline};

/// Builds what is missing of one version, and tags nothing.
pub(super) async fn build(session: &Session, args: &BuildArgs) -> Result<ExitCode> {
    if let Some(path) = &args.plan {
        return build_plan(session, args, path).await;
    }
    let (Some(app), Some(number)) = (&args.app, &args.version) else {
        return Err(Failure::new(ExitCode::Usage, "name an app and a --version").into());
    };
    let kind = Kind::of(Format::Text, args.dry_run);
    let conclusion = session.begin(kind, &args.summary.summaries)?;
    let context = session
        .context(|overrides| {
            overrides.platforms.clone_from(&args.platforms);
            overrides.concurrency = args.concurrency;
            args.rebuild.apply(overrides);
        })
        .await?;
    session.destination(&context);
    if !args.dry_run {
        pipeline::look_ahead(&context);
        conclusion.keep(session, &context);
    }
    let apps = [app.clone()];
    let discovered = discover::discover(&context, &apps, Some(number), &args.images).await?;
    let (mut plan, failed) = check::plan(&context, &discovered).await?;
    if let Some((_, error)) = failed.into_iter().next() {
        return Err(error);
    }
    only(&mut plan, &args.images);
    if args.dry_run {
        let reused = reusable(&context, &discovered, &plan).await?;
        let page = dry_run(session.printer.new_page(), &plan, &reused, Act::Build, 0);
        session.printer.page(&page);
        return Ok(conclusion.finish_plan(session, &plan));
    }
    session.tell_outdated(&plan);
    pipeline::build_all(&context, &discovered, &plan, conclusion.ledger()).await?;
    Ok(conclusion.finish(session, &context).await)
}

/// Leaves these images, and those that they need, in a plan's jobs; no names mean
/// all.
fn only(plan: &mut Plan, images: &[String]) {
    if images.is_empty() {
        return;
    }
    for app in &mut plan.apps {
        let wanted = with_needs(&app.app, images);
        for version in &mut app.versions {
            for job in &mut version.jobs {
                job.images.retain(|image| wanted.contains(image));
            }
            version.jobs.retain(|job| !job.images.is_empty());
        }
    }
}

/// These images, and all that they need.
fn with_needs(app: &App, images: &[String]) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let mut open = images.to_vec();
    while let Some(name) = open.pop() {
        let image = app.images.iter().find(|image| image.name == name);
        if wanted.insert(name) {
            open.extend(image.into_iter().flat_map(|image| image.needs.clone()));
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use bakehouse_core::recipe::Image;

    use super::*;

    #[test]
    fn an_image_brings_what_it_needs_and_no_more() {
        let image = |name: &str, needs: &[&str]| Image {
            name: name.to_owned(),
            summary: String::new(),
            platforms: Vec::new(),
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            unpublished: false,
        };
        let app = App {
            name: "app".to_owned(),
            recipe_version: "1".to_owned(),
            summary: String::new(),
            upstream: String::new(),
            license: String::new(),
            extras: Vec::new(),
            images: vec![
                image("a", &["b"]),
                image("b", &["c"]),
                image("c", &[]),
                image("d", &["c"]),
            ],
            wants: Vec::new(),
            ..App::default()
        };
        let wanted = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let wanted = with_needs(&app, &names);
            wanted.into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(wanted(&["a"]), "a b c");
        assert_eq!(wanted(&["c"]), "c");
        assert_eq!(wanted(&["d", "b"]), "b c d");
    }
}
