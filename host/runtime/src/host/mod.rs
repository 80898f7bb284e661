//! Host functions, one file per WIT interface. Each decides by
//! [`Policy`](bakehouse_core::grants::Policy) and hands on to the module that does the work.

mod buildx;
pub(crate) mod error;
mod fetch;
mod log;
mod options;
mod registry;
mod release;
mod types;
