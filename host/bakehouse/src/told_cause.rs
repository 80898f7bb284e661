//! Causes of failures in words.

use crate::pipeline::causes::Cause;
use crate::text::some;

/// Names listed at most of what failed for one reason.
pub(crate) const LISTED: usize = 5;

/// A cause, as it is told: once, whatever the number of failures.
pub(crate) struct ToldCause<'a> {
    pub(crate) message: String,
    /// What else is known of it, as names and values.
    more: Vec<(&'static str, &'a str)>,
    of: String,
}

impl<'a> ToldCause<'a> {
    pub(crate) fn of(cause: &Cause<'a>) -> Self {
        let first = cause.first;
        let about = cause.about();
        let (message, of) = match cause.count() {
            1 => (first.message.clone(), String::new()),
            count => {
                let message = format!("{count} failed for the same reason: {}", cause.message());
                (message, some(&about, LISTED))
            }
        };
        let more = [
            ("log", first.log.as_deref()),
            ("hint", first.hint.as_deref()),
            ("to see it again", reproduce(cause)),
        ];
        let more = more.into_iter();
        Self {
            message,
            more: more
                .filter_map(|(name, value)| Some((name, value?)))
                .collect(),
            of,
        }
    }

    /// What else is known of it, as names and values.
    pub(crate) fn more(&self) -> Vec<(&str, &str)> {
        let failed = Some(("failed", self.of.as_str())).filter(|(_, of)| !of.is_empty());
        failed
            .into_iter()
            .chain(self.more.iter().copied())
            .collect()
    }
}

/// The command that shows it again, where the hint has it not.
pub(crate) fn reproduce<'a>(cause: &Cause<'a>) -> Option<&'a str> {
    let command = cause.first.reproduce.as_deref()?;
    let hinted = cause.first.hint.as_deref().unwrap_or_default();
    (!hinted.contains(command)).then_some(command)
}
