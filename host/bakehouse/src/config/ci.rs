//! The `[ci]` table of `bakehouse.toml`.

use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

use crate::product::Product;

/// Work for one machine where nothing is said.
const JOB_MINUTES: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
/// Apps that a review builds where nothing is said.
const REVIEW_APPS: NonZeroUsize = NonZeroUsize::new(10).expect("not zero");
/// Longest a value may be that stands in a workflow file.
const LONGEST: usize = 200;

/// The settings of the workflow by which CI publishes a project. Every key may be
/// left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Ci {
    /// The release of Bakehouse whose workflow publishes: `OWNER/REPO@REF`, with a
    /// comment behind it as `OWNER/REPO@COMMIT # v1.2.3`, or `./`, the project's own
    /// repository. Without it, it is the release that the program is of.
    pub uses: Option<Uses>,
    /// The origin of the program that the jobs run.
    #[cfg_attr(test, schemars(extend("default" = "release")))]
    pub program: Program,
    /// The name of the workflow; without it, GitHub shows the file's.
    pub name: Option<Line>,
    /// The times at which it runs by itself: five fields of cron, in UTC, or a list of
    /// such. An empty list is never.
    #[serde(deserialize_with = "one_or_many")]
    #[cfg_attr(test, schemars(schema_with = "super::text_schemas::schedule"))]
    pub schedule: Option<Vec<Cron>>,
    /// The runner for jobs that build nothing.
    pub runner: Option<Line>,
    /// A script that every job runs before the program.
    pub setup: String,
    /// Secrets that jobs have as variables of the same names.
    pub secrets: Vec<SecretName>,
    /// Minutes of work for one build job: targets that take less share one.
    #[cfg_attr(test, schemars(extend("default" = JOB_MINUTES)))]
    pub job_minutes: Option<NonZeroU32>,
    /// The treatment of pull requests.
    #[cfg_attr(test, schemars(extend("default" = "review")))]
    pub pull_requests: PullRequests,
    /// Apps that a review builds at most; `--max-apps` goes before it.
    #[cfg_attr(test, schemars(extend("default" = REVIEW_APPS)))]
    pub review_apps: Option<NonZeroUsize>,
    /// The place where the status page is published: `pages`, GitHub's Pages of the
    /// project, or `branch:NAME`, a branch that holds nothing else. Without it, it is
    /// published nowhere.
    pub status: Option<StatusPlace>,
}

impl Ci {
    /// Minutes of work for one build job.
    #[must_use]
    pub fn job_minutes(&self) -> NonZeroU32 {
        self.job_minutes.unwrap_or(JOB_MINUTES)
    }

    /// Apps that a review builds at most.
    #[must_use]
    pub fn review_apps(&self) -> NonZeroUsize {
        self.review_apps.unwrap_or(REVIEW_APPS)
    }
}

/// The treatment of pull requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PullRequests {
    /// The apps that a change touches are built and run, and told on a job's page.
    #[default]
    Review,
    /// The same, and told in a comment, where the token may write one.
    Comment,
    /// Nothing.
    Off,
}

/// The origin of the program that the jobs run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Program {
    /// A released one.
    #[default]
    Release,
    /// The source of the repository that has the reusable workflow.
    Source,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Release => "release",
            Self::Source => "source",
        })
    }
}

/// The place where CI publishes the status page: `pages`, GitHub's Pages of the
/// project; or `branch:NAME`, a branch that holds nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StatusPlace {
    /// GitHub Pages.
    Pages,
    /// A branch of this name.
    Branch(String),
}

impl fmt::Display for StatusPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pages => f.write_str("pages"),
            Self::Branch(name) => write!(f, "branch:{name}"),
        }
    }
}

impl<'de> Deserialize<'de> for StatusPlace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "`pages`, or `branch:NAME` with a branch that holds nothing else";
        let text = String::deserialize(deserializer)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        let fits = |name: &&str| {
            let parts = name.split('/');
            // As git-check-ref-format(1) has it, and less.
            let good = |part: &str| {
                part.starts_with(|c: char| c.is_ascii_alphanumeric()) && !part.ends_with(".lock")
            };
            name.len() <= LONGEST
                && name.chars().all(plain)
                && !name.contains("..")
                && !name.ends_with('.')
                && parts.into_iter().all(good)
        };
        match (text.as_str(), text.strip_prefix("branch:").filter(fits)) {
            ("pages", _) => Ok(Self::Pages),
            (_, Some(name)) => Ok(Self::Branch(name.to_owned())),
            _ => Err(D::Error::invalid_value(Unexpected::Str(&text), &EXPECTED)),
        }
    }
}

