//! Tags that a registry was seen not to have, and when.
//!
//! A version is looked for before it is planned, and again before it is built, which
//! may be hours later. Where that is a moment later, the second look tells nothing
//! new, and costs a round trip or two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Tags that one registry was seen not to have, by image and tag; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Absences(Arc<Mutex<HashMap<(String, String), Instant>>>);

impl Absences {
    /// The tag is absent now.
    pub(super) fn note(&self, image: &str, tag: &str) {
        self.all().insert(key(image, tag), Instant::now());
    }

    /// The tag may be there from now on.
    pub(super) fn forget(&self, image: &str, tag: &str) {
        self.all().remove(&key(image, tag));
    }

    /// True of a tag whose absence was seen within this time.
    pub(super) fn is_seen(&self, image: &str, tag: &str, within: Duration) -> bool {
        let seen = self.all().get(&key(image, tag)).copied();
        seen.is_some_and(|seen| seen.elapsed() <= within)
    }

    fn all(&self) -> MutexGuard<'_, HashMap<(String, String), Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(image: &str, tag: &str) -> (String, String) {
    (image.to_owned(), tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_absent_is_so_for_a_while_and_until_it_is_put() {
        let absences = Absences::default();
        let long = Duration::from_secs(3600);
        assert!(!absences.is_seen("app", "1", long));
        absences.note("app", "1");
        assert!(absences.clone().is_seen("app", "1", long));
        assert!(!absences.is_seen("app", "2", long) && !absences.is_seen("other", "1", long));
        std::thread::sleep(Duration::from_millis(2));
        assert!(!absences.is_seen("app", "1", Duration::from_millis(1)));
        absences.forget("app", "1");
        assert!(!absences.is_seen("app", "1", long));
    }
}
