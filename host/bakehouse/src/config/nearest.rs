//! Names that a misspelt one may stand for.

/// Letters that are wrong in a misspelt name, at most.
const WRONG: usize = 2;

/// The known name that is most like this one, where one is like it.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |known: &str| strsim::damerau_levenshtein(name, known);
    let near = known.into_iter().map(|known| (distance(known), known));
    let (wrong, known) = near.min_by_key(|(wrong, _)| *wrong)?;
    // Two letters of three are another word.
    (wrong <= WRONG && wrong * 2 < known.len()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_or_two_are_a_mistake() {
        let known = ["latest", "stable", "lts"];
        for (name, expected) in [
            ("lastest", Some("latest")),
            ("tsable", Some("stable")),
            ("stale", Some("stable")),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), expected, "{name}");
        }
    }
}
