//! The two streams: stdout is data, stderr is talk.
//!
//! Nothing else writes to them (`clippy.toml`), and nothing but [`Text`], [`Row`]s
//! and JSON is written. On a terminal rows may be drawn below all that; whatever is
//! written comes above them.

#![allow(clippy::disallowed_methods, reason = "the one place that prints")]

mod colour;
mod screen;

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bakehouse_core::progress::Event;
use console::Term;
use serde::Serialize;

pub use self::colour::{Colour, choose_colour};
use self::screen::Screen;
use crate::text::{self, Page, Row, Style, Text, event_line};

/// The rows on the terminal behind stderr; held by who writes.
static SCREEN: Mutex<Screen> = Mutex::new(Screen::new());
/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;
/// A result that was asked for is in no file.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints for one invocation.
#[derive(Debug, Clone, Copy)]
pub struct Printer {
    quiet: bool,
    json: bool,
}

impl Printer {
    /// A printer; a quiet one keeps its talk to itself, and one of JSON talks in
    /// events.
    #[must_use]
    pub const fn new(quiet: bool, json: bool) -> Self {
        Self { quiet, json }
    }

    /// Whether it talks in events.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
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

    /// A page for where results go.
    #[must_use]
    pub fn new_page(&self) -> Page {
        Page::new(room())
    }

    /// Prints a result to stdout.
    pub fn page(&self, page: &Page) {
        data(&page.shown(colour::on(std::io::stdout().is_terminal())));
    }

    /// Prints a result to stdout whose lines have a style each, and are as they are
    /// otherwise.
    pub fn painted(&self, lines: &[(Style, Text)]) {
        let colours = colour::on(std::io::stdout().is_terminal());
        let lines = lines.iter().map(|(style, text)| match colours {
            true => style.of_lines(text),
            false => text.as_str().to_owned(),
        });
        data(&lines.collect::<String>());
    }

    /// Prints a result to stdout that is escaped as its own language has it.
    pub fn markup(&self, text: &str) {
        data(text);
    }

    /// Prints how a command went to stdout, unless quiet: who asked for nothing
    /// hears of failures alone.
    pub fn outcome(&self, page: &Page) {
        if !self.quiet {
            self.page(page);
        }
    }

    /// Prints that something is done, in one line to stdout, unless quiet.
    pub fn done(&self, words: impl fmt::Display) {
        if !self.quiet {
            self.line(words);
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
        match (self.quiet, self.json) {
            (true, _) => {}
            (false, true) => say(&event_line(Event::Note {
                message: &words.to_string(),
            })),
            (false, false) => tell(&Text::of(words)),
        }
    }

    /// Tells one problem, quiet or not: its message, and what is known of it, as
    /// names and values.
    pub fn problem(&self, message: &str, more: &[(&str, &str)]) {
        if self.json {
            let of = |name: &str| more.iter().find(|(known, _)| *known == name);
            return say(&event_line(Event::Failure {
                message,
                hint: of("hint").map(|(_, hint)| *hint),
                log: of("log").map(|(_, log)| *log),
            }));
        }
        let mut text = Text::new();
        text.message("error: ", message);
        for (name, value) in more {
            text.message(&format!("{name}: "), value);
        }
        matter(Style::Bad, "error", &text);
    }
}

impl Printer {
    /// Tells something that somebody should look at, and what to do next, quiet or
    /// not.
    pub fn alarm(&self, message: &str, hint: &str) {
        if self.json {
            return say(&event_line(Event::Warning {
                message: &format!("{message}; {hint}"),
            }));
        }
        let mut text = Text::new();
        text.message("warning: ", message);
        text.message("hint: ", hint);
        matter(Style::Odd, "warning", &text);
    }
}

/// A writer of log lines, each escaped already.
#[derive(Debug, Clone, Copy)]
pub struct LogLines;

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        say(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Tells of a matter, whose first line begins with this label. On a terminal lines
/// of words are broken; what a shell is to be given is in hints, and stays whole.
fn matter(style: Style, label: &str, text: &Text) {
    let mut lines = text.as_str().lines();
    let first = lines.next().unwrap_or_default();
    let Some(rest) = first.strip_prefix(label).filter(|_| is_terminal()) else {
        return match text.as_str().strip_prefix(label) {
            Some(rest) if colours() => say(&(style.on(label) + rest)),
            _ => tell(text),
        };
    };
    let columns = columns();
    let first = Row::of(style, label).with(Style::Plain, rest);
    let mut rows = first.broken(columns);
    for line in lines {
        let row = Row::of(Style::Plain, line);
        match line.starts_with("failed: ") {
            true => rows.extend(row.broken(columns)),
            false => rows.push(row),
        }
    }
    show(&rows, 0);
}

fn data(text: &str) {
    clear();
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
    say(text.as_str());
}

/// Tells one event on stderr, as JSON.
pub fn tell_event(event: Event<'_>) {
    say(&event_line(event));
}

/// Shows rows on stderr that stay, in colours where it has some; on a terminal so many
/// of the first are broken between words.
pub fn show(rows: &[Row], breaks: usize) {
    let colours = colours();
    let columns = columns();
    let breaks = if is_terminal() { breaks } else { 0 };
    let rows = rows.iter().enumerate();
    let rows = rows.flat_map(|(place, row)| match place < breaks {
        true => row.broken(columns),
        false => vec![row.clone()],
    });
    let lines = rows.map(|row| match colours {
        true => row.styled() + "\n",
        false => row.plain() + "\n",
    });
    say(&lines.collect::<String>());
}

fn say(lines: &str) {
    let mut screen = screen();
    let lines = screen.above(lines, columns(), colours());
    let _ = std::io::stderr().write_all(lines.as_bytes());
}

/// Draws rows on the terminal behind stderr, below everything else, in place of
/// those that it shows.
pub fn draw(rows: Vec<Row>) {
    let mut screen = screen();
    if let Some(drawn) = screen.draw(rows, columns(), colours()) {
        let _ = std::io::stderr().write_all(drawn.as_bytes());
    }
}

/// Takes away what is drawn.
pub fn clear() {
    let mut screen = screen();
    if let Some(cleared) = screen.clear(columns()) {
        let _ = std::io::stderr().write_all(cleared.as_bytes());
    }
}

fn screen() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn columns() -> usize {
    size().1
}

/// Rows and columns of the terminal behind stderr; those of old where it does not
/// say.
#[must_use]
pub fn size() -> (usize, usize) {
    match Term::stderr().size_checked() {
        Some((rows, columns)) if rows > 0 && columns > 0 => (rows.into(), columns.into()),
        _ => (24, COLUMNS),
    }
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

/// Whether stderr is shown in colours.
#[must_use]
pub fn colours() -> bool {
    colour::on(is_terminal())
}

/// Columns of the terminal behind stdout; none where there is no terminal.
fn room() -> Option<usize> {
    if !std::io::stdout().is_terminal() {
        return None;
    }
    let size = Term::stdout().size_checked();
    let columns = size.map(|(_, columns)| usize::from(columns));
    Some(columns.filter(|columns| *columns > 0).unwrap_or(COLUMNS))
}
