//! The size of a Dockerfile with its variables filled in.
//!
//! BuildKit fills them in without a bound: forty lines of `ARG B=$A$A` are more
//! than any machine holds, and its daemon serves other builds, too. So what a
//! text would come to is counted first, by lengths alone. The count errs upwards:
//! stages are one, and what looks like `ARG` or `ENV` is one, also in a heredoc,
//! so that no way to write a Dockerfile hides one.

use std::collections::HashMap;

/// Bytes of one variable; Linux starts no program with a longer one.
const VALUE: u64 = 128 << 10;
/// Bytes that all instructions may gain, the environments of `RUN` steps
/// included.
const ALL: u64 = 64 << 20;
/// Bytes of a variable that is not set here: a base image may set it.
const UNKNOWN: u64 = 1 << 10;
/// Instructions in which variables are left to the shell.
const SHELL: [&str; 5] = ["RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL"];
/// Replacements within replacements, and bytes of one, that are looked through.
const DEPTH: usize = 8;
const INNER: usize = 1024;

/// An instruction that would get too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} would have more than {bytes} bytes with its variables filled in")]
pub struct Overgrown {
    /// Line in the Dockerfile, from 1.
    line: usize,
    /// The limit.
    bytes: u64,
}

/// Counts what a Dockerfile comes to with these build arguments.
///
/// # Errors
/// The first instruction that is over a limit.
pub(crate) fn check(text: &str, args: &[(String, String)]) -> Result<(), Overgrown> {
    let text = text.trim_start_matches('\u{feff}');
    let mut comments = text
        .lines()
        .take_while(|line| line.trim_start().starts_with(['#', '/']));
    let other = comments.any(|line| line.to_ascii_lowercase().contains("escape"));
    let escapes: &[char] = if other { &['\\', '`'] } else { &['\\'] };
    for escape in escapes {
        let mut growth = Growth {
            escape: *escape,
            texts: text.contains("<<"),
            values: HashMap::new(),
            nameless: 0,
            environment: 0,
            all: 0,
        };
        for (name, value) in args {
            growth.set(name, length(value));
        }
        for (line, instruction) in instructions(text, *escape) {
            let added = growth.add(&instruction);
            added.map_err(|bytes| Overgrown { line, bytes })?;
        }
    }
    Ok(())
}

/// Lengths of variables so far.
struct Growth {
    /// The character that continues lines, and keeps a space in a word.
    escape: char,
    /// Whether lines may be the text of a file, in which variables are filled in.
    texts: bool,
    values: HashMap<String, u64>,
    /// The longest value of a variable whose name is made of variables itself.
    nameless: u64,
    /// Of all variables.
    environment: u64,
    all: u64,
}

impl Growth {
    /// Adds an instruction; an error is the limit that it is over.
    fn add(&mut self, instruction: &str) -> Result<(), u64> {
        let (mut keyword, mut rest) = split(instruction);
        while keyword == "ONBUILD" {
            (keyword, rest) = split(rest);
        }
        match keyword.as_str() {
            "ARG" | "ENV" => return self.assign(rest),
            "RUN" => self.gain(self.environment.saturating_add(self.flags(rest)))?,
            _ => {}
        }
        if SHELL.contains(&keyword.as_str()) && !self.texts {
            return Ok(());
        }
        self.gain(self.filled(instruction).saturating_sub(length(instruction)))
    }

    /// Bytes of `--mount=...` and the like before a `RUN` step's command.
    fn flags(&self, rest: &str) -> u64 {
        let words = rest.split_ascii_whitespace();
        let flags = words.take_while(|word| word.starts_with("--"));
        flags
            .map(|flag| self.filled(flag))
            .fold(0, u64::saturating_add)
    }

    fn gain(&mut self, bytes: u64) -> Result<(), u64> {
        self.all = self.all.saturating_add(bytes);
        match self.all > ALL {
            true => Err(ALL),
            false => Ok(()),
        }
    }

    /// `NAME=VALUE` words, `NAME` alone, or `NAME VALUE`.
    fn assign(&mut self, rest: &str) -> Result<(), u64> {
        let words = words(rest, self.escape);
        let old_form = words.first().is_some_and(|word| !word.contains('='));
        if old_form && words.len() > 1 {
            let rest = rest.trim_start();
            let (name, value) = rest.split_once(char::is_whitespace).unwrap_or_default();
            return self.assigned(name, self.filled(value));
        }
        // Those of one `ENV` see the values before the line, those of one `ARG`
        // each other's, too.
        let pairs = || words.iter().filter_map(|word| word.split_once('='));
        let before: Vec<u64> = pairs().map(|(_, value)| self.filled(value)).collect();
        pairs().zip(before).try_for_each(|((name, value), before)| {
            let length = before.max(self.filled(value));
            self.assigned(name, length)
        })
    }

