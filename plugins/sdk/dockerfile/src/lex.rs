//! BuildKit's shell lexer: words, quotes and variables in a Dockerfile.

use std::iter::Peekable;
use std::str::Chars;

use crate::pattern::Pattern;

/// The value of a variable, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// It has this value.
    Set(String),
    /// It has none: nothing takes its place.
    Unset,
    /// It may have any value, or none.
    Unknown,
}

/// The reasons why a text is not lexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// BuildKit does not take it either.
    Syntax,
    /// BuildKit may take it; what it makes of it is not known here.
    Unknown,
}

/// The deepest nesting of `${A:-${B:-...}}`.
const DEEPEST: usize = 64;

/// A word as BuildKit expands it: quotes and escapes gone, variables replaced.
/// None where BuildKit does not take it, where a variable is not known, and for
/// more than `longest` bytes.
pub fn expand(
    word: &str,
    escape: char,
    longest: usize,
    value: impl Fn(&str) -> Value,
) -> Option<String> {
    let mut lexer = Lexer::new(word, escape);
    lexer.variables = Some(&value);
    lexer.longest = longest;
    let (expanded, _) = lexer.run().ok()?;
    (expanded.len() <= longest).then_some(expanded)
}

/// The words of a text whose variables stay as they are. `raw`: and whose quotes
/// and escapes do, too.
pub(crate) fn words(text: &str, raw: bool) -> Result<Vec<String>, Stop> {
    let mut lexer = Lexer::new(text, '\\');
    (lexer.raw_quotes, lexer.raw_escapes) = (raw, raw);
    lexer.run().map(|(_, words)| words)
}

/// The construct that is being read.
enum Frame {
    /// Text up to the end, or up to the character that ends a substitution.
    Text(Text),
    /// Text in double quotes.
    Double(String),
}

struct Text {
    /// None: the end.
    until: Option<Substitution>,
    result: String,
    words: Vec<String>,
    in_word: bool,
    raw_escapes: bool,
}

/// `${NAME...}` behind its operator.
struct Substitution {
    name: String,
    operator: String,
    /// The pattern of `${NAME/PATTERN/...}`, once it was read.
    pattern: Option<String>,
}

impl Substitution {
    fn end(&self) -> char {
        if self.operator.starts_with('/') && self.pattern.is_none() {
            '/'
        } else {
            '}'
        }
    }
}

struct Lexer<'a> {
    chars: Peekable<Chars<'a>>,
    escape: char,
    /// None: variables stay.
    variables: Option<&'a dyn Fn(&str) -> Value>,
    raw_quotes: bool,
    raw_escapes: bool,
    longest: usize,
    frames: Vec<Frame>,
    /// The word that is being read. One for all frames, as BuildKit has it: a
    /// substitution forgets what was before it in its word.
    word: String,
}

