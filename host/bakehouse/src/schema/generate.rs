//! The schemas, made from the types.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::DOCUMENTS;
use crate::ci::PlanPage;
use crate::commands::{DoctorReport, Inspected, RecipeCheck, Runs};
use crate::config::{AppFile, ProjectFile};
use crate::pipeline::digest_file::DigestFile;
use crate::pipeline::failure_note::FailureNote;
use crate::pipeline::plan::Plan;
use crate::pipeline::previewed::Preview;
use crate::pipeline::report::Report;
use crate::review::{Part, Review, ReviewPage};
use crate::status::Status;
use crate::text::EventLine;

/// The variable that has the files written anew.
const WRITE: &str = "BAKEHOUSE_GENERATE";

/// The schema of a document that the program writes.
fn written<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    plain(&mut schema);
    schema
}

/// The schema of a TOML file, all in one piece: editors follow no reference when
/// they complete what is below it.
fn read<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    plain(&mut schema);
    without_null(&mut schema);
    schema
}

/// The schema of a document.
pub(crate) fn of(name: &str) -> Schema {
    let mut schema = match name {
        "project" => read::<ProjectFile>(),
        "app" => read::<AppFile>(),
        "plan" => written::<PlanPage<'_>>(),
        "saved-plan" => written::<Plan>(),
        "report" => written::<Report>(),
        "event" => written::<EventLine<'_>>(),
        "runs" => written::<Runs>(),
        "status" => written::<Status>(),
        "inspect" => written::<Inspected>(),
        "doctor" => written::<DoctorReport<'_>>(),
        "recipe-check" => written::<RecipeCheck>(),
        "recipe-show" => written::<Preview>(),
        "review" => written::<ReviewPage>(),
        "review-plan" => written::<Review>(),
        "review-build" => written::<Part>(),
        "digest" => written::<DigestFile>(),
        "failure" => written::<FailureNote>(),
        other => panic!("no type is known of `{other}`"),
    };
    schema.insert("title".to_owned(), format!("Bakehouse: {name}").into());
    schema
}

/// Descriptions in Markdown, whose lines are as long as they are; numbers without
/// the names that Rust has for them.
fn plain(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get("description") {
        let paragraphs = text.split("\n\n").map(|text| text.replace('\n', " "));
        let text = paragraphs.collect::<Vec<_>>().join("\n\n");
        let text = text.replace("[`", "`").replace("`]", "`");
        schema.insert("description".to_owned(), text.into());
    }
    schema.remove("format");
    transform_subschemas(&mut plain, schema);
}

/// TOML has no null: a key without a value is left out.
fn without_null(schema: &mut Schema) {
    // Of a table its keys say it.
    let said = |default: &Value| !default.is_null() && !default.is_object();
    if !schema.get("default").is_some_and(said) {
        schema.remove("default");
    }
    let null = Value::from("null");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| *kind != null);
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
        any.retain(|one| one.get("type") != Some(&null));
        if let [Value::Object(only)] = any.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                if schema.get(&key).is_none() {
                    schema.insert(key, value);
                }
            }
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    transform_subschemas(&mut without_null, schema);
}

/// An OCI descriptor (image-spec v1.1, "Content Descriptors").
pub(crate) fn descriptor(generator: &mut SchemaGenerator) -> Schema {
    let mut texts = generator.subschema_for::<std::collections::BTreeMap<String, String>>();
    texts.insert("description".to_owned(), "Its annotations.".into());
    json_schema!({
        "type": "object",
        "properties": {
            "mediaType": { "type": "string", "description": "Media type of the image." },
            "digest": { "type": "string", "description": "Its digest." },
            "size": { "type": "integer", "minimum": 0, "description": "Bytes of its manifest." },
            "platform": { "type": "object", "description": "Its platform, as OCI writes it." },
            "annotations": texts,
        },
        "required": ["mediaType", "digest", "size"],
    })
}

/// Fails where a file of this repository does not say what is made; where
/// [`WRITE`] is set, writes it.
pub(crate) fn same(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if std::env::var_os(WRITE).is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        return std::fs::write(file, text).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    if there != text {
        let diff = similar::TextDiff::from_lines(there.as_str(), text);
        let diff = diff.unified_diff().context_radius(2).to_string();
        panic!("{path} is not what is made now; `just generate` writes it\n{diff}");
    }
}

#[test]
fn the_files_are_what_the_types_say() {
    for document in DOCUMENTS {
        let schema = of(document.name);
        jsonschema::meta::validate(schema.as_value()).unwrap();
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        same(&format!("schemas/{}.json", document.name), &text);
        // It is of the last compilation, whatever is written now.
        let packed = document.schema();
        serde_json::from_str::<Value>(&packed).unwrap();
        assert!(packed.ends_with("}\n"), "{packed}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), DOCUMENTS.len());
}

#[test]
fn every_key_is_described() {
    fn check(schema: &mut Schema, missing: &mut Vec<String>) {
        if let Some(Value::Object(properties)) = schema.get("properties") {
            // A variant says it of its one field.
            let variant = properties.len() == 1 && schema.get("description").is_some();
            let said = |property: &Value| {
                property
                    .get("description")
                    .or(property.get("const"))
                    .is_some()
            };
            let all = properties.iter();
            let unsaid = all.filter(|(_, property)| !variant && !said(property));
            missing.extend(unsaid.map(|(key, property)| format!("{key}: {property}")));
        }
        let mut below = |schema: &mut Schema| check(schema, missing);
        transform_subschemas(&mut below, schema);
    }
    let mut missing = Vec::new();
    for document in DOCUMENTS {
        let mut of_this = Vec::new();
        check(&mut of(document.name), &mut of_this);
        missing.extend(
            of_this
                .iter()
                .map(|key| format!("{}: {key}", document.name)),
        );
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
