//! The page of a review: what it found, and what became of what was built.

use bakehouse_core::platform::Platform;
use serde::Serialize;

use super::{Part, Review, State, Tried};
use crate::failure::{ExitCode, Failure};
use crate::pipeline::failure_record::FailureRecord;
use crate::pipeline::plan::Job;
use crate::text;

/// All that a review found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReviewPage {
    /// The findings without a build, and everything that failed.
    #[serde(flatten)]
    pub review: Review,
    /// True where anything was to be built.
    pub built: bool,
    /// The targets that were built, or not.
    pub targets: Vec<Tried>,
}

/// One image for one platform, as a page tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Image name.
    pub image: String,
    /// Version number.
    pub version: String,
    /// Platform.
    pub platform: Platform,
    /// Bytes to download; none where it is not built.
    pub size: Option<u64>,
    /// Version and bytes of what is published, where anything is.
    pub published: Option<(String, u64)>,
    /// Its run, or the reason why there is none.
    pub ran: String,
}

impl Row {
    /// By how much its size differs from what is published, in percent.
    #[must_use]
    pub fn change(&self) -> Option<String> {
        let (now, (_, before)) = (self.size?, self.published.as_ref()?);
        let before = (*before).max(1) as f64;
        Some(format!("{:+.1} %", (now as f64 - before) * 100.0 / before))
    }
}

impl ReviewPage {
    /// The page of a review of which nothing is built.
    #[must_use]
    pub const fn new(review: Review) -> Self {
        Self {
            review,
            built: false,
            targets: Vec::new(),
        }
    }

    /// Adds what became of its builds. A target of which no part tells anything is
    /// a failure.
    pub fn add(&mut self, parts: impl IntoIterator<Item = Part>) {
        self.built = true;
        for part in parts {
            self.targets.extend(part.targets);
            self.review.failures.extend(part.failures);
        }
        let order = |tried: &Tried| (tried.id.clone(), tried.digest.is_none());
        self.targets.sort_by_key(order);
        self.targets.dedup_by(|second, first| second.id == first.id);
        // One that is about no app in particular is about all of them.
        let told = |app: &str| {
            let mut failures = self.review.failures.iter();
            failures.any(|failure| failure.app.as_deref().is_none_or(|of| of == app))
        };
        let planned = self.review.plan.jobs().flat_map(Job::targets);
        let lost: Vec<FailureRecord> = planned
            .filter(|target| self.targets.iter().all(|tried| tried.id != *target))
            .filter(|target| !told(&target.app))
            .map(|target| {
                let message = format!("{target}: nothing is known of its build");
                let failure = Failure::new(ExitCode::Build, message)
                    .hint("its job did not come to its end; see its log, and run it again");
                FailureRecord::new(&failure.into()).about_target(&target)
            })
            .collect();
        self.review.failures.extend(lost);
    }

    /// The exit code that its failures stand for.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::common(self.review.failures.iter().map(|failure| failure.code))
    }

    /// Its subject, as a sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let since = self.review.base.short();
        if since.is_empty() {
            return "The review has not come to its end".to_owned();
        }
        let count = |state: fn(State) -> bool| {
            let apps = self.review.apps.iter();
            apps.filter(|app| state(app.state)).count()
        };
        let touched = count(|state| state != State::Removed);
        let removed = count(|state| state == State::Removed);
        let apps = |number: usize| text::count(number, "app");
        match (touched, removed) {
            (0, 0) => format!("Nothing to build: the change since {since} touches no app"),
            (0, removed) => format!(
                "Nothing to build: the change since {since} only removes {}",
                apps(removed)
            ),
            (touched, 0) => format!("The change since {since} touches {}", apps(touched)),
            (touched, removed) => format!(
                "The change since {since} touches {}, and removes {}",
                apps(touched),
                apps(removed)
            ),
        }
    }

    /// The build of an app: version and images, with commas.
    #[must_use]
    pub fn builds(&self, app: &str) -> Option<(String, String)> {
        let mut apps = self.review.plan.apps.iter();
        let plan = apps.find(|plan| plan.app.name == app)?;
        let version = plan.versions.last()?;
        let images = version.images.iter().map(|image| image.image.as_str());
        let images: Vec<&str> = images.collect();
        Some((version.version.number.clone(), images.join(", ")))
    }

    /// Warnings of recipes.
    pub fn warnings(&self) -> impl Iterator<Item = String> + '_ {
        self.targets.iter().flat_map(|tried| {
            let warnings = tried.warnings.iter();
            warnings.map(|warning| format!("{}: {warning}", tried.id))
        })
    }

    /// Its images, platform by platform, in the plan's order.
    pub fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let targets = self.review.plan.jobs().flat_map(Job::targets);
        targets.map(|target| {
            let tried = self.targets.iter().find(|tried| tried.id == target);
            let published = self.review.published.iter();
            let mut published = published.filter(|sizes| sizes.image == target.image);
            let published = published.find_map(|sizes| {
                Some((sizes.version.clone(), *sizes.sizes.get(&target.platform)?))
            });
            let ran = match tried {
                None if self.built => "NOT BUILT".to_owned(),
                None => "-".to_owned(),
                Some(tried) => match (&tried.ran, &tried.digest) {
                    (Some(ran), _) => ran.to_string(),
                    (None, Some(_)) => "-".to_owned(),
                    (None, None) => "NOT BUILT".to_owned(),
                },
            };
            Row {
                size: tried.and_then(|tried| tried.size),
                image: target.image,
                version: target.version,
                platform: target.platform,
                published,
                ran,
            }
        })
    }
}
