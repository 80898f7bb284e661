//! `ARG`.

use std::ops::Range;

use bakehouse_dockerfile::{Dockerfile, Kind};

use super::Editor;
use super::editor::Change;
use crate::Error;

/// One name of an `ARG` instruction.
pub(super) struct Declared<'a> {
    /// The instruction.
    instruction: usize,
    /// `NAME` or `NAME=default`, in its line.
    range: Range<usize>,
    pub(super) name: &'a str,
    /// As written.
    pub(super) default: Option<&'a str>,
    /// It is before the first `FROM`.
    pub(super) global: bool,
    /// Its position in the text.
    at: usize,
}

impl Editor {
    /// Whether some `ARG` declares this name.
    ///
    /// # Errors
    /// None, as long as the text is a Dockerfile.
    pub fn has_arg(&self, name: &str) -> Result<bool, Error> {
        let file = self.read()?;
        Ok(Self::declared(&file).iter().any(|arg| arg.name == name))
    }

    /// Sets the default of an `ARG`, wherever it is declared: before the first
    /// `FROM` and wherever a stage has its own default. `value` is taken
    /// literally, `$` too.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the declared ones when it is not among
    /// them, and for a value of several lines.
    pub fn set_arg(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let declared = Self::declared(file);
            let matching: Vec<_> = declared.iter().filter(|arg| arg.name == name).collect();
            if matching.is_empty() {
                let there = declared.iter().map(|arg| (this.line(arg.at), arg.name));
                return Err(this.nothing(&format!("no `ARG {name}` to set"), there));
            }
            if value.contains(['\n', '\r']) {
                let message = format!("the value of `ARG {name}` cannot have several lines");
                return Err(this.error(this.line(matching[0].at), &message));
            }
            let new = format!("{name}={}", quoted(value, file.escape));
            // A stage's `ARG NAME` inherits the global default.
            let inherits = matching.iter().any(|arg| arg.global);
            let changes = matching
                .iter()
                .filter(|arg| arg.default.is_some() || arg.global || !inherits)
                .map(|arg| Change::line(arg.instruction, arg.range.clone(), new.clone()));
            Ok(changes.collect())
        })
    }

    pub(super) fn declared(file: &Dockerfile) -> Vec<Declared<'_>> {
        let mut global = true;
        let mut declared = Vec::new();
        for (index, instruction) in file.instructions.iter().enumerate() {
            global &= instruction.kind != Kind::From;
            if instruction.kind != Kind::Arg {
                continue;
            }
            for range in instruction.words(file.escape) {
                let text = &instruction.line.text()[range.clone()];
                let (name, default) = match text.split_once('=') {
                    Some((name, default)) => (name, Some(default)),
                    None => (text, None),
                };
                let at = instruction.line.place(range.clone()).start;
                declared.push(Declared {
                    instruction: index,
                    range,
                    name,
                    default,
                    global,
                    at,
                });
            }
        }
        declared
    }
}

/// A value as one word that is not expanded.
fn quoted(value: &str, escape: char) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+,=?&%~".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    let mut quoted = String::from('"');
    for c in value.chars() {
        if c == '"' || c == '$' || c == escape {
            quoted.push(escape);
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}
