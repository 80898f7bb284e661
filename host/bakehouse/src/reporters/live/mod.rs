//! The view that is drawn on a terminal while a command is at work.
//!
//! [`board`] is what events tell, [`frame`] what is drawn of it: both are pure, and
//! know nothing of terminals. What stays, failures and warnings, is written above.

mod board;
mod estimate;
mod frame;
mod glyphs;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use bakehouse_core::progress::{Event, Reporter};

use self::board::Board;
use self::frame::{Canvas, frame};
use self::glyphs::Glyphs;
use super::plain::{prose, rows};
use super::tails::Tails;
use crate::printer;

/// Pause between two frames.
const PAUSE: Duration = Duration::from_millis(100);

/// Draws on the terminal behind stderr.
pub struct Live {
    view: Arc<View>,
}

struct View {
    started: Instant,
    glyphs: Glyphs,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    board: Board,
    tails: Tails,
    closed: bool,
}

impl Live {
    /// Nothing is drawn before the first event.
    #[must_use]
    pub fn start() -> Self {
        let view = Arc::new(View {
            started: Instant::now(),
            glyphs: Glyphs::of(|name| std::env::var(name).ok()),
            state: Mutex::default(),
        });
        let drawn = Arc::downgrade(&view);
        // A thread of its own: those of the run may all be busy. Without it there
        // is nothing to see but what stays.
        let _ = std::thread::Builder::new()
            .name("view".to_owned())
            .spawn(move || draw(&drawn));
        Self { view }
    }
}

/// Draws until nobody reports any more.
fn draw(view: &Weak<View>) {
    while let Some(view) = view.upgrade() {
        if !view.draw() {
            return;
        }
        drop(view);
        std::thread::sleep(PAUSE);
    }
}

impl View {
    /// Draws a frame; says whether there may be another.
    fn draw(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return false;
        }
        let (rows, columns) = printer::size();
        let canvas = Canvas {
            rows,
            columns,
            now: self.started.elapsed(),
            glyphs: self.glyphs,
        };
        printer::draw(frame(&state.board, &canvas));
        true
    }
}

impl Reporter for Live {
    fn report(&self, event: Event<'_>) {
        let mut state = self
            .view
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = self.view.started.elapsed();
        let State { board, tails, .. } = &mut *state;
        board.apply(event, now);
        tails.keep(event);
        let rows = match event {
            Event::Stage { .. } | Event::Warning { .. } | Event::Note { .. } => rows(event, tails),
            // Others that failed for the same reason are a number, and named at the end.
            Event::TargetFailed { .. } => {
                let rows = rows(event, tails);
                if rows.len() > 1 { rows } else { Vec::new() }
            }
            _ => Vec::new(),
        };
        if !rows.is_empty() {
            printer::show(&rows, prose(event));
        }
    }

    fn close(&self) {
        let mut state = self
            .view
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.closed = true;
        printer::clear();
    }
}
