//! Wishes of the command line for an app.

use std::fmt;

use bakehouse_core::platform::Platform;
use bakehouse_upstream::release::SourceId;

/// The SDK in the project's own folder of recipes, as a dependency.
pub(crate) const OWN_SDK: &str = "{ path = \"../sdk\" }";

/// What an app is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Upstream's own binaries, with a recipe that the program ships
    Binaries,
    /// Upstream's Dockerfile, with a recipe that the program ships
    Dockerfile,
    /// A recipe of your own: a Rust crate in plugins/
    Rust,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Binaries => "binaries",
            Self::Dockerfile => "dockerfile",
            Self::Rust => "rust",
        })
    }
}

/// What the command line wants; what it leaves open is looked for.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The app's name, and the image's.
    pub(crate) app: String,
    /// Upstream.
    pub(crate) from: SourceId,
    /// The recipe.
    pub(crate) kind: Kind,
    /// The platforms.
    pub(crate) platforms: Vec<Platform>,
    /// The licence.
    pub(crate) license: Option<String>,
    /// One line.
    pub(crate) summary: Option<String>,
    /// Which tags count.
    pub(crate) tag: Option<String>,
    /// The pattern of files.
    pub(crate) file: Option<String>,
    /// The pattern of programs in archives.
    pub(crate) member: Option<String>,
    /// The image to start from.
    pub(crate) base: Option<String>,
    /// The Dockerfile's path.
    pub(crate) dockerfile: Option<String>,
    /// The SDK that a crate is written on, as a dependency in a `Cargo.toml`.
    pub(crate) sdk: Option<String>,
}

impl Wanted {
    /// The kind of source, and its name: `npm`, `@biomejs/biome`.
    pub(super) fn source(&self) -> (String, String) {
        let text = self.from.to_string();
        let (kind, name) = text.split_once(':').unwrap_or((&text, ""));
        (kind.to_owned(), name.to_owned())
    }

    /// Names that the program may have, likeliest first.
    pub(super) fn programs<'a>(&'a self, said: &'a [String], source: &'a str) -> Vec<&'a str> {
        let last = source.trim_end_matches(".git").rsplit(['/', ':']).next();
        let mut names = vec![self.app.as_str()];
        names.extend(said.iter().map(String::as_str));
        names.extend(last);
        names
    }
}
