//! One upload of a blob at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Turns for uploads; clones share them. The second to upload a blob waits for
/// the first, and then finds it there.
#[derive(Debug, Clone, Default)]
pub(super) struct UploadTurns {
    turns: Arc<Mutex<HashMap<String, Turn>>>,
}

type Turn = Arc<tokio::sync::Mutex<()>>;

impl UploadTurns {
    /// The lock to hold while a blob, named by its full reference, is uploaded.
    pub(super) fn turn(&self, reference: String) -> Turn {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(reference).or_default())
    }
}
