//! Upstream's own binaries, put into an image.
//!
//! For upstreams that publish a program for each platform and no image. One recipe
//! serves many apps: everything is said in `app.toml`, and nothing is executed.

mod image;
mod settings;

use std::path::{Path, PathBuf};

use bakehouse_names::{architecture_names, checksum, is_packed, repository};
use bakehouse_sdk::fetch::{self, Archive, Unpack};
use bakehouse_sdk::log::{self, Level};
use bakehouse_sdk::release::{self, Asset, Release};
use bakehouse_sdk::{
    App, Build, Error, Grant, Image, Job, OptionDeclaration, Prepared, Recipe, Target, Version,
};

use settings::{Settings, facts, invalid, some};

/// The folder of downloads in the work tree.
const DOWNLOADED: &str = "download";
/// The program's file in the context.
const PROGRAM: &str = "image/program";
/// Carries upstream's tag from `versions` to `prepare`.
const TAG: &str = "tag";
/// The most files that an archive may have, that the program is searched among.
const FILES: usize = 100_000;

struct Binaries;

impl Recipe for Binaries {
    fn options() -> Vec<OptionDeclaration> {
        settings::declarations()
    }

    fn describe() -> Result<App, Error> {
        let settings = Settings::read()?;
        let summary = match &settings.summary {
            Some(summary) => summary.clone(),
            None => format!("{}, as upstream publishes it", settings.image_name()),
        };
        let platforms = settings.platforms();
        let platforms: Vec<&str> = platforms.iter().map(String::as_str).collect();
        let image = Image::new(settings.image_name(), &platforms).summary(&summary);
        let mut app = App::new(&settings.app, env!("CARGO_PKG_VERSION"))
            .summary(&summary)
            .upstream(&settings.upstream())
            .license(&settings.license)
            .image(image)
            .wants(Grant::Releases, &settings.source, "versions");
        for address in &settings.downloads {
            app = app.wants(Grant::Downloads, address, "files that releases link to");
        }
        for (platform, source) in &settings.sources {
            if *source != settings.source {
                let why = format!("the program for {platform}");
                app = app.wants(Grant::Releases, source, &why);
            }
        }
        if settings.base != "scratch" {
            app = app.wants(
                Grant::Bases,
                &repository(&settings.base),
                "what the image starts from",
            );
        }
        Ok(app)
    }

    fn versions(limit: u32) -> Result<Vec<Version>, Error> {
        let settings = Settings::read()?;
        let mut asked = limit;
        loop {
            let releases = release::list(&settings.source, &settings.selection(), asked)?;
            let mut versions = Vec::new();
            for release in &releases {
                if !available(&settings, release)?.is_empty() {
                    let mut version = Version::of(release);
                    version.extras.push((TAG.to_owned(), release.tag.clone()));
                    versions.push(version);
                }
                if versions.len() == limit as usize {
                    return Ok(versions);
                }
            }
            if releases.len() < asked as usize {
                let newest = releases.first().filter(|_| versions.is_empty());
                if let (Some(newest), [platform, ..]) = (newest, settings.platforms().as_slice()) {
                    let text = lacks(&settings, platform, &newest.tag, newest);
                    log::log(Level::Warn, &text);
                }
                return Ok(versions);
            }
            asked = asked.saturating_mul(2);
        }
    }

    fn matrix(version: Version) -> Result<Vec<Target>, Error> {
        let settings = Settings::read()?;
        let release = release::get(&settings.source, tag(&version))?;
        let target = |platform: String| Target {
            image: settings.image_name().to_owned(),
            platform: bakehouse_sdk::platform(&platform),
        };
        let platforms = available(&settings, &release)?;
        Ok(platforms.into_iter().map(target).collect())
    }

    fn prepare(job: Job) -> Result<Prepared, Error> {
        let settings = Settings::read()?;
        let platform = job.target.platform.to_string();
        let tag = tag(&job.version);
        let number = &job.version.number;
        let release = release::get(settings.source_for(&platform), tag)?;
        let asset = settings
            .choose(&platform, (tag, number), &release.assets)?
            .ok_or_else(|| missing(&settings, &platform, tag, &release))?;
        let integrity = integrity(&settings, asset, &release)?;
        let copied = unpack(&settings, &job, asset, integrity.as_deref())?;
        let text = settings
            .image_of("program", &copied)
            .dockerfile()
            .map_err(invalid)?;
        let mut build = Build::inline(&text, &job.target.platform).in_folder("image");
        for (name, value) in &settings.labels {
            build = build.label(name, value);
        }
        Ok(build.into())
    }
}

