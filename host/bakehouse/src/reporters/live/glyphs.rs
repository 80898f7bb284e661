//! Signs that a terminal can show.

use std::time::Duration;

/// The time that each turn of a spinner is shown.
const TURN: u128 = 100;

/// The signs of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyphs {
    turns: &'static [&'static str],
    /// Something is cut off.
    pub(super) more: &'static str,
    /// Between a step and what it prints.
    pub(super) bar: &'static str,
}

impl Glyphs {
    pub(super) const UNICODE: Self = Self {
        turns: &[
            "\u{280b}", "\u{2819}", "\u{2839}", "\u{2838}", "\u{283c}", "\u{2834}", "\u{2826}",
            "\u{2827}", "\u{2807}", "\u{280f}",
        ],
        more: "\u{2026}",
        bar: "\u{2502}",
    };
    pub(super) const ASCII: Self = Self {
        turns: &["|", "/", "-", "\\"],
        more: "~",
        bar: "|",
    };

    /// Those that fit the locale (POSIX, "Environment Variables") and the terminal.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
        let locale = locale.unwrap_or_default().to_lowercase();
        // The console of Linux has no Braille.
        let is_console = variable("TERM").is_some_and(|term| term == "linux");
        match (locale.contains("utf-8") || locale.contains("utf8")) && !is_console {
            true => Self::UNICODE,
            false => Self::ASCII,
        }
    }

    pub(super) fn spinner(&self, now: Duration) -> &'static str {
        let turn = now.as_millis() / TURN % self.turns.len() as u128;
        let turn = usize::try_from(turn).unwrap_or_default();
        self.turns.get(turn).copied().unwrap_or(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_shown_what_it_can_show() {
        let chosen = |set: &[(&str, &str)]| {
            Glyphs::of(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(chosen(&[("LANG", "de_DE.UTF-8")]), Glyphs::UNICODE);
        assert_eq!(
            chosen(&[("LANG", "en_US.utf8"), ("LC_ALL", "")]),
            Glyphs::UNICODE
        );
        assert_eq!(
            chosen(&[("LANG", "C.UTF-8"), ("LC_ALL", "C")]),
            Glyphs::ASCII
        );
        assert_eq!(
            chosen(&[("LANG", "C.UTF-8"), ("TERM", "linux")]),
            Glyphs::ASCII
        );
        assert_eq!(chosen(&[]), Glyphs::ASCII);
    }
}
