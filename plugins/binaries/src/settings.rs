//! The options of an app, read once a call.

use std::collections::BTreeMap;

use bakehouse_names::{Facts, Pattern, architecture_names};
use bakehouse_sdk::release::{Asset, Selection};
use bakehouse_sdk::{Error, OptionDeclaration, Platform, options};

use crate::image::Image;

/// Platforms of an app that does not say.
const PLATFORMS: &[&str] = &["linux/amd64", "linux/arm64"];
/// The user of an image that starts from nothing: one that has no rights, whom
/// distroless images call `nonroot`.
const NOBODY: &str = "65532:65532";

/// The options that app.toml can set.
pub(crate) fn declarations() -> Vec<OptionDeclaration> {
    let text = OptionDeclaration::text;
    let texts = OptionDeclaration::texts;
    let table = OptionDeclaration::table;
    vec![
        text(
            "source",
            "where upstream's releases are: github:OWNER/REPO, npm:PACKAGE, pypi:PROJECT, ...",
        )
        .required(),
        text("license", "upstream's licence, as an SPDX expression").required(),
        text("summary", "one line that says what it is"),
        text(
            "upstream",
            "upstream's home page or repository, where the source does not tell",
        ),
        text("image", "the image's name, where it is not the app's"),
        text(
            "tag",
            "which of upstream's tags count, with {version} in it; else the number alone, or after a `v`",
        ),
        OptionDeclaration::boolean(
            "prereleases",
            "prereleases are built, too; no moving tag goes there",
        ),
        texts(
            "platforms",
            "platforms that upstream has files for; else those of `files` and `sources`, else linux/amd64 and linux/arm64",
        ),
        text(
            "file",
            "the release's file, with {version}, {tag}, {os}, {arch} and *; else its only one",
        ),
        table(
            "files",
            "the same by platform, where one pattern does not do",
        ),
        table(
            "sources",
            "by platform, the source of files where each has one of its own: npm:@biomejs/cli-linux-x64",
        ),
        texts(
            "downloads",
            "addresses of files elsewhere that releases only link to; each ends in /",
        ),
        text(
            "member",
            "the program in the archive, written as `file`; else the file of the program's name",
        ),
        text(
            "checksums",
            "the release's file of checksums; {file} is the name of what was downloaded",
        ),
        text("base", "the image to start from").default("scratch"),
        text(
            "path",
            "where the program is in the image; else /usr/local/bin and the image's name",
        ),
        table(
            "copy",
            "more files of the archive, and their paths in the image",
        ),
        text("user", "USER; else 65532:65532 where the base is scratch"),
        text("workdir", "WORKDIR"),
        texts("entrypoint", "ENTRYPOINT; else the program"),
        texts("cmd", "CMD"),
        table("env", "ENV"),
        texts("ports", "EXPOSE: 8080, 53/udp"),
        texts("volumes", "VOLUME"),
        table("labels", "more labels"),
    ]
}

