//! `bakehouse schema`

use anyhow::Result;
use bakehouse_core::storage_error::{At as _, StorageError};

use super::Session;
use crate::cli::SchemaArgs;
use crate::failure::ExitCode;
use crate::schema::{DOCUMENTS, Document};
use crate::text::{Table, Text};

/// Prints the JSON Schema of a document, lists all, or writes them.
pub(super) fn schema(session: &Session, args: &SchemaArgs) -> Result<ExitCode> {
    let named = args.name.as_deref().and_then(Document::named);
    if let Some(folder) = &args.folder {
        std::fs::create_dir_all(folder).map_err(|e| StorageError::new("create", folder, e))?;
        for document in DOCUMENTS {
            let path = folder.join(format!("{}.json", document.name));
            std::fs::write(&path, document.schema()).at("write", &path)?;
        }
        let (number, folder) = (DOCUMENTS.len(), folder.display());
        session
            .printer
            .talk(format_args!("wrote {number} schemas to {folder}"));
    } else if let Some(document) = named {
        let text = document.schema().into_bytes();
        session.printer.data(&Text::of_the_program(text));
    } else {
        let mut table = Table::new(&["NAME", "OF"]);
        for document in DOCUMENTS {
            table.row([document.name.into(), document.about.into()]);
        }
        let mut page = session.printer.new_page();
        page.table(&table);
        session.printer.page(&page);
    }
    Ok(ExitCode::Success)
}
