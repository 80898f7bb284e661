//! A build's result on its way here, within bounds.
//!
//! BuildKit sends it as a tar archive through the pipe of its client, so that
//! what is too much is never written: a step can make a result of any size.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::quota::Quota;
use bakehouse_system::unpack::{Origin, UnpackError, UnpackLimits, unpack};
use tokio::process::ChildStdout;

use crate::build_site::Arrival;

/// Bytes that stay free on the file system that results are written to.
const FLOOR: u64 = 512 << 20;
/// The bytes after which the free room is asked for again.
const ASK: u64 = 16 << 20;

/// The reasons why a build's result did not get here.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// An image with more bytes than it may have.
    #[error(
        "the image has more than {} MiB; image-mib in [limits] of bakehouse.toml sets how much it may have",
        .0 >> 20
    )]
    TooLarge(u64),
    /// A compile step's files, as no work tree may have them.
    #[error(
        "the compile step's result: {0}; [limits] in bakehouse.toml sets how much a work tree may have"
    )]
    Files(#[source] UnpackError),
    /// The pipe to the builder's client is not there.
    #[error("the build's result: {0}")]
    Pipe(#[source] io::Error),
    /// The thread that takes the result ended early.
    #[error("the build's result: {0}")]
    Thread(#[from] tokio::task::JoinError),
    /// The client's output could not be read to its end.
    #[error("the builder's output: {0}")]
    Output(#[source] io::Error),
    /// The file system refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Takes what BuildKit writes to stdout to where it is to arrive.
///
/// # Errors
/// When it is more than `room`, or no result at all, or the disk is full.
pub(crate) async fn receive(
    stdout: ChildStdout,
    arrival: Arrival,
    room: Quota,
) -> Result<(), ReceiveError> {
    let pipe = stdout.into_owned_fd().map_err(ReceiveError::Pipe)?;
    tokio::task::spawn_blocking(move || {
        let pipe = File::from(pipe);
        match arrival {
            Arrival::Registry => drain(pipe),
            Arrival::Archive(to) => archive(Free::beside(&to, pipe), &to, room.bytes),
            Arrival::Files(to) => files(Free::beside(&to, pipe), &to, room),
        }
    })
    .await?
}

fn drain(mut from: impl Read) -> Result<(), ReceiveError> {
    io::copy(&mut from, &mut io::sink())
        .map(drop)
        .map_err(ReceiveError::Output)
}

fn archive(from: impl Read, to: &Path, most: u64) -> Result<(), ReceiveError> {
    let failed = |e: io::Error| StorageError::new("write", to, e);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(to).map_err(failed)?);
    let size = io::copy(&mut from.take(most.saturating_add(1)), &mut file).map_err(failed)?;
    file.flush().map_err(failed)?;
    if size > most {
        return Err(ReceiveError::TooLarge(most));
    }
    Ok(())
}

fn files(from: impl Read, to: &Path, room: Quota) -> Result<(), ReceiveError> {
    std::fs::create_dir(to).at("create", to)?;
    let limits = UnpackLimits {
        entries: room.entries,
        bytes: room.bytes,
    };
    let mut from = BufReader::with_capacity(1 << 17, from);
    let running = AtomicBool::new(false);
    unpack(&mut from, Origin::Image, 0, to, limits, &running).map_err(|error| match error {
        UnpackError::Storage(error) => ReceiveError::Storage(error),
        error => ReceiveError::Files(error),
    })?;
    // What is behind the archive's end is padding.
    drain(from)
}

/// A reader that fails before the file system beside it is full.
struct Free<R> {
    from: R,
    beside: PathBuf,
    until: u64,
    floor: u64,
}

impl<R> Free<R> {
    /// Of the file system that `to` is to be written to.
    fn beside(to: &Path, from: R) -> Self {
        Self {
            from,
            beside: to.parent().unwrap_or(to).to_owned(),
            until: 0,
            floor: FLOOR,
        }
    }
}

impl<R: Read> Read for Free<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.until == 0 {
            let stat = rustix::fs::statvfs(&self.beside)?;
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            if free < self.floor {
                return Err(io::Error::new(
                    io::ErrorKind::StorageFull,
                    format!(
                        "only {} MiB are free in {}, and {} MiB stay so",
                        free >> 20,
                        self.beside.display(),
                        self.floor >> 20
                    ),
                ));
            }
            self.until = ASK;
        }
        let read = self.from.read(into)?;
        self.until = self.until.saturating_sub(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const ROOM: Quota = Quota {
        bytes: 1 << 20,
        entries: 10,
    };

    fn entry(tar: &mut tar::Builder<Vec<u8>>, kind: tar::EntryType, name: &str, size: u64) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o6755);
        if kind == tar::EntryType::Symlink {
            header.set_link_name("/etc/passwd").unwrap();
        }
        tar.append_data(&mut header, name, io::repeat(0).take(size))
            .unwrap();
    }

    fn unpacked(fill: impl Fn(&mut tar::Builder<Vec<u8>>)) -> (tempfile::TempDir, Option<String>) {
        let mut tar = tar::Builder::new(Vec::new());
        fill(&mut tar);
        let dir = tempfile::tempdir().unwrap();
        let bytes = tar.into_inner().unwrap();
        let result = files(bytes.as_slice(), &dir.path().join("out"), ROOM);
        (dir, result.err().map(|error| error.to_string()))
    }

    #[test]
    fn files_of_an_image_are_made_fit_for_a_work_tree() {
        let (dir, error) = unpacked(|tar| {
            entry(tar, tar::EntryType::Symlink, "d/link", 0);
            entry(tar, tar::EntryType::Char, "d/device", 0);
            entry(tar, tar::EntryType::Fifo, "d/pipe", 0);
            entry(tar, tar::EntryType::Regular, "d/suid", 3);
        });
        assert_eq!(error, None);
        let out = dir.path().join("out/d");
        let mut names: Vec<_> = std::fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["link", "suid"]);
        let mode = out.join("suid").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
        let link = out.join("link").read_link().unwrap();
        assert_eq!(link, Path::new("/etc/passwd"));
    }

    #[test]
    fn more_than_there_is_room_for_is_not_written() {
        let (dir, error) = unpacked(|tar| {
            entry(tar, tar::EntryType::Regular, "big", 8 << 20);
        });
        assert!(error.unwrap().contains("larger than the limit"));
        let size = dir.path().join("out/big").metadata().unwrap().len();
        assert!(size <= ROOM.bytes, "{size} bytes were written");
        let (_dir, error) = unpacked(|tar| {
            for n in 0..20 {
                entry(tar, tar::EntryType::Directory, &format!("d{n}"), 0);
            }
        });
        assert!(error.unwrap().contains("more than 10 entries"));
        let (_dir, error) = unpacked(|tar| {
            let deep = "d/".repeat(1900);
            entry(tar, tar::EntryType::Directory, &deep, 0);
        });
        assert!(error.unwrap().contains("200 folders deep"));
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("image.tar");
        let error = archive(io::repeat(0), &to, 1 << 20).unwrap_err();
        assert!(error.to_string().contains("image-mib"), "{error}");
        assert_eq!(to.metadata().unwrap().len(), (1 << 20) + 1);
    }

    #[test]
    fn a_full_disk_is_told_before_it_is_full() {
        let mut free = Free {
            from: io::repeat(0),
            beside: std::env::temp_dir(),
            until: 0,
            floor: u64::MAX,
        };
        let error = free.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
