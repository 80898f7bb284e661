//! Causes of failures: what failed for the same reason is told once.
//!
//! Twenty targets that fail at the same step are one thing to mend. Failures are
//! of one cause where their exit codes and the first lines of their messages are
//! the same, but for what names the app, version, image, platform or digest. Two
//! apps may have the same step, `make`, and fail at it for reasons of their own:
//! of these the end of the step's output must be the same, too. Where a server cannot
//! be reached, it does not matter what it was to be asked for.

use bakehouse_core::platform::Platform;
use bakehouse_core::target::TargetId;
use bakehouse_system::http::is_of_server;

use super::failure_record::FailureRecord;
use crate::failure::ExitCode;

/// Characters of a word that may be a digest, or made at random.
const ID: usize = 16;
/// Characters of a temporary file's name, behind its dot: `tmpZsrOxg`.
const TEMPORARY: usize = 9;
/// Words before the random part of a temporary folder's name: `target-loeVF4`.
const FOLDERS: [&str; 3] = ["run-", "target-", "bakehouse-"];
/// Characters of that part.
const RANDOM: usize = 6;

/// Failures that have one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause<'a> {
    /// The first of them, which is told in full.
    pub first: &'a FailureRecord,
    /// The others.
    pub others: Vec<&'a FailureRecord>,
}

/// The likeness of two failures of one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseKey {
    code: u8,
    app: Option<String>,
    message: String,
    /// The other lines of the message, which end what a step printed.
    output: String,
}

impl CauseKey {
    /// That of a target's failure.
    #[must_use]
    pub fn of_target(target: &TargetId, code: u8, message: &str) -> Self {
        let names = Names {
            app: Some(&target.app),
            version: Some(&target.version),
            image: Some(&target.image),
            platform: Some(target.platform.to_string()),
        };
        names.key(code, message)
    }

    /// That of a failure, by what it is about: an app or an image, and one of its
    /// versions or platforms, where it is about one.
    #[must_use]
    pub fn about(
        name: &str,
        version: Option<&str>,
        platform: Option<&Platform>,
        message: &str,
    ) -> Self {
        let names = Names {
            app: Some(name),
            version,
            image: None,
            platform: platform.map(ToString::to_string),
        };
        names.key(0, message)
    }

    /// That of any failure.
    #[must_use]
    pub fn of(failure: &FailureRecord) -> Self {
        let names = Names {
            app: failure.app.as_deref(),
            version: failure.version.as_deref(),
            image: failure.image.as_deref(),
            platform: failure.platform.as_ref().map(ToString::to_string),
        };
        names.key(failure.code.code(), &failure.message)
    }

    /// Tells whether two failures have one cause.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let same = self.code == other.code && self.message == other.message;
        same && (self.app == other.app || self.output == other.output)
    }
}

/// Failures by their causes, in the order in which these came up first.
#[must_use]
pub fn causes(failures: &[FailureRecord]) -> Vec<Cause<'_>> {
    let mut causes: Vec<(CauseKey, Cause<'_>)> = Vec::new();
    for failure in failures {
        let key = CauseKey::of(failure);
        match causes.iter_mut().find(|(known, _)| known.is_like(&key)) {
            Some((_, cause)) => cause.others.push(failure),
            None => {
                let cause = Cause {
                    first: failure,
                    others: Vec::new(),
                };
                causes.push((key, cause));
            }
        }
    }
    causes.into_iter().map(|(_, cause)| cause).collect()
}

impl<'a> Cause<'a> {
    /// All failures of it.
    pub fn all(&self) -> impl Iterator<Item = &'a FailureRecord> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// The number of its failures.
    #[must_use]
    pub const fn count(&self) -> usize {
        1 + self.others.len()
    }

    /// Their subjects, in words, each once; none where they are about nothing
    /// in particular.
    #[must_use]
    pub fn about(&self) -> Vec<String> {
        let mut about: Vec<String> = Vec::new();
        for name in self.all().filter_map(FailureRecord::about) {
            if !about.contains(&name) {
                about.push(name);
            }
        }
        about
    }

    /// The message, without the name of what the first is about where there are
    /// others.
    #[must_use]
    pub fn message(&self) -> &'a str {
        let message = self.first.message.as_str();
        let about = self.first.about().filter(|_| !self.others.is_empty());
        let bare = about.and_then(|about| message.strip_prefix(&format!("{about}: ")));
        bare.unwrap_or(message)
    }
}

/// Names that two failures of one cause may differ in.
struct Names<'a> {
    app: Option<&'a str>,
    version: Option<&'a str>,
    image: Option<&'a str>,
    platform: Option<String>,
}

