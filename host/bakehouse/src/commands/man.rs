//! `bakehouse man`

use anyhow::Result;
use bakehouse_core::storage_error::StorageError;

use super::Session;
use crate::cli::{Cli, ManArgs};
use crate::failure::ExitCode;
use crate::text::Text;

/// Prints the manual page, or writes one for each command.
pub(super) fn man(session: &Session, args: &ManArgs) -> Result<ExitCode> {
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::shaped()).render(&mut page)?;
        session.printer.data(&Text::of_the_program(page));
        return Ok(ExitCode::Success);
    };
    std::fs::create_dir_all(folder).map_err(|e| StorageError::new("create", folder, e))?;
    clap_mangen::generate_to(Cli::shaped(), folder)
        .map_err(|e| StorageError::new("write to", folder, e))?;
    let folder = folder.display();
    session
        .printer
        .talk(format_args!("wrote the manual's pages to {folder}"));
    Ok(ExitCode::Success)
}
