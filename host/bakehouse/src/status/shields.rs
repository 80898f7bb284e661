//! Badges as data: the endpoint of shields.io
//! (<https://shields.io/badges/endpoint-badge>).

use serde::Serialize;

use super::model::{AppStatus, ImageStatus, State, Status};
use super::totals::Totals;

/// One badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shields {
    /// Always 1.
    pub schema_version: u32,
    /// The thing it is about.
    pub label: String,
    /// The word on it.
    pub message: String,
    /// Its colour, by the name that shields.io has for it.
    pub color: &'static str,
}

impl Shields {
    fn new(label: &str, message: String, state: State) -> Self {
        Self {
            schema_version: 1,
            label: label.to_owned(),
            message,
            color: match state {
                State::Current => "brightgreen",
                State::Partial => "yellow",
                State::Behind => "orange",
                State::Failing => "red",
                State::Missing | State::Unknown => "lightgrey",
            },
        }
    }

    /// The badge of one image.
    #[must_use]
    pub fn of_image(image: &ImageStatus) -> Self {
        let version = image.published.as_ref().map(|shown| shown.version.as_str());
        let with = |word: &str| match version {
            Some(version) => format!("{version}, {word}"),
            None => word.to_owned(),
        };
        let message = match image.state {
            State::Current => version.unwrap_or("current").to_owned(),
            State::Partial => with("in part"),
            State::Behind => {
                let newer = image.lag.as_ref().map_or(0, |lag| lag.versions);
                with(&format!("{newer} behind"))
            }
            State::Missing => "not published".to_owned(),
            State::Failing => with("failing"),
            State::Unknown => version.unwrap_or("unknown").to_owned(),
        };
        Self::new(&image.image, message, image.state)
    }

    /// The badge of an app: that of its one image, or of its worst one.
    #[must_use]
    pub fn of_app(app: &AppStatus) -> Self {
        let worst = app.images.iter().rev().max_by_key(|image| image.state);
        match worst {
            Some(image) => Self {
                label: app.app.clone(),
                ..Self::of_image(image)
            },
            None => Self::new(&app.app, "unknown".to_owned(), State::Unknown),
        }
    }

    /// The badge of all that a project publishes.
    #[must_use]
    pub fn of_all(status: &Status) -> Self {
        if let [app] = status.apps.as_slice() {
            return Self::of_app(app);
        }
        let totals = Totals::of(status);
        let state = match totals {
            Totals { all: 0, .. } => State::Unknown,
            Totals { failing: 1.., .. } => State::Failing,
            Totals { behind: 1.., .. } => State::Behind,
            Totals { unknown: 1.., .. } => State::Partial,
            _ => State::Current,
        };
        let message = format!("{} of {} current", totals.current, totals.all);
        Self::new("images", message, state)
    }
}
