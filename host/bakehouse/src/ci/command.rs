//! The runner's workflow commands, `::name key=value::data`
//! (docs.github.com, "Workflow commands for GitHub Actions").

use super::annotation::Location;
use crate::text::{Text, line};

/// An `error` command: one line of log and one annotation.
#[must_use]
pub fn error(at: Option<&Location>, title: Option<&str>, message: &str) -> Text {
    let mut properties = Vec::new();
    if let Some(at) = at {
        properties.push(format!("file={}", property(&at.file)));
        properties.push(format!("line={}", at.line));
    }
    if let Some(title) = title {
        properties.push(format!("title={}", property(title)));
    }
    let space = if properties.is_empty() { "" } else { " " };
    one(&format!(
        "::error{space}{}::{}",
        properties.join(","),
        data(message)
    ))
}

/// A `warning` command.
#[must_use]
pub fn warning(message: &str) -> Text {
    one(&format!("::warning::{}", data(message)))
}

/// Lines that somebody else printed, folded under a title. The runner takes no
/// commands from them: they are escaped, and it resumes only at a token that
/// they cannot know.
#[must_use]
pub fn group(title: &str, lines: &[String], token: &str) -> Text {
    let mut text = one(&format!("::group::{}", data(&line(title))));
    text.command(&format!("::stop-commands::{token}"));
    for line in lines {
        text.line(line);
    }
    text.command(&format!("::{token}::"));
    text.command("::endgroup::");
    text
}

fn one(command: &str) -> Text {
    let mut text = Text::new();
    text.command(command);
    text
}

/// Escapes a command's data, which may have several lines.
fn data(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(line).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    data(&line(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_would_end_a_command() {
        let at = Location {
            file: "apps/a,b:c/app.toml".to_owned(),
            line: 3,
        };
        assert_eq!(
            error(
                Some(&at),
                Some("50%: a\n::x::"),
                "100% gone\r\nsecond: line, it is\n::add-mask::x\r##[y]"
            )
            .as_str(),
            "::error file=apps/a%2Cb%3Ac/app.toml,line=3,title=50%25%3A a\\n%3A%3Ax%3A%3A::100%25 gone%0Asecond: line, it is%0A\\::add-mask::x\\r##\\[y]\n"
        );
        assert_eq!(error(None, None, "x").as_str(), "::error::x\n");
        assert_eq!(warning("a\nb").as_str(), "::warning::a%0Ab\n");
    }

    #[test]
    fn a_group_takes_no_commands_from_what_is_in_it() {
        let lines = ["::add-mask::x\n::error::y", " ##[error]y"].map(str::to_owned);
        assert_eq!(
            group("a\nb", &lines, "t0ken").as_str(),
            "::group::a\\nb\n::stop-commands::t0ken\n\\::add-mask::x\\n::error::y\n ##\\[error]y\n::t0ken::\n::endgroup::\n"
        );
    }
}
