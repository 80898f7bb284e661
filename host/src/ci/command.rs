//! The runner's workflow commands, `::name key=value::data`
//! (docs.github.com, "Workflow commands for GitHub Actions").

use super::annotation::Location;

/// An `error` command: one line of log and one annotation.
#[must_use]
pub fn error(at: Option<&Location>, title: Option<&str>, message: &str) -> String {
    let mut properties = Vec::new();
    if let Some(at) = at {
        properties.push(format!("file={}", property(&at.file)));
        properties.push(format!("line={}", at.line));
    }
    if let Some(title) = title {
        properties.push(format!("title={}", property(title)));
    }
    let space = if properties.is_empty() { "" } else { " " };
    format!("::error{space}{}::{}", properties.join(","), data(message))
}

/// A `warning` command.
#[must_use]
pub fn warning(message: &str) -> String {
    format!("::warning::{}", data(message))
}

/// Lines that somebody else printed, folded under a title. The runner takes no
/// commands from them: it resumes only at a token that they cannot know.
#[must_use]
pub fn group(title: &str, lines: &[String], token: &str) -> String {
    let mut text = format!("::group::{}\n::stop-commands::{token}\n", data(title));
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str(&format!("::{token}::\n::endgroup::"));
    text
}

/// Escapes a command's data.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// Escapes the value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
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
                Some("50%: a"),
                "100% gone\r\nsecond: line, it is"
            ),
            "::error file=apps/a%2Cb%3Ac/app.toml,line=3,title=50%25%3A a::100%25 gone%0D%0Asecond: line, it is"
        );
        assert_eq!(error(None, None, "x"), "::error::x");
        assert_eq!(warning("a\nb"), "::warning::a%0Ab");
    }

    #[test]
    fn a_group_takes_no_commands_from_what_is_in_it() {
        let lines = ["::add-mask::x".to_owned(), "##[error]y".to_owned()];
        assert_eq!(
            group("a\nb", &lines, "t0ken"),
            "::group::a%0Ab\n::stop-commands::t0ken\n::add-mask::x\n##[error]y\n::t0ken::\n::endgroup::"
        );
    }
}
