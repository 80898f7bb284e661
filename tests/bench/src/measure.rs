//! Measurements of one process: wall time, CPU time, peak memory.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// A command and where it runs.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: PathBuf,
    /// Its whole environment.
    pub(crate) environment: Vec<(String, OsString)>,
}

/// What it took.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) wall: Duration,
    /// User and system time, with that of its children.
    pub(crate) cpu: Duration,
    /// Largest resident set of it or a child, in bytes.
    pub(crate) memory: u64,
}

impl Sample {
    /// Both, one after the other.
    pub(crate) fn then(self, other: Self) -> Self {
        Self {
            wall: self.wall + other.wall,
            cpu: self.cpu + other.cpu,
            memory: self.memory.max(other.memory),
        }
    }
}

impl Invocation {
    /// Runs it to its end, which must be a good one.
    ///
    /// A small process of its own starts it: a new process counts the memory of
    /// the one that it came from.
    pub(crate) fn sample(&self) -> Result<Sample> {
        let report = tempfile::NamedTempFile::new()?;
        let mut measure = Command::new(std::env::current_exe()?);
        measure.arg("measure").arg(report.path()).arg("--");
        self.finish(measure.arg(&self.program).stdout(Stdio::null()))?;
        Ok(serde_json::from_slice(&std::fs::read(report.path())?)?)
    }

    /// What it prints.
    pub(crate) fn output(&self) -> Result<String> {
        let output = self.finish(&mut Command::new(&self.program))?;
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a command with these arguments, where and as it is to run.
    fn finish(&self, command: &mut Command) -> Result<Output> {
        let output = command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        ensure!(
            output.status.success(),
            "{} {} failed: {}",
            self.program.display(),
            self.arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output)
    }
}

/// Runs a command in the name of [`Invocation::sample`].
pub(crate) fn measure(report: &Path, command: &[OsString]) -> Result<ExitCode> {
    let (program, arguments) = command.split_first().context("no command")?;
    let start = Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .status()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let wall = start.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = |time: nix::sys::time::TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(micros.unsigned_abs())
    };
    let sample = Sample {
        wall,
        cpu: micros(usage.user_time()) + micros(usage.system_time()),
        // In KiB.
        memory: usage.max_rss().unsigned_abs() * 1024,
    };
    std::fs::write(report, serde_json::to_vec(&sample)?)?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
