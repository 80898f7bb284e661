//! A plan of twenty published apps, whose upstreams take their time.

use std::time::Duration;

use anyhow::{Result, ensure};
use bakehouse_loopback::{FaultProxy, Forge, Release};
use serde_json::Value;

use super::LATENCY;
use crate::bed::Bed;
use crate::contest::{Contestant, contest};
use crate::table;

/// Apps of each upstream.
const APPS: usize = 5;
/// The time that each upstream takes for a request.
const DELAYS: [u64; 4] = [50, 100, 200, 400];
const VERSION: &str = "1.0.0";

pub(super) fn run(bed: &Bed, rounds: usize) -> Result<()> {
    bed.forget(&["apps"])?;
    let mut upstreams = Vec::new();
    for (upstream, delay) in DELAYS.into_iter().enumerate() {
        let forge = Forge::gitea();
        let proxy = FaultProxy::start(&forge.host());
        proxy.set_latency(Duration::from_millis(delay));
        for app in 0..APPS {
            let name = format!("app{upstream}{app}");
            let release = Release::new(&format!("v{VERSION}"))
                .file("tool-x86_64.tar.gz", b"x")
                .file("tool-aarch64.tar.gz", b"x");
            forge.release(&format!("acme/{name}"), release);
            let source = format!("gitea:{}/acme/{name}", proxy.host());
            bed.write(&format!("apps/{name}/app.toml"), &app_file(&name, &source))?;
            bed.push(&name, VERSION)?;
        }
        upstreams.push((forge, proxy));
    }
    let plan = bed.bakehouse(&bed.registry.host(), &["plan", "--format", "json"]);
    let plan: Value = serde_json::from_str(&plan.output()?)?;
    let apps = plan["apps"].as_array().map_or(0, Vec::len);
    ensure!(apps == APPS * DELAYS.len(), "{apps} apps are planned");
    let work = plan["apps"].to_string().contains("\"missing\":[\"");
    ensure!(!work, "not all apps are found in the registry");

    let slowest = DELAYS
        .into_iter()
        .max()
        .map_or(Duration::ZERO, Duration::from_millis);
    for (forgets, what) in [(true, "for the first time"), (false, "again")] {
        let outcomes = contest(bed, rounds, Some(LATENCY), &|host| {
            Ok(contestants(bed, host, forgets))
        })?;
        let title = format!(
            "Plan of {apps} published apps {what}; the slowest upstream and one request to the registry take {} ms",
            (slowest + LATENCY).as_millis()
        );
        table::print(&title, &outcomes);
    }
    Ok(())
}

fn app_file(name: &str, source: &str) -> String {
    format!(
        "recipe = \"bakehouse:binaries\"\n\n[tags]\nmoving = []\n\n[options]\nsource = \"{source}\"\nlicense = \"MIT\"\nfile = \"tool-{{arch}}.tar.gz\"\n\n[grants]\nimages = [\"{name}\"]\nreleases = [\"{source}\"]\n"
    )
}

fn contestants<'a>(bed: &'a Bed, host: &str, forgets: bool) -> Vec<Contestant<'a>> {
    let plans = bed.both(host, &["plan"]).into_iter();
    let contestant = |(name, command)| Contestant {
        name,
        commands: vec![command],
        scale: 1,
        prepare: Box::new(move || match forgets {
            // Not the code of the recipe, which is the same for all.
            true => bed.forget(&[".bakehouse"]),
            false => Ok(()),
        }) as Box<dyn Fn() -> Result<()>>,
    };
    plans.map(contestant).collect()
}
