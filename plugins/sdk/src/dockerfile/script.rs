//! The shell text of `RUN` steps, and the shell that reads it.

use std::collections::BTreeMap;
use std::ops::Range;

use bakehouse_dockerfile::{Dockerfile, Grammar, Instruction, Kind, commands, heredoc_word, words};

use super::from::{base, name};

/// Text that a `RUN` step hands to a program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Script<'f> {
    /// The `RUN` step.
    pub(super) instruction: usize,
    /// The number of its here-document; none: its line.
    pub(super) heredoc: Option<usize>,
    /// The text, and where it begins in the line or in the file.
    pub(super) text: &'f str,
    pub(super) start: usize,
    pub(super) reader: Reader,
}

/// The reader of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Shell(Grammar),
    /// A shell of another kind.
    OtherShell,
    /// A program that may be none.
    Program,
}

impl Script<'_> {
    /// The commands in the text, or where and why it has none that can be told.
    pub(super) fn commands(&self) -> Result<Vec<Range<usize>>, (usize, &'static str)> {
        match self.reader {
            Reader::Shell(grammar) => commands(self.text, grammar).map_err(|e| (e.at, e.why)),
            Reader::OtherShell => Err((0, "this step's shell is neither sh nor bash")),
            Reader::Program => Err((0, "a here-document that another program reads has them")),
        }
    }

    /// The place in the file of a range of the text.
    pub(super) fn place(&self, file: &Dockerfile, range: Range<usize>) -> Range<usize> {
        let range = self.start + range.start..self.start + range.end;
        match (self.heredoc, file.instructions.get(self.instruction)) {
            (None, Some(instruction)) => instruction.line.place(range),
            _ => range,
        }
    }
}

/// The texts of all `RUN` steps, in order. The exec form has none, and what
/// `ONBUILD` keeps is for other builds.
pub(super) fn scripts<'f>(text: &'f str, file: &'f Dockerfile) -> Vec<Script<'f>> {
    let mut found = Vec::new();
    // What the stages left, by name.
    let mut left: BTreeMap<String, Reader> = BTreeMap::new();
    let mut stage = None;
    let mut shell = Reader::Shell(Grammar::Posix);
    for (index, instruction) in file.instructions.iter().enumerate() {
        match instruction.kind {
            Kind::From => {
                if let Some(name) = stage.take() {
                    left.insert(name, shell);
                }
                let inherited = left.get(&base(instruction).to_ascii_lowercase());
                shell = inherited.copied().unwrap_or(Reader::Shell(Grammar::Posix));
                stage = name(instruction).map(str::to_ascii_lowercase);
            }
            Kind::Shell => {
                let words = instruction.exec.iter().flatten();
                shell = reader(words.map(String::as_str)).unwrap_or(Reader::OtherShell);
            }
            Kind::Run if instruction.exec.is_none() => {
                step(text, index, instruction, shell, &mut found);
            }
            _ => {}
        }
    }
    found
}

/// Adds the texts of one step.
fn step<'f>(
    text: &'f str,
    index: usize,
    run: &'f Instruction,
    shell: Reader,
    found: &mut Vec<Script<'f>>,
) {
    let arguments = &run.line.text()[run.arguments.clone()];
    // A here-document alone is the script itself.
    let alone = !run.heredocs.is_empty() && heredoc_word(arguments);
    if !alone {
        found.push(Script {
            instruction: index,
            heredoc: None,
            text: arguments,
            start: run.arguments.start,
            reader: shell,
        });
    }
    for (number, heredoc) in run.heredocs.iter().enumerate() {
        let body = &text[heredoc.body.clone()];
        let reader = match (alone, number) {
            (true, 0) => interpreter(body, heredoc.chomp).unwrap_or(shell),
            // BuildKit does not look at more.
            (true, _) => continue,
            _ if run.heredocs.len() == 1 && shell != Reader::OtherShell => {
                script_of(arguments, body)
            }
            _ => Reader::Program,
        };
        found.push(Script {
            instruction: index,
            heredoc: Some(number),
            text: body,
            start: heredoc.body.start,
            reader,
        });
    }
}

/// The reader that a script's `#!` line names.
fn interpreter(body: &str, chomp: bool) -> Option<Reader> {
    let body = if chomp {
        body.trim_start_matches('\t')
    } else {
        body
    };
    let line = body.strip_prefix("#!")?.lines().next().unwrap_or_default();
    Some(reader(line.split_whitespace()).unwrap_or(Reader::Program))
}

/// The reader of the here-document of a line: a shell, if the line is nothing but
/// that, its options and the mark.
fn script_of(arguments: &str, body: &str) -> Reader {
    let is_mark = |word: &&str| {
        let word = word.trim_start_matches(|c: char| c.is_ascii_digit());
        word.starts_with("<<")
    };
    let all = || words(arguments, 0..arguments.len()).into_iter();
    let all = || all().map(|word| &arguments[word]);
    let mut marks = all().filter(is_mark);
    let (Some(mark), None) = (marks.next(), marks.next()) else {
        return Reader::Program;
    };
    // The outer shell takes escapes out of what is not quoted.
    let quoted = mark.contains(['\'', '"', '\\']);
    let escapes = ["\\$", "\\`", "\\\\"];
    if !quoted && escapes.iter().any(|escape| body.contains(escape)) {
        return Reader::Program;
    }
    let mut rest = all().filter(|word| !is_mark(word));
    let shell = reader(rest.by_ref().take(1)).unwrap_or(Reader::Program);
    let plain = |c: char| c.is_ascii_alphanumeric();
    let is_option = |word: &str| {
        let letters = word.strip_prefix('-');
        word == "pipefail" || letters.is_some_and(|l| l.chars().all(plain) && !l.contains('c'))
    };
    if rest.all(is_option) {
        shell
    } else {
        Reader::Program
    }
}

/// The shell that a command line starts; none if it is no POSIX shell.
fn reader<'a>(words: impl Iterator<Item = &'a str>) -> Option<Reader> {
    let mut programs = words.map(|word| word.rsplit('/').next().unwrap_or(word));
    let mut program = programs.next()?;
    if matches!(program, "env" | "busybox") {
        program = programs.next()?;
    }
    match program {
        "sh" | "ash" | "dash" => Some(Reader::Shell(Grammar::Posix)),
        "bash" => Some(Reader::Shell(Grammar::Bash)),
        _ => None,
    }
}
