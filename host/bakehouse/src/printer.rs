//! The two streams: stdout is data, stderr is talk.
//!
//! Nothing else writes to them (`clippy.toml`), and nothing but [`Text`] and
//! JSON is written.

#![allow(clippy::disallowed_methods, reason = "the one place that prints")]

use std::fmt;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::text::{self, Text};

/// A result that was asked for is in no file.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints for one invocation.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    quiet: bool,
}

impl Printer {
    /// A printer; a quiet one keeps its talk to itself.
    #[must_use]
    pub const fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// Whether it keeps its talk to itself.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Prints a result to stdout. A reader that went away is no error.
    pub fn data(&self, text: &Text) {
        data(text.as_str());
    }

    /// Prints how a command went to stdout, unless quiet: who asked for nothing
    /// hears of failures alone.
    pub fn outcome(&self, text: &Text) {
        if !self.quiet {
            data(text.as_str());
        }
    }

    /// Prints a result of one line to stdout.
    pub fn line(&self, words: impl fmt::Display) {
        self.data(&Text::of(words));
    }

    /// Prints a result to stdout as JSON.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn json(&self, value: &impl Serialize) -> serde_json::Result<()> {
        data(&(text::json(value)? + "\n"));
        Ok(())
    }

    /// Tells something on stderr, in one line, unless quiet.
    pub fn talk(&self, words: impl fmt::Display) {
        if !self.quiet {
            tell(&Text::of(words));
        }
    }

    /// Tells one problem, where its log is and what to do next, quiet or not.
    pub fn problem(&self, message: &str, log: Option<&str>, hint: Option<&str>) {
        let mut text = Text::new();
        text.message("error: ", message);
        if let Some(log) = log {
            text.message("log: ", log);
        }
        if let Some(hint) = hint {
            text.message("hint: ", hint);
        }
        match text.as_str().strip_prefix("error") {
            Some(rest) if colours() => {
                let _ = write!(std::io::stderr(), "\u{1b}[1;31merror\u{1b}[0m{rest}");
            }
            _ => tell(&text),
        }
    }
}

fn data(text: &str) {
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        LOST.store(true, Ordering::Relaxed);
        let mut text = Text::new();
        text.message("error: ", &format!("cannot write to stdout: {error}"));
        tell(&text);
    }
}

/// Whether a result could not be written to stdout, other than for want of a
/// reader.
#[must_use]
pub fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Tells something on stderr: whole lines at once, whoever else writes.
pub fn tell(text: &Text) {
    let _ = std::io::stderr().write_all(text.as_str().as_bytes());
}

/// Tells of a bug on stderr, as Rust's own hook does.
pub fn panicked(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let mut text = Text::new();
    let name = thread.name().unwrap_or("<unnamed>");
    text.message(&format!("thread '{name}' "), &panic.to_string());
    let backtrace = std::backtrace::Backtrace::capture();
    if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
        text.message("", &backtrace.to_string());
    }
    tell(&text);
}

/// Whether a person looks at stderr.
#[must_use]
pub fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether what is behind stderr can take back what it shows: a terminal, and
/// not one that is as good as a printer (`TERM=dumb`, or none).
#[must_use]
pub fn draws() -> bool {
    let term = std::env::var_os("TERM");
    is_terminal() && term.is_some_and(|term| !term.is_empty() && term != "dumb")
}

/// Whether stderr is shown in colours.
#[must_use]
pub fn colours() -> bool {
    draws() && std::env::var_os("NO_COLOR").is_none()
}
