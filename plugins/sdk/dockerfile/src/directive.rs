//! Parser directives: `# escape=`, `# syntax=`, `# check=`.

/// Reads parser directives, which are before everything else in a file.
pub(crate) struct Directives {
    pub(crate) escape: char,
    seen: Vec<&'static str>,
    done: bool,
}

const KNOWN: [&str; 3] = ["syntax", "escape", "check"];

impl Directives {
    pub(crate) fn new() -> Self {
        Self {
            escape: '\\',
            seen: Vec::new(),
            done: false,
        }
    }

    /// Takes the next line, without white space before it.
    pub(crate) fn read(&mut self, line: &str) -> Result<(), String> {
        if self.done {
            return Ok(());
        }
        let Some((name, value)) = parts(line) else {
            self.done = true;
            return Ok(());
        };
        if self.seen.contains(&name) {
            return Err(format!("only one {name} parser directive can be used"));
        }
        self.seen.push(name);
        if name == "escape" {
            self.escape = match value {
                "`" => '`',
                "\\" => '\\',
                _ => return Err("the escape character is ` or \\".to_owned()),
            };
        }
        Ok(())
    }
}

/// Name and value of a line that is a directive.
fn parts(line: &str) -> Option<(&'static str, &str)> {
    // Go's `\s`.
    let blank = ['\t', '\n', '\x0c', '\r', ' '];
    let (name, value) = line.strip_prefix('#')?.trim_start().split_once('=')?;
    let name = name.trim_end_matches(blank);
    let known = KNOWN
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name))?;
    if value.is_empty() {
        return None;
    }
    Some((known, value.trim_matches(blank)))
}
