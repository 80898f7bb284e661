//! The first plan of 500 apps, of which no recipe was compiled before.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::bed::{APP, Bed};
use crate::contest::{Contestant, contest};
use crate::table;

const APPS: usize = 500;
/// Each round takes long.
const ROUNDS: usize = 3;
/// The component of `bakehouse:binaries`.
const WASM: &str = "target/shipped/binaries.wasm";
/// Compiled code, of the user whose home the bed is.
const COMPILED: &str = ".cache/bakehouse/compiled";

/// Plans 500 apps that have the program's own recipe, or so many components of
/// their own.
pub(super) fn run(program: &Path, before: Option<&Path>, rounds: usize) -> Result<()> {
    let rounds = rounds.min(ROUNDS);
    for (components, what) in [
        (0, "all of `bakehouse:binaries`"),
        (10, "of 10 components in 500 files"),
        (APPS, "each of a component of its own"),
    ] {
        let bed = Bed::start(program, before)?;
        bed.forget(&["apps"])?;
        bed.publish(&["1.0.0"]);
        let wasm = std::fs::read(WASM).with_context(|| format!("there is no {WASM}"))?;
        for app in 0..APPS {
            write(&bed, app, components, &wasm)?;
        }
        let outcomes = contest(&bed, rounds, None, &|host| Ok(contestants(&bed, host)))?;
        table::print(&format!("First plan of {APPS} apps, {what}"), &outcomes);
    }
    Ok(())
}

/// An app of the bed's package, like all others.
fn write(bed: &Bed, app: usize, components: usize, wasm: &[u8]) -> Result<()> {
    let name = format!("app{app:03}");
    let recipe = match components {
        0 => "bakehouse:binaries",
        _ => "recipe.wasm",
    };
    bed.write(
        &format!("apps/{name}/app.toml"),
        &format!(
            "recipe = \"{recipe}\"\n\n[tags]\nmoving = []\n\n[options]\nsource = \"npm:{APP}\"\nlicense = \"MIT\"\nsources = {{ \"linux/amd64\" = \"npm:{APP}\", \"linux/arm64\" = \"npm:{APP}\" }}\n\n[grants]\nimages = [\"{name}\"]\nreleases = [\"npm:{APP}\"]\n"
        ),
    )?;
    if components > 0 {
        let path = bed.path(&format!("apps/{name}/recipe.wasm"));
        std::fs::write(path, another(wasm, app % components))?;
    }
    Ok(())
}

/// A component of the same functions and other bytes: with a custom section (core
/// specification, "Custom Section") of another name, so that it is compiled anew.
fn another(wasm: &[u8], number: usize) -> Vec<u8> {
    let name = format!("bench{number:06}");
    let mut section = vec![0, u8::try_from(name.len() + 1).unwrap_or(u8::MAX)];
    section.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    section.extend(name.as_bytes());
    [wasm, &section].concat()
}

fn contestants<'a>(bed: &'a Bed, host: &str) -> Vec<Contestant<'a>> {
    let plans = bed.both(host, &["plan", "--max-versions", "1"]).into_iter();
    let contestant = |(name, command)| Contestant {
        name,
        commands: vec![command],
        scale: 1,
        prepare: Box::new(move || bed.forget(&[".bakehouse", COMPILED]))
            as Box<dyn Fn() -> Result<()>>,
    };
    plans.map(contestant).collect()
}
