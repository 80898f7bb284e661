//! The contract between host and recipes, from WIT.

use std::fmt::Write as _;
use std::path::Path;

use wit_parser::{Docs, Function, Resolve, Type, TypeDef, TypeDefKind, TypeId, WorldItem};

use super::markdown::{cell, code, head, table};

/// The newest version.
const NEWEST: &str = "wit/0.2";

/// The page.
pub(super) fn page() -> String {
    let mut resolve = Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(NEWEST);
    let (package, _) = resolve.push_path(folder).unwrap();
    let world = resolve.select_world(&[package], Some("app")).unwrap();
    let name = resolve.packages[package].name.to_string();
    let world = &resolve.worlds[world];
    let about = format!(
        "{}\n\nThis is `{name}`; recipes in Rust are written on the SDK, which wraps it \
         ([writing a recipe](../writing-a-recipe.md)). Those of earlier versions run as before.",
        said(&world.docs)
    );
    let mut text = head("The contract", &about);
    let side = |items: &wit_parser::IndexMap<_, WorldItem>| -> Vec<_> {
        let ids = items.values().filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            _ => None,
        });
        ids.collect()
    };
    let (imports, exports) = (side(&world.imports), side(&world.exports));
    let sides = exports
        .iter()
        .map(|id| (*id, "A recipe exports it."))
        .chain(imports.iter().map(|id| (*id, "A recipe may call it.")));
    for (id, by) in sides {
        let interface = &resolve.interfaces[id];
        let name = interface.name.as_deref().unwrap_or_default();
        let by = if interface.functions.is_empty() {
            ""
        } else {
            by
        };
        let _ = write!(text, "\n## {name}\n\n{}\n", said(&interface.docs));
        if !by.is_empty() {
            let _ = write!(text, "\n{by}\n");
        }
        for function in interface.functions.values() {
            let _ = write!(
                text,
                "\n### {name}.{}\n\n```wit\n{}\n```\n\n{}\n",
                function.name,
                signature(&resolve, function),
                said(&function.docs)
            );
        }
        for (type_name, id) in &interface.types {
            let definition = &resolve.types[*id];
            // Those of other interfaces are told there.
            if !matches!(definition.kind, TypeDefKind::Type(Type::Id(_))) {
                add(
                    &mut text,
                    &resolve,
                    &format!("{name}.{type_name}"),
                    definition,
                );
            }
        }
    }
    text
}

fn said(docs: &Docs) -> String {
    docs.contents
        .as_deref()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// A type and its parts.
fn add(text: &mut String, resolve: &Resolve, name: &str, definition: &TypeDef) {
    let kind = definition.kind.as_str();
    let _ = write!(
        text,
        "\n### {name}\n\n{kind}. {}\n\n",
        said(&definition.docs)
    );
    let row = |name: &str, of: Option<&Type>, docs: &Docs| {
        let of = of.map(|of| code(&shown(resolve, of)));
        vec![code(name), of.unwrap_or_default(), cell(&said(docs))]
    };
    let rows: Vec<_> = match &definition.kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            fields
                .map(|field| row(&field.name, Some(&field.ty), &field.docs))
                .collect()
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            cases
                .map(|case| row(&case.name, case.ty.as_ref(), &case.docs))
                .collect()
        }
        TypeDefKind::Enum(cases) => {
            let cases = cases.cases.iter();
            cases
                .map(|case| row(&case.name, None, &case.docs))
                .collect()
        }
        other => panic!("{name}: {other:?}"),
    };
    text.push_str(&table(&["name", "type", "meaning"], &rows));
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let params = function.params.iter();
    let params = params.map(|param| format!("{}: {}", param.name, shown(resolve, &param.ty)));
    let params = params.collect::<Vec<_>>().join(", ");
    let result = function.result.as_ref();
    let result = result.map(|result| format!(" -> {}", shown(resolve, result)));
    format!(
        "{}: func({params}){}",
        function.name,
        result.unwrap_or_default()
    )
}

/// A type as WIT writes it.
fn shown(resolve: &Resolve, of: &Type) -> String {
    match of {
        Type::Id(id) => named(resolve, *id),
        Type::String => "string".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn named(resolve: &Resolve, id: TypeId) -> String {
    let definition = &resolve.types[id];
    if let Some(name) = &definition.name {
        return name.clone();
    }
    let of = |of: &Type| shown(resolve, of);
    let or_none = |of: &Option<Type>| of.as_ref().map_or("_".to_owned(), |of| shown(resolve, of));
    match &definition.kind {
        TypeDefKind::Option(some) => format!("option<{}>", of(some)),
        TypeDefKind::List(some) => format!("list<{}>", of(some)),
        TypeDefKind::Tuple(parts) => {
            let parts: Vec<_> = parts.types.iter().map(of).collect();
            format!("tuple<{}>", parts.join(", "))
        }
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (_, None) => format!("result<{}>", or_none(&result.ok)),
            (ok, err) => format!("result<{}, {}>", or_none(ok), or_none(err)),
        },
        other => panic!("{other:?} has no name"),
    }
}