    fn assigned(&mut self, name: &str, length: u64) -> Result<(), u64> {
        if length > VALUE {
            return Err(VALUE);
        }
        self.set(name, length);
        self.gain(length)
    }

    /// A stage may have another value of the name, so the longest counts.
    fn set(&mut self, name: &str, length: u64) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !name.chars().all(plain) {
            self.nameless = self.nameless.max(length);
        }
        let known = self.values.entry(name.to_owned()).or_default();
        let longer = length.saturating_sub(*known);
        *known = known.saturating_add(longer);
        self.environment = self.environment.saturating_add(longer);
    }

    fn value(&self, name: &str) -> u64 {
        let known = self.values.get(name).copied();
        known.unwrap_or(UNKNOWN).max(self.nameless)
    }

    /// Bytes of a text with its variables filled in, or more.
    fn filled(&self, text: &str) -> u64 {
        self.within(DEPTH, text)
    }

    fn within(&self, depth: usize, text: &str) -> u64 {
        let mut sum = length(text);
        let mut rest = text;
        while let Some((_, after)) = rest.split_once('$') {
            rest = after;
            let Some((name, replaces)) = variable(after) else {
                continue;
            };
            let value = self.value(name);
            sum = sum.saturating_add(value);
            // `${NAME//a/b}`: between any two bytes may be what replaces them.
            if replaces {
                let Some((inner, behind)) = braced(after) else {
                    return u64::MAX;
                };
                let depth = depth.checked_sub(1);
                let by = depth.map_or(u64::MAX, |depth| self.within(depth, inner));
                let all = value.saturating_add(1).saturating_mul(by.saturating_add(1));
                sum = sum.saturating_add(all);
                rest = behind;
            }
        }
        sum
    }
}

/// The text behind `{` up to its brace, and the text behind that: all of it where
/// quotes and escapes make that unsure, none where the brace is far away.
fn braced(after: &str) -> Option<(&str, &str)> {
    let inner = after.strip_prefix('{')?;
    let mut open = 1;
    for (at, c) in inner.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            '\\' | '`' | '"' | '\'' => break,
            _ => {}
        }
        if open == 0 {
            return inner.split_at_checked(at);
        }
        if at > INNER {
            return None;
        }
    }
    Some((inner, ""))
}

/// An instruction's keyword, and the rest.
fn split(instruction: &str) -> (String, &str) {
    let instruction = instruction.trim_start();
    let end = instruction.find(char::is_whitespace);
    let (keyword, rest) = instruction.split_at(end.unwrap_or(instruction.len()));
    let short: String = keyword.chars().take(16).collect();
    (short.to_ascii_uppercase(), rest)
}

/// The variable's name after `$`, if one is there, and whether its value is
/// searched and replaced.
fn variable(after: &str) -> Option<(&str, bool)> {
    let inner = after.strip_prefix('{').unwrap_or(after);
    let end = inner
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(inner.len());
    let (name, rest) = inner.split_at_checked(end)?;
    let braced = inner.len() < after.len();
    (!name.is_empty()).then_some((name, braced && rest.starts_with('/')))
}

/// Words, as quotes and escapes hold them together.
fn words(text: &str, escape: char) -> Vec<&str> {
    let mut words = Vec::new();
    let mut begun = None;
    let (mut quote, mut escaped) = (None, false);
    for (at, c) in text.char_indices() {
        let ends = c.is_whitespace() && quote.is_none() && !escaped;
        if ends {
            words.extend(begun.take().and_then(|begun| text.get(begun..at)));
            continue;
        }
        begun.get_or_insert(at);
        if escaped {
            escaped = false;
        } else if c == escape {
            escaped = true;
        } else if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '"' | '\'') {
            quote = Some(c);
        }
    }
    words.extend(begun.and_then(|begun| text.get(begun..)));
    words
}

