//! A recipe's own files, with note taken of what the system refuses.
//!
//! WASI tells a recipe the kind of a refusal, and a recipe makes of it what it
//! likes. Where the host's disk is full or broken the call ends here instead, as it
//! does in a host function.

use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bakehouse_core::storage_error::{StorageError, is_everywhere};
use bakehouse_system::storage::trouble;
use bytes::Bytes;
use rustix::io::Errno;
use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::filesystem::WasiFilesystemCtxView;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    self, Advice, Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry,
    DirectoryEntryStream, ErrorCode, Filesize, Host, HostDescriptor, HostDirectoryEntryStream,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, FsError, FsResult, OutputStream, Pollable, StreamError,
    StreamResult,
};

use super::host::error::HostError;
use super::state::State;

/// Puts these files in the place of those that WASI's linker has.
pub(super) fn add_to_linker(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    types::add_to_linker::<_, WorkFiles>(linker, State::files)?;
    linker.allow_shadowing(false);
    Ok(())
}

struct WorkFiles;

impl HasData for WorkFiles {
    type Data<'a> = WorkFilesView<'a>;
}

/// WASI's files of one call.
pub(super) struct WorkFilesView<'a> {
    pub(super) files: WasiFilesystemCtxView<'a>,
    /// The work tree; none where a recipe has no files.
    pub(super) tree: Option<&'a Path>,
    /// The error that a host function told last.
    pub(super) reported: &'a mut Option<HostError>,
}

impl WorkFilesView<'_> {
    fn refused(&self, error: io::Error) -> Result<(), HostError> {
        self.tree.map_or(Ok(()), |tree| refused(tree, error))
    }

    /// A stream that tells what is written to it.
    fn watched(
        &mut self,
        stream: Resource<DynOutputStream>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let Some(tree) = self.tree else {
            return Ok(stream);
        };
        let watched: DynOutputStream = Box::new(WatchedStream {
            inner: self.files.table.delete(stream)?,
            tree: tree.to_owned(),
        });
        Ok(self.files.table.push(watched)?)
    }

    /// Asks the disk for what a code leaves open.
    fn looked_into(&self, code: ErrorCode) -> Result<(), HostError> {
        match code {
            ErrorCode::InsufficientSpace => self.refused(Errno::NOSPC.into()),
            ErrorCode::Io => match self.tree.and_then(|tree| trouble(tree.parent()?)) {
                Some(trouble) => Err(trouble.into()),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// The host's own trouble, if it is that.
fn refused(tree: &Path, error: io::Error) -> Result<(), HostError> {
    match is_everywhere(&error) {
        true => Err(StorageError::new("write to", tree, error).into()),
        false => Ok(()),
    }
}

/// A file that is written to. A recipe need not ask why a write failed, and some
/// standard libraries do not.
struct WatchedStream {
    inner: DynOutputStream,
    tree: PathBuf,
}

impl WatchedStream {
    fn looked_at<T>(&self, written: StreamResult<T>) -> StreamResult<T> {
        let Err(StreamError::LastOperationFailed(error)) = &written else {
            return written;
        };
        let stated = error.downcast_ref::<io::Error>();
        let errno = stated.and_then(io::Error::raw_os_error);
        let error = errno.map(io::Error::from_raw_os_error);
        match error.map(|error| refused(&self.tree, error)) {
            Some(Err(trouble)) => Err(StreamError::Trap(wasmtime::Error::new(trouble))),
            _ => written,
        }
    }
}

#[async_trait]
impl Pollable for WatchedStream {
    async fn ready(&mut self) {
        self.inner.ready().await;
    }
}

#[async_trait]
impl OutputStream for WatchedStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let written = self.inner.write(bytes);
        self.looked_at(written)
    }

    fn flush(&mut self) -> StreamResult<()> {
        let flushed = self.inner.flush();
        self.looked_at(flushed)
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        let room = self.inner.check_write();
        self.looked_at(room)
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        let written = self.inner.blocking_write_and_flush(bytes).await;
        self.looked_at(written)
    }

    async fn cancel(&mut self) {
        self.inner.cancel().await;
    }
}

impl Host for WorkFilesView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        let code = self.files.convert_error_code(error)?;
        self.looked_into(code).map_err(wasmtime::Error::new)?;
        if matches!(code, ErrorCode::NoEntry | ErrorCode::NotDirectory) {
            // What is missing from now on is missing here.
            *self.reported = None;
        }
        Ok(code)
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        let stream = self.files.table.get(&error)?.downcast_ref::<io::Error>();
        if let Some(errno) = stream.and_then(io::Error::raw_os_error) {
            self.refused(io::Error::from_raw_os_error(errno))
                .map_err(wasmtime::Error::new)?;
        }
        self.files.filesystem_error_code(error)
    }
}