/// Platforms for which a release has its file.
fn available(settings: &Settings, release: &Release) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for platform in settings.platforms() {
        let source = settings.source_for(&platform);
        let other;
        let release = match source == settings.source {
            true => release,
            false => match release::get(source, &release.tag) {
                Ok(release) => {
                    other = release;
                    &other
                }
                Err(Error::NotFound(_)) => continue,
                Err(error) => return Err(error),
            },
        };
        let named = (release.tag.as_str(), release.version.as_str());
        if settings
            .choose(&platform, named, &release.assets)?
            .is_some()
        {
            found.push(platform);
        }
    }
    Ok(found)
}

/// Upstream's tag of a version.
fn tag(version: &Version) -> &str {
    let mut extras = version.extras.iter();
    let found = extras.find(|(name, _)| name == TAG);
    found.map_or(version.number.as_str(), |(_, tag)| tag.as_str())
}

fn missing(settings: &Settings, platform: &str, tag: &str, release: &Release) -> Error {
    Error::NotFound(lacks(settings, platform, tag, release))
}

/// The file that a release lacks, and those that it has instead, in words.
fn lacks(settings: &Settings, platform: &str, tag: &str, release: &Release) -> String {
    let names: Vec<&str> = release.assets.iter().map(|a| a.name.as_str()).collect();
    let wanted = match settings.pattern(platform) {
        Ok(Some(pattern)) => format!("`{}`", pattern.text()),
        _ => "a file".to_owned(),
    };
    format!(
        "{tag} has no {wanted} for {platform}; there is {}",
        if names.is_empty() {
            "none".to_owned()
        } else {
            some(&names)
        }
    )
}

/// The integrity that verifies a download: from upstream's file of checksums where
/// app.toml names one, and else from the source itself.
fn integrity(
    settings: &Settings,
    asset: &Asset,
    release: &Release,
) -> Result<Option<String>, Error> {
    let Some(name) = &settings.checksums else {
        if asset.integrity.is_none() {
            let text = format!(
                "{} is not verified: no checksum is known; `checksums` names upstream's",
                asset.name
            );
            log::log(Level::Warn, &text);
        }
        return Ok(asset.integrity.clone());
    };
    let name = name
        .replace("{file}", &asset.name)
        .replace("{version}", &release.version)
        .replace("{tag}", &release.tag);
    let sums = release.assets.iter().find(|asset| asset.name == name);
    let sums = sums.ok_or_else(|| {
        Error::NotFound(format!("{} has no file `{name}` of checksums", release.tag))
    })?;
    let into = "checksums";
    fetch::download(&sums.url, sums.integrity.as_deref(), into, Unpack::None)?;
    let text = read(&Path::new("/src").join(into))?;
    let found = checksum(&String::from_utf8_lossy(&text), &asset.name);
    let found = found.ok_or_else(|| {
        Error::NotFound(format!(
            "`{name}` of {} has no SHA-256 or SHA-512 of {}",
            release.tag, asset.name
        ))
    })?;
    match &asset.integrity {
        Some(own)
            if own.starts_with("sha256:") && found.starts_with("sha256:") && *own != found =>
        {
            Err(Error::InvalidInput(format!(
                "{}: `{name}` says {found}, and the release says {own}",
                asset.name
            )))
        }
        _ => Ok(Some(found)),
    }
}

