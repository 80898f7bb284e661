//! `ARG`.

use std::ops::Range;

use parse_dockerfile::{Dockerfile, Instruction};

use super::Editor;
use super::words::words;
use crate::Error;

/// One name of an `ARG` instruction.
pub(super) struct Declared<'a> {
    /// `NAME` or `NAME=default`, in the text.
    pub(super) span: Range<usize>,
    pub(super) name: &'a str,
    pub(super) has_default: bool,
    /// It is before the first `FROM`.
    pub(super) global: bool,
}

impl Editor {
    /// Whether some `ARG` declares this name.
    ///
    /// # Errors
    /// None, as long as the text is a Dockerfile.
    pub fn has_arg(&self, name: &str) -> Result<bool, Error> {
        Ok(self
            .declared(&self.read()?)
            .iter()
            .any(|arg| arg.name == name))
    }

    /// Sets the default of an `ARG`, wherever it is declared: before the first
    /// `FROM` and wherever a stage has its own default. `value` is taken
    /// literally, `$` too.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the declared ones when it is not among
    /// them.
    pub fn set_arg(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let declared = this.declared(file);
            let matching: Vec<_> = declared.iter().filter(|arg| arg.name == name).collect();
            if matching.is_empty() {
                let there = declared.iter().map(|arg| (arg.span.start, arg.name));
                return Err(this.nothing(&format!("no `ARG {name}` to set"), there));
            }
            let new = format!("{name}={}", quoted(value, Self::escape(file)));
            // A stage's `ARG NAME` inherits the global default.
            let inherits = matching.iter().any(|arg| arg.global);
            let splices = matching
                .iter()
                .filter(|arg| arg.has_default || arg.global || !inherits)
                .map(|arg| (arg.span.clone(), new.clone()));
            Ok(splices.collect())
        })
    }

    pub(super) fn declared(&self, file: &Dockerfile<'_>) -> Vec<Declared<'_>> {
        let escape = Self::escape(file);
        let mut global = true;
        let mut declared = Vec::new();
        for instruction in &file.instructions {
            match instruction {
                Instruction::From(_) => global = false,
                Instruction::Arg(arg) => {
                    let all = arg.arguments.span.clone();
                    for word in words(&self.text[all.clone()], escape) {
                        let span = all.start + word.start..all.start + word.end;
                        let text = &self.text[span.clone()];
                        let (name, has_default) = match text.split_once('=') {
                            Some((name, _)) => (name, true),
                            None => (text, false),
                        };
                        declared.push(Declared {
                            span,
                            name,
                            has_default,
                            global,
                        });
                    }
                }
                _ => {}
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
