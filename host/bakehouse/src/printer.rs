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

/// The colours of lines on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// As all text.
    Plain,
    /// Bold: the head of what follows.
    Bold,
    /// Green: what is new.
    Green,
    /// Red: what is gone.
    Red,
    /// Cyan: a place.
    Cyan,
}

impl Paint {
    /// The lines with the codes around each (ECMA-48, SGR).
    fn on(self, text: &Text) -> String {
        let code = match self {
            Self::Plain => return text.as_str().to_owned(),
            Self::Bold => "1",
            Self::Green => "32",
            Self::Red => "31",
            Self::Cyan => "36",
        };
        let lines = text.as_str().lines();
        lines
            .map(|line| format!("\u{1b}[{code}m{line}\u{1b}[0m\n"))
            .collect()
    }
}

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

    /// Prints a result to stdout, on a terminal in colours.
    pub fn painted(&self, lines: &[(Paint, Text)]) {
        let stdout = std::io::stdout().is_terminal() && is_lively() && !is_colourless();
        let lines = lines.iter().map(|(paint, text)| match stdout {
            true => paint.on(text),
            false => text.as_str().to_owned(),
        });
        data(&lines.collect::<String>());
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
    is_terminal() && is_lively()
}

fn is_lively() -> bool {
    let term = std::env::var_os("TERM");
    term.is_some_and(|term| !term.is_empty() && term != "dumb")
}

fn is_colourless() -> bool {
    std::env::var_os("NO_COLOR").is_some()
}

/// Whether stderr is shown in colours.
#[must_use]
pub fn colours() -> bool {
    draws() && !is_colourless()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_own_colour() {
        let mut text = Text::of("+a\u{1b}[2J");
        text.line("+b");
        assert_eq!(
            Paint::Green.on(&text),
            "\u{1b}[32m+a\\u{1b}[2J\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n"
        );
        assert_eq!(Paint::Plain.on(&text), text.as_str());
    }
}
