//! Images pinned by digest, and whether they are for the platform.
//!
//! A digest is that of an index, good for every platform in it, or of one
//! platform's image. The first is upstream's pin and stays; the second must give
//! way where another platform is built, to the index that its tag shows now.

use std::ops::Range;

use bakehouse_dockerfile::{Dockerfile, Flag, Instruction, Kind};

use super::Editor;
use super::editor::Change;
use super::from::image;
use super::variables::Variables;
use crate::log::{self, Level};
use crate::registry::{self, Descriptor};
use crate::{Error, Platform};

/// An image that a Dockerfile names by digest.
#[derive(Debug, Clone, PartialEq)]
pub struct Pin {
    /// The image, with its tag where it has one, variables replaced.
    pub image: String,
    /// Its digest, `sha256:...`.
    pub digest: String,
    /// The platform that it runs on; none for the machine that builds.
    pub platform: Option<Platform>,
    /// The line that names it, from 1.
    pub line: usize,
    /// The instruction that has it.
    instruction: usize,
    spot: Spot,
}

/// The place of a reference in an instruction's line.
#[derive(Debug, Clone, PartialEq)]
struct Spot {
    /// The range that is replaced: the reference, or the flag that has it in
    /// quotes.
    range: Range<usize>,
    /// As written.
    reference: String,
    /// The text around the reference in that.
    around: (String, String),
}

/// The registries' answers about images.
pub(super) trait Images {
    /// As the contract's `registry.head`.
    fn head(&self, reference: &str) -> Result<Descriptor, Error>;
    /// As the contract's `registry.platforms`.
    fn platforms(&self, reference: &str) -> Result<Vec<Platform>, Error>;
}

/// The host, asked for granted images only.
struct Host;

impl Images for Host {
    fn head(&self, reference: &str) -> Result<Descriptor, Error> {
        registry::head(reference)
    }
    fn platforms(&self, reference: &str) -> Result<Vec<Platform>, Error> {
        registry::platforms(reference)
    }
}

/// The fate of a pin.
enum Fate {
    Kept,
    /// The reference that takes its place, and why.
    Replaced(String, String),
}

impl Editor {
    /// The images that are named by digest: stages' bases, also where an `ARG`
    /// before the first `FROM` has the reference or a part of it, and what files
    /// are copied and mounted from. Without those that cannot be told before the
    /// build, and without `# syntax=`, which the machine that builds runs.
    ///
    /// # Errors
    /// None, as long as the text is a Dockerfile.
    pub fn pins(&self, target: &Platform) -> Result<Vec<Pin>, Error> {
        Ok(self.pinned(&self.read()?, target))
    }

    /// Lets every image that is named by digest be for `target`. A digest that
    /// has the platform stays as upstream wrote it; another one gives way to the
    /// index that its tag shows now, again by digest. The log tells which.
    ///
    /// Bases of stages that run on the machine that builds stay, too, and so do
    /// images that the app is not granted: the build says so.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the line of an image that is not for the
    /// platform, by digest or by tag; what the registry answered.
    pub fn fit_digests(&mut self, target: &Platform) -> Result<(), Error> {
        for (level, line) in self.fit(target, &Host)? {
            log::log(level, &line);
        }
        Ok(())
    }

    /// Drops the digest of every image that is named by digest and tag, so that
    /// each platform has what the tag shows now. The log tells which.
    ///
    /// # Errors
    /// [`Error::InvalidInput`] naming the line of an image that has no tag.
    pub fn drop_digests(&mut self, target: &Platform) -> Result<(), Error> {
        for line in self.unpin(target)? {
            log::log(Level::Info, &line);
        }
        Ok(())
    }

    /// As [`drop_digests`](Self::drop_digests), with the lines for the log.
    pub(super) fn unpin(&mut self, target: &Platform) -> Result<Vec<String>, Error> {
        let mut lines = Vec::new();
        self.edit(|this, file| {
            let mut changes = Vec::new();
            for pin in this.pinned(file, target) {
                if !has_tag(&pin.image) {
                    let why = format!("{} has a digest and no tag to go by instead", pin.image);
                    return Err(this.error(pin.line, &why));
                }
                let (named, digest) = (&pin.image, &pin.digest);
                lines.push(format!(
                    "{}:{}: {named} without {digest}",
                    this.name, pin.line
                ));
                changes.push(pin.replaced(&pin.image));
            }
            Ok(changes)
        })?;
        Ok(lines)
    }

