//! Ways to show progress.

use clap::ValueEnum;

/// A way to show progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Progress {
    /// By what stderr is.
    #[default]
    Auto,
    /// Drawn on a terminal; line by line where there is none.
    Tty,
    /// Line by line.
    Plain,
    /// One event a line.
    Json,
}