impl<'a> Lexer<'a> {
    fn new(text: &'a str, escape: char) -> Self {
        // Go's scanner leaves out a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            chars: text.chars().peekable(),
            escape,
            variables: None,
            raw_quotes: false,
            raw_escapes: false,
            longest: usize::MAX,
            frames: Vec::new(),
            word: String::new(),
        }
    }

    fn run(mut self) -> Result<(String, Vec<String>), Stop> {
        self.open(None, self.raw_escapes)?;
        loop {
            match self.frames.last_mut() {
                Some(Frame::Double(_)) => self.double()?,
                Some(Frame::Text(text)) => {
                    let end = text.until.as_ref().map(Substitution::end);
                    match (self.chars.peek(), end) {
                        (None, Some(_)) => return Err(Stop::Syntax),
                        (None, None) => return Ok(self.finish()),
                        (Some(c), Some(end)) if *c == end => self.close()?,
                        (Some(c), _) => {
                            let c = *c;
                            self.text(c)?;
                        }
                    }
                }
                None => return Ok((String::new(), Vec::new())),
            }
        }
    }

    fn open(&mut self, until: Option<Substitution>, raw_escapes: bool) -> Result<(), Stop> {
        if self.frames.len() >= DEEPEST {
            return Err(Stop::Unknown);
        }
        self.word.clear();
        self.frames.push(Frame::Text(Text {
            until,
            result: String::new(),
            words: Vec::new(),
            in_word: false,
            raw_escapes,
        }));
        Ok(())
    }

    fn finish(mut self) -> (String, Vec<String>) {
        match self.frames.pop() {
            Some(Frame::Text(mut text)) => {
                if !self.word.is_empty() {
                    text.words.push(self.word);
                }
                (text.result, text.words)
            }
            _ => (String::new(), Vec::new()),
        }
    }

    /// The next character of text outside of double quotes.
    fn text(&mut self, c: char) -> Result<(), Stop> {
        match c {
            '$' => self.dollar(),
            '<' => {
                let redirect = self.redirect();
                self.give(&redirect, false)
            }
            '\'' => {
                let quoted = self.single()?;
                self.give(&quoted, false)
            }
            '"' => {
                self.chars.next();
                let quote = if self.raw_quotes { "\"" } else { "" };
                self.frames.push(Frame::Double(quote.to_owned()));
                Ok(())
            }
            _ => {
                self.chars.next();
                if c != self.escape {
                    self.add(c, false);
                    return Ok(());
                }
                if self.raw() {
                    self.add(c, true);
                }
                if let Some(escaped) = self.chars.next() {
                    self.add(escaped, true);
                }
                Ok(())
            }
        }
    }

    /// `<<`, with the white space behind it.
    fn redirect(&mut self) -> String {
        self.chars.next();
        if self.chars.next_if_eq(&'<').is_none() {
            return "<".to_owned();
        }
        let mut redirect = "<<".to_owned();
        while let Some(blank) = self.chars.next_if(|c| matches!(c, '\t' | '\r' | ' ')) {
            redirect.push(blank);
        }
        redirect
    }

    fn single(&mut self) -> Result<String, Stop> {
        self.chars.next();
        let mut quoted = String::new();
        loop {
            match self.chars.next() {
                None => return Err(Stop::Syntax),
                Some('\'') if self.raw_quotes => return Ok(format!("'{quoted}'")),
                Some('\'') => return Ok(quoted),
                Some(c) => quoted.push(c),
            }
        }
    }

    /// The next character of text in double quotes.
    fn double(&mut self) -> Result<(), Stop> {
        let (raw, raw_quotes, escape) = (self.raw(), self.raw_quotes, self.escape);
        let c = *self.chars.peek().ok_or(Stop::Syntax)?;
        if c == '$' {
            return self.dollar();
        }
        self.chars.next();
        let Some(Frame::Double(quoted)) = self.frames.last_mut() else {
            return Err(Stop::Unknown);
        };
        if c == '"' {
            if raw_quotes {
                quoted.push(c);
            }
            let quoted = std::mem::take(quoted);
            self.frames.pop();
            return self.give(&quoted, false);
        }
        if c != escape {
            quoted.push(c);
            return Ok(());
        }
        if raw {
            quoted.push(c);
        }
        match self.chars.peek() {
            None => {}
            Some(&next) if next == '"' || next == '$' || next == escape => {
                quoted.push(next);
                self.chars.next();
            }
            Some(_) => quoted.push(c),
        }
        Ok(())
    }

    /// Whether escapes stay in the innermost text.
    fn raw(&self) -> bool {
        let mut frames = self.frames.iter().rev();
        let raw = frames.find_map(|frame| match frame {
            Frame::Text(text) => Some(text.raw_escapes),
            Frame::Double(_) => None,
        });
        raw.unwrap_or(self.raw_escapes)
    }

    fn dollar(&mut self) -> Result<(), Stop> {
        self.chars.next();
        if self.chars.next_if_eq(&'{').is_none() {
            let name = self.name()?;
            if name.is_empty() {
                return self.give("$", true);
            }
            let value = match self.value(&name)? {
                Some(value) => value,
                None => format!("${name}"),
            };
            return self.give(&value, true);
        }
        if matches!(self.chars.peek(), None | Some('{' | '}' | ':')) {
            return Err(Stop::Syntax);
        }
        let name = self.name()?;
        let mut operator = String::new();
        let c = self.chars.next().ok_or(Stop::Syntax)?;
        operator.push(c);
        match c {
            '}' => {
                let value = match self.value(&name)? {
                    Some(value) => value,
                    None => format!("${{{name}}}"),
                };
                return self.give(&value, true);
            }
            ':' => {
                let modifier = self.chars.next().ok_or(Stop::Syntax)?;
                operator.push(modifier);
                if matches!(modifier, '#' | '%') {
                    return Err(Stop::Syntax);
                }
            }
            '/' => operator.extend(self.chars.next_if_eq(&'/')),
            '+' | '-' | '?' | '#' | '%' => {}
            _ => return Err(Stop::Syntax),
        }
        let raw = matches!(c, '#' | '%' | '/');
        let substitution = Substitution {
            name,
            operator,
            pattern: None,
        };
        self.open(Some(substitution), raw)
    }

    /// Ends a substitution, or the pattern in it.
    fn close(&mut self) -> Result<(), Stop> {
        self.chars.next();
        self.word.clear();
        let Some(Frame::Text(text)) = self.frames.pop() else {
            return Err(Stop::Unknown);
        };
        let Some(mut substitution) = text.until else {
            return Err(Stop::Unknown);
        };
        let word = text.result;
        if substitution.end() == '/' {
            substitution.pattern = Some(word);
            return self.open(Some(substitution), true);
        }
        let value = self.substituted(&substitution, word)?;
        self.give(&value, true)
    }

    fn substituted(&self, of: &Substitution, word: String) -> Result<String, Stop> {
        let (name, operator) = (&of.name, of.operator.as_str());
        let Some(variables) = self.variables else {
            let pattern = of.pattern.as_ref().map(|pattern| format!("{pattern}/"));
            // BuildKit forgets the second slash of `${A//x/y}`.
            let operator = if pattern.is_some() { "/" } else { operator };
            let pattern = pattern.unwrap_or_default();
            return Ok(format!("${{{name}{operator}{pattern}{word}}}"));
        };
        let value = match variables(name) {
            Value::Set(value) => Some(value),
            Value::Unset => None,
            Value::Unknown => return Err(Stop::Unknown),
        };
        let filled = value.clone().filter(|value| !value.is_empty());
        match operator {
            "-" => Ok(value.unwrap_or(word)),
            ":-" => Ok(filled.unwrap_or(word)),
            "+" => Ok(value.map_or_else(String::new, |_| word)),
            ":+" => Ok(filled.map_or_else(String::new, |_| word)),
            "?" => value.ok_or(Stop::Syntax),
            ":?" => filled.ok_or(Stop::Syntax),
            _ => patterned(
                operator,
                of.pattern.as_deref(),
                &word,
                &value.unwrap_or_default(),
            ),
        }
    }

    /// A variable's value; none where variables stay.
    fn value(&self, name: &str) -> Result<Option<String>, Stop> {
        match self.variables.map(|variables| variables(name)) {
            None => Ok(None),
            Some(Value::Set(value)) => Ok(Some(value)),
            Some(Value::Unset) => Ok(Some(String::new())),
            Some(Value::Unknown) => Err(Stop::Unknown),
        }
    }

    fn name(&mut self) -> Result<String, Stop> {
        let mut name = String::new();
        let digits = self.chars.peek().is_some_and(char::is_ascii_digit);
        while let Some(&c) = self.chars.peek() {
            // Which of the others are letters, tables of Unicode say.
            if !c.is_ascii() {
                return Err(Stop::Unknown);
            }
            let special = name.is_empty() && matches!(c, '@' | '*' | '#' | '?' | '-' | '$' | '!');
            let in_name = match digits {
                true => c.is_ascii_digit(),
                false => c.is_ascii_alphanumeric() || c == '_',
            };
            if !in_name && !special {
                break;
            }
            name.push(c);
            self.chars.next();
            if special {
                break;
            }
        }
        Ok(name)
    }

    /// Adds a character to the innermost text. `raw`: white space, too, is part
    /// of a word.
    fn add(&mut self, c: char, raw: bool) {
        if let Some(Frame::Text(text)) = self.frames.last_mut() {
            text.result.push(c);
            text.word(&mut self.word, c, raw);
        }
    }

    /// Hands what was read to what it is part of. `split`: white space in it
    /// separates words.
    fn give(&mut self, piece: &str, split: bool) -> Result<(), Stop> {
        match self.frames.last_mut() {
            Some(Frame::Double(quoted)) => quoted.push_str(piece),
            Some(Frame::Text(text)) => {
                text.result.push_str(piece);
                if split {
                    for c in piece.chars() {
                        text.word(&mut self.word, c, false);
                    }
                } else {
                    self.word.push_str(piece);
                    text.in_word = true;
                }
            }
            None => {}
        }
        let read = match self.frames.last() {
            Some(Frame::Double(text) | Frame::Text(Text { result: text, .. })) => text.len(),
            None => 0,
        };
        if read > self.longest {
            Err(Stop::Unknown)
        } else {
            Ok(())
        }
    }
}

/// `${NAME#word}`, `${NAME%word}`, `${NAME/pattern/word}`, or with the operator
/// twice.
fn patterned(
    operator: &str,
    pattern: Option<&str>,
    word: &str,
    value: &str,
) -> Result<String, Stop> {
    let new = |text: &str| Pattern::new(text).ok_or(Stop::Syntax);
    let (text, longest) = match word.strip_prefix(operator) {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let read = match (operator, pattern) {
        ("#", _) => new(text)?.without_prefix(value, longest),
        ("%", _) => new(text)?.without_suffix(value, longest),
        ("/" | "//", Some(pattern)) => new(pattern)?.replace(value, word, operator == "//"),
        _ => None,
    };
    read.ok_or(Stop::Unknown)
}

impl Text {
    fn word(&mut self, word: &mut String, c: char, raw: bool) {
        if raw || !c.is_whitespace() {
            word.push(c);
            self.in_word = true;
        } else if self.in_word && !word.is_empty() {
            self.words.push(std::mem::take(word));
            self.in_word = false;
        }
    }
}
