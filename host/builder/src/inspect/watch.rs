//! A watch over the builder of a silent build.
//!
//! A connection to a machine that was switched off, or to a daemon that waits
//! for its last build before it ends, may stay open for hours. Steps may be
//! silent for as long, so silence alone says nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// A build that said nothing for so long makes us ask its builder, and ask
/// again after so long.
const SILENCE: Duration = Duration::from_secs(15);
/// The pause before a builder that did not answer is asked again.
const PAUSE: Duration = Duration::from_secs(5);
/// Time that a builder has to answer; one under load may take a while.
const ANSWER: Duration = Duration::from_secs(30);
/// So many questions in a row without answer, and it is gone.
const MISSES: u32 = 3;

/// The time at which a build was last heard of.
#[derive(Debug)]
pub(crate) struct Heard(Mutex<Instant>);

impl Heard {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    /// It said something.
    pub(crate) fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn silence(&self) -> Duration {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .elapsed()
    }
}

/// Ends when the builder of a silent build answered none of several questions,
/// with what was said to the last one.
pub(crate) async fn lost<F>(heard: &Heard, ask: impl Fn() -> F + Send) -> String
where
    F: Future<Output = Result<(), String>> + Send,
{
    let mut misses = 0;
    loop {
        if let Some(left) = SILENCE
            .checked_sub(heard.silence())
            .filter(|d| !d.is_zero())
        {
            misses = 0;
            sleep(left).await;
            continue;
        }
        let answer = timeout(ANSWER, ask()).await;
        let answer =
            answer.unwrap_or_else(|_| Err(format!("no answer for {} s", ANSWER.as_secs())));
        match answer {
            Ok(()) => {
                misses = 0;
                sleep(SILENCE).await;
            }
            Err(why) => {
                misses += 1;
                if misses == MISSES && heard.silence() >= SILENCE {
                    return why;
                }
                sleep(PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_builder_that_answers_may_be_silent() {
        let asked = AtomicU32::new(0);
        let heard = Heard::new();
        // Every third question is lost on the way.
        let ask = || {
            let lost = asked.fetch_add(1, Ordering::Relaxed) % 3 == 2;
            ready(if lost { Err("lost".to_owned()) } else { Ok(()) })
        };
        let hours = timeout(Duration::from_secs(4 * 3600), lost(&heard, ask)).await;
        assert!(hours.is_err(), "{hours:?}");
        assert!(asked.into_inner() > 500);
    }

    #[tokio::test(start_paused = true)]
    async fn a_builder_that_does_not_answer_is_lost() {
        let heard = Heard::new();
        let begun = Instant::now();
        let refusing = lost(&heard, || ready(Err("refused".to_owned()))).await;
        assert_eq!(refusing, "refused");
        assert!(begun.elapsed() <= Duration::from_secs(30));

        heard.now();
        let begun = Instant::now();
        let frozen = lost(&heard, pending).await;
        assert_eq!(frozen, "no answer for 30 s");
        assert!(begun.elapsed() <= Duration::from_secs(120));
    }

    #[tokio::test(start_paused = true)]
    async fn a_build_that_speaks_is_not_asked_about() {
        let heard = Heard::new();
        let speak = async {
            for _ in 0..100 {
                sleep(SILENCE / 2).await;
                heard.now();
            }
        };
        tokio::select! {
            () = speak => {}
            why = lost(&heard, || ready(Err("asked".to_owned()))) => panic!("{why}"),
        }
    }
}
