//! The machine and the network, as far as every other room needs them: HTTP,
//! Docker's client settings, child processes, bounded files and archives, work
//! trees.
//!
//! What strangers send is bounded here while it arrives, whatever protocol it
//! comes by.

pub mod docker;
pub mod http;
pub mod place;
pub mod process;
pub mod quota;
pub mod redaction;
pub mod storage;
pub mod terminal;
pub mod unpack;
pub mod work_tree;
