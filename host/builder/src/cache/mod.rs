//! Layer caches, and the keys of steps in them.

pub(crate) mod freshen;
pub(crate) mod layer_cache;
pub(crate) mod step_key;
