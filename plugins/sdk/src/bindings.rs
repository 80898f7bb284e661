//! Bindings generated from `wit/0.2`, the folder that the host compiles too.

#![allow(
    missing_docs,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    clippy::missing_errors_doc,
    clippy::doc_markdown,
    reason = "generated; the documentation is in wit/"
)]

wit_bindgen::generate!({
    path: "../../wit/0.2",
    world: "app",
    pub_export_macro: true,
    export_macro_name: "__export_app",
    default_bindings_module: "bakehouse_sdk::__bindings",
    additional_derives: [PartialEq],
});
