//! Content of a file of a release: it is downloaded, verified and unpacked.

use std::fs::File;
use std::path::{Path, PathBuf};

use bakehouse_core::storage_error::At as _;
use bakehouse_names::is_packed;
use bakehouse_system::quota::Quota;
use bakehouse_system::storage;
use bakehouse_system::unpack::{Archive, Format};
use bakehouse_upstream::fetch::{Download, Route, Unpack};
use bakehouse_upstream::release::Asset;

use super::Look;
use crate::new::choose::{Metadata, Packed, is_licence_file, is_metadata, metadata, recognise};
use crate::new::error::NewError;
use crate::programs::linked;

/// The most that is unpacked.
const ROOM: Quota = Quota {
    bytes: 8 << 30,
    entries: 200_000,
};
/// Bytes of a licence, or of a wheel's metadata.
const TEXT: u64 = 1 << 20;
/// Bytes of a file of checksums.
const CHECKSUMS: u64 = 4 << 20;

/// What is in a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Opened {
    /// All paths of an archive; none of a program as it is.
    pub(super) files: Vec<String>,
    /// What is a program of Linux; of a program as it is, by its own name.
    pub(super) programs: Vec<Packed>,
    /// Licences whose texts are in it.
    pub(super) licences: Vec<&'static str>,
    /// A wheel's facts of itself.
    pub(super) metadata: Option<Metadata>,
}

/// Downloads a file, and looks at what is in it.
pub(super) async fn open(look: &Look, asset: &Asset) -> Result<Opened, NewError> {
    let into = "unpacked";
    let folder = look.scratch.join("work");
    storage::create(&folder)?;
    let opened = async {
        download(look, asset, &folder, into, unpacking(&asset.name)?).await?;
        read(&folder.join(into), &asset.name)
    };
    let opened = opened.await;
    storage::remove_all(&folder).at("remove", &folder)?;
    opened
}

/// The text of a small file.
pub(super) async fn text(look: &Look, asset: &Asset) -> Result<String, NewError> {
    let folder = look.scratch.join("text");
    storage::create(&folder)?;
    let read = async {
        download(look, asset, &folder, "text", Unpack::None).await?;
        let path = folder.join("text");
        let bytes = storage::read(&path, CHECKSUMS).at("read", &path)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let read = read.await;
    storage::remove_all(&folder).at("remove", &folder)?;
    read
}

async fn download(
    look: &Look,
    asset: &Asset,
    folder: &Path,
    into: &str,
    unpack: Unpack<'_>,
) -> Result<(), NewError> {
    look.tell(&asset.name);
    // Who asks for an app wants to know what upstream links to.
    let granted = |_: &str| Ok(());
    let request = Download {
        url: &asset.url,
        integrity: asset.integrity.as_deref(),
        work_tree: folder,
        into,
        unpack,
        room: ROOM,
        route: Route {
            asset: !asset.elsewhere,
            granted: &granted,
        },
    };
    look.fetcher.download(request).await?;
    Ok(())
}

/// All of an archive, whichever it is.
const ALL: &Archive = &Archive {
    format: Format::Auto,
    strip: 0,
    members: Vec::new(),
};
/// Ends of names of archives; one file that is compressed alone is none.
const ARCHIVES: [&str; 12] = [
    ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".tar.bz2", ".tbz2", ".zip",
    ".whl", ".deb",
];

/// How a file of this name is unpacked.
fn unpacking(name: &str) -> Result<Unpack<'static>, NewError> {
    let lower = name.to_ascii_lowercase();
    match () {
        () if ARCHIVES.iter().any(|end| lower.ends_with(end)) => Ok(Unpack::Archive(ALL)),
        () if is_packed(name) => Err(NewError::Packed(name.to_owned())),
        () => Ok(Unpack::None),
    }
}

fn read(at: &Path, name: &str) -> Result<Opened, NewError> {
    let mut opened = Opened::default();
    if at.is_file() {
        let mut file = storage::open(at).at("read", at)?;
        opened.programs.extend(program(&mut file, name));
        return Ok(opened);
    }
    let mut todo: Vec<PathBuf> = vec![at.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(&folder).at("read", &folder)? {
            let entry = entry.at("read", &folder)?;
            let path = entry.path();
            let kind = entry.file_type().at("read", &path)?;
            if kind.is_dir() {
                todo.push(path);
                continue;
            }
            let inside = path.strip_prefix(at).unwrap_or(&path);
            let inside = inside.to_string_lossy().into_owned();
            if kind.is_file() {
                let mut file = storage::open(&path).at("read", &path)?;
                opened.programs.extend(program(&mut file, &inside));
                if is_licence_file(&inside) {
                    opened.licences.extend(recognise(&small(&path)));
                }
                if is_metadata(&inside) {
                    opened.metadata = Some(metadata(&small(&path)));
                }
            }
            opened.files.push(inside);
        }
    }
    opened.files.sort();
    opened.programs.sort_by(|one, two| one.path.cmp(&two.path));
    Ok(opened)
}

/// A text that is looked at where it can be read.
fn small(path: &Path) -> String {
    let bytes = storage::read(path, TEXT).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A program of Linux; what is damaged is none.
fn program(file: &mut File, path: &str) -> Option<Packed> {
    let linked = linked(file).ok().flatten()?;
    let path = path.to_owned();
    Some(Packed { path, linked })
}
