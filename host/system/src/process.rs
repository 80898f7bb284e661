//! Runs a child process that cannot outlive its use.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::{Access, access};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader,
};
use tokio::process::{Child, ChildStdout, Command};

/// Longer lines are cut; BuildKit's own are far shorter.
const MAX_LINE: usize = 1 << 20;
/// A monorepo's list of files has a tenth of this.
const MAX_STDOUT: u64 = 64 << 20;
const GRACE: Duration = Duration::from_secs(3);

/// The file that a program's name means in these folders (`PATH`), as execvp(3) finds
/// it; the name itself where there is none, or where it is a path.
///
/// A child with a `PATH` of its own is a copy of this process, memory map and all,
/// before it becomes a program that is called by its name; one that is called by its
/// file is spawned (`posix_spawn(3)`), which is milliseconds sooner.
#[must_use]
pub fn located(program: &OsStr, path: Option<&OsStr>) -> OsString {
    if !program.as_bytes().contains(&b'/') {
        let folders = path.map(std::env::split_paths).into_iter().flatten();
        // A relative one would be another where the child works.
        let folders = folders.filter(|folder| folder.is_absolute());
        let files = folders.map(|folder| folder.join(program));
        let may_run = |file: &PathBuf| file.is_file() && access(file, Access::EXEC_OK).is_ok();
        if let Some(file) = files.into_iter().find(may_run) {
            return file.into_os_string();
        }
    }
    program.to_owned()
}

/// A child that ended by itself, and what was made of its stdout.
#[derive(Debug)]
pub struct Ended<T = String> {
    /// The exit status.
    pub status: ExitStatus,
    /// The result of reading its stdout.
    pub stdout: T,
}

/// A child that did not.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It was killed after this time.
    #[error("took longer than {} s", .0.as_secs())]
    Timeout(Duration),
    /// It is not there, or may not be run.
    #[error("cannot be started: {0}")]
    Start(io::Error),
    /// Its pipes broke.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The child's process group. Dropped, it is killed with all its children.
struct Group(Child, Option<Pid>);

/// The groups of children that run.
static GROUPS: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// Kills all children: for a process that ends without dropping what owns them.
pub fn end_children() {
    let groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
    for group in groups.iter() {
        // Fails only if it is gone already.
        let _ = kill_process_group(*group, Signal::KILL);
    }
}

impl Group {
    fn new(child: Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let group = id.and_then(Pid::from_raw);
        let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
        groups.extend(group);
        Self(child, group)
    }

