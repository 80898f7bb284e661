//! Instructions: keyword, flags, arguments.

use std::ops::Range;

use crate::exec::{Form, form};
use crate::heredoc::Heredoc;
use crate::line::Line;
use crate::words::{assignments, is_blank, words};

/// The kind of an instruction: its keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "these are the words of the Dockerfile reference"
)]
pub enum Kind {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

impl Kind {
    const ALL: [(&'static str, Kind); 18] = [
        ("ADD", Kind::Add),
        ("ARG", Kind::Arg),
        ("CMD", Kind::Cmd),
        ("COPY", Kind::Copy),
        ("ENTRYPOINT", Kind::Entrypoint),
        ("ENV", Kind::Env),
        ("EXPOSE", Kind::Expose),
        ("FROM", Kind::From),
        ("HEALTHCHECK", Kind::Healthcheck),
        ("LABEL", Kind::Label),
        ("MAINTAINER", Kind::Maintainer),
        ("ONBUILD", Kind::Onbuild),
        ("RUN", Kind::Run),
        ("SHELL", Kind::Shell),
        ("STOPSIGNAL", Kind::Stopsignal),
        ("USER", Kind::User),
        ("VOLUME", Kind::Volume),
        ("WORKDIR", Kind::Workdir),
    ];

    fn of(keyword: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        let known = all.find(|(name, _)| name.eq_ignore_ascii_case(keyword));
        known.map(|(_, kind)| *kind)
    }

    /// The keyword, in upper case.
    #[must_use]
    pub fn keyword(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }

    /// May have here-documents.
    fn takes_heredocs(self) -> bool {
        matches!(self, Kind::Add | Kind::Copy | Kind::Run)
    }
}

/// `--name=value` between a keyword and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// All of it, without quotes and escapes.
    pub text: String,
    /// Its range in the line, with quotes and escapes.
    pub range: Range<usize>,
}

impl Flag {
    /// The text that follows `--name=`, where that is its name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let rest = self.text.strip_prefix("--")?.strip_prefix(name)?;
        rest.strip_prefix('=')
    }
}

/// One instruction. Ranges are of the text of its [`Line`], unless it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// Its kind.
    pub kind: Kind,
    /// Its line, without what its here-documents have.
    pub line: Line,
    /// The range of the keyword.
    pub keyword: Range<usize>,
    /// Its flags, in order.
    pub flags: Vec<Flag>,
    /// The range of the arguments, behind the flags.
    pub arguments: Range<usize>,
    /// The arguments of the exec form, a JSON array, escapes as they are.
    pub exec: Option<Vec<String>>,
    /// Its here-documents, in order.
    pub heredocs: Vec<Heredoc>,
    /// Its physical lines in the file.
    pub span: Range<usize>,
    /// The numbers of its first and its last physical line, from 1.
    pub numbers: (usize, usize),
}

/// A line, taken apart.
pub(crate) struct Parts {
    pub(crate) kind: Kind,
    pub(crate) keyword: Range<usize>,
    pub(crate) flags: Vec<Flag>,
    pub(crate) arguments: Range<usize>,
    pub(crate) exec: Option<Vec<String>>,
    /// `<<` may announce a here-document in it.
    pub(crate) takes_heredocs: bool,
}

/// Takes a line apart and checks what BuildKit checks before it builds.
pub(crate) fn parts(text: &str, escape: char) -> Result<Parts, String> {
    let (keyword, flags, arguments) = split(text, 0..text.len(), escape)?;
    let word = &text[keyword.clone()];
    let kind = Kind::of(word).ok_or_else(|| format!("unknown instruction `{word}`"))?;
    let exec = exec(kind, &text[arguments.clone()])?;
    let takes_heredocs = if kind == Kind::Onbuild {
        trigger(text, arguments.clone(), escape)?
    } else {
        kind.takes_heredocs() && exec.is_none()
    };
    let parts = Parts {
        kind,
        keyword,
        flags,
        arguments,
        exec,
        takes_heredocs,
    };
    check(text, &parts, escape)?;
    Ok(parts)
}

type Split = (Range<usize>, Vec<Flag>, Range<usize>);

/// Keyword, flags and arguments in a range of a line.
fn split(text: &str, range: Range<usize>, escape: char) -> Result<Split, String> {
    let all = trimmed(text, range);
    let bytes = text.as_bytes();
    let mut within = all.clone();
    let end = within.find(|at| is_blank(bytes[*at])).unwrap_or(all.end);
    let mut rest = end..all.end;
    let start = rest.find(|at| !is_blank(bytes[*at])).unwrap_or(all.end);
    let (flags, start) = flags(text, start..all.end, escape)?;
    Ok((all.start..end, flags, trimmed(text, start..all.end)))
}

/// A range without the white space at its ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = &text[range.clone()];
    let end = range.start + piece.trim_end().len();
    let start = range.end - piece.trim_start().len();
    start.min(end)..end
}

