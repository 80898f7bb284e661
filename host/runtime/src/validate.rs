//! Validation of what a recipe answers, which is input like any other.

use std::collections::{BTreeSet, HashSet};

use bakehouse_core::check::{self, Check};
use bakehouse_core::options::OptionDeclaration;
use bakehouse_core::platform::{Platform, PlatformError};
use bakehouse_core::recipe::{App, Target, Version};
use bakehouse_core::reference_grammar::{is_component, is_tag};
use bakehouse_core::version_number::VersionNumber;
use bakehouse_upstream::git::{Address, AddressError, RefError, check_ref};

/// Most images or versions or targets taken from a recipe.
const MANY: usize = 1000;
/// Longest image name; a namespace comes before it.
const LONGEST_NAME: usize = 128;
/// Most versions.
const LISTED: usize = 10_000;
/// Bytes of one version's extras, which go into digest files.
const EXTRAS: usize = 64 << 10;

/// An answer that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("recipe {app}, {function}: {fault}")]
pub struct InvalidAnswer {
    /// The app.
    pub app: String,
    /// The recipe's function, and what it was asked for.
    pub function: String,
    /// The fault of the answer.
    #[source]
    pub fault: Fault,
}

/// The faults of answers. Names in them are as people may see them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The app has another name than its folder.
    #[error("it calls the app `{}`, app.toml is in apps/{folder}", shown(name))]
    App {
        /// The recipe's name for it.
        name: String,
        /// Its folder.
        folder: String,
    },
    /// It declares too much.
    #[error("it declares {0} wants")]
    Wants(usize),
    /// It declares what cannot be granted.
    #[error("`{}` in {kind} {why}", value.escape_debug())]
    Want {
        /// The value that it wants.
        value: String,
        /// The kind of grant, as in `[grants]`.
        kind: &'static str,
        /// The reason why that is none, as the rest of a sentence.
        why: &'static str,
    },
    /// It declares too many options.
    #[error("it declares {0} options")]
    Options(usize),
    /// It declares an option that cannot be.
    #[error("option `{}` {why}", shown(name))]
    Option {
        /// Its name.
        name: String,
        /// The fault of the option, as the rest of a sentence.
        why: String,
    },
    /// It declares an option twice.
    #[error("it declares option `{0}` twice")]
    OptionTwice(String),
    /// It asks for checks that cannot be.
    #[error("{0}")]
    Checks(String),
    /// A packaging revision that its number does not show to be one.
    #[error(
        "{number} is said to be a revision of {of}, and its number is not newer than that by a suffix alone"
    )]
    Revision {
        /// The version.
        number: String,
        /// The version that it is said to be another packaging of.
        of: String,
    },
    /// No images, or too many.
    #[error("it names {0} images")]
    Images(usize),
    /// An image with a name that no repository can have.
    #[error("`{}` cannot name a repository", shown(.0))]
    ImageName(String),
    /// Two images of one name.
    #[error("it names image `{0}` twice")]
    ImageTwice(String),
    /// An image needs another one that the app does not have.
    #[error("an image needs `{}`, which it does not name", shown(.0))]
    Need(String),
    /// Too many versions.
    #[error("it lists {0} versions")]
    Versions(usize),
    /// A version with a number that no tag can be.
    #[error("version `{}` cannot be a tag", shown(.0))]
    Number(String),
    /// Two versions of one number.
    #[error("it names {0} twice")]
    NumberTwice(String),
    /// More extras than a digest file takes.
    #[error("the extras of {number} have {bytes} bytes")]
    Extras {
        /// The version.
        number: String,
        /// Bytes of all keys and values.
        bytes: usize,
    },
    /// A version's source is no repository.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A version's source is no tag, branch or commit.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// A platform that is none.
    #[error(transparent)]
    Platform(#[from] PlatformError),
    /// Too many targets.
    #[error("it names {0} targets")]
    Targets(usize),
    /// A target of an image that the app does not have.
    #[error("it has no image `{}`", shown(.0))]
    Image(String),
    /// A target for a platform that its image is not described for.
    #[error("{image} is not described for {platform}")]
    NotDescribed {
        /// The image's name.
        image: String,
        /// The platform.
        platform: Box<Platform>,
    },
    /// One target twice.
    #[error("{image} for {platform} is named twice")]
    TargetTwice {
        /// The image's name.
        image: String,
        /// The platform.
        platform: Box<Platform>,
    },
}

impl InvalidAnswer {
    pub(super) fn new(app: &str, function: impl Into<String>, fault: impl Into<Fault>) -> Self {
        Self {
            app: app.to_owned(),
            function: function.into(),
            fault: fault.into(),
        }
    }
}

/// An app's description.
pub(super) fn app(folder: &str, app: &App) -> Result<(), InvalidAnswer> {
    described(folder, app).map_err(|fault| InvalidAnswer::new(folder, "describe", fault))
}