    /// As [`fit_digests`](Self::fit_digests), with the lines for the log.
    pub(super) fn fit(
        &mut self,
        target: &Platform,
        images: &impl Images,
    ) -> Result<Vec<(Level, String)>, Error> {
        let mut lines = Vec::new();
        self.edit(|this, file| {
            let mut changes = Vec::new();
            for pin in this.pinned(file, target) {
                let named = format!("{}:{}: {}", this.name, pin.line, pin.image);
                match pin.fate(images).map_err(|error| about(&named, error))? {
                    Fate::Kept => {
                        lines.push((Level::Info, format!("{named} stays at {}", pin.digest)))
                    }
                    Fate::Replaced(reference, why) => {
                        lines.push((Level::Warn, format!("{named}: {why}")));
                        changes.push(pin.replaced(&reference));
                    }
                }
            }
            Ok(changes)
        })?;
        Ok(lines)
    }

    fn pinned(&self, file: &Dockerfile, target: &Platform) -> Vec<Pin> {
        let variables = Self::variables(file, target);
        let none = Variables::default();
        let mut platform = None;
        let mut pins = Vec::new();
        for (index, instruction) in file.instructions.iter().enumerate() {
            let text = instruction.line.text();
            let spots = match instruction.kind {
                Kind::From => {
                    let flags = &instruction.flags;
                    platform = stage_platform(flags, &variables, file.escape, target);
                    let range = image(instruction);
                    vec![Spot {
                        reference: text[range.clone()].to_owned(),
                        range,
                        around: Default::default(),
                    }]
                }
                _ => sources(instruction),
            };
            for spot in spots {
                // Sources of files are for the target, wherever the stage runs,
                // and have no variables.
                let (variables, platform) = match instruction.kind {
                    Kind::From => (&variables, platform.clone()),
                    _ => (&none, Some(target.clone())),
                };
                let Some(reference) = variables.expand(&spot.reference, file.escape) else {
                    continue;
                };
                // What a variable without a value leaves is no reference: the
                // build says so.
                let Some((image, digest)) = reference.split_once('@') else {
                    continue;
                };
                if image.is_empty() {
                    continue;
                }
                let at = instruction.line.place(spot.range.clone()).start;
                let lines = &self.text[instruction.span.start..at];
                pins.push(Pin {
                    image: image.to_owned(),
                    digest: digest.to_owned(),
                    platform,
                    line: instruction.numbers.0 + lines.matches('\n').count(),
                    instruction: index,
                    spot,
                });
            }
        }
        pins
    }
}

impl Pin {
    fn reference(&self) -> String {
        format!("{}@{}", self.image, self.digest)
    }

    /// Another reference in its place.
    fn replaced(&self, reference: &str) -> Change {
        let (before, after) = &self.spot.around;
        let with = format!("{before}{reference}{after}");
        Change::line(self.instruction, self.spot.range.clone(), with)
    }

    fn fate(&self, images: &impl Images) -> Result<Fate, Error> {
        let Some(platform) = &self.platform else {
            return Ok(Fate::Kept);
        };
        let why = match images.platforms(&self.reference()) {
            Ok(has) if has.contains(platform) => return Ok(Fate::Kept),
            Err(Error::Denied(_)) => return Ok(Fate::Kept),
            Ok(has) => format!("{} is for {} only", self.digest, listed(&has)),
            Err(Error::NotFound(_)) => format!("{} is no longer there", self.digest),
            Err(error) => return Err(error),
        };
        if !has_tag(&self.image) {
            return Err(Error::InvalidInput(format!(
                "{why}, and there is no tag to find {platform} by"
            )));
        }
        self.by_tag(images, platform, &why)
    }

