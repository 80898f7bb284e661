//! `bakehouse:recipe/types`: has no functions; errors become the guest's own.

use bakehouse_core::recipe::CallError;

use super::error::HostError;
use crate::bindings::bakehouse::recipe::types;
use crate::state::State;

impl types::Host for State {
    fn convert_error(&mut self, error: HostError) -> wasmtime::Result<types::Error> {
        match error.into() {
            // The operator's to mend, and nothing that a recipe can do better.
            error @ CallError::Storage { .. } => Err(wasmtime::Error::new(error)),
            error => Ok(types::Error::from(error)),
        }
    }
}
