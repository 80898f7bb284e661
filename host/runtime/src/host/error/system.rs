//! Errors of the `system` crate, as a recipe is told them.

use bakehouse_core::recipe::CallError;
use bakehouse_core::storage_error::StorageError;
use bakehouse_system::place::PlaceError;
use bakehouse_system::quota::QuotaError;
use bakehouse_system::unpack::UnpackError;
use bakehouse_system::work_tree::PathError;

use super::Told;

/// The one of the contract's cases that a sentence belongs to.
pub(super) type Case = fn(String) -> CallError;

pub(super) fn quota(error: &QuotaError) -> Told<'_> {
    Ok(match error {
        QuotaError::Full(_) => CallError::InvalidInput(error.to_string()),
        QuotaError::Storage(error) => return Err(error),
        QuotaError::Stopped(_) => CallError::Other(error.to_string()),
    })
}

pub(super) fn path(error: &PathError) -> Told<'_> {
    Ok(match error {
        PathError::Root(_) => CallError::Other(error.to_string()),
        PathError::Empty
        | PathError::Long
        | PathError::Outside(_)
        | PathError::Leaves(_)
        | PathError::BelowFile(_)
        | PathError::Name(_)
        | PathError::NoFolder(_)
        | PathError::NoFile(_) => CallError::InvalidInput(error.to_string()),
        PathError::Storage(error) => return Err(error),
    })
}

/// The case alone: who placed it says what it was.
pub(super) fn place(error: &PlaceError) -> Result<Case, &StorageError> {
    match error {
        PlaceError::Name(_) => Ok(CallError::InvalidInput),
        PlaceError::Storage(error) => Err(error),
    }
}

/// The case alone: who unpacks says what.
pub(super) fn unpack(error: &UnpackError) -> Result<Case, &StorageError> {
    match error {
        UnpackError::Entries(_)
        | UnpackError::Refused { .. }
        | UnpackError::Damaged(_)
        | UnpackError::Name(_)
        | UnpackError::Unknown
        | UnpackError::Member(_)
        | UnpackError::Empty
        | UnpackError::OneFile => Ok(CallError::InvalidInput),
        UnpackError::Absent { .. } => Ok(CallError::NotFound),
        UnpackError::Storage(error) => Err(error),
        UnpackError::Stopped => Ok(CallError::Other),
    }
}
