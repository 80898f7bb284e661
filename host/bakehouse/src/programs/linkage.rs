//! Dynamic linkage of an ELF file: its interpreter and its libraries (System V ABI,
//! "Program Header", "Dynamic Section").

use std::io::{self, Read, Seek, SeekFrom};

use super::elf;

/// Bytes of the ELF header of 64-bit files.
const HEADER: usize = 64;
/// Program headers that are looked at; linkers write about a dozen.
const SEGMENTS: u64 = 256;
/// Entries of a dynamic section that are looked at.
const ENTRIES: usize = 4096;
/// Bytes of a path or of a library's name.
const NAME: u64 = 4096;

const PT_LOAD: u64 = 1;
const PT_DYNAMIC: u64 = 2;
const PT_INTERP: u64 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

/// The architecture that a program is for, and the files that it needs to start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Linked {
    /// As in `GOARCH`.
    pub(crate) architecture: &'static str,
    /// The loader that the kernel starts in its place; none for a static program.
    pub(crate) interpreter: Option<String>,
    /// Names of libraries, as `libc.so.6`.
    pub(crate) libraries: Vec<String>,
}

/// Words of a file in its own width and order of bytes.
#[derive(Clone, Copy)]
struct Layout {
    wide: bool,
    little: bool,
}

/// A part of the file, and its address in memory.
struct Segment {
    kind: u64,
    offset: u64,
    address: u64,
    size: u64,
}

/// Reads what a program is linked with; none for what is no ELF file, or for a
/// machine that no image platform has.
///
/// # Errors
/// When the file cannot be read, or ends before what its headers name.
pub(crate) fn linked<F: Read + Seek>(file: &mut F) -> io::Result<Option<Linked>> {
    let head = bytes(file, 0, HEADER as u64)?;
    let Some(architecture) = elf::architecture(&head) else {
        return Ok(None);
    };
    let layout = Layout {
        wide: head.get(4) == Some(&2),
        little: head.get(5) == Some(&1),
    };
    let segments = segments(file, &head, layout)?;
    let mut found = Linked {
        architecture,
        ..Linked::default()
    };
    for segment in &segments {
        match segment.kind {
            PT_INTERP => {
                let text = bytes(file, segment.offset, segment.size.min(NAME))?;
                found.interpreter = Some(text_of(&text));
            }
            PT_DYNAMIC => found.libraries = libraries(file, segment, &segments, layout)?,
            _ => {}
        }
    }
    Ok(Some(found))
}

fn segments<F: Read + Seek>(file: &mut F, head: &[u8], layout: Layout) -> io::Result<Vec<Segment>> {
    let (table, size, count) = match layout.wide {
        true => (layout.word(head, 32), 54, 56),
        false => (layout.word(head, 28), 42, 44),
    };
    let (size, count) = (layout.number(head, size, 2), layout.number(head, count, 2));
    let mut found = Vec::new();
    for at in 0..count.min(SEGMENTS) {
        let entry = bytes(file, table.saturating_add(at * size), size)?;
        let [offset, address, length] = match layout.wide {
            true => [8, 16, 32],
            false => [4, 8, 16],
        };
        found.push(Segment {
            kind: layout.number(&entry, 0, 4),
            offset: layout.word(&entry, offset),
            address: layout.word(&entry, address),
            size: layout.word(&entry, length),
        });
    }
    Ok(found)
}

fn libraries<F: Read + Seek>(
    file: &mut F,
    dynamic: &Segment,
    segments: &[Segment],
    layout: Layout,
) -> io::Result<Vec<String>> {
    let width = if layout.wide { 8 } else { 4 };
    let most = (ENTRIES * 2 * width) as u64;
    let table = bytes(file, dynamic.offset, dynamic.size.min(most))?;
    let entries: Vec<(u64, u64)> = table
        .chunks_exact(2 * width)
        .map(|entry| (layout.word(entry, 0), layout.word(entry, width)))
        .take_while(|(tag, _)| *tag != 0)
        .collect();
    let strings = entries.iter().find(|(tag, _)| *tag == DT_STRTAB);
    let place = strings.and_then(|(_, address)| {
        let holds = |s: &&Segment| {
            s.kind == PT_LOAD
                && address
                    .checked_sub(s.address)
                    .is_some_and(|into| into < s.size)
        };
        let load = segments.iter().find(holds)?;
        (address - load.address).checked_add(load.offset)
    });
    let Some(place) = place else {
        return Ok(Vec::new());
    };
    let needed = entries.iter().filter(|(tag, _)| *tag == DT_NEEDED);
    needed
        .map(|(_, at)| {
            let name = some(file, place.saturating_add(*at), NAME)?;
            Ok(text_of(&name))
        })
        .collect()
}

impl Layout {
    /// An address or a size.
    fn word(self, bytes: &[u8], at: usize) -> u64 {
        self.number(bytes, at, if self.wide { 8 } else { 4 })
    }

    /// A number of this many bytes; 0 where there are fewer.
    fn number(self, bytes: &[u8], at: usize, size: usize) -> u64 {
        let read = bytes.get(at..at + size).unwrap_or_default();
        let fold = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        match self.little {
            true => read.iter().rev().fold(0, fold),
            false => read.iter().fold(0, fold),
        }
    }
}

/// This many bytes; as many as there are of a short file's head.
fn bytes<F: Read + Seek>(file: &mut F, at: u64, size: u64) -> io::Result<Vec<u8>> {
    let read = some(file, at, size)?;
    match at > 0 && (read.len() as u64) < size {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(read),
    }
}

fn some<F: Read + Seek>(file: &mut F, at: u64, most: u64) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.by_ref().take(most).read_to_end(&mut read)?;
    Ok(read)
}

/// The text before the first NUL.
fn text_of(bytes: &[u8]) -> String {
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use bakehouse_loopback::elf;

    use super::*;

    #[test]
    fn a_static_program_needs_nothing() {
        for name in ["amd64", "arm64"] {
            let found = linked(&mut Cursor::new(elf(name, "x", None))).unwrap();
            let found = found.unwrap();
            assert_eq!(found.architecture, name);
            assert_eq!((found.interpreter, found.libraries), (None, Vec::new()));
        }
    }

    /// This test's own program: what the compiler links.
    #[test]
    fn a_dynamic_program_names_its_loader_and_libraries() {
        let mut this = std::fs::File::open(std::env::current_exe().unwrap()).unwrap();
        let found = linked(&mut this).unwrap().unwrap();
        let loader = found.interpreter.unwrap();
        assert!(loader.contains("/ld-"), "{loader}");
        let libc = found.libraries.iter().any(|name| name.starts_with("libc."));
        assert!(libc, "{:?}", found.libraries);
    }

    #[test]
    fn whatever_is_no_program_is_told_apart_or_refused() {
        for other in [&b""[..], b"#!/bin/sh\n", b"\x7fELF", &[0; 200]] {
            assert_eq!(linked(&mut Cursor::new(other)).unwrap(), None);
        }
        let whole = elf("amd64", "x", None);
        assert!(linked(&mut Cursor::new(&whole[..70])).is_err());
        // Headers that name what is far outside of the file.
        for at in 24..120 {
            let mut damaged = whole.clone();
            damaged[at] = 0xff;
            let _ = linked(&mut Cursor::new(damaged));
        }
    }
}
