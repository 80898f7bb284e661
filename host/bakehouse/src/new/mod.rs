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
pub(crate) use definition::Definition;
pub(crate) use error::NewError;
pub(crate) use look::Look;
pub(crate) use wanted::{Kind, Wanted};
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
    let (kind, _) = wanted.source();
    if kind == "oci" {
        return Err(look::image(look, &wanted).await?);
    }
    if wanted.kind == Kind::Dockerfile {
        let found = look::repository(look, &wanted).await?;
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
    for _ in 0..QUESTIONS {
        let looked = match kind.as_str() {
            "npm" => look::npm(look, &wanted).await,
            _ => look::assets(look, &wanted).await,
        };
        let found = match looked {
            Err(NewError::Several {
                file,
                platform,
                programs,
            }) => {
                let question = format!("which of {file} is the program?");
                match ask.one(&question, &programs).await? {
                    Some(chosen) => {
                        wanted.member = Some(chosen.to_owned());
                        continue;
                    }
                    None => {
                        return Err(NewError::Several {
                            file,
                            platform,
                            programs,
                        });
                    }
                }
            }
            looked => looked?,
        };
        ask_for_facts(&mut wanted, &found.about, &found.licences, ask).await?;
        return match wanted.kind {
            Kind::Rust => make::krate(&wanted, &found),
            _ => make::binaries(&wanted, &found),
        };
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