    /// The digest that the tag shows, instead of one that will not do.
    fn by_tag(&self, images: &impl Images, platform: &Platform, why: &str) -> Result<Fate, Error> {
        let digest = images.head(&self.image)?.digest;
        let reference = format!("{}@{digest}", self.image);
        match images.platforms(&reference) {
            Ok(has) if has.contains(platform) => {
                let why =
                    format!("{why}; {platform} is built from {digest}, which the tag shows now");
                Ok(Fate::Replaced(reference, why))
            }
            // app.toml pins the tag itself, and BuildKit is told so.
            Err(Error::Denied(_)) => {
                let why =
                    format!("{why}; {platform} is built from the digest that app.toml grants");
                Ok(Fate::Replaced(self.image.clone(), why))
            }
            Ok(has) => Err(Error::InvalidInput(format!(
                "{why}, and what the tag shows now ({digest}) is for {} only: there is none for {platform}",
                listed(&has)
            ))),
            Err(error) => Err(error),
        }
    }
}

/// The platform that a stage runs on; none for the machine that builds, and where
/// it cannot be told.
fn stage_platform(
    flags: &[Flag],
    variables: &Variables,
    escape: char,
    target: &Platform,
) -> Option<Platform> {
    let Some(value) = flags.iter().find_map(|flag| flag.value("platform")) else {
        return Some(target.clone());
    };
    let text = variables.expand(value, escape)?.to_ascii_lowercase();
    let mut parts = text.split('/');
    let (os, architecture, variant) = (parts.next()?, parts.next()?, parts.next());
    let architecture = match architecture {
        "x86_64" | "x86-64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    Some(Platform {
        os: os.to_owned(),
        architecture: architecture.to_owned(),
        variant: variant
            .filter(|variant| *variant != "v8")
            .map(str::to_owned),
    })
}

/// The places where an instruction names images that it takes files from.
fn sources(instruction: &Instruction) -> Vec<Spot> {
    let name = match instruction.kind {
        Kind::Copy => "from",
        Kind::Run => "mount",
        _ => return Vec::new(),
    };
    let flags = instruction.flags.iter();
    flags
        .filter_map(|flag| source(instruction, flag, name))
        .collect()
}

/// The place where a flag names an image.
fn source(instruction: &Instruction, flag: &Flag, name: &str) -> Option<Spot> {
    let value = flag.value(name)?;
    let mut start = flag.text.len() - value.len();
    let mut end = flag.text.len();
    if name == "mount" {
        // Of several the last one counts.
        let is_from = |part: &str| {
            part.get(..5)
                .is_some_and(|p| p.eq_ignore_ascii_case("from="))
        };
        let mut found = None;
        for part in value.split(',') {
            if is_from(part) {
                found = Some(start + 5..start + part.len());
            }
            start += part.len() + 1;
        }
        Range { start, end } = found?;
    }
    let reference = flag.text[start..end].to_owned();
    let written = &instruction.line.text()[flag.range.clone()];
    // Where it has quotes it is written anew, without.
    let (range, around) = if written == flag.text {
        let at = flag.range.start;
        (at + start..at + end, Default::default())
    } else {
        let around = (flag.text[..start].to_owned(), flag.text[end..].to_owned());
        (flag.range.clone(), around)
    };
    let unquoted = |c: char| c.is_whitespace() || "'\"\\`".contains(c);
    let (before, after): &(String, String) = &around;
    (!before.contains(unquoted) && !after.contains(unquoted)).then_some(Spot {
        range,
        reference,
        around,
    })
}

/// Whether a reference without digest has a tag; the colon of a port comes
/// before a slash.
fn has_tag(image: &str) -> bool {
    image
        .rsplit_once(':')
        .is_some_and(|(_, tag)| !tag.contains('/'))
}

