//! Exit codes and hints of the core's errors.

use std::io;
use std::io::ErrorKind;

use bakehouse_core::grants::Denied;
use bakehouse_core::platform::PlatformError;
use bakehouse_core::storage_error::{StorageError, is_everywhere, local};

use super::{ExitCode, Explanation};

pub(super) fn platform(_: &PlatformError) -> Explanation {
    Explanation::new(ExitCode::Usage)
        .hint("write it as os/architecture[/variant], e.g. linux/arm64")
}

/// The sentence names the grant, the file and the line.
pub(super) fn denied(_: &Denied) -> Explanation {
    Explanation::new(ExitCode::Denied)
}

pub(super) fn storage(error: &StorageError) -> Explanation {
    refused(error.kind(), error.is_everywhere())
}

/// An I/O error, where it is one of files and folders.
pub(super) fn of_files(error: &io::Error) -> Option<Explanation> {
    local(error).map(|kind| refused(kind, is_everywhere(error)))
}

fn refused(kind: ErrorKind, everywhere: bool) -> Explanation {
    let explained = Explanation::new(ExitCode::Storage).hint(hint(kind));
    match everywhere {
        true => explained.everywhere(),
        false => explained,
    }
}

/// The refusal in an error's chain; none where nothing in it is about files. An I/O
/// error without path counts, unless it is one of connections.
pub(super) fn refusal(error: &anyhow::Error) -> Option<Explanation> {
    error.chain().find_map(|cause| {
        let stated = cause.downcast_ref::<StorageError>().map(storage);
        let bare = cause.downcast_ref::<io::Error>().and_then(of_files);
        let json = cause.downcast_ref::<serde_json::Error>();
        let json = json.and_then(serde_json::Error::io_error_kind);
        stated
            .or(bare)
            .or_else(|| json.map(|kind| refused(kind, is_everywhere(&kind.into()))))
    })
}

/// The advice about a refusal of this kind.
pub(super) const fn hint(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::PermissionDenied => {
            "give the user that runs bakehouse access to it, or run as the user it belongs to"
        }
        ErrorKind::ReadOnlyFilesystem => {
            "a project is written to: make its file system writable, or work on a copy of it"
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free space there; .bakehouse/downloads, .bakehouse/sources and .bakehouse/layers may be deleted at any time"
        }
        ErrorKind::NotFound => "create the folder that it is in, or name another place",
        _ => "look at what is there: move it away, or name another place",
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use anyhow::Context as _;
    use bakehouse_core::storage_error::At as _;

    use super::*;

    #[test]
    fn refusals_of_files_are_told_from_those_of_connections() {
        let chain = |kind: ErrorKind| {
            let failed: io::Result<()> = Err(kind.into());
            refusal(&failed.context("doing something").unwrap_err())
        };
        let full = chain(ErrorKind::StorageFull).unwrap();
        assert!(
            full.everywhere && full.code == ExitCode::Storage,
            "{full:?}"
        );
        assert!(!chain(ErrorKind::PermissionDenied).unwrap().everywhere);
        assert_eq!(chain(ErrorKind::ConnectionRefused), None);
        assert_eq!(chain(ErrorKind::TimedOut), None);
        assert_eq!(refusal(&anyhow::anyhow!("no space left")), None);
        let loops: io::Result<()> = Err(io::Error::from_raw_os_error(40));
        let stated = loops.at("read", Path::new("/x")).unwrap_err();
        assert!(
            stated.to_string().starts_with("cannot read /x: "),
            "{stated}"
        );
        assert!(refusal(&anyhow::Error::new(stated)).is_some());
    }
}
