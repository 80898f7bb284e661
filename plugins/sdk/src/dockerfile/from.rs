//! `FROM`: stages, their bases and platforms.

use std::ops::Range;

use bakehouse_dockerfile::{Dockerfile, Instruction};

use super::Editor;
use super::editor::Change;
use crate::Error;

/// One build stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The name after `AS`.
    pub name: Option<String>,
    /// The base that it starts from, as written: a reference, another stage, or
    /// text with variables in it.
    pub base: String,
    /// The line of its `FROM`, from 1.
    pub line: usize,
}

const FLAG: &str = "--platform=$BUILDPLATFORM";

impl Editor {
    /// The stages, in order.
    ///
    /// # Errors
    /// None, as long as the text is a Dockerfile.
    pub fn stages(&self) -> Result<Vec<Stage>, Error> {
        let file = self.read()?;
        let stages = froms(&file).map(|(_, from)| Stage {
            name: name(from).map(str::to_owned),
            base: base(from).to_owned(),
            line: from.numbers.0,
        });
        Ok(stages.collect())
    }

    /// Makes a stage run on the machine that builds, whatever it builds for:
    /// `FROM --platform=$BUILDPLATFORM`. `stage` is its name or its number from
    /// 0, as in `COPY --from`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the stages when it is not among them, or
    /// when two have the name.
    pub fn pin_to_build_platform(&mut self, stage: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let at = this.stage(file, stage)?.start;
            let from = &file.instructions[at];
            let mut flags = from.flags.iter();
            let change = match flags.find(|flag| flag.value("platform").is_some()) {
                Some(flag) => Change::line(at, flag.range.clone(), FLAG.to_owned()),
                None => {
                    let end = from.keyword.end;
                    Change::line(at, end..end, format!(" {FLAG}"))
                }
            };
            Ok(vec![change])
        })
    }

    /// Starts from another image where a stage starts from `base`: the text
    /// after `FROM` as it is, or that without tag and digest.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the bases when it is not among them.
    pub fn replace_base(&mut self, base: &str, with: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let changes: Vec<_> = froms(file)
                .filter(|(_, from)| {
                    let image = self::base(from);
                    image == base || repository(image) == base
                })
                .map(|(at, from)| Change::line(at, image(from), with.to_owned()))
                .collect();
            let Some(first) = changes.first() else {
                let wanted = format!("no stage from `{base}`");
                return Err(this.nothing(&wanted, lines(file)));
            };
            if with.is_empty() || with.contains(char::is_whitespace) {
                let line = file.instructions[first.instruction].numbers.0;
                return Err(this.error(line, &format!("`{with}` is no image to start from")));
            }
            Ok(changes)
        })
    }

    /// The instructions of a stage: places among all, its `FROM` first.
    pub(super) fn stage(&self, file: &Dockerfile, stage: &str) -> Result<Range<usize>, Error> {
        let stages = file.stages();
        let named = |of: &&Range<usize>| {
            let name = name(&file.instructions[of.start]);
            name.is_some_and(|name| name.eq_ignore_ascii_case(stage))
        };
        let mut found = stages.iter().filter(named);
        let (first, second) = (found.next(), found.next());
        if let Some(second) = second {
            let line = file.instructions[second.start].numbers.0;
            return Err(self.error(line, &format!("a second stage `{stage}`")));
        }
        let number = || stages.get(stage.parse::<usize>().ok()?);
        first
            .or_else(number)
            .cloned()
            .ok_or_else(|| self.nothing(&format!("no stage `{stage}`"), lines(file)))
    }
}

/// Every `FROM`, with its place among all instructions.
fn froms(file: &Dockerfile) -> impl Iterator<Item = (usize, &Instruction)> {
    let stages = file.stages().into_iter();
    stages.map(|stage| (stage.start, &file.instructions[stage.start]))
}

/// Line number and text of every `FROM`.
fn lines(file: &Dockerfile) -> impl Iterator<Item = (usize, &str)> {
    froms(file).map(|(_, from)| (from.numbers.0, from.line.text()))
}

/// The range of the image in a `FROM` line.
pub(super) fn image(from: &Instruction) -> Range<usize> {
    let words = from.words('\\');
    words.first().cloned().unwrap_or_default()
}

pub(super) fn base(from: &Instruction) -> &str {
    &from.line.text()[image(from)]
}

/// The name that follows `AS`.
pub(super) fn name(from: &Instruction) -> Option<&str> {
    let words = from.words('\\');
    words.get(2).map(|name| &from.line.text()[name.clone()])
}

/// A reference without tag and digest.
fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        // The colon of a port comes before a slash.
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    }
}
