//! Exit codes and hints of the core's errors.

use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_core::platform::PlatformError;
use bakehouse_core::storage_error::StorageError;

use super::Explanation;

pub(super) fn failure(failure: &Failure) -> Explanation {
    Explanation {
        code: failure.code(),
        hint: failure.hint_text().map(str::to_owned),
        everywhere: failure.is_everywhere(),
    }
}

pub(super) fn platform(_: &PlatformError) -> Explanation {
    Explanation::new(ExitCode::Usage)
        .hint("write it as os/architecture[/variant], e.g. linux/arm64")
}

pub(super) fn storage(error: &StorageError) -> Explanation {
    Explanation::storage(error.kind())
}
