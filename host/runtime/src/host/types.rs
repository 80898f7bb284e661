//! `bakehouse:recipe/types`: has no functions; errors become the guest's own.

use super::error::HostError;
use crate::bindings::bakehouse::recipe::types;
use crate::state::State;

impl types::Host for State {
    fn convert_error(&mut self, error: HostError) -> wasmtime::Result<types::Error> {
        match error.told() {
            Ok(told) => {
                self.reported = Some(error);
                Ok(told.into())
            }
            Err(_) => Err(wasmtime::Error::new(error)),
        }
    }
}