/// Downloads a file, and puts the program, and what else is wanted of it, into
/// the context. Answers with what the Dockerfile copies beside the program.
fn unpack(
    settings: &Settings,
    job: &Job,
    asset: &Asset,
    integrity: Option<&str>,
) -> Result<Vec<(String, String)>, Error> {
    let unpack = match is_packed(&asset.name) {
        true => Unpack::from(Archive::auto()),
        false => Unpack::None,
    };
    fetch::download(&asset.url, integrity, DOWNLOADED, unpack)?;
    let root = Path::new("/src").join(DOWNLOADED);
    make(Path::new("/src/image"))?;
    if !root.is_dir() {
        if let Some(name) = settings.copy.keys().next() {
            return Err(invalid(format!(
                "`copy` names {name}, and {} is no archive",
                asset.name
            )));
        }
        rename(&root, &Path::new("/src").join(PROGRAM))?;
        return Ok(Vec::new());
    }
    let files = files(&root)?;
    let names: Vec<&str> = files.iter().map(String::as_str).collect();
    let program = program(settings, job, &names)?;
    let mut copied = Vec::new();
    for (index, (from, to)) in settings.copy.iter().enumerate() {
        if !root.join(from).exists() || from.split('/').any(|part| part == "..") {
            return Err(Error::NotFound(format!(
                "{} has no `{from}`, which `copy` names; there is {}",
                asset.name,
                some(&names)
            )));
        }
        let kept = format!("copy{index}");
        copy(&root.join(from), &Path::new("/src/image").join(&kept))?;
        copied.push((kept, to.clone()));
    }
    rename(&root.join(program), &Path::new("/src").join(PROGRAM))?;
    Ok(copied)
}

/// The program among an archive's files.
fn program<'a>(settings: &Settings, job: &Job, names: &[&'a str]) -> Result<&'a str, Error> {
    let platform = &job.target.platform;
    let architectures = architecture_names(&platform.architecture, platform.variant.as_deref());
    let facts = facts(
        platform,
        &architectures,
        tag(&job.version),
        &job.version.number,
    );
    let wanted = match settings.member_pattern()? {
        Some(pattern) => {
            let chosen = pattern.choose(names, &facts).map_err(|several| {
                invalid(format!("`{}` fits {}", pattern.text(), some(&several)))
            })?;
            match chosen {
                Some(name) => return Ok(name),
                None => format!("`{}`", pattern.text()),
            }
        }
        None => {
            let image = settings.image_name();
            let named = |name: &&&str| name.rsplit('/').next() == Some(image);
            let found: Vec<&str> = names.iter().filter(named).copied().collect();
            match found.as_slice() {
                [only] => return Ok(only),
                [] => format!("file `{image}`"),
                several => {
                    return Err(invalid(format!(
                        "the archive has several files `{image}` ({}): say which in `member`",
                        some(several)
                    )));
                }
            }
        }
    };
    Err(Error::NotFound(format!(
        "the archive has no {wanted}; `member` says which is the program of {}",
        some(names)
    )))
}

/// The files of a folder, by their paths in it, in order.
fn files(root: &Path) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut todo: Vec<PathBuf> = vec![root.to_owned()];
    while let Some(folder) = todo.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|e| other(&folder, &e))?;
        for entry in entries {
            let entry = entry.map_err(|e| other(&folder, &e))?;
            let kind = entry.file_type().map_err(|e| other(&folder, &e))?;
            if kind.is_dir() {
                todo.push(entry.path());
            } else if let Ok(path) = entry.path().strip_prefix(root) {
                found.push(path.to_string_lossy().into_owned());
            }
            if found.len() > FILES {
                return Err(invalid(format!("the archive has more than {FILES} files")));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|e| other(path, &e))
}

fn make(path: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(path).map_err(|e| other(path, &e))
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    std::fs::rename(from, to).map_err(|e| other(from, &e))
}

/// Takes a file by a second name, with its mode: programs stay programs.
fn keep(from: &Path, to: &Path) -> Result<(), Error> {
    let kept = match from.is_symlink() {
        true => std::fs::copy(from, to).map(drop),
        false => std::fs::hard_link(from, to),
    };
    kept.map_err(|e| other(from, &e))
}

/// Copies a file, or a folder with what is in it.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.is_dir() {
        return keep(from, to);
    }
    make(to)?;
    for name in files(from)? {
        if let Some(parent) = to.join(&name).parent() {
            make(parent)?;
        }
        let file = from.join(&name);
        keep(&file, &to.join(&name))?;
    }
    Ok(())
}

fn other(path: &Path, error: &std::io::Error) -> Error {
    Error::Other(format!("{}: {error}", path.display()))
}

bakehouse_sdk::export!(Binaries);
