//! `bakehouse:recipe/options`: `get`.

use crate::bindings::bakehouse::recipe::options::Host;
use crate::state::State;

impl Host for State {
    async fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        Ok(self.options.get(&name).cloned())
    }
}
