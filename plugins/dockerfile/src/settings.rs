//! The options of an app, read once a call.

use std::collections::BTreeMap;

use bakehouse_sdk::release::Selection;
use bakehouse_sdk::{Error, OptionDeclaration, options};

/// The options that app.toml can set.
pub(crate) fn declarations() -> Vec<OptionDeclaration> {
    let text = OptionDeclaration::text;
    let texts = OptionDeclaration::texts;
    let table = OptionDeclaration::table;
    let boolean = OptionDeclaration::boolean;
    vec![
        text("repository", "upstream's git repository, https://...; a version is checked out by its tag").required(),
        text("license", "upstream's licence, as an SPDX expression").required(),
        text("source", "where upstream's releases are; else the tags of `repository`"),
        text("summary", "one line that says what it is"),
        text("upstream", "upstream's home page, where it is not the repository"),
        text("image", "the image's name, where it is not the app's"),
        text("tag", "which of upstream's tags count, with {version} in it; else the number alone, or after a `v`"),
        boolean("prereleases", "prereleases are built, too; no moving tag goes there"),
        boolean("submodules", "submodules are checked out, too; each one's repository needs a grant"),
        texts("platforms", "platforms that it can be built for").default(&["linux/amd64", "linux/arm64"][..]),
        text("dockerfile", "the Dockerfile, by its path in the repository").default("Dockerfile"),
        text("context", "the folder that is the build's context").default("."),
        text("stage", "the stage to build, where it is not the last one"),
        table("args", "build arguments; {version}, {tag} and {commit} are filled in"),
        texts("downloads", "addresses that ADD in the Dockerfile fetches from; each ends in /"),
        texts("build-stages", "stages that cross-compile: they run on the machine that builds, whatever they build for"),
        table("bases", "bases to start from instead, by the base as upstream writes it"),
        text("digests", "bases by digest: `fit` changes those that are not for the platform, `keep` none, `drop` all that have a tag")
            .choices(&["fit", "keep", "drop"])
            .default("fit"),
        text("syntax", "the frontend: `keep` upstream's, `drop` it, or an image").default("keep"),
        boolean("network", "RUN steps may use the network"),
        table("labels", "more labels"),
    ]
}

/// The treatment of bases that upstream names by digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Digests {
    Fit,
    Keep,
    Drop,
}

/// The treatment of `# syntax=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Syntax {
    Keep,
    Drop,
    Image(String),
}

/// The options of an app.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) app: String,
    pub(crate) repository: String,
    pub(crate) license: String,
    pub(crate) source: String,
    pub(crate) summary: Option<String>,
    pub(crate) upstream: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) prereleases: bool,
    pub(crate) submodules: bool,
    pub(crate) platforms: Vec<String>,
    pub(crate) dockerfile: String,
    pub(crate) context: String,
    pub(crate) stage: Option<String>,
    pub(crate) args: BTreeMap<String, String>,
    pub(crate) downloads: Vec<String>,
    pub(crate) build_stages: Vec<String>,
    pub(crate) bases: BTreeMap<String, String>,
    pub(crate) digests: Digests,
    pub(crate) syntax: Syntax,
    pub(crate) network: bool,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Settings {
    /// Reads the options.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the option.
    pub(crate) fn read() -> Result<Self, Error> {
        let repository = options::text("repository").unwrap_or_default();
        let text = |name: &str| options::text(name).unwrap_or_default();
        Ok(Self {
            app: options::app(),
            license: text("license"),
            source: options::text("source").unwrap_or_else(|| format!("git:{repository}")),
            repository,
            summary: options::text("summary"),
            upstream: options::text("upstream"),
            image: options::text("image"),
            tag: options::text("tag"),
            prereleases: options::boolean("prereleases"),
            submodules: options::boolean("submodules"),
            platforms: options::texts("platforms"),
            dockerfile: text("dockerfile"),
            context: text("context"),
            stage: options::text("stage"),
            args: options::table("args")?,
            downloads: options::texts("downloads"),
            build_stages: options::texts("build-stages"),
            bases: options::table("bases")?,
            digests: match text("digests").as_str() {
                "keep" => Digests::Keep,
                "drop" => Digests::Drop,
                _ => Digests::Fit,
            },
            syntax: match text("syntax").as_str() {
                "keep" => Syntax::Keep,
                "drop" => Syntax::Drop,
                image => Syntax::Image(image.to_owned()),
            },
            network: options::boolean("network"),
            labels: options::table("labels")?,
        })
    }

    pub(crate) fn image_name(&self) -> &str {
        self.image.as_deref().unwrap_or(&self.app)
    }

    pub(crate) fn upstream(&self) -> String {
        let page = self.upstream.as_ref().unwrap_or(&self.repository);
        page.trim_end_matches(".git").to_owned()
    }

    /// The rule by which releases count.
    pub(crate) fn selection(&self) -> Selection {
        Selection {
            pattern: self.tag.clone(),
            prereleases: self.prereleases,
        }
    }
}
