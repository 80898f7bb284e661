//! Errors of the `registry` crate, as a recipe is told them.

use bakehouse_core::error::chain;
use bakehouse_core::recipe::CallError;
use bakehouse_registry::LookupError;

pub(super) fn lookup(error: &LookupError) -> CallError {
    let text = chain(error);
    match error {
        LookupError::Absent { .. } => CallError::NotFound(text),
        LookupError::Malformed { .. } | LookupError::NoPath { .. } | LookupError::Name { .. } => {
            CallError::InvalidInput(text)
        }
        LookupError::Registry(error) if error.is_refused() => CallError::Denied(text),
        LookupError::Registry(_) => CallError::Unavailable(text),
    }
}