impl Names<'_> {
    fn key(&self, code: u8, message: &str) -> CauseKey {
        let (line, output) = message.split_once('\n').unwrap_or((message, ""));
        let line = match is_of_server(line) {
            true => without_paths(line),
            false => line.to_owned(),
        };
        let mut line = without_ids(&line);
        let mut output = without_ids(output);
        let platform = self.platform.as_deref();
        let slug = platform.map(|platform| platform.replace('/', "-"));
        let architecture = platform.and_then(|platform| platform.split('/').nth(1));
        // The longest first: an image may be named as the app, and more.
        let mut names: Vec<(&str, &str)> = [
            (self.version, "{version}"),
            (platform, "{platform}"),
            (slug.as_deref(), "{platform}"),
            (architecture, "{architecture}"),
            (self.image, "{image}"),
            (self.app, "{app}"),
        ]
        .into_iter()
        .filter_map(|(name, word)| Some((name.filter(|name| !name.is_empty())?, word)))
        .collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, word) in names {
            line = replaced(&line, name, word);
            output = replaced(&output, name, word);
        }
        // How long something took, or how much it was.
        output.retain(|c| !c.is_ascii_digit() && c != '.');
        // How much is left of a disk that is full.
        if code == ExitCode::Storage.code() {
            line.retain(|c| !c.is_ascii_digit());
        }
        CauseKey {
            code,
            app: self.app.map(str::to_owned),
            message: line,
            output,
        }
    }
}

/// A text with a word in place of a name, where that stands by itself.
fn replaced(text: &str, name: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find(name) {
        let (left, found) = rest.split_at(at);
        let right = found.get(name.len()..).unwrap_or_default();
        let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        out.push_str(left);
        let stands =
            is_apart(left.chars().next_back().or(before)) && is_apart(right.chars().next());
        out.push_str(if stands { word } else { name });
        before = name.chars().next_back();
        rest = right;
    }
    out.push_str(rest);
    out
}

/// A text without the paths of its URLs.
fn without_paths(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        let is_end = |c: char| c.is_whitespace() || c == '\'';
        let (url, end) = after.split_at(after.find(is_end).unwrap_or(after.len()));
        let host = url.split_once('/').map_or(url, |(host, _)| host);
        out.push_str(before);
        out.push_str("://");
        out.push_str(host);
        rest = end;
    }
    out.push_str(rest);
    out
}

