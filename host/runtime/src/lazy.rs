//! Lazy set-up of what takes a while.

use std::sync::{Mutex, OnceLock, PoisonError};

use bakehouse_system::http::SetUpError;

/// A service that is set up at its first use: an HTTP client reads all of the
/// machine's certificates, and most commands ask upstream nothing; a runtime has
/// all of WASI to link, and a plan is merged without one.
pub struct Lazy<T, E = SetUpError> {
    made: OnceLock<T>,
    /// Held while it is made, so that it is made once.
    making: Mutex<()>,
    make: Box<dyn Fn() -> Result<T, E> + Send + Sync>,
}

impl<T, E> Lazy<T, E> {
    /// Made by `make`.
    pub fn new(make: impl Fn() -> Result<T, E> + Send + Sync + 'static) -> Self {
        Self {
            made: OnceLock::new(),
            making: Mutex::default(),
            make: Box::new(make),
        }
    }

    /// The service.
    ///
    /// # Errors
    /// Why it cannot be set up.
    pub fn open(&self) -> Result<&T, E> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = (self.make)()?;
        Ok(self.made.get_or_init(|| made))
    }
}
