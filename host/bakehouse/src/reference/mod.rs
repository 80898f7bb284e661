//! The reference part of the documentation, made from the code: TOML files and JSON
//! from their schemas, commands from the command line, the contract from WIT.
//!
//! A test makes the pages, and fails where those in `docs/reference/` say something
//! else. What a reference cannot tell, other pages do.

mod commands;
mod contract;
mod environment;
mod exit_codes;
mod files;
mod json;
mod markdown;

use crate::schema::same;

/// Each page's file name, and its text.
fn pages() -> [(&'static str, String); 7] {
    [
        (
            "bakehouse-toml.md",
            files::page("project", "bakehouse.toml"),
        ),
        ("app-toml.md", files::page("app", "apps/APP/app.toml")),
        ("json.md", json::page()),
        ("commands.md", commands::page()),
        ("environment.md", environment::page()),
        ("exit-codes.md", exit_codes::page()),
        ("contract.md", contract::page()),
    ]
}

#[test]
fn the_files_are_what_the_code_says() {
    for (name, text) in pages() {
        same(&format!("docs/reference/{name}"), &text);
    }
}
