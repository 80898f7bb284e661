//! The least rate of a transfer that may be large.

use std::time::Duration;

use tokio::time::Instant;

/// Watches that a transfer keeps up a rate: so many bytes in each window. What
/// may take hours has no total to bound it with, and is still not to be dripped.
#[derive(Debug)]
pub struct Rate {
    least: u64,
    window: Duration,
    begun: Instant,
    seen: u64,
}

/// A transfer that was too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("slower than {} bytes in {:.1} s", .least, .window.as_secs_f64())]
pub struct TooSlow {
    least: u64,
    window: Duration,
}

impl Rate {
    /// At least `least` bytes in each window, the first of which begins now.
    pub fn new(least: u64, window: Duration) -> Self {
        Self {
            least,
            window,
            begun: Instant::now(),
            seen: 0,
        }
    }

    /// So many more bytes came.
    ///
    /// # Errors
    /// When a window has passed in which too little came.
    pub fn came(&mut self, bytes: usize) -> Result<(), TooSlow> {
        self.seen += bytes as u64;
        if self.begun.elapsed() < self.window {
            return Ok(());
        }
        if self.seen < self.least {
            return Err(TooSlow {
                least: self.least,
                window: self.window,
            });
        }
        self.begun = Instant::now();
        self.seen = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    /// The number of pieces of a size, one each five seconds, that are taken; at
    /// most 100.
    async fn taken(size: usize) -> usize {
        let mut rate = Rate::new(600, WINDOW);
        for piece in 0..100 {
            tokio::time::sleep(Duration::from_secs(5)).await;
            if rate.came(size).is_err() {
                return piece;
            }
        }
        100
    }

    #[tokio::test(start_paused = true)]
    async fn drops_are_no_transfer() {
        assert_eq!(taken(1).await, 11, "the first window's end");
        assert_eq!(taken(49).await, 11);
        assert_eq!(taken(50).await, 100);
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_does_not_pay_for_later() {
        let mut rate = Rate::new(600, WINDOW);
        rate.came(1 << 30).unwrap();
        tokio::time::sleep(WINDOW).await;
        rate.came(1).unwrap();
        tokio::time::sleep(WINDOW).await;
        rate.came(1).unwrap_err();
    }
}
