//! `FROM`: stages, their bases and platforms.

use parse_dockerfile::{Dockerfile, FromInstruction};

use super::Editor;
use super::editor::Splice;
use crate::Error;

/// One build stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The name after `AS`.
    pub name: Option<String>,
    /// What it starts from, as written: a reference, another stage, or text
    /// with variables in it.
    pub base: String,
    /// The line of its `FROM`, from 1.
    pub line: usize,
}

impl Editor {
    /// The stages, in order.
    ///
    /// # Errors
    /// None, as long as the text is a Dockerfile.
    pub fn stages(&self) -> Result<Vec<Stage>, Error> {
        let file = self.read()?;
        let stage = |from: &FromInstruction<'_>| Stage {
            name: from.as_.as_ref().map(|(_, name)| name.value.to_string()),
            base: from.image.value.to_string(),
            line: self.line(from.from.span.start),
        };
        Ok(file.stages().map(|s| stage(s.from)).collect())
    }

    /// Makes a stage run on the machine that builds, whatever it builds for:
    /// `FROM --platform=$BUILDPLATFORM`. `stage` is its name or its number from
    /// 0, as in `COPY --from`.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the stages when it is not among them.
    pub fn pin_to_build_platform(&mut self, stage: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let from = this.stage(file, stage)?;
            let mut options = from.options.iter();
            let splice = match options.find(|flag| flag.name.value == "platform") {
                Some(flag) => (flag.span(), "--platform=$BUILDPLATFORM".to_owned()),
                None => {
                    let start = from.image.span.start;
                    (start..start, "--platform=$BUILDPLATFORM ".to_owned())
                }
            };
            Ok(vec![splice])
        })
    }

    /// Starts from another image where a stage starts from `base`: the text
    /// after `FROM` as it is, or that without tag and digest.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the bases when it is not among them.
    pub fn replace_base(&mut self, base: &str, with: &str) -> Result<(), Error> {
        self.edit(|this, file| {
            let splices: Vec<Splice> = file
                .stages()
                .map(|stage| &stage.from.image)
                .filter(|image| image.value == base || repository(&image.value) == base)
                .map(|image| (image.span.clone(), with.to_owned()))
                .collect();
            if splices.is_empty() {
                let wanted = format!("no stage from `{base}`");
                return Err(this.nothing(&wanted, this.froms(file)));
            }
            Ok(splices)
        })
    }

    /// The `FROM` of a stage.
    pub(super) fn stage<'a, 'b>(
        &self,
        file: &'b Dockerfile<'a>,
        stage: &str,
    ) -> Result<&'b FromInstruction<'a>, Error> {
        let named = |from: &&FromInstruction<'_>| {
            let name = from.as_.as_ref().map(|(_, name)| name.value.as_ref());
            name.is_some_and(|name| name.eq_ignore_ascii_case(stage))
        };
        let mut stages = file.stages().map(|stage| stage.from);
        let number = || file.stages().nth(stage.parse().ok()?);
        stages
            .find(named)
            .or_else(|| number().map(|stage| stage.from))
            .ok_or_else(|| self.nothing(&format!("no stage `{stage}`"), self.froms(file)))
    }

    /// Position and arguments of every `FROM`.
    fn froms<'a>(
        &'a self,
        file: &Dockerfile<'_>,
    ) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let spans: Vec<_> = file
            .stages()
            .map(|stage| {
                let from = stage.from;
                let end = from.as_.as_ref().map_or(&from.image, |(_, name)| name);
                from.from.span.start..end.span.end
            })
            .collect();
        spans.into_iter().map(|span| (span.start, &self.text[span]))
    }
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
