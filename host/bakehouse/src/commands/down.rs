//! `bakehouse down`

use anyhow::Result;

use super::Session;
use crate::failure::ExitCode;
use crate::up::{Home, UpError, Work};

/// Stops what `bakehouse up` started, and nothing else. What was unpacked stays.
pub(super) async fn down(session: &Session) -> Result<ExitCode> {
    let home = Home::of_user().ok_or(UpError::Home)?;
    let say = |line: &str| session.printer.talk(format_args!("==> {line}"));
    let work = Work {
        home: &home,
        say: &say,
    };
    let _lock = home.lock().await?;
    let stopped = work.down().await?;
    if stopped.is_empty() {
        session
            .printer
            .talk("nothing that `bakehouse up` started runs");
    }
    for line in stopped {
        session.printer.done(line);
    }
    Ok(ExitCode::Success)
}
