//! Errors of a project's recipe crates, explained.

use super::{ExitCode, Explanation, core};
use crate::recipes::{CrateError, Unbuilt};

pub(super) fn krate(error: &CrateError) -> Explanation {
    let explained = Explanation::new(ExitCode::Recipe);
    let hint = match error {
        CrateError::Missing { there, .. } if there.is_empty() => {
            "plugins/ has no crate; write one there, or name a component: recipe = \"NAME.wasm\""
                .to_owned()
        }
        CrateError::Missing { there, .. } => format!("plugins/ has {}", there.join(", ")),
        CrateError::Nothing => {
            return Explanation::new(ExitCode::Nothing).hint(
                "write a crate there, or name a component in app.toml: recipe = \"NAME.wasm\"",
            );
        }
        CrateError::NotBuilt { name, why } => {
            let build = format!("run `bakehouse recipe build {name}`");
            match why {
                Unbuilt::Locked => format!("{build}, or leave --locked out"),
                Unbuilt::Ci => format!("{build} in a step before"),
                Unbuilt::NoCargo => format!("install Rust, or {build} where there is one"),
            }
        }
        CrateError::Program { program, .. } => {
            format!("install Rust (https://rustup.rs), so that {program} is on PATH")
        }
        CrateError::Unread { .. } | CrateError::Failed { .. } => return explained,
        CrateError::NoPackage { name } => {
            format!("put the manifest of the recipe's own crate at {name}/Cargo.toml")
        }
        CrateError::NotMember { name, workspace } => format!(
            "add \"{name}\" to `members` under [workspace] in {}",
            workspace.display()
        ),
        CrateError::NoCdylib { name } => {
            format!("write `crate-type = [\"cdylib\"]` under [lib] in {name}/Cargo.toml")
        }
        CrateError::OneName { name, .. } => {
            format!("give it a `name` of its own under [lib] in {name}/Cargo.toml")
        }
        CrateError::NoTarget { target, .. } => format!(
            "run `rustup target add {target}`, or name a rustc that has it in BAKEHOUSE_WASM_RUSTC"
        ),
        CrateError::Storage(error) => return core::storage(error),
    };
    explained.hint(hint)
}
