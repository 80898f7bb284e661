//! GitLab's sections (docs.gitlab.com, "Job logs": custom collapsible sections).

use jiff::Timestamp;

use crate::text::{Text, line};

/// Lines that somebody else printed, folded under a title. `name` is of letters,
/// digits and `_`, and no other section's.
#[must_use]
pub fn section(title: &str, lines: &[String], name: &str, now: Timestamp) -> Text {
    let time = now.as_second();
    let mut text = Text::new();
    let title = line(title);
    text.command(&format!(
        "\u{1b}[0Ksection_start:{time}:{name}[collapsed=true]\r\u{1b}[0K{title}"
    ));
    for line in lines {
        text.line(line);
    }
    text.command(&format!("\u{1b}[0Ksection_end:{time}:{name}\r\u{1b}[0K"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_ended_by_nothing_that_is_in_it() {
        let lines = ["\u{1b}[0Ksection_end:1:name\r\u{1b}[0K".to_owned()];
        let text = section("a\nb", &lines, "name", Timestamp::from_second(7).unwrap());
        assert_eq!(
            text.as_str(),
            "\u{1b}[0Ksection_start:7:name[collapsed=true]\r\u{1b}[0Ka\\nb\n\
             \\u{1b}[0Ksection_end:1:name\\r\\u{1b}[0K\n\
             \u{1b}[0Ksection_end:7:name\r\u{1b}[0K\n"
        );
    }
}
