//! JSON Schemas of texts in the two TOML files, beside the code that parses them.
//! Each accepts what its parser does; a few accept more, where no expression tells.

use std::borrow::Cow;

use bakehouse_core::schema::{PLATFORM, text};
use bakehouse_core::text_schema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::build_table::{Address, CargoRegistry, GoProxies, HostList, SumDb};
use super::ci::{Cron, Line, SecretName, StatusPlace, Uses};
use super::runners::Label;
use super::{BuilderChoice, RecipeReference, SmokeRun};

/// `http://...` or `https://...`.
const ADDRESS: &str = r#"https?://[^\s",|]+"#;
/// A word of a repository's name.
const COMPONENT: &str = "[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*";

text_schema!(
    Address,
    format!(r"^({}|\$[A-Za-z0-9_]+)$", r#"https?://[^\s"]+"#),
    ["https://npm.example/repository/all/", "$COMPANY_PROXY"]
);
text_schema!(
    HostList,
    r"^\s*[A-Za-z0-9.:*/\[\]_-]+\s*(,\s*[A-Za-z0-9.:*/\[\]_-]+\s*)*$",
    ["localhost,.example"]
);
text_schema!(
    GoProxies,
    format!(r"^(\$[A-Za-z0-9_]+|(direct|off|{ADDRESS})([,|](direct|off|{ADDRESS}))*)$"),
    ["https://go.example,direct"]
);
text_schema!(SumDb, "^[!-~ ]+$", ["off", "sum.golang.org"]);
text_schema!(
    CargoRegistry,
    r#"^(sparse[+])?https?://[^\s"]+$"#,
    ["sparse+https://cargo.example/index/"]
);
text_schema!(
    BuilderChoice,
    format!(
        r"^(\s*{}\s*=)?\s*[A-Za-z0-9][A-Za-z0-9._/-]*\s*$",
        PLATFORM.trim_matches(['^', '$'])
    ),
    ["default", "linux/arm64=far"]
);
text_schema!(
    Label,
    "^[A-Za-z0-9_./: @-]*[A-Za-z0-9_./:@-][A-Za-z0-9_./: @-]*$",
    ["ubuntu-24.04-arm"]
);
text_schema!(
    Uses,
    "^([.]/|[A-Za-z0-9_-]+/[A-Za-z0-9_.-]+@[A-Za-z0-9_./-]+( # [A-Za-z0-9_./-]+)?)$",
    ["acme/bakehouse@v1", "./"]
);
text_schema!(Cron, cron(), ["0 1 * * *"]);

/// `registry` of `bakehouse.toml`.
pub(super) fn registry(_: &mut SchemaGenerator) -> Schema {
    let label = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
    let dotted = format!(r"{label}([.]{label})+(:[0-9]+)?");
    let port = format!("{label}:[0-9]+");
    let pattern = format!("^(local|localhost|{dotted}|{port})$");
    text(&pattern, &["local", "ghcr.io", "localhost:5000"])
}

/// `namespace` of `bakehouse.toml`.
pub(super) fn namespace(_: &mut SchemaGenerator) -> Schema {
    let mut schema = text(&format!("^{COMPONENT}(/{COMPONENT})*$"), &["acme/mirrors"]);
    schema.insert("maxLength".to_owned(), 255.into());
    schema
}

/// `builder` of `bakehouse.toml`.
pub(super) fn builders(generator: &mut SchemaGenerator) -> Schema {
    one_or_many::<BuilderChoice>(generator)
}

/// `schedule` of the table `[ci]`.
pub(super) fn schedule(generator: &mut SchemaGenerator) -> Schema {
    one_or_many::<Cron>(generator)
}

fn one_or_many<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    let one = T::json_schema(generator);
    json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
}

/// `moving` of the table `[tags]`.
pub(super) fn moving(_: &mut SchemaGenerator) -> Schema {
    let number = "[{]major[}]|[{]minor[}]";
    json_schema!({
        "type": "array",
        "items": {
            "type": "string",
            "pattern": format!("^([A-Za-z0-9_]|{number})([A-Za-z0-9_.-]|{number})*$"),
            "not": {
                "pattern": "^bakehouse-cache-|^[Ss][Hh][Aa](256|512)-|-r([0-9]|[{]major[}]|[{]minor[}])+$",
            },
        },
        "examples": [["latest", "{major}", "{major}.{minor}"]],
    })
}

/// Five fields of cron.
fn cron() -> String {
    let minute = "[0-5]?[0-9]";
    let hour = "([01]?[0-9]|2[0-3])";
    let day = "(0?[1-9]|[12][0-9]|3[01])";
    let month = "(0?[1-9]|1[0-2])";
    let field = |number: &str| {
        let value = format!("({number}|[A-Za-z]{{3}})");
        let part = format!("([*]|{value}(-{value})?)(/0*[1-9][0-9]{{0,2}})?");
        format!("{part}(,{part})*")
    };
    let fields = [minute, hour, day, month, "[0-6]"].map(field);
    format!(r"^\s*{}\s*$", fields.join(r"\s+"))
}

/// Implements `JsonSchema` for a type by this value.
macro_rules! value_schema {
    ($type:ty, $value:tt) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($value)
            }
        }
    };
}

value_schema!(Line, {
    "type": "string",
    "pattern": r"\S",
    "not": { "pattern": r"[$][{][{]|[\x00-\x1f\x7f]" },
    "maxLength": 200,
});
value_schema!(SecretName, {
    "type": "string",
    "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
    "not": { "pattern": "^[Gg][Ii][Tt][Hh][Uu][Bb]_" },
    "maxLength": 200,
});
value_schema!(StatusPlace, {
    "type": "string",
    "pattern": "^(pages|branch:[A-Za-z0-9]([A-Za-z0-9_-]|[.][A-Za-z0-9_-])*(/[A-Za-z0-9]([A-Za-z0-9_-]|[.][A-Za-z0-9_-])*)*)$",
    "not": { "pattern": "[.]lock(/|$)" },
    "examples": ["pages", "branch:status"],
});
value_schema!(SmokeRun, {
    "anyOf": [{ "type": "boolean" }, { "type": "array", "items": { "type": "string" } }],
    "default": true,
    "examples": [["--version"], false],
});

impl JsonSchema for RecipeReference {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Recipe".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "anyOf": [
                { "enum": ["bakehouse:binaries", "bakehouse:dockerfile"] },
                { "pattern": "^plugins/[A-Za-z0-9_][A-Za-z0-9_.-]*$" },
                { "pattern": "^[^/:][^:]*[.]wasm$" },
            ],
            "examples": ["bakehouse:binaries", "plugins/outline", "recipe.wasm"],
        })
    }
}