/// A repository at a commit, branch or tag, written `OWNER/REPO@REF`, with a
/// comment behind it as `OWNER/REPO@COMMIT # v1.2.3`; or `./`, the project's own
/// repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uses(String);

impl Uses {
    /// The reusable workflow of that repository, as `jobs.<job>.uses` takes it.
    #[must_use]
    pub fn workflow(&self, path: &str) -> String {
        match self.0.split_once('@') {
            Some((repository, reference)) => format!("{repository}/{path}@{reference}"),
            None => format!("{}{path}", self.0),
        }
    }

    /// True for the project's own repository, which the program is built from.
    #[must_use]
    pub fn is_own(&self) -> bool {
        !self.0.contains('@')
    }

    /// The release that it names; none for the project's own repository.
    #[must_use]
    pub fn product(&self) -> Option<Product> {
        let place = self.0.split(" # ").next()?;
        place.parse().ok()
    }

    /// Reads it; an error says what it should be.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const EXPECTED: &str = "`OWNER/REPO@REF`, such as acme/bakehouse@v1, or ./";
        if text == "./" {
            return Ok(Self(text.to_owned()));
        }
        let plain = |part: &str, more: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
            !part.is_empty() && part.len() <= LONGEST && part.chars().all(fits)
        };
        let (place, comment) = match text.split_once(" # ") {
            Some((place, comment)) => (place, Some(comment)),
            None => (text, None),
        };
        let parts = place.split_once('@').and_then(|(repository, reference)| {
            let (owner, name) = repository.split_once('/')?;
            Some((owner, name, reference))
        });
        match parts {
            Some((owner, name, reference))
                if plain(owner, "-_")
                    && plain(name, "-_.")
                    && plain(reference, "-_./")
                    && comment.is_none_or(|comment| plain(comment, "-_./")) =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(EXPECTED),
        }
    }
}

impl<'de> Deserialize<'de> for Uses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let unfit = |expected: &str| D::Error::invalid_value(Unexpected::Str(&text), &expected);
        Self::parse(&text).map_err(unfit)
    }
}

/// The times at which a workflow runs: POSIX cron, five fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron(String);

impl Cron {
    /// The five fields.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Cron {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Smallest and largest value of minute, hour, day, month, day of the week.
        const RANGES: [(u8, u8); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
        const EXPECTED: &str = "five fields of cron, in UTC, such as \"0 1 * * *\"";
        let text = String::deserialize(deserializer)?;
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let fits = fields.len() == RANGES.len()
            && fields
                .iter()
                .zip(RANGES)
                .all(|(field, range)| is_field(field, range));
        match fits {
            true => Ok(Self(fields.join(" "))),
            false => Err(D::Error::invalid_value(Unexpected::Str(&text), &EXPECTED)),
        }
    }
}

/// `*`, `N`, `N-M`, each with `/STEP`, and lists of them. Names of months and
/// days are POSIX's, too, and left to GitHub.
fn is_field(field: &str, (least, most): (u8, u8)) -> bool {
    let number = |text: &str| -> Option<u8> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|n| digits && (least..=most).contains(n))
    };
    let name = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
    let value = |text: &str| number(text).is_some() || name(text);
    field.split(',').all(|part| {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        let step_fits = step.is_none_or(|step| step.parse::<u8>().is_ok_and(|step| step > 0));
        let range_fits = range == "*"
            || match range.split_once('-') {
                Some((from, to)) => value(from) && value(to),
                None => value(range),
            };
        step_fits && range_fits
    })
}

/// A line of text that stands in a workflow file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = !text.trim().is_empty()
            && text.len() <= LONGEST
            && !text.contains("${{")
            && !text.chars().any(char::is_control);
        match fits {
            true => Ok(Self(text)),
            false => Err(D::Error::invalid_value(
                Unexpected::Str(&text),
                &"one line of text without an expression",
            )),
        }
    }
}

