//! Names that were meant: what a mistyped one is close to.

use std::fmt::Display;

/// The least likeness of two names that are taken for alike, from 0 to 1.
const ALIKE: f64 = 0.85;
/// Names listed at most.
const LISTED: usize = 20;

/// The known name that a mistyped one is most like; none where none is close.
#[must_use]
pub(crate) fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = |name: &str| name.trim().trim_start_matches(['v', 'V']).to_lowercase();
    let wanted = plain(name);
    if let Some(same) = known.iter().find(|known| plain(known) == wanted) {
        return Some(same);
    }
    let alike = known
        .iter()
        .map(|known| (strsim::jaro(&wanted, &plain(known)), *known))
        .filter(|(alike, _)| *alike > ALIKE);
    // Of those that are as close the first one.
    alike
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, known)| known)
}

/// A hint for an unknown name: what was meant, and what there is; `there_are`
/// introduces that.
#[must_use]
pub(crate) fn hint(name: impl Display, known: &[&str], there_are: &str) -> String {
    let shown = known.get(..LISTED).unwrap_or(known).join(", ");
    let more = match known.len().checked_sub(LISTED) {
        None | Some(0) => String::new(),
        Some(more) => format!(" and {more} more"),
    };
    match meant(&name.to_string(), known) {
        Some(meant) => format!("did you mean {meant}? {there_are} {shown}{more}"),
        None => format!("{there_are} {shown}{more}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_close_to_what_was_meant() {
        let apps = ["esbuild", "mattermost", "mostlymatter", "outline"];
        for (typed, name) in [
            ("esbiuld", Some("esbuild")),
            ("Outline", Some("outline")),
            ("mattermos", Some("mattermost")),
            ("outlin ", Some("outline")),
            ("nosuch", None),
            ("", None),
        ] {
            assert_eq!(meant(typed, &apps), name, "{typed}");
        }
        let versions = ["0.28.2", "0.28.1", "0.27.0"];
        assert_eq!(meant("v0.27.0", &versions), Some("0.27.0"));
        let platforms = ["linux/amd64", "linux/arm64"];
        for other in [
            "linux/riscv64",
            "linux/s390x",
            "linux/ppc64le",
            "windows/amd64",
        ] {
            assert_eq!(meant(other, &platforms), None, "{other}");
        }
        assert_eq!(
            meant("linux/amd46", &["linux/arm64", "linux/amd64"]),
            Some("linux/amd64")
        );
        assert_eq!(meant("x", &[]), None);
    }

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