fn listed(platforms: &[Platform]) -> String {
    let texts: Vec<_> = platforms.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// An error that names the line it is about.
fn about(named: &str, error: Error) -> Error {
    let text = |text: String| format!("{named}: {text}");
    match error {
        Error::NotFound(t) => Error::NotFound(text(t)),
        Error::Denied(t) => Error::Denied(text(t)),
        Error::InvalidInput(t) => Error::InvalidInput(text(t)),
        Error::RateLimited(t) => Error::RateLimited(text(t)),
        Error::Unavailable(t) => Error::Unavailable(text(t)),
        Error::Timeout(t) => Error::Timeout(text(t)),
        Error::BuildFailed(t) => Error::BuildFailed(text(t)),
        Error::Other(t) => Error::Other(text(t)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::platform;

    /// A registry's images: digest or tag, what it is, and its platforms.
    struct Registry(BTreeMap<String, (String, Vec<Platform>)>);

    impl Registry {
        fn new(images: &[(&str, &str, &[&str])]) -> Self {
            let mut all = BTreeMap::new();
            for (tag, digest, platforms) in images {
                let name = tag.split(':').next().unwrap();
                let platforms: Vec<_> = platforms.iter().map(|text| platform(text)).collect();
                let entry = ((*digest).to_owned(), platforms);
                all.insert((*tag).to_owned(), entry.clone());
                all.insert(format!("{name}@{digest}"), entry);
            }
            Self(all)
        }

        fn find(&self, reference: &str) -> Result<&(String, Vec<Platform>), Error> {
            if reference.starts_with("secret/") {
                return Err(Error::Denied("no grant".to_owned()));
            }
            let by_digest = reference.split_once('@').map(|(image, digest)| {
                let name = image.split(':').next().unwrap();
                format!("{name}@{digest}")
            });
            let key = by_digest.unwrap_or_else(|| reference.to_owned());
            let absent = || Error::NotFound(format!("{reference} does not exist"));
            self.0.get(&key).ok_or_else(absent)
        }
    }

    impl Images for Registry {
        fn head(&self, reference: &str) -> Result<Descriptor, Error> {
            let (digest, _) = self.find(reference)?;
            Ok(Descriptor {
                media_type: String::new(),
                digest: digest.clone(),
                size: 1,
            })
        }
        fn platforms(&self, reference: &str) -> Result<Vec<Platform>, Error> {
            self.find(reference).map(|(_, platforms)| platforms.clone())
        }
    }

    const BOTH: &[&str] = &["linux/amd64", "linux/arm64"];

    fn registry() -> Registry {
        Registry::new(&[
            ("ubuntu:old", "sha256:1d", BOTH),
            ("ubuntu:noble", "sha256:1e", BOTH),
            ("ubuntu:single", "sha256:5a", &["linux/amd64"]),
            ("ubuntu:amd", "sha256:5b", &["linux/amd64"]),
        ])
    }

    /// The text after arm64's digests were fitted, and what was told.
    fn fitted(text: &str) -> Result<(String, Vec<String>), Error> {
        let mut file = Editor::parse("Dockerfile", text)?;
        let lines = file.fit(&platform("linux/arm64"), &registry())?;
        let lines = lines.into_iter().map(|(level, line)| {
            let kept = if level == Level::Warn { "!" } else { "" };
            format!("{kept}{line}")
        });
        Ok((file.text().to_owned(), lines.collect()))
    }

    #[test]
    fn an_index_digest_stays_and_a_single_images_gives_way() {
        let (text, lines) = fitted(
            "FROM ubuntu:old@sha256:1d AS a\n# why\nFROM ubuntu:noble@sha256:5a AS b\nRUN x\n\
             FROM ubuntu:noble@sha256:90 AS c\nFROM a\n",
        )
        .unwrap();
        assert_eq!(
            text,
            "FROM ubuntu:old@sha256:1d AS a\n# why\nFROM ubuntu:noble@sha256:1e AS b\nRUN x\n\
             FROM ubuntu:noble@sha256:1e AS c\nFROM a\n"
        );
        assert_eq!(
            lines,
            [
                "Dockerfile:1: ubuntu:old stays at sha256:1d",
                "!Dockerfile:3: ubuntu:noble: sha256:5a is for linux/amd64 only; linux/arm64 is built \
                 from sha256:1e, which the tag shows now",
                "!Dockerfile:5: ubuntu:noble: sha256:90 is no longer there; linux/arm64 is built from \
                 sha256:1e, which the tag shows now",
            ]
        );
    }

    #[test]
    fn wherever_an_image_is_named() {
        for (before, after) in [
            // In a variable, in parts, by platform.
            (
                "ARG BASE=ubuntu:noble@sha256:5a\nFROM ${BASE}\nRUN echo $BASE\n",
                "ARG BASE=ubuntu:noble@sha256:5a\nFROM ubuntu:noble@sha256:1e\nRUN echo $BASE\n",
            ),
            (
                "ARG TAG=noble DIGEST=\"sha256:5a\"\nFROM ubuntu:$TAG@${DIGEST} AS a\n",
                "ARG TAG=noble DIGEST=\"sha256:5a\"\nFROM ubuntu:noble@sha256:1e AS a\n",
            ),
            (
                "FROM --platform=$TARGETPLATFORM ubuntu:noble@sha256:5a\n",
                "FROM --platform=$TARGETPLATFORM ubuntu:noble@sha256:1e\n",
            ),
            // Sources of files, also in a stage of another platform.
            (
                "FROM --platform=linux/amd64 ubuntu:single@sha256:5a\nCOPY --from=ubuntu:noble@sha256:5a /a /\n",
                "FROM --platform=linux/amd64 ubuntu:single@sha256:5a\nCOPY --from=ubuntu:noble@sha256:1e /a /\n",
            ),
            (
                "FROM scratch\nRUN --mount=type=bind,from=ubuntu:noble@sha256:5a,target=/u x\n",
                "FROM scratch\nRUN --mount=type=bind,from=ubuntu:noble@sha256:1e,target=/u x\n",
            ),
            // Not the target's: the frontend, stages of the build machine, other images.
            (
                "# syntax=ubuntu:noble@sha256:5a\nFROM --platform=$BUILDPLATFORM ubuntu:noble@sha256:5a\n",
                "# syntax=ubuntu:noble@sha256:5a\nFROM --platform=$BUILDPLATFORM ubuntu:noble@sha256:5a\n",
            ),
            ("FROM secret/x:1@sha256:5a\n", "FROM secret/x:1@sha256:5a\n"),
            ("FROM $UNKNOWN@sha256:5a\n", "FROM $UNKNOWN@sha256:5a\n"),
            (
                "FROM ubuntu:noble\nRUN echo a@sha256:5a\n",
                "FROM ubuntu:noble\nRUN echo a@sha256:5a\n",
            ),
        ] {
            assert_eq!(fitted(before).unwrap().0, after, "{before}");
        }
    }

    #[test]
    fn what_is_not_for_the_platform_at_all_is_named() {
        for (text, expected) in [
            (
                "FROM ubuntu@sha256:5a",
                "Dockerfile:1: ubuntu: sha256:5a is for linux/amd64 only, and there is no tag to find \
                 linux/arm64 by",
            ),
            (
                "FROM scratch\n\nFROM ubuntu:amd@sha256:5a",
                "Dockerfile:3: ubuntu:amd: sha256:5a is for linux/amd64 only, and what the tag shows now \
                 (sha256:5b) is for linux/amd64 only: there is none for linux/arm64",
            ),
            (
                "FROM --platform=linux/s390x ubuntu:noble@sha256:1e",
                "Dockerfile:1: ubuntu:noble: sha256:1e is for linux/amd64, linux/arm64 only, and what the \
                 tag shows now (sha256:1e) is for linux/amd64, linux/arm64 only: there is none for linux/s390x",
            ),
        ] {
            match fitted(text) {
                Err(Error::InvalidInput(message)) => assert_eq!(message, expected),
                other => panic!("{text}: {other:?}"),
            }
        }
        let Err(Error::NotFound(message)) = fitted("FROM ubuntu:gone@sha256:5a") else {
            panic!("a tag that is gone");
        };
        assert_eq!(
            message,
            "Dockerfile:1: ubuntu:gone: ubuntu:gone does not exist"
        );
    }
}
