//! Text of others, made safe to show.

/// Longest line that is kept.
const MAX_LINE: usize = 2000;

/// A line of progress without terminal controls: of one that overwrote itself
/// with carriage returns, what was last seen.
pub fn last_seen(line: &str) -> String {
    let line = line.trim_end_matches(['\r', '\n']);
    let last = line.rsplit('\r').find(|part| !part.is_empty());
    clean(last.unwrap_or_default())
}

/// A text without terminal controls, in one line: nothing of it is lost by how
/// its lines end.
pub fn clean(text: &str) -> String {
    let lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(clean_line).collect();
    shortened(lines.join(" "))
}

fn clean_line(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_escape(&mut chars),
            // CSI as one character.
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\t' => out.push('\t'),
            c if c.is_control() || is_bidi(c) => {}
            c => out.push(c),
        }
        if out.len() > MAX_LINE {
            break;
        }
    }
    out
}

fn shortened(mut text: String) -> String {
    if text.len() > MAX_LINE {
        text.truncate(text.floor_char_boundary(MAX_LINE));
        text.push_str(" ...");
    }
    text
}

fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => skip_control_sequence(chars),
        // Operating system commands and their kin end with BEL or ESC \.
        Some(']' | 'P' | 'X' | '^' | '_') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' || c == '\u{9c}' {
                    break;
                }
                if c == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        Some('(' | ')' | '*' | '+' | '#') => {
            chars.next();
        }
        _ => {}
    }
}

fn skip_control_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    for c in chars.by_ref() {
        if ('\u{40}'..='\u{7e}').contains(&c) {
            break;
        }
    }
}

/// Characters that reorder the text around them.
const fn is_bidi(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_controls() {
        for (raw, seen) in [
            ("plain \u{fc}\n", "plain \u{fc}"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}text", "text"),
            (
                "\u{1b}]8;;https://host.test\u{1b}\\link\u{1b}]8;;\u{1b}\\",
                "link",
            ),
            ("10%\r50%\r100%\r\n", "10% 50% 100%"),
            (
                "denied: quota\r\nask the owner\n",
                "denied: quota ask the owner",
            ),
            ("a\u{8}b\u{7}c\u{202e}d", "abcd"),
            ("\u{1b}(Btext\u{1b}", "text"),
            ("a\tb", "a\tb"),
            ("\r\n", ""),
        ] {
            assert_eq!(clean(raw), seen, "{raw:?}");
        }
        for long in ["x", "\u{4e2d}", "x\r", "\n", "\u{1b}["] {
            assert!(clean(&long.repeat(100_000)).len() < 3000);
        }
    }

    #[test]
    fn of_progress_the_last_is_seen() {
        assert_eq!(last_seen("10%\r50%\r100%\r\n"), "100%");
        assert_eq!(last_seen("\u{1b}[2Ka\r\u{1b}[31mb"), "b");
        assert_eq!(last_seen("\r\n"), "");
    }
}
