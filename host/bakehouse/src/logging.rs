//! Log lines, beside what commands tell.

use std::fmt;

use bakehouse_core::progress::Event as Progressed;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::cli::Cli;
use crate::reporters::Progress;
use crate::{printer, text};

/// Sends log lines to stderr: warnings; with `--verbose` also what recipes say;
/// or what `BAKEHOUSE_LOG` asks for (the syntax of `RUST_LOG`).
pub fn start(cli: &Cli) {
    let level = match (cli.global.quiet, cli.global.verbose) {
        (true, _) => "error",
        (false, true) => "warn,bakehouse=info",
        (false, false) => "warn",
    };
    // Apps with the same recipe compile it at the same time, and its cache warns
    // of all but the first. A certificate that is not trusted is told as an error.
    let default = format!("{level},wasmtime_internal_cache=error,rustls_platform_verifier=off");
    let filter =
        EnvFilter::try_from_env("BAKEHOUSE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let json = cli.global.progress() == Progress::Json;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| printer::LogLines)
        .with_ansi(printer::colours() && !json)
        .event_format(Lines { json })
        .init();
}

/// One line for each event: its level, its message and its fields, of which
/// nothing is obeyed by who shows it.
struct Lines {
    /// Each is an event, as progress is.
    json: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut words = String::new();
        context.format_fields(Writer::new(&mut words), event)?;
        let level = *event.metadata().level();
        if self.json {
            let level = level.as_str().to_lowercase();
            return writer.write_str(&text::event_line(Progressed::Log {
                level: &level,
                message: &words,
            }));
        }
        let words = text::line(&words);
        let (label, between) = label(level);
        if writer.has_ansi_escapes() {
            let colour = colour(level);
            writeln!(writer, "\u{1b}[{colour}m{label}\u{1b}[0m{between}{words}")
        } else {
            writeln!(writer, "{label}{between}{words}")
        }
    }
}

/// What a line of a level begins with, and what parts that from its words: warnings
/// and errors are told as commands tell them.
const fn label(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::ERROR => ("error", ": "),
        Level::WARN => ("warning", ": "),
        Level::INFO => ("INFO", " "),
        Level::DEBUG => ("DEBUG", " "),
        Level::TRACE => ("TRACE", " "),
    }
}

/// The colour of a level (ECMA-48, "Select Graphic Rendition").
const fn colour(level: Level) -> u8 {
    match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_line_that_commands_nothing() {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .event_format(Lines { json: false })
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let said = "::error::a\n##[add-mask]b\u{1b}[2J";
            tracing::warn!(%said, "##[group]{said}");
        });
        let lines = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            lines,
            // The library escapes ESC in messages, but not in fields.
            "warning: ##\\[group]::error::a\\n##\\[add-mask]b\\x1b[2J said=::error::a\\n##\\[add-mask]b\\u{1b}[2J\n"
        );
    }
}
