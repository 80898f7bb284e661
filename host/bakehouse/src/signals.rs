//! Ctrl-C and SIGTERM, answered whatever the run is at.
//!
//! A signal drops the command, and with it the child processes that it owns.
//! What does not let go, a read from a file system that hangs, say, gets a moment
//! for it: then the process ends without it.

use std::time::Duration;

use bakehouse_system::process::end_children;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::failure::ExitCode;

/// How long the command has to let go.
const GRACE: Duration = Duration::from_secs(3);

/// Ends at Ctrl-C or SIGTERM. A few seconds later, or at the second signal, the
/// process ends, unless it has.
pub async fn interrupted() {
    let (tell, told) = oneshot::channel();
    // A thread of its own: those of the run may all be busy.
    let watch = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || watch(tell));
    if watch.is_err() || told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn watch(tell: oneshot::Sender<()>) {
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
                got = interrupt.recv() => got,
                got = terminate.recv() => got,
            }
        };
        if next().await.is_none() {
            return;
        }
        let _ = tell.send(());
        let _ = tokio::time::timeout(GRACE, next()).await;
        end_children();
        std::process::exit(ExitCode::Interrupted.code().into());
    });
}
