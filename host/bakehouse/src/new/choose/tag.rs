//! The tags of a project that are its versions, where they are not the number
//! alone.

use bakehouse_core::version_number::VersionNumber;

/// A pattern for the tags that are versions, by what is before the number in most
/// of them. None where that is told without one, or nothing is.
pub(in crate::new) fn pattern_of_tags(tags: &[String], app: &str) -> Option<String> {
    let mut counted: Vec<(&str, usize, bool)> = Vec::new();
    for tag in tags {
        let Some(prefix) = prefix(tag) else { continue };
        match counted.iter_mut().find(|(known, ..)| *known == prefix) {
            Some((_, count, _)) => *count += 1,
            None => counted.push((prefix, 1, names(prefix, app))),
        }
    }
    // One project's among several is told by its name.
    let best = counted
        .iter()
        .max_by_key(|(_, count, named)| (*named, *count))?;
    match best.0 {
        "" | "v" => None,
        prefix => Some(format!("{prefix}{{version}}")),
    }
}

fn names(prefix: &str, app: &str) -> bool {
    let mut words = prefix.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.eq_ignore_ascii_case(app))
}

/// What is before the number at the end of a tag.
fn prefix(tag: &str) -> Option<&str> {
    let digits = |c: char| c.is_ascii_digit();
    let places = tag.char_indices().filter(|(at, c)| {
        digits(*c) && !tag[..*at].ends_with(|c: char| c.is_ascii_digit() || c == '.')
    });
    let mut places = places.filter(|(at, _)| {
        let rest = &tag[*at..];
        rest.contains('.') && VersionNumber::parse(rest).is_some()
    });
    let (at, _) = places.next()?;
    // Braces are the pattern's own.
    Some(&tag[..at]).filter(|prefix| !prefix.contains(['{', '}']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(tags: &[&str], app: &str) -> Option<String> {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        pattern_of_tags(&tags, app)
    }

    #[test]
    fn what_is_before_most_numbers() {
        let found = |tags: &[&str], app: &str| pattern(tags, app);
        assert_eq!(found(&["v1.2.3", "v1.2.2"], "x"), None);
        assert_eq!(found(&["1.2.3"], "x"), None);
        assert_eq!(found(&["nightly", "latest"], "x"), None);
        assert_eq!(found(&[], "x"), None);
        let jq = ["jq-1.8.1", "jq-1.8.0", "jq-1.7.1"];
        assert_eq!(found(&jq, "jq").as_deref(), Some("jq-{version}"));
        let biome = [
            "@biomejs/js-api@4.0.0",
            "@biomejs/js-api@3.0.0",
            "@biomejs/biome@2.3.8",
        ];
        assert_eq!(
            found(&biome, "biome").as_deref(),
            Some("@biomejs/biome@{version}")
        );
        let odd = ["{v}1.0", "é1.0.0", "release/2024.1"];
        assert!(found(&odd, "x").is_some());
    }
}