/// The flags in a range of a line, and where they end.
fn flags(text: &str, range: Range<usize>, escape: char) -> Result<(Vec<Flag>, usize), String> {
    let bytes = text.as_bytes();
    let is_space = |byte: u8| is_blank(byte) || byte == b'\n';
    let (mut at, end) = (range.start, range.end);
    let mut flags = Vec::new();
    loop {
        while at < end && is_space(bytes[at]) {
            at += 1;
        }
        if !text[at..end].starts_with("--") {
            return Ok((flags, at));
        }
        let start = at;
        let mut flag = String::new();
        let mut quote = None;
        while at < end && (quote.is_some() || !is_space(bytes[at])) {
            let mut byte = bytes[at];
            at += 1;
            if quote == Some(byte) {
                quote = None;
                continue;
            }
            if quote.is_none() && matches!(byte, b'\'' | b'"') {
                quote = Some(byte);
                continue;
            }
            if char::from(byte) == escape {
                if at == end {
                    break;
                }
                byte = bytes[at];
                at += 1;
            }
            if !byte.is_ascii() {
                return Err(
                    "a flag with characters beyond ASCII is read differently by different \
                            versions of BuildKit"
                        .to_owned(),
                );
            }
            flag.push(char::from(byte));
        }
        if flag == "--" {
            return Ok((flags, at));
        }
        let range = start..at;
        flags.push(Flag { text: flag, range });
    }
}

/// The arguments of the exec form, where an instruction has one.
fn exec(kind: Kind, arguments: &str) -> Result<Option<Vec<String>>, String> {
    let arguments = match kind {
        Kind::Add | Kind::Cmd | Kind::Copy | Kind::Entrypoint => arguments,
        Kind::Run | Kind::Shell | Kind::Volume => arguments,
        Kind::Healthcheck => {
            let (_, command) = arguments
                .split_once(char::is_whitespace)
                .unwrap_or_default();
            command.trim_start()
        }
        _ => return Ok(None),
    };
    match form(arguments) {
        Form::Exec(words) => Ok(Some(words)),
        Form::Shell => Ok(None),
        Form::Refused => Err("a JSON array of arguments must have strings only".to_owned()),
    }
}

/// Whether `<<` may announce a here-document in what `ONBUILD` keeps.
fn trigger(text: &str, arguments: Range<usize>, escape: char) -> Result<bool, String> {
    let (keyword, _, arguments) = split(text, arguments, escape)?;
    let Some(kind) = Kind::of(&text[keyword]) else {
        return Ok(false);
    };
    if matches!(kind, Kind::Onbuild | Kind::From | Kind::Maintainer) {
        return Err(format!("ONBUILD cannot keep {}", kind.keyword()));
    }
    let exec = exec(kind, &text[arguments])?;
    Ok(kind.takes_heredocs() && exec.is_none())
}

/// Checks what an instruction must have.
fn check(text: &str, parts: &Parts, escape: char) -> Result<(), String> {
    let arguments = parts.arguments.clone();
    let all = words(text, arguments.clone());
    let count = parts.exec.as_ref().map_or(all.len(), Vec::len);
    let wanted = match parts.kind {
        Kind::From => return from(text, &all),
        Kind::Arg => {
            let mut names = assignments(text, arguments.clone(), escape).into_iter();
            if names.any(|word| text[word].starts_with('=')) {
                return Err("ARG names cannot be blank".to_owned());
            }
            1
        }
        Kind::Env | Kind::Label => return pairs(text, arguments, parts.kind, escape),
        Kind::Shell if parts.exec.is_none() => {
            return Err("SHELL requires a JSON array".to_owned());
        }
        Kind::Add | Kind::Copy => {
            let last = all.last().filter(|_| parts.exec.is_none());
            if last.is_some_and(|last| crate::heredoc_word(&text[last.clone()])) {
                return Err("a here-document is no destination".to_owned());
            }
            2
        }
        Kind::Run | Kind::Cmd | Kind::Entrypoint => 0,
        _ => 1,
    };
    if count < wanted {
        let keyword = parts.kind.keyword();
        return Err(format!("{keyword} requires more arguments"));
    }
    Ok(())
}

fn from(text: &str, words: &[Range<usize>]) -> Result<(), String> {
    let name = match words {
        [_] => return Ok(()),
        [_, r#as, name] if text[r#as.clone()].eq_ignore_ascii_case("as") => &text[name.clone()],
        _ => return Err("FROM requires one argument, or `IMAGE AS NAME`".to_owned()),
    };
    let part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(part) {
        Ok(())
    } else {
        Err(format!("`{name}` is no name for a stage"))
    }
}

/// Checks `NAME=value...`, or `NAME value`.
fn pairs(text: &str, range: Range<usize>, kind: Kind, escape: char) -> Result<(), String> {
    let keyword = kind.keyword();
    let all = assignments(text, range.clone(), escape);
    let first = all.first().map_or("", |word| &text[word.clone()]);
    if first.contains('=') {
        for word in all {
            let word = &text[word];
            if !word.contains('=') || word.starts_with('=') {
                return Err(format!("{keyword} requires NAME=value, not `{word}`"));
            }
        }
        Ok(())
    } else if words(text, range).len() < 2 {
        Err(format!("{keyword} requires a name and a value"))
    } else {
        Ok(())
    }
}
