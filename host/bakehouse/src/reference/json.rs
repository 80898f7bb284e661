//! The fields of all JSON, from the schemas.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::markdown::{cell, code, head, table};
use crate::schema::{DOCUMENTS, of};

/// Documents that are TOML, and have pages of their own.
const TOML: [&str; 2] = ["project", "app"];

const ABOUT: &str = "Everything that the program writes as JSON says the number of its schema: `schema`, now 1. Documents grow by \
adding fields and kinds of events; a field that changes its meaning, or goes, makes the number 2. `bakehouse schema NAME` prints \
each as a JSON Schema (draft 2020-12). Formats of others are as those define them: the job outputs of GitHub \
(`plan --format github`), GitLab's pipelines (`--format gitlab`) and the badges of shields.io (`status --format shields`).";

/// The page.
pub(super) fn page() -> String {
    let mut text = head("JSON", ABOUT);
    let ours = || {
        DOCUMENTS
            .iter()
            .filter(|document| !TOML.contains(&document.name))
    };
    let rows = ours().map(|document| {
        let name = format!("[`{0}`](#{0})", document.name);
        vec![name, cell(document.about)]
    });
    text.push('\n');
    text.push_str(&table(&["schema", "of"], &rows.collect::<Vec<_>>()));
    let schemas: Vec<_> = ours()
        .map(|document| (document, of(document.name)))
        .collect();
    // Types that are the same wherever they are met are told once, behind all.
    let mut shared: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for (_, schema) in &schemas {
        for (name, schema) in types(schema) {
            let all = shared.entry(name).or_default();
            if !all.contains(&schema) {
                all.push(schema);
            }
        }
    }
    shared.retain(|_, all| all.len() == 1);
    for (document, schema) in &schemas {
        let name = document.name;
        let root = schema.as_object().unwrap();
        text.push_str(&format!(
            "\n## {name}\n\n{}: {}\n",
            said(root),
            document.about
        ));
        text.push_str(&fields(root));
        for (of, schema) in types(schema).filter(|(of, _)| !shared.contains_key(of)) {
            let schema = schema.as_object().unwrap();
            text.push_str(&format!("\n### {name}: {of}\n\n{}\n", said(schema)));
            text.push_str(&fields(schema));
        }
    }
    text.push_str("\n## Types\n\nThose that several documents have.\n");
    for (name, all) in shared {
        let schema = all[0].as_object().unwrap();
        text.push_str(&format!("\n### {name}\n\n{}\n", said(schema)));
        text.push_str(&fields(schema));
    }
    text
}

/// The types of a document, by name.
fn types(schema: &schemars::Schema) -> impl Iterator<Item = (&str, &Value)> {
    let types = schema.get("$defs").and_then(Value::as_object);
    types
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn said(schema: &Map<String, Value>) -> String {
    let text = schema.get("description").and_then(Value::as_str);
    text.unwrap_or_default().trim_end_matches('.').to_owned()
}

/// The fields of an object, or the choices of a text.
fn fields(schema: &Map<String, Value>) -> String {
    let rows = rows(schema);
    let mut text = String::new();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table(&["field", "type", "meaning"], &rows));
    }
    let choices = list(schema.get("oneOf"));
    let (texts, objects): (Vec<&Value>, Vec<&Value>) = choices
        .iter()
        .partition(|choice| choice.get("properties").is_none());
    let rows = texts.iter().flat_map(|choice| {
        let choice = choice.as_object().unwrap();
        let one = choice.get("const").cloned();
        let all = one.into_iter().chain(list(choice.get("enum")));
        all.map(|value| vec![code(&value.to_string()), cell(&said(choice))])
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&table(&["value", "meaning"], &rows));
    }
    for choice in objects {
        let choice = choice.as_object().unwrap();
        let tag = choice["properties"].as_object().unwrap().iter();
        let tag = tag.filter_map(|(key, value)| Some((key, value.get("const")?)));
        for (key, value) in tag {
            text.push_str(&format!("\n**`{key}`: `{value}`**: {}\n", said(choice)));
        }
        text.push('\n');
        text.push_str(&table(&["field", "type", "meaning"], &self::rows(choice)));
    }
    text
}

fn rows(schema: &Map<String, Value>) -> Vec<Vec<String>> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required = list(schema.get("required"));
    let each = properties.into_iter().flatten();
    let each = each.filter(|(_, value)| value.get("const").is_none_or(Value::is_number));
    each.map(|(key, value)| {
        let value = value.as_object().unwrap();
        let mut meaning = cell(&said(value));
        if !required.contains(&key.as_str().into()) {
            meaning.push_str(if meaning.is_empty() {
                "optional"
            } else {
                " (optional)"
            });
        }
        vec![code(key), kind(value), meaning]
    })
    .collect()
}

/// The type of a value.
fn kind(schema: &Map<String, Value>) -> String {
    if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
        return path.rsplit('/').next().unwrap_or_default().to_owned();
    }
    let any = list(schema.get("anyOf"));
    if !any.is_empty() {
        let each = any.iter().map(|one| kind(one.as_object().unwrap()));
        return each.collect::<Vec<_>>().join(" or ");
    }
    let below = |key: &str| match schema.get(key) {
        Some(Value::Object(below)) => kind(below),
        _ => "anything".to_owned(),
    };
    let of = |name: &str| match name {
        "array" => match list(schema.get("prefixItems")).len() {
            0 => format!("list of {}", below("items")),
            2 => "pair".to_owned(),
            parts => format!("list of {parts}"),
        },
        "object" if schema.contains_key("additionalProperties") => {
            format!("object of {}", below("additionalProperties"))
        }
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        other => other.to_owned(),
    };
    match schema.get("type") {
        Some(Value::String(name)) => of(name),
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str).map(of);
            names.collect::<Vec<_>>().join(" or ")
        }
        _ => match schema.get("const") {
            Some(value) => value.to_string(),
            None => "anything".to_owned(),
        },
    }
}
