//! Files of an image, found in its layers (image-spec v1.1, "Image Layer
//! Filesystem Changeset").

use std::cell::Cell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, BufRead as _, BufReader, Read};

use bakehouse_system::unpack::{HEADERS, Metered};
use flate2::read::MultiGzDecoder;
use oci_spec::image::Descriptor;
use tar::{Archive, EntryType};
use zstd::Decoder as ZstdDecoder;

use super::{PATH_MAX, elf};

/// Links followed, as in Linux.
const LINKS: usize = 40;
/// Bytes of all layers as tar archives that are read.
const BYTES: u64 = 32 << 30;
/// Bytes of the names that are kept of them, and what an entry takes beside its
/// names.
const NAMES: u64 = 256 << 20;
const ENTRY: u64 = 64;
/// Names that are looked up; long paths through many links have many.
const LOOKUPS: u64 = 5_000_000;
/// The largest window of a zstd frame, as a power of two: zstd's own limit for
/// what it decodes from a stream.
const WINDOW: u32 = 27;
/// The longest first line of a script (Linux's `BINPRM_BUF_SIZE`).
const LINE: usize = 256;

/// The content of a file of an image, by its first bytes.
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
    room: Room,
    lookups: u64,
}

/// The amounts that may still be read of an image's layers.
struct Room {
    bytes: u64,
    names: u64,
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
            room: Room {
                bytes: BYTES,
                names: NAMES,
            },
            lookups: LOOKUPS,
        }
    }

    /// The file behind an absolute path, and its own path; links are followed.
    pub(super) fn resolve(&mut self, path: &str) -> io::Result<Option<(String, Content)>> {
        let mut path = normal("", path);
        for _ in 0..LINKS {
            // No system would open it.
            if path.len() > PATH_MAX {
                return Ok(None);
            }
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
                self.read.push(Layer::read(blob, &mut self.room)?);
            }
            let folders = path.matches('/').count() as u64;
            let left = self.lookups.checked_sub(folders + 1);
            self.lookups =
                left.ok_or_else(|| io::Error::other("its paths have too many folders"))?;
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
    fn read(blob: impl Read, room: &mut Room) -> io::Result<Self> {
        let mut layer = Self::default();
        let headers = Cell::new(HEADERS);
        let bytes = Cell::new(room.bytes);
        let mut archive = Archive::new(Metered {
            inner: Metered {
                inner: unpacked(blob)?,
                left: &bytes,
                what: "its layers have too many bytes",
            },
            left: &headers,
            what: "a file of a layer has too many bytes of headers",
        });
        for entry in archive.entries()? {
            let mut entry = entry?;
            let kind = entry.header().entry_type();
            // The content that is skipped on the way to the next headers. A
            // sparse file says how large it is, not what it takes.
            let content = match kind {
                EntryType::GNUSparse => entry.header().entry_size()?,
                _ => entry.size(),
            };
            headers.set(HEADERS.saturating_add(content));
            layer.add(&mut entry, kind, room)?;
        }
        room.bytes = bytes.get();
        Ok(layer)
    }

    fn add(
        &mut self,
        entry: &mut tar::Entry<'_, impl Read>,
        kind: EntryType,
        room: &mut Room,
    ) -> io::Result<()> {
        let path = normal("", &entry.path()?.to_string_lossy());
        let target = entry.link_name()?.unwrap_or_default();
        let target = target.to_string_lossy().into_owned();
        if path.len() > PATH_MAX || target.len() > PATH_MAX {
            return Ok(());
        }
        let names = ENTRY + (path.len() + target.len()) as u64;
        room.names = room
            .names
            .checked_sub(names)
            .ok_or_else(|| io::Error::other("its layers have too many files"))?;
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name == ".wh..wh..opq" {
            self.opaque.insert(folder.to_owned());
            return Ok(());
        }
        if let Some(name) = name.strip_prefix(".wh.") {
            self.removed.insert(normal(folder, name));
            return Ok(());
        }
        let content = match kind {
            // Those of lower layers are still seen.
            EntryType::Directory => return Ok(()),
            EntryType::Symlink => Content::Link(target),
            EntryType::Link => Content::Same(normal("", &target)),
            EntryType::Regular => program(entry)?,
            _ => Content::Other,
        };
        self.entries.insert(path, content);
        Ok(())
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

/// The tar archive of a layer, told by how the blob begins: media types are what
/// somebody says.
fn unpacked<'a>(blob: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut blob = BufReader::with_capacity(1 << 17, blob);
    let head = blob.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        let plain = MultiGzDecoder::new(blob);
        return Ok(Box::new(BufReader::with_capacity(1 << 17, plain)));
    }
    if is_zstd(head) {
        let mut plain = ZstdDecoder::with_buffer(blob)?;
        plain.window_log_max(WINDOW)?;
        return Ok(Box::new(BufReader::with_capacity(1 << 17, plain)));
    }
    Ok(Box::new(blob))
}

/// A frame, or one that is skipped (RFC 8878, section 3.1).
fn is_zstd(head: &[u8]) -> bool {
    matches!(
        head,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..]
    )
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
