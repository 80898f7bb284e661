//! Settings of a stage's image: its configuration, beside its files.

use bakehouse_dockerfile::Kind;

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
        let stage = self.stage(&file, stage)?;
        let instructions = file.instructions[stage].iter();
        let settings = instructions.filter(|instruction| is_setting(instruction.kind));
        let text = settings.map(|instruction| {
            let line = &instruction.line;
            let all = instruction.keyword.start..instruction.arguments.end;
            self.text[line.place(all)].to_owned()
        });
        Ok(text.collect())
    }
}

/// Whether an instruction only sets something.
fn is_setting(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Arg
            | Kind::Cmd
            | Kind::Entrypoint
            | Kind::Env
            | Kind::Expose
            | Kind::Healthcheck
            | Kind::Label
            | Kind::Shell
            | Kind::Stopsignal
            | Kind::User
            | Kind::Volume
            | Kind::Workdir
    )
}