/// The name of a secret, and of the variable that it becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName(String);

impl SecretName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SecretName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && text.len() <= LONGEST
            && !text.to_ascii_uppercase().starts_with("GITHUB_");
        match fits {
            true => Ok(Self(text)),
            false => Err(D::Error::invalid_value(
                Unexpected::Str(&text),
                &"the name of a secret: letters, digits and _, and not GITHUB_ in front",
            )),
        }
    }
}

/// One schedule, or a list of them.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "five fields of cron, in UTC, such as \"0 1 * * *\", or a list of such"
)]
enum OneOrMany {
    One(Cron),
    Many(Vec<Cron>),
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Cron>>, D::Error> {
    Ok(Some(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Ci, String> {
        toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())
    }

    #[test]
    fn every_key_is_read() {
        let ci = read(
            "uses = \"acme/bakehouse@v1\"\nprogram = \"source\"\nname = \"images\"\n\
             schedule = [\"0 1 * * *\", \"*/15 9-17 * * MON-FRI\"]\n\
             runner = \"self-hosted\"\nsetup = \"echo a\\necho b\"\nsecrets = [\"GITLAB_TOKEN\"]\njob-minutes = 5\n\
             pull-requests = \"comment\"\n",
        )
        .unwrap();
        assert_eq!(ci.schedule.as_ref().map(Vec::len), Some(2));
        assert_eq!(ci.job_minutes().get(), 5);
        assert_eq!(ci.program, Program::Source);
        assert_eq!(ci.pull_requests, PullRequests::Comment);
        assert_eq!(read("").unwrap(), Ci::default());
        for place in ["pages", "branch:status", "branch:site/status.v1"] {
            let ci = read(&format!("status = \"{place}\"")).unwrap();
            assert_eq!(ci.status.unwrap().to_string(), place);
        }
        assert_eq!(read("schedule = []").unwrap().schedule, Some(Vec::new()));
        let one = read("schedule = \"0 1 * * *\"").unwrap().schedule.unwrap();
        assert_eq!(one[0].as_str(), "0 1 * * *");
    }

    #[test]
    fn what_would_be_no_workflow_is_refused() {
        for bad in [
            "uses = \"acme\"",
            "uses = \"acme/bakehouse\"",
            "uses = \"acme/bakehouse@\"",
            "uses = \"acme/bakehouse@v1\\nx: y\"",
            "uses = \"acme/x/bakehouse@v1\"",
            "uses = \"../x\"",
            "schedule = \"daily\"",
            "schedule = \"60 1 * * *\"",
            "schedule = \"0 1 * *\"",
            "schedule = \"0 1 0 * *\"",
            "schedule = \"*/0 1 * * *\"",
            "schedule = [\"0 1 * * *\", \"\"]",
            "schedule = 1",
            "name = \"\"",
            "name = \"a\\nb\"",
            "runner = \"${{ inputs.x }}\"",
            "secrets = [\"A-B\"]",
            "secrets = [\"1A\"]",
            "secrets = [\"GITHUB_TOKEN\"]",
            "job-minutes = 0",
            "status = \"\"",
            "status = \"page\"",
            "status = \"branch:\"",
            "status = \"branch:a b\"",
            "status = \"branch:-f\"",
            "status = \"branch:a/../b\"",
            "status = \"branch:a.lock\"",
            "status = \"branch:a//b\"",
            "status = true",
            "program = \"other\"",
            "pull-requests = true",
            "other = 1",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("uses = \"x\"").unwrap_err().contains("OWNER/REPO@REF"));
        assert!(
            read("schedule = \"x\"")
                .unwrap_err()
                .contains("five fields")
        );
    }

    #[test]
    fn the_workflow_of_a_repository() {
        let path = ".github/workflows/publish.yml";
        let workflow = |text: &str| Uses::parse(text).map(|uses| uses.workflow(path));
        assert_eq!(
            workflow("acme/bakehouse@0123 # v1.2.3").unwrap(),
            "acme/bakehouse/.github/workflows/publish.yml@0123 # v1.2.3"
        );
        assert_eq!(workflow("./").unwrap(), "./.github/workflows/publish.yml");
    }
}
