//! Files of an image, found in its layers (image-spec v1.1, "Image Layer
//! Filesystem Changeset").

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;
use oci_spec::image::Descriptor;
use tar::{Archive, EntryType};

use super::elf;

/// Links followed, as in Linux.
const LINKS: usize = 40;
/// Bytes of a layer as a tar archive that are read, and entries kept of it.
const BYTES: u64 = 16 << 30;
const ENTRIES: usize = 2_000_000;
/// The longest first line of a script (Linux's `BINPRM_BUF_SIZE`).
const LINE: usize = 256;

/// What is behind a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// A program for this architecture.
    Elf(&'static str),
    /// A script, with its interpreter.
    Script(String),
    Link(String),
    /// A hard link to a file of the same layer.
    Same(String),
    Other,
}

/// The layers of an image, each read when it is first needed, uppermost first.
pub(super) struct Layers<'a, R, O: FnMut(&Descriptor) -> io::Result<R>> {
    unread: VecDeque<&'a Descriptor>,
    read: Vec<Layer>,
    open: O,
}

#[derive(Default)]
struct Layer {
    entries: HashMap<String, Content>,
    /// Paths below which, and themselves, nothing of lower layers is seen.
    removed: HashSet<String>,
    /// Folders in which nothing of lower layers is seen.
    opaque: HashSet<String>,
}

impl<'a, R: Read, O: FnMut(&Descriptor) -> io::Result<R>> Layers<'a, R, O> {
    /// Layers in the order of the manifest.
    pub(super) fn new(layers: &'a [Descriptor], open: O) -> Self {
        Self {
            unread: layers.iter().rev().collect(),
            read: Vec::new(),
            open,
        }
    }

    /// The file behind an absolute path, and its own path; links are followed.
    pub(super) fn resolve(&mut self, path: &str) -> io::Result<Option<(String, Content)>> {
        let mut path = normal("", path);
        for _ in 0..LINKS {
            match self.find(&path)? {
                Some(Content::Link(target)) => {
                    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    path = normal(folder, &target);
                }
                Some(Content::Same(other)) => path = other,
                Some(content) => return Ok(Some((format!("/{path}"), content))),
                None => match self.through_link(&path)? {
                    Some(other) => path = other,
                    None => return Ok(None),
                },
            }
        }
        Ok(None)
    }

    /// The path with the first of its folders that is a link followed.
    fn through_link(&mut self, path: &str) -> io::Result<Option<String>> {
        for (at, _) in path.match_indices('/') {
            let (folder, rest) = path.split_at(at);
            if let Some(Content::Link(target)) = self.find(folder)? {
                let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
                return Ok(Some(normal(
                    "",
                    &format!("{}{rest}", normal(above, &target)),
                )));
            }
        }
        Ok(None)
    }

    fn find(&mut self, path: &str) -> io::Result<Option<Content>> {
        let mut at = 0;
        loop {
            if at == self.read.len() {
                let Some(next) = self.unread.pop_front() else {
                    return Ok(None);
                };
                let blob = (self.open)(next)?;
                self.read.push(Layer::read(blob)?);
            }
            let Some(layer) = self.read.get(at) else {
                return Ok(None);
            };
            if let Some(content) = layer.entries.get(path) {
                return Ok(Some(content.clone()));
            }
            if layer.hides(path) {
                return Ok(None);
            }
            at += 1;
        }
    }
}

impl Layer {
    fn read(blob: impl Read) -> io::Result<Self> {
        let mut layer = Self::default();
        let mut archive = Archive::new(unzipped(blob)?.take(BYTES));
        for entry in archive.entries()? {
            let mut entry = entry?;
            if layer.entries.len() + layer.removed.len() > ENTRIES {
                return Err(io::Error::other("a layer has too many files"));
            }
            let path = normal("", &entry.path()?.to_string_lossy());
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
            if name == ".wh..wh..opq" {
                layer.opaque.insert(folder.to_owned());
                continue;
            }
            if let Some(name) = name.strip_prefix(".wh.") {
                layer.removed.insert(normal(folder, name));
                continue;
            }
            let target = |entry: &tar::Entry<'_, _>| -> io::Result<String> {
                let name = entry.link_name()?.unwrap_or_default();
                Ok(name.to_string_lossy().into_owned())
            };
            let content = match entry.header().entry_type() {
                // Those of lower layers are still seen.
                EntryType::Directory => continue,
                EntryType::Symlink => Content::Link(target(&entry)?),
                EntryType::Link => Content::Same(normal("", &target(&entry)?)),
                EntryType::Regular => program(&mut entry)?,
                _ => Content::Other,
            };
            layer.entries.insert(path, content);
        }
        Ok(layer)
    }

    fn hides(&self, path: &str) -> bool {
        let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        let mut above = std::iter::once("").chain(above);
        self.removed.contains(path)
            || above.any(|folder| {
                // A file or a link takes the place of a folder, too.
                self.removed.contains(folder)
                    || self.opaque.contains(folder)
                    || self.entries.contains_key(folder)
            })
    }
}

fn unzipped<'a>(blob: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut blob = BufReader::with_capacity(1 << 17, blob);
    let head = io::BufRead::fill_buf(&mut blob)?;
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        return Err(io::Error::other("a layer is compressed with zstd"));
    }
    Ok(match head.starts_with(&[0x1f, 0x8b]) {
        true => Box::new(BufReader::with_capacity(1 << 17, MultiGzDecoder::new(blob))),
        false => Box::new(blob),
    })
}

fn program(file: &mut impl Read) -> io::Result<Content> {
    let mut head = Vec::with_capacity(LINE);
    file.take(LINE as u64).read_to_end(&mut head)?;
    if let Some(architecture) = elf::architecture(&head) {
        return Ok(Content::Elf(architecture));
    }
    let line = head
        .strip_prefix(b"#!")
        .and_then(|rest| rest.split(|b| *b == b'\n').next());
    let line = line.and_then(|line| std::str::from_utf8(line).ok());
    let interpreter = line.and_then(|line| line.split_whitespace().next());
    Ok(match interpreter {
        Some(path) if path.starts_with('/') => Content::Script(path.to_owned()),
        _ => Content::Other,
    })
}

/// A path without `/` at its ends, `.` and `..`, as it is from `folder`.
fn normal(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = match path.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