    fn signal(&self, signal: Signal) {
        // One that was waited for may be another's by now.
        if let Some(pid) = self.1.filter(|_| self.0.id().is_some()) {
            // Fails only if it is gone already.
            let _ = kill_process_group(pid, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let mut groups = GROUPS.lock().unwrap_or_else(PoisonError::into_inner);
        groups.retain(|pid| Some(*pid) != self.1);
    }
}

/// Runs a command to its end, handing on each line of its stderr.
///
/// # Errors
/// When it cannot be started, or takes longer than `limit`.
pub async fn run(
    command: Command,
    stdin: Option<&str>,
    limit: Duration,
    on_line: impl FnMut(&str) + Send,
) -> Result<Ended, RunError> {
    let text = async |stdout: ChildStdout| {
        let mut bytes = Vec::new();
        stdout.take(MAX_STDOUT).read_to_end(&mut bytes).await?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    run_into(command, stdin, limit, text, on_line).await
}

/// As [`run`], with stdout taken as it comes. Where taking it fails, the child
/// is ended at once.
///
/// # Errors
/// As [`run`], and with what `take` fails.
pub async fn run_into<T, F>(
    mut command: Command,
    stdin: Option<&str>,
    limit: Duration,
    take: impl FnOnce(ChildStdout) -> F + Send,
    mut on_line: impl FnMut(&str) + Send,
) -> Result<Ended<T>, RunError>
where
    F: Future<Output = io::Result<T>>,
{
    command
        .stdin(if stdin.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = Group::new(command.spawn().map_err(RunError::Start)?);
    let input = child.0.stdin.take().zip(stdin);
    let stdout = child.0.stdout.take();
    let stderr = child.0.stderr.take();

    let feed = async {
        if let Some((mut pipe, text)) = input {
            // A child that ended early says why itself.
            let _ = pipe.write_all(text.as_bytes()).await;
            let _ = pipe.shutdown().await;
        }
    };
    let collect = async {
        match stdout {
            Some(pipe) => take(pipe).await,
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    };
    let follow = async {
        if let Some(pipe) = stderr {
            let mut pipe = BufReader::with_capacity(1 << 16, pipe);
            while let Some(line) = next_line(&mut pipe).await? {
                on_line(&line);
            }
        }
        Ok::<_, io::Error>(())
    };
    let whole = async {
        let feed = async {
            feed.await;
            Ok(())
        };
        let ((), stdout, ()) = tokio::try_join!(feed, collect, follow)?;
        Ok::<_, io::Error>((child.0.wait().await?, stdout))
    };
    let error = match tokio::time::timeout(limit, whole).await {
        Ok(Ok((status, stdout))) => return Ok(Ended { status, stdout }),
        Ok(Err(e)) => e.into(),
        Err(_) => RunError::Timeout(limit),
    };
    // Lets buildx tell BuildKit before it is killed.
    child.signal(Signal::TERM);
    let _ = tokio::time::timeout(GRACE, child.0.wait()).await;
    Err(error)
}

async fn next_line(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    loop {
        let bytes = from.fill_buf().await?;
        if bytes.is_empty() {
            let text = String::from_utf8_lossy(&line).into_owned();
            return Ok((!line.is_empty()).then_some(text));
        }
        let end = bytes.iter().position(|b| *b == b'\n');
        let piece = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        let room = MAX_LINE.saturating_sub(line.len()).min(piece.len());
        line.extend_from_slice(piece.get(..room).unwrap_or_default());
        let used = end.map_or(bytes.len(), |end| end + 1);
        from.consume(used);
        if end.is_some() {
            return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_first_file_that_may_be_run() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let put = |folder: &str, mode| {
            let folder = dir.path().join(folder);
            std::fs::create_dir(&folder).unwrap();
            let file = folder.join("x");
            std::fs::write(&file, "").unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            folder
        };
        let (plain, first, second) = (put("a", 0o644), put("b", 0o755), put("c", 0o755));
        std::fs::create_dir(dir.path().join("x")).unwrap();
        let folders = [
            ".".into(),
            dir.path().to_owned(),
            plain,
            first.clone(),
            second,
        ];
        let path = std::env::join_paths(folders).unwrap();
        let found = |name: &str| located(OsStr::new(name), Some(&path));
        assert_eq!(found("x"), first.join("x"));
        assert_eq!(found("y"), "y");
        assert_eq!(found("./x"), "./x");
        assert_eq!(located(OsStr::new("x"), None), "x");
    }

    fn sh(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn hands_on_lines_and_stdin() {
        let mut lines = Vec::new();
        let script = "cat; printf 'one\\ntwo' >&2; exit 3";
        let ended = run(sh(script), Some("in"), Duration::from_secs(5), |line| {
            lines.push(line.to_owned());
        })
        .await
        .unwrap();
        assert_eq!(ended.status.code(), Some(3));
        assert_eq!(ended.stdout, "in");
        assert_eq!(lines, ["one", "two"]);
    }

    #[tokio::test]
    async fn a_child_whose_output_is_not_wanted_ends() {
        let first = async |mut stdout: ChildStdout| {
            let mut bytes = [0; 4];
            stdout.read_exact(&mut bytes).await?;
            Err::<(), _>(io::Error::other("enough"))
        };
        let endless = sh("yes; sleep 60");
        let limit = Duration::from_secs(30);
        let ended = run_into(endless, None, limit, first, |_| {}).await;
        let error = ended.unwrap_err();
        assert!(
            matches!(&error, RunError::Io(e) if e.to_string() == "enough"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_hung_child_ends_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let script = format!(
            "sleep 60 & echo $! >{}; trap '' TERM; wait; sleep 60",
            file.display()
        );
        let limit = Duration::from_millis(300);
        let error = run(sh(&script), None, limit, |_| {}).await.unwrap_err();
        assert!(matches!(error, RunError::Timeout(_)), "{error}");
        let pid = std::fs::read_to_string(file).unwrap();
        gone(pid.trim()).await;
    }

    #[tokio::test]
    async fn a_cancelled_child_ends_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let script = format!("sleep 60 & echo $! >{}; wait", file.display());
        let running = tokio::spawn(run(sh(&script), None, Duration::from_secs(60), |_| {}));
        let pid = loop {
            match std::fs::read_to_string(&file) {
                Ok(text) if text.ends_with('\n') => break text,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        };
        running.abort();
        gone(pid.trim()).await;
    }

    async fn gone(pid: &str) {
        for _ in 0..200 {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            // A zombie only waits for its new parent.
            if stat.is_err() || stat.is_ok_and(|s| s.contains(") Z ")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("process {pid} is still there");
    }
}
