//! `RUN`.

use std::ops::Range;

use parse_dockerfile::{Command, Dockerfile, Instruction, RunInstruction};

use super::Editor;
use super::editor::Splice;
use super::shell::commands;
use crate::Error;

/// A command of a `RUN` step that an edit is about.
struct Found<'a, 'b> {
    run: &'b RunInstruction<'a>,
    /// The command's place in the text.
    command: Range<usize>,
}

impl Editor {
    /// Replaces commands of `RUN` steps: every one that has all of `parts` in
    /// it. `with` makes the new command of the old. Other commands of the same
    /// step stay.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the `RUN` steps when none has such a
    /// command.
    pub fn replace_command(
        &mut self,
        parts: &[&str],
        with: impl Fn(&str) -> String,
    ) -> Result<(), Error> {
        self.edit(|this, file| {
            let found = this.find(file, parts)?.into_iter().map(|found| {
                let new = with(&this.text[found.command.clone()]);
                (found.command, new)
            });
            Ok(found.collect())
        })
    }

    /// Adds a mount to the `RUN` steps that have a command with all of `parts`
    /// in it; `mount` is what follows `--mount=`.
    ///
    /// # Errors
    /// As [`replace_command`](Self::replace_command).
    pub fn add_mount(&mut self, parts: &[&str], mount: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let mut splices: Vec<Splice> = Vec::new();
            for found in this.find(file, parts)? {
                let end = found.run.run.span.end;
                if !splices.iter().any(|(at, _)| at.start == end) {
                    splices.push((end..end, format!(" --mount={mount}")));
                }
            }
            Ok(splices)
        })
    }

    /// Inserts lines before the first `RUN` step that has a command with all
    /// of `parts` in it.
    ///
    /// # Errors
    /// As [`replace_command`](Self::replace_command).
    pub fn insert_before_run(&mut self, parts: &[&str], lines: &[&str]) -> Result<(), Error> {
        self.edit(|this, file| {
            let found = this.find(file, parts)?;
            let start = found.first().map_or(0, |found| found.run.run.span.start);
            Ok(vec![(start..start, this.lines(lines))])
        })
    }

    /// Whether some `RUN` step has a command with all of `parts` in it.
    ///
    /// # Errors
    /// None, as long as the text is a Dockerfile.
    pub fn has_command(&self, parts: &[&str]) -> Result<bool, Error> {
        let file = self.read()?;
        Ok(self.find(&file, parts).is_ok())
    }

    fn find<'a, 'b>(
        &self,
        file: &'b Dockerfile<'a>,
        parts: &[&str],
    ) -> Result<Vec<Found<'a, 'b>>, Error> {
        let escape = Self::escape(file);
        let runs = || {
            file.instructions.iter().filter_map(|i| match i {
                Instruction::Run(run) => Some(run),
                _ => None,
            })
        };
        let mut found = Vec::new();
        for run in runs() {
            for place in shell_text(run) {
                let text = &self.text[place.clone()];
                for command in commands(text, escape) {
                    let has_all = parts
                        .iter()
                        .all(|part| text[command.clone()].contains(part));
                    if has_all {
                        let command = place.start + command.start..place.start + command.end;
                        found.push(Found { run, command });
                    }
                }
            }
        }
        if found.is_empty() {
            let wanted = format!(
                "no RUN step with a command that has `{}`",
                parts.join("` and `")
            );
            let there = runs().map(|run| {
                let start = run.run.span.start;
                (start, &self.text[start..end(run)])
            });
            return Err(self.nothing(&wanted, there));
        }
        Ok(found)
    }
}

/// Where a step's shell text is: its here-documents, or the rest of its lines.
/// The exec form has none.
fn shell_text(run: &RunInstruction<'_>) -> Vec<Range<usize>> {
    if !run.here_docs.is_empty() {
        return run.here_docs.iter().map(|doc| doc.span.clone()).collect();
    }
    match &run.arguments {
        Command::Shell(text) => vec![text.span.clone()],
        _ => Vec::new(),
    }
}

fn end(run: &RunInstruction<'_>) -> usize {
    match &run.arguments {
        Command::Shell(text) => text.span.end,
        Command::Exec(words) => words.span.end,
        _ => run.run.span.end,
    }
}
