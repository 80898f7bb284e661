//! Where words go: stdout is data, stderr is talk.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the one place that prints"
)]

use std::io::{IsTerminal as _, Write as _};

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

    /// Prints a result to stdout. A reader that went away is no error.
    pub fn data(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out
            .write_all(text.as_bytes())
            .and_then(|()| {
                if text.ends_with('\n') {
                    Ok(())
                } else {
                    out.write_all(b"\n")
                }
            })
            .and_then(|()| out.flush());
    }

    /// Tells something on stderr, unless quiet.
    pub fn talk(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Tells something on stderr, quiet or not.
    pub fn notice(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Tells one problem, quiet or not.
    pub fn problem(&self, message: &str, hint: Option<&str>) {
        let mut err = std::io::stderr().lock();
        let red = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let label = if red {
            "\u{1b}[1;31merror\u{1b}[0m"
        } else {
            "error"
        };
        let _ = writeln!(err, "{label}: {message}");
        if let Some(hint) = hint {
            let _ = writeln!(err, "hint: {hint}");
        }
    }
}
