//! The Rust that compiles components.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use bakehouse_system::process;
use tokio::process::Command;

use super::CrateError;
use super::metadata::cannot;

/// What components are compiled for.
pub(super) const TARGET: &str = "wasm32-wasip2";
/// A `rustc` that has the target, where the one on PATH has not.
const RUSTC: &str = "BAKEHOUSE_WASM_RUSTC";
/// Longest that rustc may take to answer.
const ANSWER: Duration = Duration::from_secs(30);
/// Longest that rustup may download.
const DOWNLOAD: Duration = Duration::from_secs(300);

/// A compiler with the target's standard library.
#[derive(Debug, Clone)]
pub(super) struct WasmToolchain {
    /// The compiler; none: cargo's own.
    rustc: Option<OsString>,
}

impl WasmToolchain {
    /// The compiler for crates in a folder: the one that
    /// `BAKEHOUSE_WASM_RUSTC` names, or cargo's own, whose target rustup adds
    /// where it is missing.
    ///
    /// # Errors
    /// [`CrateError::NoTarget`] says what was tried.
    pub(super) async fn find(
        folder: &Path,
        say: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, CrateError> {
        let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        if let Some(rustc) = named(RUSTC) {
            return match has_target(&rustc, folder).await {
                true => Ok(Self { rustc: Some(rustc) }),
                false => Err(no_target(format!(
                    "{RUSTC} is {}, which has not its standard library",
                    rustc.to_string_lossy()
                ))),
            };
        }
        let own = named("RUSTC").unwrap_or_else(|| "rustc".into());
        if has_target(&own, folder).await {
            return Ok(Self { rustc: None });
        }
        say(&format!("asking rustup for {TARGET}"));
        add_target(folder).await?;
        match has_target(&own, folder).await {
            true => Ok(Self { rustc: None }),
            false => Err(no_target(
                "rustup added it to another toolchain than the one on PATH".to_owned(),
            )),
        }
    }

    /// Has cargo use it.
    pub(super) fn apply(&self, cargo: &mut Command) {
        if let Some(rustc) = &self.rustc {
            cargo.env("RUSTC", rustc);
        }
    }
}

fn no_target(why: String) -> CrateError {
    CrateError::NoTarget {
        target: TARGET,
        why,
    }
}

/// Whether a compiler has the target's standard library.
async fn has_target(rustc: &OsString, folder: &Path) -> bool {
    let mut command = Command::new(rustc);
    command
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(folder);
    let ended = process::run(command, None, ANSWER, |_| {}).await;
    ended.is_ok_and(|ended| ended.status.success() && Path::new(ended.stdout.trim()).is_dir())
}

async fn add_target(folder: &Path) -> Result<(), CrateError> {
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).current_dir(folder);
    let mut last = String::new();
    let ended = process::run(command, None, DOWNLOAD, |line| {
        if !line.trim().is_empty() {
            line.trim().clone_into(&mut last);
        }
    });
    match ended.await {
        Ok(ended) if ended.status.success() => Ok(()),
        Ok(_) => Err(no_target(format!("rustup cannot add it: {last}"))),
        Err(process::RunError::Start(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(no_target("there is no rustup on PATH to add it".to_owned()))
        }
        Err(error) => Err(cannot("rustup", &error)),
    }
}
