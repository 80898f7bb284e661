//! Lazy set-up of what takes a while.

use std::sync::OnceLock;

use anyhow::Result;
use bakehouse_core::recipe::CallError;

/// A service that is set up at its first use: an HTTP client reads all of the
/// machine's certificates, and most commands ask upstream nothing; a runtime has
/// all of WASI to link, and a plan is merged without one.
pub struct Lazy<T> {
    made: OnceLock<T>,
    make: Box<dyn Fn() -> Result<T> + Send + Sync>,
}

impl<T> Lazy<T> {
    /// Made by `make`.
    pub fn new(make: impl Fn() -> Result<T> + Send + Sync + 'static) -> Self {
        Self {
            made: OnceLock::new(),
            make: Box::new(make),
        }
    }

    /// The service.
    ///
    /// # Errors
    /// Why it cannot be set up.
    pub fn open(&self) -> Result<&T> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = (self.make)()?;
        Ok(self.made.get_or_init(|| made))
    }

    /// The service, for a recipe.
    ///
    /// # Errors
    /// [`CallError::Unavailable`] where it cannot be set up.
    pub fn get(&self) -> Result<&T, CallError> {
        self.open()
            .map_err(|error| CallError::Unavailable(format!("{error:#}")))
    }
}
