//! Commands in shell text.
//!
//! This is the grammar of POSIX's shell (XCU 2.10) as far as it decides where a
//! command begins and ends, with what bash adds to it where the shell is bash.
//! What shells read differently is not read at all.

use std::ops::Range;

/// The grammar of the shell that reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// Any shell that follows POSIX.
    Posix,
    /// bash.
    Bash,
}

/// Shell text that is not taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsplit {
    /// The position in the text.
    pub at: usize,
    /// The construct that is there.
    pub why: &'static str,
}

/// The ranges of the commands in a text. A pipeline of simple commands is one; of
/// compound commands (`if`, `{`, `(`, ...) it is those in them. Substitutions
/// (`$(...)`) belong to the command that they are in; comments, and the bodies of
/// here-documents, to none.
///
/// # Errors
/// [`Unsplit`] for what is no shell text, and for what one shell reads in another
/// way than the next.
pub fn commands(text: &str, grammar: Grammar) -> Result<Vec<Range<usize>>, Unsplit> {
    let mut splitter = Splitter {
        text,
        at: 0,
        bash: grammar == Grammar::Bash,
        frames: vec![Frame::List(List::new(Closes::End))],
        substitutions: 0,
        heredocs: Vec::new(),
        found: Vec::new(),
    };
    match splitter.run() {
        Ok(()) => Ok(splitter.found),
        Err(why) => {
            let at = splitter.at.min(text.len());
            Err(Unsplit { at, why })
        }
    }
}

type Read = Result<(), &'static str>;

/// The construct that is being read.
enum Frame {
    /// In double quotes.
    Double,
    /// `${...}`, in double quotes or not.
    Parameter(bool),
    /// `$((...))`, with this many parentheses open in it.
    Arithmetic(usize),
    List(List),
}

/// The end of a list of commands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closes {
    End,
    Substitution,
    Parenthesis,
    Brace,
    /// `then`, `elif` or `else`, `fi`.
    Condition,
    Then,
    Else,
    /// `do`, `done`.
    Loop,
    Body,
    Case,
}

/// The role of a word at this place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// A command's first.
    Command,
    Argument,
    /// Nothing but an operator, or what closes the list.
    Operator,
    ForName,
    ForIn,
    ForWord,
    ForDo,
    CaseWord,
    CaseIn,
    Pattern,
    PatternEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Redirect {
    None,
    File,
    Heredoc { tabs: bool },
}

struct List {
    closes: Closes,
    expect: Expect,
    /// An operator was read that wants a command.
    wants: bool,
    /// The word that is being read, and whether something in it is quoted.
    word: Option<(usize, bool)>,
    redirect: Redirect,
    /// The command that is being read, with what pipes into it.
    run: Option<Range<usize>>,
    piped: bool,
    /// Words of the simple command so far.
    words: usize,
    /// In `[[ ... ]]`.
    test: bool,
}

impl List {
    fn new(closes: Closes) -> Self {
        Self {
            closes,
            expect: Expect::Command,
            wants: false,
            word: None,
            redirect: Redirect::None,
            run: None,
            piped: false,
            words: 0,
            test: false,
        }
    }
}

const UNBALANCED: &str = "it ends within quotes or a substitution";
const ODD: &str = "it is no shell text that all shells read alike";

struct Splitter<'a> {
    text: &'a str,
    at: usize,
    bash: bool,
    frames: Vec<Frame>,
    /// The number of `$(...)` that are open.
    substitutions: usize,
    /// Here-documents whose bodies come behind this line.
    heredocs: Vec<(String, bool)>,
    found: Vec<Range<usize>>,
}

