//! Lists that come in pages: bounded in all that adds up.

use std::collections::HashSet;
use std::time::Duration;

use url::Url;

/// Bounds of one list, all its pages together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLimits {
    /// Pages.
    pub pages: usize,
    /// Bytes of all answers.
    pub bytes: u64,
    /// Entries.
    pub entries: usize,
    /// Time from the first request to the last answer.
    pub time: Duration,
}

/// The reasons why a list could not be read to its end. A list that is cut short
/// looks like one without the newest versions, so there is no such thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// It goes on and on.
    #[error("the list has more than {0} pages")]
    Pages(usize),
    /// It is too large.
    #[error("the list has more than {0} bytes")]
    Bytes(u64),
    /// It is too long.
    #[error("the list has more than {0} entries")]
    Entries(usize),
    /// It is too slow.
    #[error("reading the list took longer than {} s", .0.as_secs_f64())]
    Time(Duration),
    /// A page leads back to one that was read.
    #[error("a page of the list leads to one that was read before")]
    Repeats,
    /// A page is on another server.
    #[error("the list's next page is elsewhere, on {0}")]
    Elsewhere(String),
    /// There is a next page, and no telling where.
    #[error("the list's Link to its next page is malformed")]
    Malformed,
    /// The server gives full pages, and names none that follow.
    #[error("the list ends after a full page, and what may follow cannot be asked for")]
    Cut,
    /// A page that was named is not there.
    #[error("a page of the list does not exist")]
    Missing,
}

/// Counts what one list takes.
#[derive(Debug)]
pub struct Pages {
    limits: ListLimits,
    seen: HashSet<Url>,
    bytes: u64,
    entries: usize,
}

impl Pages {
    /// A list of which nothing was read yet.
    #[must_use]
    pub fn new(limits: ListLimits) -> Self {
        Self {
            limits,
            seen: HashSet::new(),
            bytes: 0,
            entries: 0,
        }
    }

    /// A page is about to be read.
    ///
    /// # Errors
    /// When it was read before, or is one too many.
    pub fn turn(&mut self, url: &Url) -> Result<(), ListError> {
        if !self.seen.insert(url.clone()) {
            return Err(ListError::Repeats);
        }
        if self.seen.len() > self.limits.pages {
            return Err(ListError::Pages(self.limits.pages));
        }
        Ok(())
    }

    /// A page was read.
    ///
    /// # Errors
    /// When the list is too large now.
    pub fn read(&mut self, bytes: usize, entries: usize) -> Result<(), ListError> {
        self.bytes += bytes as u64;
        self.entries += entries;
        if self.bytes > self.limits.bytes {
            return Err(ListError::Bytes(self.limits.bytes));
        }
        if self.entries > self.limits.entries {
            return Err(ListError::Entries(self.limits.entries));
        }
        Ok(())
    }

    /// Whether only the first page was read so far.
    pub fn is_first(&self) -> bool {
        self.seen.len() <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ListLimits = ListLimits {
        pages: 3,
        bytes: 100,
        entries: 10,
        time: Duration::from_secs(1),
    };

    fn url(page: usize) -> Url {
        Url::parse(&format!("https://a.example/list?page={page}")).unwrap()
    }

    #[test]
    fn each_bound_has_its_error() {
        let mut pages = Pages::new(LIMITS);
        for page in 0..3 {
            pages.turn(&url(page)).unwrap();
            pages.read(33, 3).unwrap();
        }
        assert_eq!(pages.turn(&url(3)), Err(ListError::Pages(3)));
        assert_eq!(pages.turn(&url(1)), Err(ListError::Repeats));
        assert_eq!(pages.read(2, 0), Err(ListError::Bytes(100)));
        let mut pages = Pages::new(LIMITS);
        assert_eq!(pages.read(10, 11), Err(ListError::Entries(10)));
    }
}
