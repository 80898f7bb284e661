//! An app of upstream's Dockerfile, for the recipe `bakehouse:dockerfile`.

use toml::Value;

use super::told;
use crate::new::definition::{Definition, Described, array};
use crate::new::error::{NewError, some};
use crate::new::look::Checked;
use crate::new::wanted::Wanted;

/// The platforms of an app that names none.
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];

/// The definition of an app of this Dockerfile.
///
/// # Errors
/// [`NewError::NoLicence`].
pub(in crate::new) fn dockerfile(wanted: &Wanted, found: &Checked) -> Result<Definition, NewError> {
    let mut made = Definition {
        app: wanted.app.clone(),
        recipe: "bakehouse:dockerfile".to_owned(),
        notes: notes(found),
        ..Definition::default()
    };
    let source = wanted.from.to_string();
    let license = told::licence(wanted, &found.about, &found.licences);
    let license = license.ok_or_else(|| NewError::NoLicence(source.clone()))?;
    let summary = told::summary(wanted, &found.about);
    let platforms: Vec<String> = wanted.platforms.iter().map(ToString::to_string).collect();
    made.option("repository", Some(&found.repository));
    let other = source != format!("git:{}", found.repository);
    made.option("source", other.then_some(&source));
    made.option("tag", found.tag.as_ref());
    made.option("license", Some(&license));
    made.option("summary", summary.as_ref());
    if platforms != PLATFORMS {
        made.options.push(("platforms", array(&platforms)));
    }
    made.option(
        "dockerfile",
        (found.path != "Dockerfile").then_some(&found.path),
    );
    made.option("context", (found.context != ".").then_some(&found.context));
    if !found.read.build_stages.is_empty() {
        made.options
            .push(("build-stages", array(&found.read.build_stages)));
    }
    for (name, wanted) in [
        ("submodules", found.submodules),
        ("network", found.read.network.is_some()),
    ] {
        if wanted {
            made.options.push((name, Value::Boolean(true)));
        }
    }
    let image = made.app.clone();
    made.grant("images", &[image]);
    made.grant("releases", std::slice::from_ref(&source));
    made.grant("sources", std::slice::from_ref(&found.repository));
    let bases: Vec<String> = found
        .read
        .bases
        .iter()
        .map(|base| bakehouse_names::repository(base))
        .collect();
    made.grant("bases", &bases);
    if found.read.network.is_some() {
        made.grants.push(("network", Value::Boolean(true)));
    }
    made.about = Described {
        summary: summary.unwrap_or_else(|| wanted.app.clone()),
        license,
        upstream: told::upstream(&source, &found.about),
        platforms: wanted.platforms.clone(),
        version: found.release.version.clone(),
        made: format!("is built from upstream's {}", found.path),
    };
    Ok(made)
}

fn notes(found: &Checked) -> Vec<String> {
    let read = &found.read;
    let mut notes = found.notes.clone();
    if !found.others.is_empty() {
        notes.push(format!(
            "{} is built; there is also {}",
            found.path,
            some(&found.others)
        ));
    }
    for image in &read.unknown {
        notes.push(format!(
            "only a build tells what `{image}` is: add it to `bases`, and its value to `args`"
        ));
    }
    if let Some(line) = read.network {
        notes.push(format!(
            "RUN steps may use the network, for line {line} of {} fetches something",
            found.path
        ));
    }
    for stage in &read.build_stages {
        notes.push(format!(
            "stage `{stage}` cross-compiles, and runs on the machine that builds"
        ));
    }
    for stage in &read.native {
        notes.push(format!(
            "stage `{stage}` compiles for the machine that it runs on: other platforms are emulated"
        ));
    }
    if read.pinned > 0 {
        notes.push(format!(
            "{} of its bases are named by digest, which may be of one platform alone",
            read.pinned
        ));
    }
    if let Some(syntax) = &read.syntax {
        notes.push(format!("it is read by {syntax}, as upstream says"));
    }
    if found.submodules {
        notes.push(
            "submodules are checked out: each one's repository needs a grant under `sources`"
                .to_owned(),
        );
    }
    notes
}
