//! Exit codes of the program.

/// Exit codes of the `bakehouse` program. They are documented API: a number never
/// changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum ExitCode {
    /// Everything asked for is done.
    Success,
    /// A bug in Bakehouse.
    Internal,
    /// The command line cannot be understood.
    Usage,
    /// `bakehouse.toml`, an `app.toml` or a digest file is missing or malformed, a saved
    /// plan is not one for this project, an image is not what it is said to be, a
    /// published image would change, or an index would mix commits.
    Config,
    /// No such app, image, version, platform, digest file or reference.
    NotFound,
    /// The recipe is missing, no component, for another version of the contract,
    /// crashed, ran out of its limits, or answered nonsense or with an error.
    Recipe,
    /// Upstream (releases, downloads, git) failed.
    Upstream,
    /// There is no usable builder or engine.
    Builder,
    /// A target did not build, took too long, or came out damaged; or several things
    /// failed in different ways.
    Build,
    /// The registry cannot be reached, or misbehaves.
    Registry,
    /// The registry wants other credentials.
    Credentials,
    /// The recipe asked for something that it is not granted.
    Denied,
    /// Nothing was found where something is expected: an app without versions, a project
    /// without apps, a plan of nothing.
    Nothing,
    /// The local file system refused, whoever was writing (Bakehouse, a recipe, git, the
    /// builder's client): no access, no space, a disk that is read-only or broken, or
    /// something else in the place of a file or folder; or the embedded registry's own
    /// list is damaged. A disk without space, or a broken one, stops the run, and then
    /// this code goes before all others.
    Storage,
    /// An alarm: upstream lists far fewer versions than the last time.
    Fewer,
    /// An alarm: an image has been behind upstream for long.
    Behind,
    /// An alarm: a target has failed again and again.
    Failing,
    /// `plan --exit-code`: there is work, and all is well but for that.
    Work,
    /// Stopped by Ctrl-C or SIGTERM.
    Interrupted,
}

impl ExitCode {
    /// All of them.
    pub(crate) const ALL: [Self; 19] = [
        Self::Success,
        Self::Internal,
        Self::Usage,
        Self::Config,
        Self::NotFound,
        Self::Recipe,
        Self::Upstream,
        Self::Builder,
        Self::Build,
        Self::Registry,
        Self::Credentials,
        Self::Denied,
        Self::Nothing,
        Self::Storage,
        Self::Fewer,
        Self::Behind,
        Self::Failing,
        Self::Work,
        Self::Interrupted,
    ];

    /// The one with this number; none where there is none.
    #[must_use]
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.code() == number)
    }

    /// The code of several failures: their common one, or
    /// [`Build`](Self::Build) where they differ; success when there are none.
    #[must_use]
    pub fn common(failures: impl IntoIterator<Item = Self>) -> Self {
        let mut codes = failures.into_iter();
        match codes.next() {
            None => Self::Success,
            Some(first) if codes.all(|code| code == first) => first,
            Some(_) => Self::Build,
        }
    }

    /// The meaning of the code, in a few words for help.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "all that was asked for is done",
            Self::Internal => "a bug of Bakehouse",
            Self::Usage => "the command line cannot be understood",
            Self::Config => "bakehouse.toml, an app.toml or a digest file is missing or malformed",
            Self::NotFound => "no such app, image, version, platform or reference",
            Self::Recipe => "a recipe is missing, broken, or answers with an error",
            Self::Upstream => "a release source or a download failed",
            Self::Builder => "there is no usable builder or engine",
            Self::Build => "a target failed to build, or several things failed in different ways",
            Self::Registry => "the registry cannot be reached, or misbehaves",
            Self::Credentials => "the registry wants other credentials",
            Self::Denied => "a recipe asked for something that it was not granted",
            Self::Nothing => "nothing was found where something is expected",
            Self::Storage => "the file system refused: access, or room",
            Self::Fewer => "an alarm: upstream lists far fewer versions than the last time",
            Self::Behind => "an alarm: an image has been behind upstream for long",
            Self::Failing => "an alarm: a target has failed again and again",
            Self::Work => "plan --exit-code: there is work",
            Self::Interrupted => "stopped by Ctrl-C or SIGTERM",
        }
    }

    /// The number that the process exits with.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::NotFound => 4,
            Self::Recipe => 5,
            Self::Upstream => 6,
            Self::Builder => 7,
            Self::Build => 8,
            Self::Registry => 9,
            Self::Credentials => 10,
            Self::Denied => 11,
            Self::Nothing => 12,
            Self::Storage => 13,
            Self::Fewer => 14,
            Self::Behind => 15,
            Self::Failing => 16,
            Self::Work => 17,
            Self::Interrupted => 130,
        }
    }
}
