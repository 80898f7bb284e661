//! A whole Dockerfile.

use std::ops::Range;

use crate::directive::Directives;
use crate::heredoc::{self, Heredoc};
use crate::instruction::{self, Instruction, Kind};
use crate::line::{Line, Physical, continued, is_comment, without_end};
use crate::{Unreadable, words};

/// The longest physical line that BuildKit reads, in bytes, without its end.
const LONGEST_LINE: usize = 65_535;

/// A Dockerfile's instructions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dockerfile {
    /// Continues a line: `\`, unless `# escape=` says otherwise.
    pub escape: char,
    /// Its instructions, in order.
    pub instructions: Vec<Instruction>,
}

impl Dockerfile {
    /// Reads a Dockerfile. A byte order mark does not count.
    ///
    /// # Errors
    /// [`Unreadable`] for what BuildKit does not take, and for what it may not
    /// read as this does.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let mut reader = Reader {
            lines: Physical::new(text),
            directives: Directives::new(),
            instructions: Vec::new(),
            staged: false,
        };
        while reader.instruction()? {}
        if !reader.staged {
            let last = reader.lines.number.max(1);
            return Err(Unreadable::new(last, "no stage: FROM is missing"));
        }
        Ok(Self {
            escape: reader.directives.escape,
            instructions: reader.instructions,
        })
    }

    /// The stages: places of their instructions among all, `FROM` first.
    #[must_use]
    pub fn stages(&self) -> Vec<Range<usize>> {
        let all = self.instructions.iter().enumerate();
        let starts = all.filter(|(_, i)| i.kind == Kind::From).map(|(at, _)| at);
        let starts: Vec<_> = starts.collect();
        let ends = starts
            .iter()
            .skip(1)
            .copied()
            .chain([self.instructions.len()]);
        starts
            .iter()
            .copied()
            .zip(ends)
            .map(|(s, e)| s..e)
            .collect()
    }
}

impl Instruction {
    /// The ranges of its words: the texts that white space separates, for `ARG`
    /// white space that is not quoted.
    #[must_use]
    pub fn words(&self, escape: char) -> Vec<Range<usize>> {
        let (text, range) = (self.line.text(), self.arguments.clone());
        match self.kind {
            Kind::Arg => words::assignments(text, range, escape),
            _ => words::words(text, range),
        }
    }
}

struct Reader<'a> {
    lines: Physical<'a>,
    directives: Directives,
    instructions: Vec<Instruction>,
    /// There was a `FROM`.
    staged: bool,
}

impl<'a> Reader<'a> {
    /// Reads the next instruction, if there is one.
    fn instruction(&mut self) -> Result<bool, Unreadable> {
        let Some((line, start, first)) = self.logical()? else {
            return Ok(false);
        };
        let escape = self.directives.escape;
        let at = |message: String| Unreadable::new(first, message);
        let parts = instruction::parts(line.text(), escape).map_err(at)?;
        self.staged |= parts.kind == Kind::From;
        if !self.staged && parts.kind != Kind::Arg {
            let keyword = parts.kind.keyword();
            return Err(at(format!("{keyword} before the first FROM")));
        }
        let mut heredocs = Vec::new();
        if parts.takes_heredocs && line.text().contains("<<") {
            let marks = heredoc::marks(line.text()).map_err(|text| at(text.to_owned()))?;
            for (name, chomp) in marks {
                heredocs.push(self.heredoc(name, chomp, first)?);
            }
        }
        self.instructions.push(Instruction {
            kind: parts.kind,
            line,
            keyword: parts.keyword,
            flags: parts.flags,
            arguments: parts.arguments,
            exec: parts.exec,
            heredocs,
            span: start..self.lines.at(),
            numbers: (first, self.lines.number),
        });
        Ok(true)
    }

    /// Joins the lines of the next instruction; with where they begin in the
    /// file, and the number of the first.
    fn logical(&mut self) -> Result<Option<(Line, usize, usize)>, Unreadable> {
        let mut joined = Line::default();
        let mut begun = None;
        loop {
            let mut start = self.lines.at();
            let Some(whole) = self.physical()? else { break };
            let number = self.lines.number;
            let mut bare = without_end(whole);
            if number == 1
                && let Some(rest) = bare.strip_prefix('\u{feff}')
            {
                start += bare.len() - rest.len();
                bare = rest;
            }
            let line_start = start;
            if begun.is_none() {
                let trimmed = bare.trim_start();
                start += bare.len() - trimmed.len();
                bare = trimmed;
            }
            let directive = self.directives.read(bare);
            directive.map_err(|message| Unreadable::new(number, message))?;
            if is_comment(bare) || bare.trim().is_empty() {
                continue;
            }
            begun.get_or_insert((line_start, number));
            let (piece, ends) = continued(bare, self.directives.escape);
            joined.push(piece, start);
            if ends {
                break;
            }
        }
        Ok(begun.map(|(start, number)| (joined, start, number)))
    }

    fn physical(&mut self) -> Result<Option<&'a str>, Unreadable> {
        let Some(line) = self.lines.next() else {
            return Ok(None);
        };
        if line.strip_suffix('\n').unwrap_or(line).len() > LONGEST_LINE {
            let message = format!("longer than the {LONGEST_LINE} bytes that BuildKit reads");
            return Err(Unreadable::new(self.lines.number, message));
        }
        Ok(Some(line))
    }

    fn heredoc(&mut self, name: String, chomp: bool, first: usize) -> Result<Heredoc, Unreadable> {
        let start = self.lines.at();
        loop {
            let end = self.lines.at();
            let Some(line) = self.physical()? else {
                let message = format!("the here-document `{name}` is not ended");
                return Err(Unreadable::new(first, message));
            };
            let bare = without_end(line);
            let bare = if chomp {
                bare.trim_start_matches('\t')
            } else {
                bare
            };
            if bare == name {
                let body = start..end;
                return Ok(Heredoc { name, chomp, body });
            }
        }
    }
}
