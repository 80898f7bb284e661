//! Exit codes, from their type.

use schemars::JsonSchema as _;
use serde_json::Value;

use super::markdown::{cell, code, head, table};
use crate::failure::ExitCode;

const ABOUT: &str = "A number never changes its meaning. Where several things fail, the code is the one that they have in common, \
or 8 where they differ. JSON has the number, too.";

/// The page.
pub(super) fn page() -> String {
    let mut generator = schemars::SchemaGenerator::default();
    let schema = ExitCode::json_schema(&mut generator);
    let cases = schema.get("oneOf").and_then(Value::as_array).unwrap();
    assert_eq!(cases.len(), ExitCode::ALL.len());
    let rows = ExitCode::ALL.iter().zip(cases).map(|(exit, case)| {
        assert_eq!(case["const"], format!("{exit:?}"));
        let meaning = case["description"].as_str().unwrap();
        vec![code(&exit.code().to_string()), cell(meaning)]
    });
    let rows: Vec<_> = rows.collect();
    head("Exit codes", ABOUT) + "\n" + &table(&["code", "meaning"], &rows)
}