/// The options of an app.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) app: String,
    pub(crate) source: String,
    pub(crate) license: String,
    pub(crate) summary: Option<String>,
    pub(crate) upstream: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) prereleases: bool,
    pub(crate) platforms: Vec<String>,
    pub(crate) file: Option<String>,
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) sources: BTreeMap<String, String>,
    pub(crate) downloads: Vec<String>,
    pub(crate) member: Option<String>,
    pub(crate) checksums: Option<String>,
    pub(crate) base: String,
    pub(crate) path: Option<String>,
    pub(crate) copy: BTreeMap<String, String>,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) cmd: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) ports: Vec<String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Settings {
    /// Reads the options, and checks what app.toml alone can tell.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the option.
    pub(crate) fn read() -> Result<Self, Error> {
        let settings = Self {
            app: options::app(),
            source: options::text("source").unwrap_or_default(),
            license: options::text("license").unwrap_or_default(),
            summary: options::text("summary"),
            upstream: options::text("upstream"),
            image: options::text("image"),
            tag: options::text("tag"),
            prereleases: options::boolean("prereleases"),
            platforms: options::texts("platforms"),
            file: options::text("file"),
            files: options::table("files")?,
            sources: options::table("sources")?,
            downloads: options::texts("downloads"),
            member: options::text("member"),
            checksums: options::text("checksums"),
            base: options::text("base").unwrap_or_default(),
            path: options::text("path"),
            copy: options::table("copy")?,
            user: options::text("user"),
            workdir: options::text("workdir"),
            entrypoint: options::texts("entrypoint"),
            cmd: options::texts("cmd"),
            env: options::table("env")?,
            ports: options::texts("ports"),
            volumes: options::texts("volumes"),
            labels: options::table("labels")?,
        };
        settings.check()?;
        Ok(settings)
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let platforms = self.platforms();
        for name in self.files.keys().chain(self.sources.keys()) {
            if !platforms.contains(name) {
                return Err(invalid(format!("`{name}` is not among `platforms`")));
            }
        }
        for name in &platforms {
            let pattern = self.pattern(name)?;
            let alike = !self.files.contains_key(name) && !self.sources.contains_key(name);
            if alike
                && platforms.len() > 1
                && !pattern.as_ref().is_some_and(Pattern::has_architecture)
            {
                return Err(invalid(format!(
                    "nothing tells the file for {name} from the others': put {{arch}} into `file`, or name each in `files` or `sources`"
                )));
            }
        }
        self.member_pattern()?;
        self.image_of("program", &[])
            .dockerfile()
            .map_err(invalid)
            .map(drop)
    }

    pub(crate) fn image_name(&self) -> &str {
        self.image.as_deref().unwrap_or(&self.app)
    }

    /// Platforms, as app.toml writes them.
    pub(crate) fn platforms(&self) -> Vec<String> {
        if !self.platforms.is_empty() {
            return self.platforms.clone();
        }
        let named = self.files.keys().chain(self.sources.keys());
        let mut named: Vec<_> = named.cloned().collect();
        named.sort();
        named.dedup();
        match named.as_slice() {
            [] => PLATFORMS.iter().map(|&text| text.to_owned()).collect(),
            _ => named,
        }
    }

    /// The source of a platform's files.
    pub(crate) fn source_for(&self, platform: &str) -> &str {
        self.sources.get(platform).unwrap_or(&self.source)
    }

    /// The rule by which releases count.
    pub(crate) fn selection(&self) -> Selection {
        Selection {
            pattern: self.tag.clone(),
            prereleases: self.prereleases,
        }
    }

    /// Upstream's page: said, or told by the source.
    pub(crate) fn upstream(&self) -> String {
        if let Some(upstream) = &self.upstream {
            return upstream.clone();
        }
        let (kind, name) = self.source.split_once(':').unwrap_or_default();
        match kind {
            "github" | "github-tags" => format!("https://github.com/{name}"),
            "gitlab" | "gitlab-tags" | "gitea" | "gitea-tags" => format!("https://{name}"),
            "npm" => format!("https://www.npmjs.com/package/{name}"),
            "pypi" => format!("https://pypi.org/project/{name}/"),
            _ => name.to_owned(),
        }
    }

    /// The file of a release for a platform; none where it has none.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] where several could be meant.
    pub(crate) fn choose<'a>(
        &self,
        platform: &str,
        (tag, version): (&str, &str),
        assets: &'a [Asset],
    ) -> Result<Option<&'a Asset>, Error> {
        let names: Vec<&str> = assets.iter().map(|asset| asset.name.as_str()).collect();
        let chosen = match (self.pattern(platform)?, names.as_slice()) {
            (None, []) => None,
            (None, [only]) => Some(*only),
            (None, several) => {
                return Err(invalid(format!(
                    "{tag} has {} files ({}): say in `file` which is the program",
                    several.len(),
                    some(several)
                )));
            }
            (Some(pattern), names) => {
                let parsed = bakehouse_sdk::platform(platform);
                let architectures =
                    architecture_names(&parsed.architecture, parsed.variant.as_deref());
                let facts = facts(&parsed, &architectures, tag, version);
                pattern.choose(names, &facts).map_err(|several| {
                    invalid(format!(
                        "`{}` fits more than one file of {tag} for {platform}: {}",
                        pattern.text(),
                        some(&several)
                    ))
                })?
            }
        };
        Ok(chosen.and_then(|name| assets.iter().find(|asset| asset.name == name)))
    }

    /// The pattern that names the file of a platform.
    pub(crate) fn pattern(&self, platform: &str) -> Result<Option<Pattern>, Error> {
        let text = self.files.get(platform).or(self.file.as_ref());
        text.map(|text| Pattern::parse(text).map_err(invalid))
            .transpose()
    }

    /// The pattern that names the program in an archive.
    pub(crate) fn member_pattern(&self) -> Result<Option<Pattern>, Error> {
        let text = self.member.as_ref();
        text.map(|text| Pattern::parse(text).map_err(invalid))
            .transpose()
    }

    /// The image around the program in this file, with more files beside it.
    pub(crate) fn image_of(&self, program: &str, copied: &[(String, String)]) -> Image {
        let path = match &self.path {
            Some(path) => path.clone(),
            None => format!("/usr/local/bin/{}", self.image_name()),
        };
        let scratch = self.base == "scratch";
        let nobody = || scratch.then(|| NOBODY.to_owned());
        Image {
            base: self.base.clone(),
            program: (program.to_owned(), path.clone()),
            copied: copied.to_vec(),
            user: self.user.clone().or_else(nobody),
            workdir: self.workdir.clone(),
            entrypoint: match self.entrypoint.as_slice() {
                [] => vec![path],
                words => words.to_vec(),
            },
            command: self.cmd.clone(),
            env: self.env.clone().into_iter().collect(),
            ports: self.ports.clone(),
            volumes: self.volumes.clone(),
        }
    }
}

/// The values that take the place of placeholders.
pub(crate) fn facts<'a>(
    platform: &'a Platform,
    architectures: &'a [&'a str],
    tag: &'a str,
    version: &'a str,
) -> Facts<'a> {
    Facts {
        tag,
        version,
        os: &platform.os,
        architectures,
    }
}

pub(crate) fn invalid(text: String) -> Error {
    Error::InvalidInput(text)
}

/// The first of several names, for a sentence.
pub(crate) fn some(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    match more {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
