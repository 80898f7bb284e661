//! Events as lines of JSON: what `--progress json` writes, and a run's timeline has.

use bakehouse_core::progress::Event;
use jiff::Timestamp;
use serde::Serialize;

use super::escape;

use crate::schema::SchemaNumber;

/// An event, and when it happened.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Line<'a> {
    /// Number of the schema.
    schema: SchemaNumber,
    /// UTC (RFC 3339), to the millisecond.
    time: String,
    #[serde(flatten)]
    event: Event<'a>,
}

/// An event as a line of JSON, with its line end.
#[must_use]
pub fn event_line(event: Event<'_>) -> String {
    let now = Timestamp::now();
    let line = Line {
        schema: SchemaNumber::NOW,
        time: now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        event,
    };
    // Numbers and texts alone, which JSON can hold.
    escape::json_line(&line).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_schema_and_time_and_commands_nothing() {
        let line = event_line(Event::Warning {
            message: "##[error]a\n\u{1b}[2J",
        });
        assert_eq!(line.lines().count(), 1);
        assert!(!line.contains("##["), "{line}");
        let json: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&json["schema"], &json["event"]),
            (&1.into(), &"warning".into())
        );
        assert_eq!(json["message"], "##[error]a\n\u{1b}[2J");
        let time: Timestamp = json["time"].as_str().unwrap().parse().unwrap();
        assert!(Timestamp::now().duration_since(time).as_secs() < 60);
    }
}
