//! Document search: the programs that read PDF and RTF files.
//!
//! Since 10.9 upstream's last stage starts from distroless and copies these
//! programs out of an Ubuntu, without the libraries that they need: its
//! `COPY /usr/lib/libpoppler.so*` finds nothing, since the library lies one folder
//! deeper, and Ubuntu's programs want a later C library than distroless has.

use bakehouse_sdk::dockerfile::Editor;
use bakehouse_sdk::{Error, OptionDeclaration, options};

/// The stage that has the programs with all they need.
const STAGE: &str = "bakehouse-document-search";
/// The name of a Debian's distroless images before its number: `base-debian12`.
const DISTROLESS: &str = "distroless/base-debian";

/// The treatment of document search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentSearch {
    /// As upstream has it.
    Upstream,
    /// With what upstream forgot.
    Completed,
}

impl DocumentSearch {
    /// The declaration of the option `document-search`.
    #[must_use]
    pub fn declaration() -> OptionDeclaration {
        let why =
            "the programs that read PDF and RTF files, with the libraries that upstream forgot";
        OptionDeclaration::boolean("document-search", why).default(false)
    }

    /// The treatment that the option sets.
    #[must_use]
    pub fn option() -> Self {
        match options::boolean("document-search") {
            true => Self::Completed,
            false => Self::Upstream,
        }
    }

    /// Adds the programs of the Debian that the last stage is of, with the
    /// libraries that they are linked with. Other last stages install theirs with
    /// a package manager, and lack nothing.
    pub(crate) fn edit(self, file: &mut Editor) -> Result<(), Error> {
        let stages = file.stages()?;
        let Some(release) = stages.last().and_then(|stage| debian(&stage.base)) else {
            return Ok(());
        };
        if self == Self::Upstream {
            return Ok(());
        }
        let from = format!("FROM debian:{release}-slim AS {STAGE}");
        let mut lines = vec![from.as_str()];
        lines.extend(COLLECT);
        file.insert_before_stages(&lines)?;
        let copy = format!("COPY --from={STAGE} /found/ /");
        file.append(&[copy.as_str()])
    }
}

/// Puts the programs and their libraries below `/found`. The C library is the last
/// stage's own, of the same Debian. `/lib` is a link in some images, `/usr/lib` in
/// none.
const COLLECT: [&str; 9] = [
    "RUN apt-get update \\",
    "  && DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y poppler-utils unrtf \\",
    "  && libraries=$(ldd /usr/bin/pdftotext /usr/bin/unrtf | while read -r name to file address; do [ \"$to\" != '=>' ] || echo \"$file\"; done) \\",
    "  && for file in /usr/bin/pdftotext /usr/bin/unrtf $libraries; do \\",
    "    case \"$file\" in */libc.so.*|*/libm.so.*|*/libdl.so.*|*/librt.so.*|*/libpthread.so.*) continue ;; esac; \\",
    "    case \"$file\" in /lib/*) to=/found/usr$file ;; *) to=/found$file ;; esac; \\",
    "    mkdir -p \"${to%/*}\" && cp -L \"$file\" \"$to\" || exit 1; \\",
    "  done \\",
    "  && if [ -d /usr/share/unrtf ]; then mkdir -p /found/usr/share && cp -r /usr/share/unrtf /found/usr/share/; fi",
];

/// The release in the name of a distroless base.
fn debian(base: &str) -> Option<&str> {
    let (_, rest) = base.split_once(DISTROLESS)?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    let release = rest.get(..end.unwrap_or(rest.len()))?;
    (!release.is_empty()).then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(search: DocumentSearch, text: &str) -> String {
        let mut file = Editor::parse("Dockerfile", text).unwrap();
        search.edit(&mut file).unwrap();
        file.text().to_owned()
    }

    #[test]
    fn programs_come_from_the_debian_that_the_last_stage_is_of() {
        let text = "FROM ubuntu:noble AS builder\nRUN x\nFROM gcr.io/distroless/base-debian12@sha256:93\nUSER a\n";
        let after = edited(DocumentSearch::Completed, text);
        let begins = "FROM debian:12-slim AS bakehouse-document-search\nRUN apt-get update \\\n";
        assert!(after.starts_with(begins), "{after}");
        let ends = format!("{text}COPY --from=bakehouse-document-search /found/ /\n");
        assert!(after.ends_with(&ends), "{after}");
        assert_eq!(edited(DocumentSearch::Upstream, text), text);
        // An image with a package manager has all its programs need.
        let older = "FROM ubuntu:jammy\nRUN apt-get install poppler-utils\n";
        assert_eq!(edited(DocumentSearch::Completed, older), older);
    }
}
