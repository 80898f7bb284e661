//! A process that outlives this program, told from others that have its number
//! later.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

/// Longest that a process may take to end when it is asked to.
const GRACE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(100);

/// A process, by its number and when it was started (proc(5), `stat`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: i32,
    /// Clock ticks between the machine's start and its own.
    pub started: u64,
}

impl ProcessId {
    /// The process of this number, where there is one.
    pub(super) fn of(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let started = started(&stat)?;
        Some(Self { pid, started })
    }

    /// It runs.
    pub(super) fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// A path is among its arguments.
    pub(super) fn is_about(self, path: &Path) -> bool {
        let line = std::fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        let path = path.as_os_str().as_encoded_bytes();
        line.windows(path.len()).any(|window| window == path)
    }

    /// Asks it to end, and ends it where it does not.
    pub(super) async fn end(self) {
        self.signal(Signal::TERM);
        let end = Instant::now() + GRACE;
        while self.is_alive() && Instant::now() < end {
            sleep(PAUSE).await;
        }
        self.signal(Signal::KILL);
    }

    fn signal(self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) {
            // Fails only if it is gone already.
            let _ = kill_process(pid, signal);
        }
    }
}

/// The time at which a process was started; none for one that ended and is not waited for.
fn started(stat: &str) -> Option<u64> {
    // The name may have spaces and brackets of its own.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    (state != "Z")
        .then(|| fields.nth(18)?.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_its_number_and_its_start() {
        let stat =
            "2817 (dock (er) d) S 1 2817 2817 0 -1 4194560 1 0 0 0 25 14 0 0 20 0 12 0 8471 5 6 7";
        assert_eq!(started(stat), Some(8471));
        assert_eq!(started(&stat.replace(") S", ") Z")), None);
        let me = i32::try_from(std::process::id()).unwrap();
        let me = ProcessId::of(me).unwrap();
        assert!(me.is_alive());
        let other = ProcessId {
            started: me.started + 1,
            ..me
        };
        assert!(!other.is_alive());
    }
}
