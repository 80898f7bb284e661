//! JSON Schemas (draft 2020-12) of texts that are parsed. Types that hold them state
//! the pattern that their parser keeps to.

use schemars::generate::SchemaGenerator;
use schemars::{Schema, json_schema};

/// The schema of a text. A field that holds one adds its own description.
#[must_use]
pub fn text(pattern: &str, examples: &[&str]) -> Schema {
    json_schema!({ "type": "string", "pattern": pattern, "examples": examples })
}

/// The schema of a list of texts.
#[must_use]
pub fn texts(pattern: &str, examples: &[&str]) -> Schema {
    json_schema!({
        "type": "array",
        "items": { "type": "string", "pattern": pattern },
        "examples": [examples],
    })
}

/// Implements `JsonSchema` for a type that is written as a text: its pattern, and
/// examples of it.
#[macro_export]
macro_rules! text_schema {
    ($type:ty, $pattern:expr, $examples:expr) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::schema::text(&$pattern, &$examples)
            }
        }
    };
}

/// A platform: `os/architecture[/variant]`.
pub const PLATFORM: &str =
    "^[a-z0-9_-][a-z0-9_.-]*/[a-z0-9_-][a-z0-9_.-]*(/[a-z0-9_-][a-z0-9_.-]*)?$";
/// A date and time (RFC 3339, section 5.6).
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$";

text_schema!(
    crate::platform::Platform,
    PLATFORM,
    ["linux/amd64", "linux/arm64"]
);
text_schema!(crate::date::Date, DATE, ["2025-06-10T22:43:01Z"]);

/// `releases` of a table of grants.
pub(crate) fn releases(_: &mut SchemaGenerator) -> Schema {
    let pattern = r"^[^\s*]*:([^\s*]*|([^\s*]*/)?[*])$";
    texts(pattern, &["github:caddyserver/caddy", "npm:@biomejs/*"])
}

/// `sources` of a table of grants.
pub(crate) fn sources(_: &mut SchemaGenerator) -> Schema {
    let pattern = r"^https?://[^\s*?#@/]+/([^\s*?#]+|([^\s*?#]*/)?[*])?$";
    texts(pattern, &["https://github.com/outline/outline"])
}

/// `downloads` of a table of grants.
pub(crate) fn downloads(_: &mut SchemaGenerator) -> Schema {
    let pattern = r"^https?://[^\s*?#@/]+/([^\s*?#]*/)?[*]?$";
    texts(pattern, &["https://releases.mattermost.com/"])
}

/// `images` of a table of grants.
pub(crate) fn images(_: &mut SchemaGenerator) -> Schema {
    texts(r"^[^\s*]+$", &["esbuild"])
}

/// `bases` of a table of grants.
pub(crate) fn bases(_: &mut SchemaGenerator) -> Schema {
    let pattern = r"^([^\s*]+|[^\s*]+/[*])$";
    texts(pattern, &["golang", "docker.io/library/node:22"])
}

/// `secrets` of a table of grants.
pub(crate) fn secrets(_: &mut SchemaGenerator) -> Schema {
    texts("^[A-Za-z_][A-Za-z0-9_]{0,127}$", &["NPM_TOKEN"])
}

/// The table `[mirrors]`.
impl schemars::JsonSchema for crate::mirrors::Mirrors {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Mirrors".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let url = r"^https?://[^\s@]+/$";
        let image = r"^([^/\s:]*[.][^/\s]*|[^/\s:]+:[0-9]+|localhost)/([^/\s]+/)*$";
        json_schema!({
            "type": "object",
            "patternProperties": {
                url: { "type": "string", "pattern": url },
                image: { "type": "string", "pattern": image },
            },
            "additionalProperties": false,
            "examples": [{ "https://github.com/": "https://mirror.example/github/" }],
        })
    }
}

/// The table `[options]`: whatever the recipe declares.
impl schemars::JsonSchema for crate::options::Options {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Options".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": true,
            "examples": [{ "edition": "team" }],
        })
    }
}
