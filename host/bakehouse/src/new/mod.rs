//! New apps: upstream is looked at, what serves is chosen, and an app is written
//! of it.
//!
//! Looking (`look`) reaches out, and is one file for each kind of source.
//! Choosing (`choose`) and making the definition (`make`) are pure. The patterns
//! that are written are tried with the code with which the recipe will use them,
//! so that it picks what was picked here.

mod ask;
mod choose;
mod definition;
mod error;
mod look;
mod make;
mod wanted;
mod write;

#[cfg(test)]
mod tests;

use bakehouse_core::reference_grammar::is_component;
use bakehouse_upstream::release::About;

pub(crate) use ask::Ask;
pub(crate) use choose::source_of;
pub(crate) use definition::Definition;
pub(crate) use error::NewError;
pub(crate) use look::{Look, OpenedFiles};
pub(crate) use wanted::{Kind, OWN_SDK, Wanted};
pub(crate) use write::{Destination, places, write};

/// Times that a program among several is asked for.
const QUESTIONS: usize = 8;

/// Whether an app can be called so: its image is, too.
pub(crate) fn is_name(text: &str) -> bool {
    is_component(text) && text.len() <= 128
}

/// Looks at upstream, and makes an app of what is there.
///
/// # Errors
/// [`NewError`]: nothing is written by halves.
pub(crate) async fn define(
    look: &Look,
    mut wanted: Wanted,
    ask: Ask,
) -> Result<Definition, NewError> {
    let mut image = None;
    if wanted.source().0 == "oci" {
        let seen = look::image(look, &wanted).await?;
        wanted = seen.source(wanted)?;
        image = Some(seen);
    }
    let (kind, _) = wanted.source();
    if wanted.kind == Kind::Dockerfile {
        let mut found = look::repository(look, &wanted).await?;
        if let Some(image) = image {
            image.adds(&wanted, &mut found.about, &found.licences, &mut found.notes);
            let differs = image.differs(&found.release.tag, &found.commit);
            found.notes.extend(differs);
        }
        ask_for_facts(&mut wanted, &found.about, &found.licences, ask).await?;
        return make::dockerfile(&wanted, &found);
    }
    if kind == "git" || kind.ends_with("-tags") {
        return Err(NewError::Recipe {
            recipe: if wanted.kind == Kind::Rust {
                "rust"
            } else {
                "binaries"
            },
            source_text: wanted.from.to_string(),
        });
    }
    let mut found = programs(look, &mut wanted, ask).await?;
    if let Some(image) = image {
        image.adds(&wanted, &mut found.about, &found.licences, &mut found.notes);
    }
    ask_for_facts(&mut wanted, &found.about, &found.licences, ask).await?;
    match wanted.kind {
        Kind::Rust => make::krate(&wanted, &found),
        _ => make::binaries(&wanted, &found),
    }
}

/// Upstream's programs; of several in an archive, the one that is answered.
async fn programs(look: &Look, wanted: &mut Wanted, ask: Ask) -> Result<look::Found, NewError> {
    for _ in 0..QUESTIONS {
        let looked = match wanted.source().0.as_str() {
            "npm" => look::npm(look, wanted).await,
            _ => look::assets(look, wanted).await,
        };
        let (file, platform, programs) = match looked {
            Err(NewError::Several {
                file,
                platform,
                programs,
            }) => (file, platform, programs),
            looked => return looked,
        };
        let question = format!("which of {file} is the program?");
        let Some(chosen) = ask.one(&question, &programs).await? else {
            return Err(NewError::Several {
                file,
                platform,
                programs,
            });
        };
        wanted.member = Some(chosen.to_owned());
    }
    Err(NewError::Pattern("no program was chosen".to_owned()))
}

/// Asks for what nothing tells.
async fn ask_for_facts(
    wanted: &mut Wanted,
    about: &About,
    licences: &[&str],
    ask: Ask,
) -> Result<(), NewError> {
    wanted.license = make::licence(wanted, about, licences);
    if wanted.license.is_none() {
        let question = "upstream's licence, as an SPDX expression (MIT, Apache-2.0, ...)?";
        wanted.license = ask.text(question, None).await?;
    }
    wanted.summary = make::summary(wanted, about);
    if wanted.summary.is_none() {
        wanted.summary = ask.text("one line that says what it is?", None).await?;
    }
    Ok(())
}