fn described(folder: &str, app: &App) -> Result<(), Fault> {
    if app.name != folder {
        return Err(Fault::App {
            name: app.name.clone(),
            folder: folder.to_owned(),
        });
    }
    if app.wants.len() > MANY {
        return Err(Fault::Wants(app.wants.len()));
    }
    for want in &app.wants {
        if let Some(why) = want.fault() {
            return Err(Fault::Want {
                value: want.value.clone(),
                kind: want.kind.key(),
                why,
            });
        }
    }
    if app.images.is_empty() || app.images.len() > MANY {
        return Err(Fault::Images(app.images.len()));
    }
    let mut names = HashSet::new();
    for image in &app.images {
        if !is_component(&image.name) || image.name.len() > LONGEST_NAME {
            return Err(Fault::ImageName(image.name.clone()));
        }
        if !names.insert(&image.name) {
            return Err(Fault::ImageTwice(image.name.clone()));
        }
    }
    let mut needs = app.images.iter().flat_map(|image| &image.needs);
    match needs.find(|need| !names.contains(need)) {
        Some(need) => Err(Fault::Need(need.clone())),
        None => Ok(()),
    }
}

/// The options that a recipe declares.
pub(super) fn options(app: &str, options: &[OptionDeclaration]) -> Result<(), InvalidAnswer> {
    declared(options).map_err(|fault| InvalidAnswer::new(app, "options", fault))
}

fn declared(options: &[OptionDeclaration]) -> Result<(), Fault> {
    if options.len() > MANY {
        return Err(Fault::Options(options.len()));
    }
    let mut names = HashSet::new();
    for option in options {
        if let Some(why) = option.fault() {
            return Err(Fault::Option {
                name: option.name.clone(),
                why,
            });
        }
        if !names.insert(&option.name) {
            return Err(Fault::OptionTwice(option.name.clone()));
        }
    }
    Ok(())
}

/// Refuses checks of an image that cannot be meant so.
pub(super) fn checks(app: &str, checks: &[Check]) -> Result<(), InvalidAnswer> {
    match check::fault(checks) {
        Some(why) => Err(InvalidAnswer::new(app, "prepare", Fault::Checks(why))),
        None => Ok(()),
    }
}

/// Refuses more versions of an app than are taken.
pub(super) fn amount(app: &str, versions: usize) -> Result<(), InvalidAnswer> {
    match versions {
        many if many > LISTED => Err(InvalidAnswer::new(app, "versions", Fault::Versions(many))),
        _ => Ok(()),
    }
}

/// One version of an app, after those named before it.
pub(super) fn version(
    app: &str,
    version: &Version,
    before: &BTreeSet<String>,
) -> Result<(), InvalidAnswer> {
    let number = &version.number;
    let bad = |fault| Err(InvalidAnswer::new(app, "versions", fault));
    // It names a folder, too.
    if !is_tag(number) || number.contains("..") {
        return bad(Fault::Number(number.clone()));
    }
    let extras = version.extras.iter();
    let bytes: usize = extras.map(|(key, value)| key.len() + value.len()).sum();
    if bytes > EXTRAS {
        return bad(Fault::Extras {
            number: number.clone(),
            bytes,
        });
    }
    if before.contains(number) {
        return bad(Fault::NumberTwice(number.clone()));
    }
    if let Some(of) = &version.revision_of
        && !is_revision(number, of)
    {
        return bad(Fault::Revision {
            number: number.clone(),
            of: of.clone(),
        });
    }
    source(version).map_err(|fault| InvalidAnswer::new(app, format!("source of {number}"), fault))
}

/// Whether a version's order says of it what its recipe does: newer than the one
/// that it is another packaging of, and older than the next.
fn is_revision(number: &str, of: &str) -> bool {
    let suffix = number.strip_prefix(of);
    let parsed = (VersionNumber::parse(number), VersionNumber::parse(of));
    let (Some(number), Some(of)) = parsed else {
        return false;
    };
    number > of
        && suffix.is_some_and(|suffix| suffix.starts_with(['-', '_', '+', '.']))
        && number.same_numbers(&of)
}

fn source(version: &Version) -> Result<(), Fault> {
    if let Some(source) = &version.source {
        Address::parse(&source.repository)?;
        check_ref(&source.git_ref)?;
    }
    Ok(())
}

/// The matrix of one version.
pub(super) fn matrix(
    app: &App,
    version: &Version,
    targets: &[Target],
) -> Result<(), InvalidAnswer> {
    let function = || format!("matrix of {}", version.number);
    offered(app, targets).map_err(|fault| InvalidAnswer::new(&app.name, function(), fault))
}

fn offered(app: &App, targets: &[Target]) -> Result<(), Fault> {
    if targets.len() > MANY {
        return Err(Fault::Targets(targets.len()));
    }
    let mut seen = HashSet::new();
    for target in targets {
        let Some(image) = app.images.iter().find(|image| image.name == target.image) else {
            return Err(Fault::Image(target.image.clone()));
        };
        let platform = || Box::new(target.platform.clone());
        if !image.platforms.contains(&target.platform) {
            return Err(Fault::NotDescribed {
                image: target.image.clone(),
                platform: platform(),
            });
        }
        if !seen.insert(target) {
            return Err(Fault::TargetTwice {
                image: target.image.clone(),
                platform: platform(),
            });
        }
    }
    Ok(())
}

/// The beginning of a name that may be anything.
fn shown(name: &str) -> String {
    name.chars()
        .take(100)
        .flat_map(char::escape_debug)
        .collect()
}
