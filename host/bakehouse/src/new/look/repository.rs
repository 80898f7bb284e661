//! A git repository at its newest version's tag: its Dockerfile and its licence.

use std::path::{Path, PathBuf};

use bakehouse_core::recipe::Source;
use bakehouse_core::storage_error::At as _;
use bakehouse_system::storage;
use bakehouse_upstream::release::{About, Release};
use url::Url;

use super::Look;
use crate::new::choose::dockerfile::{Placed, Read, context, find, read};
use crate::new::choose::{is_licence_file, recognise};
use crate::new::error::{NewError, some};
use crate::new::wanted::Wanted;

/// Bytes of a Dockerfile, or of a licence.
const TEXT: u64 = 1 << 20;
/// Folders in one another in which a Dockerfile is looked for.
const DEPTH: usize = 4;

/// A checkout, looked at.
#[derive(Debug, Clone)]
pub(in crate::new) struct Checked {
    /// Its address.
    pub(in crate::new) repository: String,
    pub(in crate::new) release: Release,
    /// The commit of its tag.
    pub(in crate::new) commit: String,
    pub(in crate::new) tag: Option<String>,
    pub(in crate::new) about: About,
    /// The Dockerfile's path.
    pub(in crate::new) path: String,
    /// Other Dockerfiles.
    pub(in crate::new) others: Vec<String>,
    /// The build's context, from the repository's root.
    pub(in crate::new) context: String,
    pub(in crate::new) read: Read,
    pub(in crate::new) licences: Vec<&'static str>,
    /// It has submodules.
    pub(in crate::new) submodules: bool,
    pub(in crate::new) notes: Vec<String>,
}

/// Checks out the newest version, and reads its Dockerfile.
pub(in crate::new) async fn repository(look: &Look, wanted: &Wanted) -> Result<Checked, NewError> {
    let repository = address(wanted)?;
    let (release, tag) = look.newest(&wanted.from, wanted).await?;
    let about = look.releases.about(&wanted.from, &release.tag).await?;
    let tree = look.scratch.join("tree");
    storage::create(&tree)?;
    look.tell(&format!("{repository} at {}", release.tag));
    let source = Source {
        repository: repository.clone(),
        git_ref: release.tag.clone(),
        submodules: false,
    };
    let revision = look
        .sources
        .checkout(&source, None, |_| Ok(()), &tree)
        .await?;
    let files = files(&tree)?;
    let found = match &wanted.dockerfile {
        Some(path) if files.contains(path) => vec![path.clone()],
        Some(_) => Vec::new(),
        None => find(&files),
    };
    let Some((path, others)) = found.split_first() else {
        let folders = std::fs::read_dir(&tree).at("read", &tree)?;
        let names = folders
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut seen: Vec<String> = names.collect();
        seen.sort();
        return Err(NewError::NoDockerfile {
            repository,
            tag: release.tag,
            seen: some(&seen),
        });
    };
    let text = text(&tree.join(path))?;
    let dockerfile = |source| NewError::Dockerfile {
        path: path.clone(),
        source,
    };
    let read = read(&text).map_err(dockerfile)?;
    let placed = Placed {
        path,
        files: &files,
    };
    let licences = files
        .iter()
        .filter(|path| !path.contains('/') && is_licence_file(path));
    let licences = licences.filter_map(|name| recognise(&self::text(&tree.join(name)).ok()?));
    Ok(Checked {
        context: context(&read, &placed),
        licences: licences.collect(),
        submodules: files.iter().any(|path| path == ".gitmodules"),
        path: path.clone(),
        others: others.to_vec(),
        repository,
        commit: revision.commit,
        notes: Vec::new(),
        release,
        tag,
        about,
        read,
    })
}

/// The repository's address: a forge's has its releases' name.
fn address(wanted: &Wanted) -> Result<String, NewError> {
    let (kind, name) = wanted.source();
    match kind.trim_end_matches("-tags") {
        "git" => Ok(name),
        "github" => Ok(format!("https://github.com/{name}")),
        "gitlab" | "gitea" => {
            let https = format!("https://{name}");
            let url = Url::parse(&https);
            let local = url.is_ok_and(|url| bakehouse_core::loopback::is_loopback(&url));
            Ok(if local {
                format!("http://{name}")
            } else {
                https
            })
        }
        _ => Err(NewError::Recipe {
            recipe: "dockerfile",
            source_text: wanted.from.to_string(),
        }),
    }
}

fn text(path: &Path) -> Result<String, NewError> {
    let bytes = storage::read(path, TEXT).at("read", path)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Paths of the files and folders that are not deep down, in order.
fn files(tree: &Path) -> Result<Vec<String>, NewError> {
    let mut found = Vec::new();
    let mut todo: Vec<(PathBuf, usize)> = vec![(tree.to_owned(), 1)];
    while let Some((folder, depth)) = todo.pop() {
        for entry in std::fs::read_dir(&folder).at("read", &folder)? {
            let entry = entry.at("read", &folder)?;
            let path = entry.path();
            let kind = entry.file_type().at("read", &path)?;
            if kind.is_dir() && depth < DEPTH {
                todo.push((path.clone(), depth + 1));
            }
            let inside = path.strip_prefix(tree).unwrap_or(&path);
            found.push(inside.to_string_lossy().into_owned());
        }
    }
    found.sort();
    Ok(found)
}
