//! `RUN`.

use bakehouse_dockerfile::{Dockerfile, Instruction, Kind, Line};

use super::Editor;
use super::editor::{Change, Place, short};
use super::script::{Script, scripts};
use crate::Error;

/// A shell text with commands that an edit is about.
struct Found<'f> {
    script: Script<'f>,
    /// Its commands, in its text.
    commands: Vec<std::ops::Range<usize>>,
    /// Those with all the parts.
    matching: Vec<usize>,
}

impl Editor {
    /// Replaces commands of `RUN` steps: every one that has all of `parts` in
    /// it. `with` makes the new command of the old. Other commands of the same
    /// step stay.
    ///
    /// A pipeline is one command; what `if`, `for`, `(` and their like hold are
    /// commands of their own.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the `RUN` steps when none has such a
    /// command; naming the line where `parts` are in a step that cannot be taken
    /// apart: another program's here-document, another shell than `sh` and `bash`,
    /// text that shells read differently; and where the new command would change
    /// others.
    pub fn replace_command(
        &mut self,
        parts: &[&str],
        with: impl Fn(&str) -> String,
    ) -> Result<(), Error> {
        let mut edited = self.clone();
        let mut expected = Vec::new();
        edited.edit(|this, file| {
            let mut changes = Vec::new();
            for found in this.find(file, parts)? {
                let script = &found.script;
                let mut after = Vec::new();
                for (index, command) in found.commands.iter().enumerate() {
                    if !found.matching.contains(&index) {
                        after.push(script.text[command.clone()].to_owned());
                        continue;
                    }
                    let place = script.place(file, command.clone());
                    let new = with(&this.text[place.clone()]);
                    after.extend(this.alone(file, script, &new)?);
                    let place = match script.heredoc {
                        None => {
                            let start = script.start;
                            Place::Line(start + command.start..start + command.end)
                        }
                        Some(heredoc) => Place::Body(heredoc, place),
                    };
                    changes.push(Change {
                        instruction: script.instruction,
                        place,
                        with: new,
                    });
                }
                expected.push((script.instruction, script.heredoc, after));
            }
            Ok(changes)
        })?;
        // A quote or a comment in the new command may reach beyond it.
        let file = edited.read()?;
        let mut now = scripts(&edited.text, &file).into_iter();
        for (instruction, heredoc, commands) in expected {
            let mut same = |s: &Script<'_>| (s.instruction, s.heredoc) == (instruction, heredoc);
            let script = now.find(&mut same);
            let read = script.and_then(|script| {
                let found = script.commands().ok()?.into_iter();
                Some(
                    found
                        .map(|command| script.text[command].to_owned())
                        .collect(),
                )
            });
            if read != Some(commands) {
                let line = file.instructions[instruction].numbers.0;
                let message =
                    "the new command would change others of this step; nothing was changed";
                return Err(self.error(line, message));
            }
        }
        *self = edited;
        Ok(())
    }

    /// The commands of a new command.
    fn alone(
        &self,
        file: &Dockerfile,
        script: &Script<'_>,
        new: &str,
    ) -> Result<Vec<String>, Error> {
        let text = match script.heredoc {
            None => Line::join(new, file.escape),
            Some(_) => new.to_owned(),
        };
        let alone = Script {
            text: &text,
            ..*script
        };
        match alone.commands() {
            Ok(commands) if !commands.is_empty() => {
                Ok(commands.into_iter().map(|c| text[c].to_owned()).collect())
            }
            _ => {
                let line = file.instructions[script.instruction].numbers.0;
                Err(self.error(line, &format!("`{}` is no command", short(new))))
            }
        }
    }

    /// Adds a mount to the `RUN` steps that have a command with all of `parts`
    /// in it; `mount` is what follows `--mount=`.
    ///
    /// # Errors
    /// As [`replace_command`](Self::replace_command).
    pub fn add_mount(&mut self, parts: &[&str], mount: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let mut changes: Vec<Change> = Vec::new();
            for found in this.find(file, parts)? {
                let index = found.script.instruction;
                let run = &file.instructions[index];
                if mount.contains(|c: char| c.is_whitespace() || "'\"\\`".contains(c)) {
                    return Err(this.error(run.numbers.0, &format!("`{mount}` is no mount")));
                }
                if changes.last().is_none_or(|last| last.instruction != index) {
                    let end = run.keyword.end;
                    changes.push(Change::line(index, end..end, format!(" --mount={mount}")));
                }
            }
            Ok(changes)
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
            let first = found.first().map_or(0, |found| found.script.instruction);
            Ok(vec![Change::before(first, this.lines(lines))])
        })
    }

    /// Whether some `RUN` step has a command with all of `parts` in it.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the line where `parts` are in a step that
    /// cannot be taken apart, as [`replace_command`](Self::replace_command).
    pub fn has_command(&self, parts: &[&str]) -> Result<bool, Error> {
        Ok(!self.matching(&self.read()?, parts)?.is_empty())
    }

    fn find<'f>(&'f self, file: &'f Dockerfile, parts: &[&str]) -> Result<Vec<Found<'f>>, Error> {
        let found = self.matching(file, parts)?;
        if found.is_empty() {
            let wanted = format!(
                "no RUN step with a command that has `{}`",
                parts.join("` and `")
            );
            let is_run = |i: &&Instruction| i.kind == Kind::Run;
            let runs = file.instructions.iter().filter(is_run);
            let there = runs.map(|run| (run.numbers.0, run.line.text()));
            return Err(self.nothing(&wanted, there));
        }
        Ok(found)
    }

    fn matching<'f>(
        &'f self,
        file: &'f Dockerfile,
        parts: &[&str],
    ) -> Result<Vec<Found<'f>>, Error> {
        let has_all = |text: &str| parts.iter().all(|part| text.contains(part));
        let mut all = Vec::new();
        for script in scripts(&self.text, file) {
            if !has_all(script.text) {
                continue;
            }
            let commands = script.commands().map_err(|(at, why)| {
                let line = self.line(script.place(file, at..at).start);
                let what = parts.join("` and `");
                self.error(
                    line,
                    &format!("no command with `{what}` can be told apart: {why}"),
                )
            })?;
            let matching = commands.iter().enumerate();
            let matching =
                matching.filter(|(_, command)| has_all(&script.text[(*command).clone()]));
            let matching: Vec<_> = matching.map(|(index, _)| index).collect();
            if !matching.is_empty() {
                all.push(Found {
                    script,
                    commands,
                    matching,
                });
            }
        }
        Ok(all)
    }
}
