//! Host functions, one file per WIT interface, whatever version of it asks. Each
//! decides by [`Policy`](bakehouse_core::grants::Policy) and hands on to the module
//! that does the work.

mod buildx;
pub(crate) mod error;
mod fetch;
mod log;
mod registry;
mod release;

pub(crate) use log::Level;