impl Splitter<'_> {
    fn run(&mut self) -> Read {
        loop {
            let byte = self.byte(0);
            match (self.frames.last_mut(), byte) {
                (Some(Frame::List(_)), Some(byte)) => self.list(byte)?,
                (Some(Frame::List(_)), None) => return self.end(),
                (_, None) | (None, _) => return Err(UNBALANCED),
                (Some(Frame::Double), Some(byte)) => match byte {
                    b'"' => self.pop(1),
                    _ => self.quoted(byte, true)?,
                },
                (Some(Frame::Parameter(double)), Some(byte)) => {
                    let double = *double;
                    match byte {
                        b'}' => self.pop(1),
                        b'\'' if double => return Err(ODD),
                        b'\'' => self.single()?,
                        b'"' => self.push(Frame::Double, 1),
                        _ => self.quoted(byte, double)?,
                    }
                }
                (Some(Frame::Arithmetic(depth)), Some(byte)) => match byte {
                    b'(' => {
                        *depth += 1;
                        self.at += 1;
                    }
                    b')' if *depth > 0 => {
                        *depth -= 1;
                        self.at += 1;
                    }
                    b')' if self.byte(1) == Some(b')') => self.pop(2),
                    b')' | b'\'' => return Err(ODD),
                    b'"' => self.push(Frame::Double, 1),
                    _ => self.quoted(byte, true)?,
                },
            }
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn push(&mut self, frame: Frame, length: usize) {
        self.frames.push(frame);
        self.at += length;
    }

    fn pop(&mut self, length: usize) {
        self.frames.pop();
        self.at += length;
    }

    fn top(&mut self) -> Result<&mut List, &'static str> {
        match self.frames.last_mut() {
            Some(Frame::List(list)) => Ok(list),
            _ => Err(ODD),
        }
    }

    /// Reads an escape or the beginning of a substitution, also in quotes.
    fn quoted(&mut self, byte: u8, double: bool) -> Read {
        match byte {
            b'\\' => {
                self.at += 1;
                let escaped = self.text[self.at..].chars().next().ok_or(UNBALANCED)?;
                self.at += escaped.len_utf8();
                Ok(())
            }
            b'`' => self.backquoted(),
            b'$' => self.dollar(double),
            _ => {
                self.at += 1;
                Ok(())
            }
        }
    }

    /// To behind the next quote.
    fn single(&mut self) -> Read {
        let length = self.text[self.at + 1..].find('\'').ok_or(UNBALANCED)?;
        self.at += length + 2;
        Ok(())
    }

    fn backquoted(&mut self) -> Read {
        self.at += 1;
        loop {
            match self.byte(0).ok_or(UNBALANCED)? {
                b'`' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    fn dollar(&mut self, double: bool) -> Read {
        match (self.byte(1), self.byte(2)) {
            (Some(b'('), Some(b'(')) => self.push(Frame::Arithmetic(0), 3),
            (Some(b'('), _) => {
                if !self.heredocs.is_empty() {
                    return Err(ODD);
                }
                self.substitutions += 1;
                self.push(Frame::List(List::new(Closes::Substitution)), 2);
            }
            (Some(b'{'), _) => self.push(Frame::Parameter(double), 2),
            (Some(b'\''), _) if !double && self.bash => {
                self.at += 2;
                loop {
                    match self.byte(0).ok_or(UNBALANCED)? {
                        b'\'' => break,
                        b'\\' => self.at += 2,
                        _ => self.at += 1,
                    }
                }
                self.at += 1;
            }
            (Some(b'\'' | b'['), _) if !double => return Err(ODD),
            _ => self.at += 1,
        }
        Ok(())
    }

    /// The next character of a list.
    fn list(&mut self, byte: u8) -> Read {
        let start = self.at;
        let next = self.byte(1);
        match byte {
            b' ' | b'\t' => {
                self.end_word()?;
                self.at += 1;
                Ok(())
            }
            b'\n' => self.newline(),
            b'\\' if next == Some(b'\n') => {
                self.at += 2;
                Ok(())
            }
            b'#' if self.top()?.word.is_none() => {
                let rest = &self.text[self.at..];
                self.at += rest.find('\n').unwrap_or(rest.len());
                Ok(())
            }
            b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>' => self.operator(byte, next),
            b'\'' => {
                self.in_word(start, true)?;
                self.single()
            }
            b'"' => {
                self.in_word(start, true)?;
                self.push(Frame::Double, 1);
                Ok(())
            }
            b'\\' | b'`' | b'$' => {
                self.in_word(start, true)?;
                self.quoted(byte, false)
            }
            _ => {
                self.in_word(start, false)?;
                self.at += 1;
                Ok(())
            }
        }
    }

    fn in_word(&mut self, start: usize, quoted: bool) -> Read {
        let word = self.top()?.word.get_or_insert((start, false));
        word.1 |= quoted;
        Ok(())
    }

    fn operator(&mut self, byte: u8, next: Option<u8>) -> Read {
        let bash = self.bash;
        if self.top()?.test {
            // In bash's test these are operators of its own.
            if !bash || byte == b';' {
                return Err(ODD);
            }
            self.end_word()?;
            self.at += 1;
            return Ok(());
        }
        match (byte, next) {
            (b'<' | b'>', _) => self.redirect(),
            (b'&', Some(b'>')) if bash => self.redirect(),
            (b'&', Some(b'>')) => Err(ODD),
            (b'(', _) => self.open_parenthesis(),
            (b')', _) => self.close_parenthesis(),
            (b';', Some(b';')) => {
                self.end_word()?;
                let list = self.top()?;
                if list.closes != Closes::Case || list.wants {
                    return Err(ODD);
                }
                self.flush()?;
                self.top()?.expect = Expect::Pattern;
                self.at += 2;
                // `;;&` and `;&` are bash's.
                if self.byte(0) == Some(b'&') {
                    Err(ODD)
                } else {
                    Ok(())
                }
            }
            (b';', Some(b'&')) => Err(ODD),
            (b';', _) => self.separator(1, false),
            (b'&', Some(b'&')) | (b'|', Some(b'|')) => self.separator(2, true),
            (b'&', _) => self.separator(1, false),
            (_, Some(b'&')) if !bash => Err(ODD),
            (_, next) => self.pipe(if next == Some(b'&') { 2 } else { 1 }),
        }
    }

    /// `;`, `&`, `&&`, `||`.
    fn separator(&mut self, length: usize, wants: bool) -> Read {
        self.end_word()?;
        let semicolon = self.byte(0) == Some(b';');
        let list = self.top()?;
        match list.expect {
            Expect::Argument | Expect::Operator => {
                self.flush()?;
                self.top()?.wants = wants;
            }
            Expect::ForIn | Expect::ForWord if semicolon => list.expect = Expect::ForDo,
            _ => return Err(ODD),
        }
        self.at += length;
        Ok(())
    }

    fn pipe(&mut self, length: usize) -> Read {
        self.end_word()?;
        let list = self.top()?;
        match list.expect {
            Expect::Argument | Expect::Operator => {
                if list.test || list.redirect != Redirect::None {
                    return Err(ODD);
                }
                list.piped = list.run.is_some();
                list.wants = true;
                list.expect = Expect::Command;
            }
            Expect::PatternEnd => list.expect = Expect::Pattern,
            _ => return Err(ODD),
        }
        self.at += length;
        Ok(())
    }

    fn newline(&mut self) -> Read {
        self.end_word()?;
        let list = self.top()?;
        if list.test {
            if !self.bash {
                return Err(ODD);
            }
        } else {
            match list.expect {
                Expect::Argument | Expect::Operator => self.flush()?,
                Expect::ForWord => list.expect = Expect::ForDo,
                Expect::Command | Expect::ForIn | Expect::ForDo => {}
                Expect::CaseIn | Expect::Pattern => {}
                Expect::ForName | Expect::CaseWord | Expect::PatternEnd => return Err(ODD),
            }
        }
        self.at += 1;
        for (name, tabs) in std::mem::take(&mut self.heredocs) {
            loop {
                let rest = &self.text[self.at..];
                let line = rest.split_inclusive('\n').next().ok_or(UNBALANCED)?;
                self.at += line.len();
                let bare = line.strip_suffix('\n').unwrap_or(line);
                let bare = if tabs {
                    bare.trim_start_matches('\t')
                } else {
                    bare
                };
                if bare == name {
                    break;
                }
            }
        }
        Ok(())
    }

    fn redirect(&mut self) -> Read {
        let number = self.top()?.word.filter(|(start, quoted)| {
            let _ = start;
            !quoted
        });
        let digits = number.map(|(start, _)| start).filter(|start| {
            let word = &self.text[*start..self.at];
            word.bytes().all(|byte| byte.is_ascii_digit())
        });
        let start = match digits {
            Some(start) => {
                self.top()?.word = None;
                start
            }
            None => {
                self.end_word()?;
                self.at
            }
        };
        let rest = &self.text[self.at..];
        const OPERATORS: [&str; 12] = [
            "<<<", "<<-", "&>>", "<<", "<&", "<>", ">>", ">&", ">|", "&>", "<", ">",
        ];
        let operator = OPERATORS
            .iter()
            .find(|operator| rest.starts_with(**operator));
        let operator = operator.ok_or(ODD)?;
        let behind = rest[operator.len()..].chars().next();
        // Process substitution, and bash's word for a here-document.
        if behind == Some('(') || (*operator == "<<<" && !self.bash) {
            return Err(ODD);
        }
        self.at += operator.len();
        let list = self.top()?;
        match list.expect {
            Expect::Command => {
                list.run.get_or_insert(start..start);
                list.words = 0;
                list.wants = false;
                list.expect = Expect::Argument;
            }
            Expect::Argument | Expect::Operator => {}
            _ => return Err(ODD),
        }
        if list.redirect != Redirect::None {
            return Err(ODD);
        }
        list.redirect = match *operator {
            "<<" => Redirect::Heredoc { tabs: false },
            "<<-" => Redirect::Heredoc { tabs: true },
            _ => Redirect::File,
        };
        Ok(())
    }

    fn open_parenthesis(&mut self) -> Read {
        let rest = &self.text[self.at + 1..];
        let empty = rest.trim_start_matches([' ', '\t']).strip_prefix(')');
        let function = empty.map(|rest| self.text.len() - rest.len());
        let (text, at) = (self.text, self.at);
        let list = self.top()?;
        let name = |start: usize, end: usize| {
            let name = text[start..end].trim_end();
            let part = |c: char| c.is_ascii_alphanumeric() || "_-.:".contains(c);
            name.chars().all(part)
        };
        match (list.word, list.expect, function) {
            (Some((start, false)), Expect::Command, Some(behind)) if name(start, at) => {
                list.word = None;
                list.wants = true;
                self.at = behind;
                Ok(())
            }
            (None, Expect::Argument, Some(behind))
                if list.words == 1
                    && !list.piped
                    && list.redirect == Redirect::None
                    && list.run.as_ref().is_some_and(|run| name(run.start, at)) =>
            {
                list.run = None;
                list.expect = Expect::Command;
                list.wants = true;
                self.at = behind;
                Ok(())
            }
            (None, Expect::Command, _) if !rest.starts_with('(') => {
                self.open(Closes::Parenthesis)?;
                self.at += 1;
                Ok(())
            }
            (None, Expect::Pattern, _) => {
                self.at += 1;
                Ok(())
            }
            _ => Err(ODD),
        }
    }

    fn close_parenthesis(&mut self) -> Read {
        self.end_word()?;
        let list = self.top()?;
        match (list.expect, list.closes) {
            (Expect::PatternEnd, _) => {
                list.expect = Expect::Command;
                list.wants = false;
            }
            (_, Closes::Parenthesis) => self.close()?,
            (_, Closes::Substitution) => {
                if !self.heredocs.is_empty() {
                    return Err(ODD);
                }
                self.close()?;
                self.substitutions -= 1;
            }
            _ => return Err(ODD),
        }
        self.at += 1;
        Ok(())
    }

    /// Begins a compound command.
    fn open(&mut self, closes: Closes) -> Read {
        // What pipes into it is a command of its own.
        self.flush()?;
        let list = self.top()?;
        list.wants = false;
        list.expect = Expect::Operator;
        self.push(Frame::List(List::new(closes)), 0);
        Ok(())
    }

    /// Ends a list.
    fn close(&mut self) -> Read {
        let list = self.top()?;
        let whole = matches!(
            list.expect,
            Expect::Command | Expect::Argument | Expect::Operator
        );
        let case = list.closes == Closes::Case && list.expect == Expect::Pattern;
        if list.wants || !(whole || case) {
            return Err(ODD);
        }
        self.flush()?;
        self.frames.pop();
        Ok(())
    }

    /// Ends a command.
    fn flush(&mut self) -> Read {
        let counts = self.substitutions == 0;
        let list = self.top()?;
        if list.test || list.redirect != Redirect::None {
            return Err(ODD);
        }
        let run = list.run.take();
        list.piped = false;
        list.expect = Expect::Command;
        self.found.extend(run.filter(|_| counts));
        Ok(())
    }

    fn end(&mut self) -> Read {
        self.end_word()?;
        if self.frames.len() > 1 {
            return Err("it ends before a compound command does");
        }
        self.close()
    }

    /// Ends a word, if there is one.
    fn end_word(&mut self) -> Read {
        let (text, end) = (self.text, self.at);
        let list = self.top()?;
        let Some((start, quoted)) = list.word.take() else {
            return Ok(());
        };
        let word = &text[start..end];
        let joined = word.replace("\\\n", "");
        // A word without quotes; with them it is no keyword.
        let plain = if quoted { "" } else { joined.as_str() };
        if list.redirect != Redirect::None {
            if let Redirect::Heredoc { tabs } = list.redirect {
                if word.contains(['$', '`', '\n']) {
                    return Err(ODD);
                }
                let name = word.replace(['\'', '"', '\\'], "");
                self.heredocs.push((name, tabs));
            }
            let list = self.top()?;
            list.redirect = Redirect::None;
            if let Some(run) = list
                .run
                .as_mut()
                .filter(|_| list.expect == Expect::Argument)
            {
                run.end = end;
            }
            return Ok(());
        }
        match list.expect {
            Expect::Command | Expect::Operator => return self.first(start..end, plain),
            Expect::Argument => {
                list.words += 1;
                list.test &= plain != "]]";
                if let Some(run) = &mut list.run {
                    run.end = end;
                }
            }
            Expect::ForName => list.expect = Expect::ForIn,
            Expect::ForIn if plain == "in" => list.expect = Expect::ForWord,
            Expect::ForIn | Expect::ForDo if plain == "do" => {
                list.closes = Closes::Body;
                list.expect = Expect::Command;
            }
            Expect::ForWord => {}
            Expect::CaseWord => list.expect = Expect::CaseIn,
            Expect::CaseIn if plain == "in" => list.expect = Expect::Pattern,
            Expect::Pattern if plain == "esac" => return self.close(),
            Expect::Pattern => list.expect = Expect::PatternEnd,
            _ => return Err(ODD),
        }
        Ok(())
    }

    /// The first word of a command, or one that closes the list.
    fn first(&mut self, word: Range<usize>, plain: &str) -> Read {
        let bash = self.bash;
        let list = self.top()?;
        let follows = match (plain, list.closes) {
            ("then", Closes::Condition) => Some(Closes::Then),
            ("elif", Closes::Then) => Some(Closes::Condition),
            ("else", Closes::Then) => Some(Closes::Else),
            ("do", Closes::Loop) => Some(Closes::Body),
            _ => None,
        };
        if let Some(follows) = follows {
            if list.wants {
                return Err(ODD);
            }
            self.flush()?;
            self.top()?.closes = follows;
            return Ok(());
        }
        match (plain, list.closes) {
            ("fi", Closes::Then | Closes::Else)
            | ("done", Closes::Body)
            | ("esac", Closes::Case)
            | ("}", Closes::Brace) => return self.close(),
            _ => {}
        }
        if list.expect == Expect::Operator {
            return Err(ODD);
        }
        let (closes, expect) = match plain {
            "!" if !list.piped => return Ok(()),
            "time" if bash && !list.piped => return Ok(()),
            "{" => (Closes::Brace, Expect::Command),
            "if" => (Closes::Condition, Expect::Command),
            "while" | "until" => (Closes::Loop, Expect::Command),
            "for" => (Closes::Loop, Expect::ForName),
            "case" => (Closes::Case, Expect::CaseWord),
            "!" | "}" | "then" | "elif" | "else" | "fi" | "do" | "done" | "esac" => {
                return Err(ODD);
            }
            "function" | "select" | "coproc" => return Err(ODD),
            _ => {
                let run = list.run.get_or_insert(word.clone());
                run.end = word.end;
                list.words = 1;
                list.test = plain == "[[";
                list.wants = false;
                list.expect = Expect::Argument;
                return Ok(());
            }
        };
        self.open(closes)?;
        self.top()?.expect = expect;
        Ok(())
    }
}
