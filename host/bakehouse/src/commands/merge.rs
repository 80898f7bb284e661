//! `bakehouse merge`

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use bakehouse_core::error::chain;
use bakehouse_core::progress::Event;

use super::ending::Kind;
use super::text::{Act, dry_run};
use super::{Session, saved_plan};
use crate::cli::{Format, MergeArgs};
use crate::context::Context;
use crate::failure::{ExitCode, Failure};
use crate::pipeline::digest_folders::DigestFolders;
use crate::pipeline::memory;
use crate::pipeline::merge as pipeline;
use crate::pipeline::plan::Plan;
use crate::pipeline::times::Times;
use crate::pipeline::{check, discover};

/// Merges the digest files of one version, or of a whole plan.
pub(super) async fn merge(session: &Session, args: &MergeArgs) -> Result<ExitCode> {
    let kind = Kind::of(Format::Text, args.dry_run);
    let conclusion = session.begin(kind, &args.summary.summaries)?;
    let context = session
        .context(|overrides| {
            overrides.platforms.clone_from(&args.platforms);
            overrides.rebuild = args.rebuild;
            overrides.partial = args.partial;
            overrides.whole = !args.partial;
        })
        .await?;
    session.destination(&context);
    if !args.dry_run {
        conclusion.keep(session, &context);
    }
    let folders = if args.digests.is_empty() {
        vec![context.project.digests()]
    } else {
        args.digests.clone()
    };
    let mut digests = DigestFolders::new(context.registry.endpoint().clone(), folders);
    let mut plan = match (&args.plan, &args.app, &args.version) {
        (Some(path), ..) => {
            let plan = read_plan(&context, path, args)?;
            digests = digests.of_jobs(&plan);
            plan
        }
        (None, Some(app), Some(version)) => {
            // Upstream was asked when it was built.
            let discovered = match digests.version_of(app, version)? {
                Some(version) => vec![discover::known(&context, app, version).await?],
                None => {
                    discover::discover(&context, std::slice::from_ref(app), Some(version), &[])
                        .await?
                }
            };
            let (plan, failed) = if args.dry_run || args.rebuild {
                check::plan(&context, &discovered).await?
            } else {
                // The merge itself looks at what is published.
                check::plan_unchecked(&context, &discovered).await?
            };
            if let Some((_, error)) = failed.into_iter().next() {
                return Err(error);
            }
            plan
        }
        _ => return Err(Failure::new(ExitCode::Usage, "name an app and a --version").into()),
    };
    if args.dry_run {
        let ledger = conclusion.ledger();
        pipeline::rehearse(&context, &mut plan, &digests, ledger).await;
        let failed = ledger.with(|report| report.failures.len());
        let page = dry_run(
            session.printer.new_page(),
            &plan,
            &BTreeSet::new(),
            Act::Tag,
            failed,
        );
        session.printer.page(&page);
        return Ok(conclusion.finish_plan(session, &plan));
    }
    pipeline::merge(&context, &plan, &digests, args.force, conclusion.ledger()).await?;
    if args.plan.is_some() {
        memory::gather(&context, &plan, &digests);
    }
    if args.plan.is_some()
        && let Err(error) = Times::learn(&context.project.times(), &plan, &digests)
    {
        context.reporter.report(Event::Warning {
            message: &format!("times are not kept: {}", chain(&error)),
        });
    }
    Ok(conclusion.finish(session, &context).await)
}

/// A plan that `bakehouse plan --save` wrote, cut to the app and version named.
fn read_plan(context: &Context, path: &Path, args: &MergeArgs) -> Result<Plan> {
    let mut plan = saved_plan::read(path)?;
    saved_plan::hold(context, path, &mut plan)?;
    plan.apps
        .retain(|app| args.app.as_ref().is_none_or(|name| app.app.name == *name));
    for app in &mut plan.apps {
        app.versions.retain(|version| {
            let number = &version.version.number;
            args.version.as_ref().is_none_or(|wanted| wanted == number)
        });
    }
    if plan.apps.iter().all(|app| app.versions.is_empty()) {
        let of = [args.app.as_deref(), args.version.as_deref()];
        let of: Vec<&str> = of.into_iter().flatten().collect();
        let of = match of.as_slice() {
            [] => String::new(),
            of => format!(" of {}", of.join(" ")),
        };
        return Err(Failure::new(
            ExitCode::Nothing,
            format!("{} has nothing{of} in it", path.display()),
        )
        .hint("see what `bakehouse plan` said when it was written")
        .into());
    }
    Ok(plan)
}
