//! Errors of this crate as the contract's, for what a recipe asked for.

use bakehouse_core::recipe::CallError;

use crate::place::PlaceError;
use crate::quota::QuotaError;
use crate::unpack::UnpackError;
use crate::work_tree::PathError;

impl From<QuotaError> for CallError {
    fn from(error: QuotaError) -> Self {
        match error {
            QuotaError::Full(_) => Self::InvalidInput(error.to_string()),
            QuotaError::Storage(error) => error.into(),
            QuotaError::Stopped(_) => Self::Other(error.to_string()),
        }
    }
}

impl From<PlaceError> for CallError {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Name(_) => Self::InvalidInput(error.to_string()),
            PlaceError::Storage(error) => error.into(),
        }
    }
}

impl From<UnpackError> for CallError {
    fn from(error: UnpackError) -> Self {
        match error {
            UnpackError::Entries(_)
            | UnpackError::Refused { .. }
            | UnpackError::Damaged(_)
            | UnpackError::Name(_) => Self::InvalidInput(error.to_string()),
            UnpackError::Storage(error) => error.into(),
            UnpackError::Stopped => Self::Other(error.to_string()),
        }
    }
}

impl From<PathError> for CallError {
    fn from(error: PathError) -> Self {
        match error {
            PathError::Root(_) => Self::Other(error.to_string()),
            PathError::Empty
            | PathError::Long
            | PathError::Outside(_)
            | PathError::Leaves(_)
            | PathError::BelowFile(_)
            | PathError::Name(_)
            | PathError::NoFolder(_)
            | PathError::NoFile(_) => Self::InvalidInput(error.to_string()),
            PathError::Storage(error) => error.into(),
        }
    }
}
