//! From a wasm file to a recipe that can be called.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, MutexGuard, PoisonError};

use bakehouse_core::grants::Policy;
use bakehouse_core::options::Options;
use bakehouse_core::storage_error::StorageError;
use bakehouse_registry::sha256;
use bakehouse_system::storage;
use tokio::sync::OnceCell;
use wasmtime::component::Component;

use super::error::{NotComponent, RecipeError};
use super::recipe::Linked;
use super::{ComponentSource, Recipe, Runtime, Services, contract};

/// Bytes of a component; those with an interpreter in them have a tenth.
const MAX_WASM: u64 = 256 << 20;
/// First bytes of every wasm file, then the layer that tells component from
/// module (component model, "Binary Format").
const MAGIC: &[u8] = b"\0asm";
const COMPONENT_LAYER: [u8; 2] = [1, 0];

/// A component that is compiled once for all apps whose recipe it is, however many
/// load it at the same time.
pub(super) type Loaded = Arc<OnceCell<Linked>>;

impl Runtime {
    /// Loads an app's recipe and asks what it is and needs. Nothing is granted
    /// before the recipe has declared it, so it can call nothing until then.
    ///
    /// # Errors
    /// When the file is missing, not a component, made for another contract
    /// version, or describes nonsense; when app.toml does not fit its options.
    pub async fn load(
        &self,
        source: &ComponentSource,
        policy: Policy,
        options: Arc<Options>,
        services: Arc<Services>,
    ) -> Result<Recipe, RecipeError> {
        let app = policy.app();
        let bytes = read(app, source)?;
        let wasm = sha256(&bytes).to_string();
        let digest = identity(&wasm, &options);
        let loaded = Arc::clone(self.loaded().entry(wasm).or_default());
        let linked = loaded.get_or_try_init(|| self.link(app, source.path(), bytes));
        let linked = linked.await?.clone();
        Recipe::described(self.limits, digest, linked, policy, options, services).await
    }

    fn loaded(&self) -> MutexGuard<'_, HashMap<String, Loaded>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compiles a component and finds its imports.
    async fn link(
        &self,
        app: &str,
        wasm: &Path,
        bytes: Cow<'static, [u8]>,
    ) -> Result<Linked, RecipeError> {
        let engine = self.engine.clone();
        // Compilation takes a while where the cache has nothing.
        let component = tokio::task::spawn_blocking(move || Component::new(&engine, bytes))
            .await?
            .map_err(|error| not_a_component(app, wasm, NotComponent::Compile(error)))?;
        let spoken = contract::check(app, &self.engine, &component)?;
        let misfit = |error| contract::misfit(app, error);
        let instance = self.linker.instantiate_pre(&component).map_err(misfit)?;
        let exports = spoken.find(&instance).map_err(misfit)?.into();
        Ok(Linked { instance, exports })
    }
}

/// The digest of a recipe with its options, which is not compiled for that.
///
/// # Errors
/// When there is no component at `source`.
pub fn recipe_digest(
    app: &str,
    source: &ComponentSource,
    options: &Options,
) -> Result<String, RecipeError> {
    let wasm = sha256(&read(app, source)?).to_string();
    Ok(identity(&wasm, options))
}

/// The identity of the maker of a target: the wasm's digest, and the options it is
/// given.
fn identity(wasm: &str, options: &Options) -> String {
    if options.values().is_empty() {
        return wasm.to_owned();
    }
    sha256(
        serde_json::json!([wasm, options.values()])
            .to_string()
            .as_bytes(),
    )
    .to_string()
}

fn read(app: &str, source: &ComponentSource) -> Result<Cow<'static, [u8]>, RecipeError> {
    let wasm = source.path();
    let bytes = match source {
        ComponentSource::File(path) => storage::read(path, MAX_WASM).map(Cow::Owned),
        ComponentSource::Program { bytes, .. } => Ok(Cow::Borrowed(*bytes)),
    };
    let bytes = bytes.map_err(|error| unread(app, wasm, error))?;
    if !bytes.starts_with(MAGIC) {
        return Err(not_a_component(app, wasm, NotComponent::NotWasm));
    }
    if bytes.get(6..8) != Some(COMPONENT_LAYER.as_slice()) {
        return Err(not_a_component(app, wasm, NotComponent::Module));
    }
    Ok(bytes)
}

fn unread(app: &str, wasm: &Path, source: io::Error) -> RecipeError {
    match source.kind() {
        ErrorKind::NotFound => RecipeError::Absent {
            app: app.to_owned(),
            path: wasm.to_owned(),
            source,
        },
        ErrorKind::FileTooLarge | ErrorKind::IsADirectory | ErrorKind::InvalidInput => {
            not_a_component(app, wasm, NotComponent::File(source))
        }
        _ => StorageError::new("read", wasm, source).into(),
    }
}

fn not_a_component(app: &str, wasm: &Path, why: NotComponent) -> RecipeError {
    RecipeError::NotComponent {
        app: app.to_owned(),
        path: wasm.to_owned(),
        why,
    }
}
