//! The frontend that a Dockerfile names (`# syntax=`).

/// The image that a Dockerfile names as its own frontend, as BuildKit finds it
/// (frontend/dockerfile/parser/directives.go): a `syntax` directive after `#`
/// or `//`, or JSON. Where versions of BuildKit differ, the widest reading.
pub fn frontend(dockerfile: &str) -> Option<&str> {
    let text = dockerfile.strip_prefix('\u{feff}').unwrap_or(dockerfile);
    let text = match text.strip_prefix("#!") {
        Some(shebang) => shebang.split_once('\n').map_or("", |(_, rest)| rest),
        None => text,
    };
    if text.trim_start().starts_with('{') {
        return Some("JSON");
    }
    ["#", "//"].iter().find_map(|comment| {
        text.lines()
            .map_while(|line| after(line, comment))
            .find_map(syntax)
    })
}

/// The line that names a frontend, from 1, and the image.
pub fn frontend_line(dockerfile: &str) -> Option<(usize, &str)> {
    let image = frontend(dockerfile)?;
    let mut lines = (1..).zip(dockerfile.lines());
    let line = lines
        .find(|(_, line)| line.to_ascii_lowercase().contains("syntax") && line.contains(image));
    Some((line.map_or(1, |(number, _)| number), image))
}

fn after<'a>(line: &'a str, comment: &str) -> Option<&'a str> {
    line.trim_start().strip_prefix(comment)
}

/// `IMAGE` of `syntax = IMAGE ...`.
fn syntax(directive: &str) -> Option<&str> {
    let (key, value) = directive.split_once('=')?;
    let key = key.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if !key.eq_ignore_ascii_case("syntax") {
        return None;
    }
    value.split_whitespace().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_way_to_name_one() {
        for text in [
            "# syntax=evil.test/f:1",
            "#syntax=evil.test/f:1 --flag\nFROM x",
            "#  SynTax\t=\t evil.test/f:1\r\nFROM x",
            "\u{feff}# syntax=evil.test/f:1",
            "#!/usr/bin/env docker\n# syntax=evil.test/f:1",
            "# escape=`\n# syntax=evil.test/f:1",
            "# a comment\n# syntax=evil.test/f:1",
            "// syntax=evil.test/f:1",
        ] {
            assert_eq!(frontend(text), Some("evil.test/f:1"), "{text:?}");
        }
        let second = "# escape=`\r\n#  SynTax = evil.test/f:1\r\nFROM x";
        assert_eq!(frontend_line(second), Some((2, "evil.test/f:1")));
        assert_eq!(frontend(" {\"syntax\": \"evil.test/f:1\"}"), Some("JSON"));
        for text in [
            "",
            "FROM scratch\n# syntax=evil.test/f:1",
            "# the syntax = old",
            "\n# syntax=evil.test/f:1",
            "# syntax=",
        ] {
            assert_eq!(frontend(text), None, "{text:?}");
        }
    }
}
