//! `bakehouse:recipe/types`: has no functions; errors become the guest's own.

use bakehouse_core::recipe::CallError;

use crate::bindings::bakehouse::recipe::types;
use crate::state::State;

impl types::Host for State {
    fn convert_error(&mut self, error: CallError) -> wasmtime::Result<types::Error> {
        match error {
            // The operator's to mend, and nothing that a recipe can do better.
            CallError::Storage { .. } => Err(wasmtime::Error::new(error)),
            error => Ok(error.into()),
        }
    }
}
