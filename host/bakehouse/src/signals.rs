//! Ctrl-C and SIGTERM, answered whatever the run is at.
//!
//! The first signal drops the command, and with it the child processes that it
//! owns; then it is told what was done. What does not let go, a read from a file
//! system that hangs, say, gets a moment for it: then the process ends without it.
//! The second signal ends the process at once.

use std::time::Duration;

use bakehouse_system::process::end_children;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::failure::ExitCode;

/// The time that the command has to let go.
const GRACE: Duration = Duration::from_secs(3);
/// The time that the telling may take after that.
const TELLING: Duration = Duration::from_secs(2);

/// Ends at Ctrl-C or SIGTERM, with the name of it. A few seconds later the process
/// ends, unless it has, and `late` is called before with the same name; at the
/// second signal it ends at once.
pub async fn interrupted(late: impl Fn(&str) + Send + 'static) -> &'static str {
    let (tell, told) = oneshot::channel();
    // A thread of its own: those of the run may all be busy.
    let watch = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || watch(tell, late));
    match (watch, told.await) {
        (Ok(_), Ok(signal)) => signal,
        _ => std::future::pending().await,
    }
}

fn watch(tell: oneshot::Sender<&'static str>, late: impl Fn(&str) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return;
    };
    runtime.block_on(async {
        let kinds = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        );
        let (Ok(mut interrupt), Ok(mut terminate)) = kinds else {
            return;
        };
        let mut next = async || {
            tokio::select! {
                got = interrupt.recv() => got.map(|()| "Ctrl-C"),
                got = terminate.recv() => got.map(|()| "SIGTERM"),
            }
        };
        let Some(first) = next().await else {
            return;
        };
        let _ = tell.send(first);
        if tokio::time::timeout(GRACE, next()).await.is_err() {
            end_children();
            // What hangs may hang the telling, too.
            let telling = tokio::task::spawn_blocking(move || late(first));
            tokio::select! {
                _ = tokio::time::timeout(TELLING, telling) => {}
                _ = next() => {}
            }
        }
        end_children();
        std::process::exit(ExitCode::Interrupted.code().into());
    });
}
