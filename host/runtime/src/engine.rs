//! The wasmtime engine that all recipes share.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bakehouse_system::storage;
use wasmtime::component::Linker;
use wasmtime::{Cache, CacheConfig, Config, Engine, OptLevel};

use super::contract;
use super::error::RecipeError;
use super::limits::{Limits, TICK};
use super::load::Loaded;
use super::state::State;
use super::work_files;

/// Most stack a recipe may use, in bytes.
const STACK: usize = 1 << 20;

/// Bytes of compiled recipes that are kept; those that were not used for long go
/// first.
const MAX_COMPILED: u64 = 512 << 20;

/// Compiles and runs recipes.
#[derive(Clone)]
pub struct Runtime {
    pub(super) engine: Engine,
    pub(super) linker: Linker<State>,
    pub(super) limits: Limits,
    /// Components by digest: apps with the same one share its code.
    pub(super) loaded: Arc<Mutex<HashMap<String, Loaded>>>,
    _ticker: Arc<Ticker>,
}

impl Runtime {
    /// An engine whose recipes have these limits. It keeps compiled code in `cache`, in wasmtime's own format;
    /// precompiled code is never taken from elsewhere.
    ///
    /// # Errors
    /// When the cache folder cannot be used.
    pub fn new(cache: &Path, limits: Limits) -> Result<Self, RecipeError> {
        storage::create(cache)?;
        Self::with_cache(compiled(cache).map_err(RecipeError::Engine)?, limits)
            .map_err(RecipeError::Engine)
    }

    fn with_cache(cache: Option<Cache>, limits: Limits) -> wasmtime::Result<Self> {
        let mut config = Config::new();
        config
            .wasm_component_model(true)
            // A recipe runs for milliseconds, and is compiled before its first one.
            .cranelift_opt_level(OptLevel::None)
            .epoch_interruption(true)
            .max_wasm_stack(STACK)
            // Nobody is shown where in the code a recipe trapped; without maps
            // for that there is a fifth less to load.
            .generate_address_map(false)
            .native_unwind_info(false)
            .wasm_backtrace_max_frames(None)
            .cache(cache);
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        work_files::add_to_linker(&mut linker)?;
        contract::add_to_linker(&mut linker)?;
        let ticker = Arc::new(Ticker::start(&engine)?);
        Ok(Self {
            engine,
            linker,
            limits,
            loaded: Arc::default(),
            _ticker: ticker,
        })
    }
}

/// The cache of compiled code, which is run as it is: none where somebody else
/// may have put something into it.
fn compiled(folder: &Path) -> wasmtime::Result<Option<Cache>> {
    if !storage::private(folder) {
        tracing::warn!(folder = %folder.display(), "compiled recipes are not kept: others may write there; remove it");
        return Ok(None);
    }
    let mut config = CacheConfig::new();
    config
        .with_directory(folder)
        .with_files_total_size_soft_limit(MAX_COMPILED);
    Ok(Some(Cache::new(config)?))
}

/// Advances the engine's epoch until it is dropped.
struct Ticker {
    stop: Arc<AtomicBool>,
}

impl Ticker {
    fn start(engine: &Engine) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let engine = engine.weak();
        std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::sleep(TICK);
                    match engine.upgrade() {
                        Some(engine) => engine.increment_epoch(),
                        None => break,
                    }
                }
            })?;
        Ok(Self { stop })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}
