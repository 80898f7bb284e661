//! The known name that a misspelt one may stand for.

/// Letters that are wrong in a misspelt name, at most.
const WRONG: usize = 2;

/// The known name that a mistyped one is most like, and of those that are as
/// like it the first; none where none is like it.
///
/// A leading `v`, the case of letters and spaces around it make no difference.
/// Letters that were changed, added, left out or swapped do: two at most, and
/// fewer than half of the known name's.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| name.trim().trim_start_matches(['v', 'V']).to_lowercase();
    let wanted = plain(name);
    let near = known.into_iter().map(|known| {
        let wrong = strsim::damerau_levenshtein(&wanted, &plain(known));
        (wrong, known)
    });
    let (wrong, known) = near.min_by_key(|(wrong, _)| *wrong)?;
    // Two letters of three are another word.
    (wrong <= WRONG && wrong * 2 < known.len()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_close_to_what_was_meant() {
        let apps = ["esbuild", "mattermost", "mostlymatter", "outline"];
        let tags = ["latest", "stable", "lts"];
        let versions = ["0.28.2", "0.28.1", "0.27.0"];
        let platforms = ["linux/amd64", "linux/arm64"];
        for (known, typed, meant) in [
            (&apps[..], "esbiuld", Some("esbuild")),
            (&apps, "Outline", Some("outline")),
            (&apps, "mattermos", Some("mattermost")),
            (&apps, "outlin ", Some("outline")),
            (&apps, "nosuch", None),
            (&apps, "", None),
            (&tags, "lastest", Some("latest")),
            (&tags, "tsable", Some("stable")),
            (&tags, "stale", Some("stable")),
            (&tags, "abc", None),
            (&versions, "v0.27.0", Some("0.27.0")),
            (&platforms, "linux/riscv64", None),
            (&platforms, "linux/s390x", None),
            (&platforms, "linux/ppc64le", None),
            (&platforms, "windows/amd64", None),
            (&platforms, "linux/amd46", Some("linux/amd64")),
            (&[], "x", None),
        ] {
            assert_eq!(nearest(typed, known.iter().copied()), meant, "{typed}");
        }
    }
}
