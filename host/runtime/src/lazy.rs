//! Lazy set-up of what takes a while.

use std::sync::OnceLock;

use bakehouse_system::http::SetUpError;

/// A service that is set up at its first use: an HTTP client reads all of the
/// machine's certificates, and most commands ask upstream nothing; a runtime has
/// all of WASI to link, and a plan is merged without one.
pub struct Lazy<T, E = SetUpError> {
    made: OnceLock<T>,
    make: Box<dyn Fn() -> Result<T, E> + Send + Sync>,
}

impl<T, E> Lazy<T, E> {
    /// Made by `make`.
    pub fn new(make: impl Fn() -> Result<T, E> + Send + Sync + 'static) -> Self {
        Self {
            made: OnceLock::new(),
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
        let made = (self.make)()?;
        Ok(self.made.get_or_init(|| made))
    }
}
