//! Hints for names that there are not: the name that was meant, and those that there are.

use std::fmt::Display;

use bakehouse_core::nearest::nearest;

use crate::text::some;

/// Names listed at most.
const LISTED: usize = 20;

/// A hint for an unknown name: what was meant, and what there is; `there_are`
/// introduces that.
#[must_use]
pub(crate) fn hint(name: impl Display, known: &[&str], there_are: &str) -> String {
    let shown = some(known, LISTED);
    match nearest(&name.to_string(), known.iter().copied()) {
        Some(meant) => format!("did you mean {meant}? {there_are} {shown}"),
        None => format!("{there_are} {shown}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_what_there_is() {
        assert_eq!(
            hint("bbb", &["bbbb"], "known apps:"),
            "did you mean bbbb? known apps: bbbb"
        );
        let many: Vec<String> = (0..25).map(|n| format!("app{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(hint("zzz", &many, "there are").ends_with("app19 and 5 more"));
    }
}
