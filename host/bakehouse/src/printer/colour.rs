//! Colours: whether there are any.
//!
//! They say nothing that words do not say, too: red is what failed, yellow what
//! somebody should look at, green what is done, faint what is worth less.

use std::ffi::OsString;
use std::sync::OnceLock;

use clap::ValueEnum;

/// The choice of this process.
static CHOSEN: OnceLock<Colour> = OnceLock::new();

/// Whether to show colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal that has some, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Chooses for the rest of the process; the first choice counts.
pub fn choose_colour(colour: Colour) {
    let _ = CHOSEN.set(colour);
}

/// Whether to show colours on a stream that is a terminal, or is none.
pub(super) fn on(terminal: bool) -> bool {
    let chosen = CHOSEN.get().copied().unwrap_or_default();
    decided(chosen, terminal && super::is_lively(), |name| {
        std::env::var_os(name)
    })
}

/// The choice goes before `NO_COLOR` (<https://no-color.org>), and that before
/// `CLICOLOR_FORCE` and `CLICOLOR` (<https://bixense.com/clicolors>).
fn decided(chosen: Colour, terminal: bool, set: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name| set(name).filter(|value| !value.is_empty());
    let is_zero = |value: OsString| value == "0";
    match chosen {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto if set("NO_COLOR").is_some() => false,
        Colour::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        Colour::Auto => terminal && !set("CLICOLOR").is_some_and(is_zero),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_goes_before_the_environment_and_that_before_the_terminal() {
        let with = |chosen, terminal, set: &[(&str, &str)]| {
            decided(chosen, terminal, |name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.into())
            })
        };
        let (no, force, off) = (
            ("NO_COLOR", "1"),
            ("CLICOLOR_FORCE", "1"),
            ("CLICOLOR", "0"),
        );
        for (chosen, terminal, set, expected) in [
            (Colour::Auto, true, &[][..], true),
            (Colour::Auto, false, &[], false),
            (Colour::Auto, true, &[no], false),
            (Colour::Auto, true, &[("NO_COLOR", "")], true),
            (Colour::Auto, true, &[off], false),
            (Colour::Auto, false, &[force], true),
            (Colour::Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Colour::Auto, true, &[no, force], false),
            (Colour::Auto, false, &[force, off], true),
            (Colour::Always, false, &[no], true),
            (Colour::Never, true, &[force], false),
        ] {
            assert_eq!(with(chosen, terminal, set), expected, "{chosen:?} {set:?}");
        }
    }
}
