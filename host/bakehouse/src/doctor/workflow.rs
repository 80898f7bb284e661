//! The workflow file: whether it is the one that bakehouse.toml asks for.

use super::{Check, Cure, Finding};
use crate::ci::workflows::{MARKER, There, WorkflowError, caller};
use crate::config::Project;
use crate::failure::ExitCode;

pub(super) fn findings(project: &Project) -> Vec<Finding> {
    let file = match caller(project.file(), None) {
        Ok(file) => file,
        Err(error @ WorkflowError::NoRepository) => {
            let found = format!("{error}: this program was built by hand");
            return vec![Finding::skipped(Check::Workflow, found)];
        }
    };
    let path = file.path.display();
    let there = match file.there(project.root()) {
        Ok(there) => there,
        Err(error) => return vec![Finding::failed(Check::Workflow, error)],
    };
    vec![match there {
        There::Same => Finding::ok(
            Check::Workflow,
            format!("{path} is in step with bakehouse.toml"),
        ),
        There::Nothing => Finding::skipped(Check::Workflow, format!("there is no {path}")),
        There::Other => Finding::problem(
            Check::Workflow,
            ExitCode::Config,
            format!("{path} is not what bakehouse.toml asks for"),
            "run `bakehouse workflows` and commit what it writes",
        )
        .curable(Cure::Workflow),
        There::Foreign => Finding::warning(
            Check::Workflow,
            format!("{path} was not written by `bakehouse workflows`"),
            format!("move it away; or, where it may be replaced, begin it with `{MARKER}`"),
        ),
    }]
}
