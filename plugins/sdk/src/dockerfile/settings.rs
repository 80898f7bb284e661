//! What a stage says of its image, beside what is in it.

use parse_dockerfile::{Instruction, Span};

use super::Editor;
use crate::Error;

impl Editor {
    /// The instructions of a stage that run and copy nothing (`ARG`, `ENV`,
    /// `WORKDIR`, `USER`, `CMD`, ...), in order, as written. With them another
    /// stage becomes an image like it.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the stages when it is not among them.
    pub fn settings(&self, stage: &str) -> Result<Vec<String>, Error> {
        let file = self.read()?;
        let from = self.stage(&file, stage)?.from.span.start;
        let escape = Self::escape(&file);
        let stage = file
            .stages()
            .find(|stage| stage.from.from.span.start == from);
        let instructions = stage.map_or(&[][..], |stage| stage.instructions);
        let text = |span: Span| whole(&self.text[span.start..], escape);
        Ok(instructions.iter().filter_map(setting).map(text).collect())
    }
}

/// The keyword of an instruction that only sets something.
fn setting(instruction: &Instruction<'_>) -> Option<Span> {
    let keyword = match instruction {
        Instruction::Arg(i) => &i.arg,
        Instruction::Cmd(i) => &i.cmd,
        Instruction::Entrypoint(i) => &i.entrypoint,
        Instruction::Env(i) => &i.env,
        Instruction::Expose(i) => &i.expose,
        Instruction::Healthcheck(i) => &i.healthcheck,
        Instruction::Label(i) => &i.label,
        Instruction::Shell(i) => &i.shell,
        Instruction::Stopsignal(i) => &i.stopsignal,
        Instruction::User(i) => &i.user,
        Instruction::Volume(i) => &i.volume,
        Instruction::Workdir(i) => &i.workdir,
        _ => return None,
    };
    Some(keyword.span.clone())
}

/// The instruction at the beginning of a text, with all its lines.
fn whole(text: &str, escape: char) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        lines.push(line);
        let comment = lines.len() > 1 && line.trim_start().starts_with('#');
        if !comment && !line.trim_end().ends_with(escape) {
            break;
        }
    }
    lines.join("\n")
}