/// Functions as WASI has them.
macro_rules! as_they_are {
    ($interface:ident: $($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        $(async fn $name(&mut self, $($argument: $type),*) -> $answer {
            $interface::$name(&mut self.files, $($argument),*).await
        })*
    };
}

impl HostDescriptor for WorkFilesView<'_> {
    as_they_are! { HostDescriptor:
        advise(fd: Resource<Descriptor>, offset: Filesize, len: Filesize, advice: Advice) -> FsResult<()>;
        sync_data(fd: Resource<Descriptor>) -> FsResult<()>;
        get_flags(fd: Resource<Descriptor>) -> FsResult<DescriptorFlags>;
        get_type(fd: Resource<Descriptor>) -> FsResult<DescriptorType>;
        set_size(fd: Resource<Descriptor>, size: Filesize) -> FsResult<()>;
        set_times(fd: Resource<Descriptor>, atim: NewTimestamp, mtim: NewTimestamp) -> FsResult<()>;
        read(fd: Resource<Descriptor>, len: Filesize, offset: Filesize) -> FsResult<(Vec<u8>, bool)>;
        write(fd: Resource<Descriptor>, buffer: Vec<u8>, offset: Filesize) -> FsResult<Filesize>;
        read_directory(fd: Resource<Descriptor>) -> FsResult<Resource<DirectoryEntryStream>>;
        sync(fd: Resource<Descriptor>) -> FsResult<()>;
        create_directory_at(fd: Resource<Descriptor>, path: String) -> FsResult<()>;
        stat(fd: Resource<Descriptor>) -> FsResult<DescriptorStat>;
        stat_at(fd: Resource<Descriptor>, flags: PathFlags, path: String) -> FsResult<DescriptorStat>;
        set_times_at(fd: Resource<Descriptor>, flags: PathFlags, path: String, atim: NewTimestamp, mtim: NewTimestamp) -> FsResult<()>;
        link_at(fd: Resource<Descriptor>, flags: PathFlags, from: String, into: Resource<Descriptor>, to: String) -> FsResult<()>;
        open_at(fd: Resource<Descriptor>, flags: PathFlags, path: String, how: OpenFlags, what: DescriptorFlags) -> FsResult<Resource<Descriptor>>;
        readlink_at(fd: Resource<Descriptor>, path: String) -> FsResult<String>;
        remove_directory_at(fd: Resource<Descriptor>, path: String) -> FsResult<()>;
        rename_at(fd: Resource<Descriptor>, from: String, into: Resource<Descriptor>, to: String) -> FsResult<()>;
        symlink_at(fd: Resource<Descriptor>, target: String, path: String) -> FsResult<()>;
        unlink_file_at(fd: Resource<Descriptor>, path: String) -> FsResult<()>;
        is_same_object(a: Resource<Descriptor>, b: Resource<Descriptor>) -> wasmtime::Result<bool>;
        metadata_hash(fd: Resource<Descriptor>) -> FsResult<MetadataHashValue>;
        metadata_hash_at(fd: Resource<Descriptor>, flags: PathFlags, path: String) -> FsResult<MetadataHashValue>;
    }

    fn read_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        self.files.read_via_stream(fd, offset)
    }

    fn write_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        let stream = self.files.write_via_stream(fd, offset)?;
        self.watched(stream)
    }

    fn append_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let stream = self.files.append_via_stream(fd)?;
        self.watched(stream)
    }

    fn drop(&mut self, fd: Resource<Descriptor>) -> wasmtime::Result<()> {
        HostDescriptor::drop(&mut self.files, fd)
    }
}

impl HostDirectoryEntryStream for WorkFilesView<'_> {
    as_they_are! { HostDirectoryEntryStream:
        read_directory_entry(stream: Resource<DirectoryEntryStream>) -> FsResult<Option<DirectoryEntry>>;
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        HostDirectoryEntryStream::drop(&mut self.files, stream)
    }
}
