//! Unified diffs (POSIX, "Diff -u Output Format") of texts that strangers wrote:
//! within a bound of time, behind which a diff says more than it had to.

use std::time::{Duration, Instant};

use similar::{Algorithm, ChangeTag, TextDiff, capture_diff_slices_deadline};

/// Longest that two texts are compared.
const LIMIT: Duration = Duration::from_millis(500);
/// Lines around a change.
const AROUND: usize = 3;

/// The kind of a line of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    /// The name of a text.
    Name,
    /// The place of lines that follow.
    Place,
    /// In both texts.
    Kept,
    /// In the old text alone.
    Removed,
    /// In the new text alone.
    Added,
}

/// A line of a diff, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiffLine {
    pub(crate) tag: Tag,
    pub(crate) text: String,
}

/// The difference of two texts, each with its name; nothing where there is none.
pub(crate) fn unified(old: (&str, &str), new: (&str, &str)) -> Vec<DiffLine> {
    let mut config = TextDiff::configure();
    let diff = config.timeout(LIMIT).diff_lines(old.1, new.1);
    let mut lines = Vec::new();
    let mut line = |tag, text: String| lines.push(DiffLine { tag, text });
    for (index, hunk) in diff
        .unified_diff()
        .context_radius(AROUND)
        .iter_hunks()
        .enumerate()
    {
        if index == 0 {
            line(Tag::Name, format!("--- {}", old.0));
            line(Tag::Name, format!("+++ {}", new.0));
        }
        line(Tag::Place, hunk.header().to_string());
        for change in hunk.iter_changes() {
            let tag = match change.tag() {
                ChangeTag::Equal => Tag::Kept,
                ChangeTag::Delete => Tag::Removed,
                ChangeTag::Insert => Tag::Added,
            };
            let value = change.value();
            let value = value.strip_suffix('\n').unwrap_or(value);
            line(tag, format!("{}{value}", change.tag()));
            if change.missing_newline() {
                line(Tag::Kept, "\\ No newline at end of file".to_owned());
            }
        }
    }
    lines
}

/// The number of lines of the old text that are in the new one, in their order, and of
/// the lines of each. Empty ones do not count. From `until` on it says too few, and
/// soon.
pub(crate) fn in_common(old: &str, new: &str, until: Instant) -> (usize, usize, usize) {
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(|line| line.trim().to_owned());
        lines.filter(|line| !line.is_empty()).collect()
    };
    let (old, new) = (lines(old), lines(new));
    let ops = capture_diff_slices_deadline(Algorithm::Myers, &old, &new, Some(until));
    let equal = ops.iter().filter(|op| op.tag() == similar::DiffTag::Equal);
    let common = equal.map(|op| op.old_range().len()).sum();
    (common, old.len(), new.len())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn a_diff_is_one_that_patch_takes() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh";
        let new = "a\nB\nc\nd\ne\nf\ng\nh\n";
        let lines = unified(("a/old", old), ("b/old", new));
        let mut text = String::new();
        for line in &lines {
            writeln!(text, "{}", line.text).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("old");
        std::fs::write(&file, old).unwrap();
        let patch = folder.path().join("patch");
        std::fs::write(&patch, format!("facts before it\n{text}")).unwrap();
        let status = std::process::Command::new("git")
            .args(["apply", "patch"])
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert!(status.success(), "{text}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), new);
        assert!(unified(("old", old), ("new", old)).is_empty());
        let removed = lines.iter().filter(|line| line.tag == Tag::Removed);
        assert_eq!(removed.count(), 2);
    }

    #[test]
    fn texts_without_end_are_compared_within_the_bound() {
        let text = |from: usize| -> String { (from..200_000).map(|n| format!("{n}\n")).collect() };
        let (old, new) = (text(0), text(0).replace('7', "8"));
        let begun = Instant::now();
        assert!(!unified(("old", &old), ("new", &new)).is_empty());
        let (common, of, _) = in_common(&old, &new, begun + LIMIT);
        assert!(common < of);
        assert!(begun.elapsed() < 10 * LIMIT, "{:?}", begun.elapsed());
    }
}