/// Lines, continued ones as one, with the number that they begin at. One in the
/// midst of another that looks like an assignment is an instruction as well.
fn instructions(text: &str, escape: char) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    // Indexes of what the next line continues.
    let mut open: Vec<usize> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let continued = trimmed.strip_suffix(escape);
        let part = continued.unwrap_or(trimmed);
        for at in &open {
            if let Some((_, instruction)) = found.get_mut(*at) {
                instruction.push(' ');
                instruction.push_str(part);
            }
        }
        let assigns = matches!(split(part).0.as_str(), "ARG" | "ENV");
        if open.is_empty() || assigns {
            open.truncate(1);
            open.push(found.len());
            found.push((number, part.to_owned()));
        }
        if continued.is_none() {
            open.clear();
        }
    }
    found
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::time::Instant;

    use super::*;

    fn refused(text: &str) -> Option<usize> {
        check(text, &[]).err().map(|overgrown| overgrown.line)
    }

    #[test]
    fn what_doubles_is_refused_in_every_form() {
        for form in [
            "ARG A{n}=$A{m}$A{m}",
            "ARG A{n}=${A{m}}${A{m}}",
            "ARG A{n}=\"$A{m} $A{m}\"",
            "ENV A{n} $A{m} $A{m}",
            "env A{n}=x \\\n  # why\n  A{n}=${A{m}:-x}$A{m}",
            "ENV A0=${A0//x/xx} A{n}=x",
            "ARG A{n}=${NO:-$A{m}${NO:-$A{m}}}",
            "ONBUILD ENV A{n}=$A{m}$A{m}",
            "ENV \"A{n}\"=$A{m}$A{m}",
            "ENV A\\{n}=$A{m}$A{m}",
            "ARG P=A\nENV ${P}{n}=$A{m}$A{m}",
            "ENV A{n}=${A{m}//x/${A{m}//x/xx}}",
            "RUN <<'#'\nx \\\n#\nENV A{n}=$A{m}$A{m}",
            "RUN echo `\nENV A{n}=$A{m}$A{m}",
        ] {
            let mut text = String::from("ARG A0=xxxxxxxxxxxxxxxx\n");
            for n in 1..40 {
                let line = form.replace("{n}", &n.to_string());
                writeln!(text, "{}", line.replace("{m}", &(n - 1).to_string())).unwrap();
            }
            text.push_str("FROM scratch\n");
            let line = refused(&text).unwrap_or_else(|| panic!("{form}"));
            assert!(line < 120, "{form}: {line}");
        }
    }

    #[test]
    fn what_doubles_within_a_line_is_refused() {
        for (first, between) in [
            ("ARG", " "),
            ("FROM a\nARG", " "),
            ("ENV", "\\\n"),
            ("ARG", "\t\\\n # x\n"),
        ] {
            let mut text = format!("{first} A0=xxxxxxxxxxxxxxxx");
            for n in 1..40 {
                write!(text, "{between}A{n}=$A{m}$A{m}", m = n - 1).unwrap();
            }
            assert!(refused(&text).is_some(), "{text}");
        }
    }

    #[test]
    fn the_other_escape_hides_nothing() {
        for first in ["# escape=`", "#escape = \\", "# syntax=x\n# EsCaPe=`"] {
            let mut text = format!("{first}\nARG A0=xxxxxxxxxxxxxxxx\n");
            for n in 1..40 {
                let m = n - 1;
                writeln!(text, "ARG A{n}=\\ \nARG B=` \\\nARG A{n}=$A{m}$A{m}").unwrap();
            }
            assert!(refused(&text).is_some(), "{first}");
        }
    }

    #[test]
    fn what_multiplies_is_refused() {
        let value = format!("FROM a\nENV A={}\n", "x".repeat(70_000));
        let many = "$A".repeat(100_000);
        for line in [
            format!("LABEL a={many}"),
            format!("COPY a {many}"),
            format!("COPY <<E /a\n{many}\nE"),
            format!("RUN --mount=target={many} x"),
            format!("COPY <<E /a\nCMD {many}\nE"),
            format!("LABEL a=${{A//x/{}}}", "y".repeat(1000)),
            format!("LABEL a=\"${{A//x/\\}}{}}}\"", "y".repeat(10_000)),
            format!("LABEL a=${{A//x/{}}}", "y".repeat(10_000)),
            "LABEL a=$A$A\n".repeat(10_000),
            "RUN x\n".repeat(10_000),
        ] {
            let text = format!("{value}{line}\n");
            assert!(refused(&text).is_some(), "{}", &line[..20]);
        }
    }

    #[test]
    fn real_dockerfiles_are_far_from_it() {
        let mut text = String::from("ARG V=1.2.3\nFROM debian AS a\n");
        for stage in 0..60 {
            write!(
                text,
                "FROM a AS s{stage}\nARG V\nENV PATH=$PATH:/opt/bin LD_LIBRARY_PATH=$LD_LIBRARY_PATH:/lib V2=${{V//./_}} V3=${{V//./${{V//1/_}}}}\n\
                 LABEL org.version=$V org.url=https://x/${{V}}\nRUN for i in $a $b; do echo \"${{i//[^a-z]/_}} $PATH\"; done\n"
            )
            .unwrap();
        }
        assert_eq!(refused(&text), None);
        let given = [("V".to_owned(), "x".repeat(100_000))];
        assert_eq!(check(&text, &given).err().map(|o| o.line), Some(5));
    }

    #[test]
    fn large_texts_take_no_time() {
        let begun = Instant::now();
        for piece in [
            "ARG A=$A\n",
            "${A:-",
            "$",
            "ENV \"",
            "\\\n",
            "#\n",
            "A=\\ ",
            "${A/",
        ] {
            let text = format!("ENV A=a {}", piece.repeat((1 << 20) / piece.len()));
            let _ = check(&text, &[]);
        }
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
