//! Questions to who writes an app: only what could not be told, with a guess as
//! the answer that is taken where none is given.

use std::io::{self, IsTerminal as _};

use super::error::NewError;
use crate::printer::{self, tell};
use crate::text::Text;

/// Asks, or takes its guesses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    asks: bool,
}

impl Ask {
    /// Asks where somebody reads and writes; never with `yes`.
    pub(crate) fn new(yes: bool) -> Self {
        let somebody = io::stdin().is_terminal() && printer::is_terminal();
        Self {
            asks: !yes && somebody,
        }
    }

    /// The answer to a question; the guess where there is nobody to ask. None
    /// where there is neither.
    ///
    /// # Errors
    /// [`NewError::Answer`].
    pub(crate) async fn text(
        self,
        question: &str,
        guess: Option<&str>,
    ) -> Result<Option<String>, NewError> {
        if self.asks {
            let mut shown = Text::new();
            match guess {
                Some(guess) => shown.message("", &format!("{question} [{guess}]")),
                None => shown.message("", question),
            }
            tell(&shown);
            // The command can be ended meanwhile.
            let line = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                io::stdin().read_line(&mut line).map(|_| line)
            });
            let line = line.await.map_err(io::Error::other);
            let line = line.and_then(|line| line).map_err(NewError::Answer)?;
            let line = line.trim();
            if !line.is_empty() {
                return Ok(Some(line.to_owned()));
            }
        }
        Ok(guess.map(str::to_owned))
    }

    /// One of several, by its number or itself; none where there is nobody to
    /// ask, or the answer is none of them.
    ///
    /// # Errors
    /// [`NewError::Answer`].
    pub(crate) async fn one<'c>(
        self,
        question: &str,
        choices: &'c [String],
    ) -> Result<Option<&'c str>, NewError> {
        if !self.asks {
            return Ok(None);
        }
        let numbered: Vec<String> = choices
            .iter()
            .enumerate()
            .map(|(at, choice)| format!("{}: {choice}", at + 1))
            .collect();
        let question = format!("{question} ({})", numbered.join(", "));
        let answer = self.text(&question, None).await?.unwrap_or_default();
        let by_number = answer
            .parse::<usize>()
            .ok()
            .and_then(|at| choices.get(at.checked_sub(1)?));
        let chosen = by_number.or_else(|| choices.iter().find(|choice| **choice == answer));
        Ok(chosen.map(String::as_str))
    }
}
