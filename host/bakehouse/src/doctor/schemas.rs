//! The schemas in a project: whether they are those of this program.

use super::{Check, Cure, Finding};
use crate::config::Project;
use crate::init::{SCHEMAS, outdated};

pub(super) fn findings(project: &Project) -> Vec<Finding> {
    if !project.root().join(SCHEMAS).is_dir() {
        let found = format!("there is no {SCHEMAS}/; `bakehouse init` writes it, for editors");
        return vec![Finding::skipped(Check::Schemas, found)];
    }
    let outdated = outdated(project.root());
    let names: Vec<_> = outdated
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    vec![match names.as_slice() {
        [] => Finding::ok(
            Check::Schemas,
            format!("those in {SCHEMAS}/ are of this release"),
        ),
        names => Finding::warning(
            Check::Schemas,
            format!("not of this release: {}", names.join(", ")),
            "run `bakehouse init` and commit what it writes",
        )
        .curable(Cure::Schemas),
    }]
}