/// A text with a word in place of digests, and of names that were made at random,
/// as BuildKit's are: long ones of letters and digits, and those of temporary files
/// and folders.
pub(crate) fn without_ids(text: &str) -> String {
    let is_id = |word: &str| {
        let mixed = word.contains(|c: char| c.is_ascii_digit())
            && word.contains(|c: char| c.is_ascii_alphabetic());
        (word.len() >= ID && mixed) || (word.len() == TEMPORARY && word.starts_with("tmp"))
    };
    let is_random = |before: &str, word: &str| {
        FOLDERS.contains(&before)
            && word.len() == RANDOM
            && word.contains(|c: char| !c.is_ascii_lowercase())
    };
    let mut out = String::with_capacity(text.len());
    let mut before = "";
    for part in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let (word, end) = part.split_at(word.len());
        let made = is_id(word) || is_random(before, word);
        out.push_str(if made { "{id}" } else { word });
        out.push_str(end);
        before = part;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Failure;

    fn failure(version: &str, platform: &str, why: &str) -> FailureRecord {
        let target = TargetId {
            app: "outline".to_owned(),
            version: version.to_owned(),
            image: "base-outline".to_owned(),
            platform: platform.parse().unwrap(),
        };
        let message = format!("{target}: {why}");
        let error = Failure::new(ExitCode::Build, message).into();
        FailureRecord::new(&error).of_target(&target, String::new())
    }

    #[test]
    fn what_differs_in_names_alone_has_one_cause() {
        let step = |version: &str, tail: &str| {
            let why =
                format!("step `[2/3] RUN make VERSION={version}` failed: exit code: 2\n  {tail}");
            failure(version, "linux/arm64", &why)
        };
        let lost = |version: &str, platform: &str, digest: &str| {
            let why = format!(
                "https://h.test/{version}/x-{}.tgz: ref {digest} is gone",
                platform.replace('/', "-")
            );
            failure(version, platform, &why)
        };
        let failures = [
            step("1.0.0", "a"),
            lost("1.0.0", "linux/amd64", "z831txj7bynjrpvnt7hr89b2t"),
            step("1.1.0", "b"),
            step("1.2.0", "c"),
            lost("1.1.0", "linux/arm64", "ytmzwkzprrb2rh4h9igj4rbhy"),
            failure(
                "1.0.0",
                "linux/amd64",
                "step `[2/3] RUN make VERSION=1.0.0` failed: exit code: 3",
            ),
            // A name inside of another word is none.
            failure("1", "linux/amd64", "line 11 of outlines"),
            failure("2", "linux/amd64", "line 21 of outlines"),
        ];
        let causes = causes(&failures);
        let counts: Vec<usize> = causes.iter().map(Cause::count).collect();
        assert_eq!(counts, [3, 2, 1, 1, 1]);
        let steps = &causes[0];
        assert_eq!(
            steps.message(),
            "step `[2/3] RUN make VERSION=1.0.0` failed: exit code: 2\n  a"
        );
        assert_eq!(steps.about()[2], "outline 1.2.0 base-outline linux/arm64");
        assert!(
            causes[2]
                .message()
                .starts_with("outline 1.0.0 base-outline linux/amd64: ")
        );
    }

    #[test]
    fn apps_that_fail_at_the_same_step_do_so_for_reasons_of_their_own() {
        let step = |app: &str, tail: &str| {
            let target = TargetId {
                app: app.to_owned(),
                version: "1.0.0".to_owned(),
                image: app.to_owned(),
                platform: "linux/amd64".parse().unwrap(),
            };
            let step = "step `[2/3] RUN make` failed: exit code: 2";
            let error = Failure::new(ExitCode::Build, format!("{target}: {step}\n{tail}")).into();
            FailureRecord::new(&error).of_target(&target, String::new())
        };
        let failures = [
            step("a", "undefined reference to alpha"),
            step("b", "undefined reference to beta"),
            step("c", "0.3 s: no such host"),
            step("d", "12 s: no such host"),
            step("a", "segmentation fault"),
        ];
        let causes = causes(&failures);
        let counts: Vec<usize> = causes.iter().map(Cause::count).collect();
        assert_eq!(counts, [2, 1, 2]);
    }

    #[test]
    fn a_full_disk_is_one_cause() {
        let full = |platform: &str, folder: &str, free: u32| {
            let target = TargetId {
                app: "a".to_owned(),
                version: "1.0.0".to_owned(),
                image: "a".to_owned(),
                platform: platform.parse().unwrap(),
            };
            let why = format!(
                "{target}: cannot write /x/work/run-2hV9X5/target-{folder}/image.tar: only {free} MiB are free"
            );
            let error = Failure::new(ExitCode::Storage, why).into();
            FailureRecord::new(&error).of_target(&target, String::new())
        };
        let failures = [
            full("linux/amd64", "loeVF4", 11),
            full("linux/arm64", "9x503A", 1),
        ];
        assert_eq!(causes(&failures).len(), 1);
        assert_ne!(
            without_ids("bakehouse-server"),
            without_ids("bakehouse-client")
        );
    }

    #[test]
    fn a_server_that_does_not_answer_is_one_cause_whatever_it_was_asked_for() {
        let failed = |app: &str, why: &str| {
            let message = format!("{app}: {why}");
            let error = Failure::new(ExitCode::Upstream, message).into();
            FailureRecord::new(&error).of_app(app)
        };
        let refused = "error sending request: Connection refused (os error 111)";
        let failures = [
            failed(
                "esbuild",
                &format!("https://h.test:8443/esbuild: {refused}"),
            ),
            failed(
                "biome",
                &format!("https://h.test:8443/@biomejs%2fbiome: {refused}"),
            ),
            failed("other", &format!("https://i.test/esbuild: {refused}")),
            failed("a", "https://h.test/x: answered 503 Service Unavailable"),
            failed("b", "https://h.test/y: answered 502 Bad Gateway"),
            failed("c", "https://h.test/z: answered 503 Service Unavailable"),
            // What is not there is not there for each.
            failed("d", "https://h.test/x: not found"),
            failed("e", "https://h.test/y: not found"),
            failed(
                "f",
                "git ls-remote: fatal: unable to access 'https://h.test/f.git/': Could not resolve host: h.test",
            ),
            failed(
                "g",
                "git ls-remote: fatal: unable to access 'https://h.test/x.git/': Could not resolve host: h.test",
            ),
        ];
        let causes = causes(&failures);
        let counts: Vec<usize> = causes.iter().map(Cause::count).collect();
        assert_eq!(counts, [2, 1, 2, 1, 1, 1, 2]);
    }

    #[test]
    fn a_name_is_replaced_where_it_stands_alone() {
        for (text, expected) in [
            ("1.0", "V"),
            ("v1.0 1.0-x x-1.0", "v1.0 V-x x-V"),
            ("11.0 1.01 1.0", "11.0 1.01 V"),
            ("1.01.0", "1.01.0"),
            ("", ""),
        ] {
            assert_eq!(replaced(text, "1.0", "V"), expected, "{text}");
        }
    }
}
