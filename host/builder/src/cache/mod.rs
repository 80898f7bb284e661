//! Layer caches, and the keys of steps in them.

pub(crate) mod layer_cache;
pub(crate) mod step_key;
pub(crate) mod touch;
