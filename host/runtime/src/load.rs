//! From a wasm file to a recipe that can be called.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use bakehouse_core::grants::Policy;
use bakehouse_core::options::Options;
use bakehouse_core::storage_error::StorageError;
use bakehouse_registry::sha256;
use bakehouse_system::storage;
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
        let wasm = source.path();
        let bytes = read(app, source)?;
        let digest = identity(&bytes, &options);
        let engine = self.engine.clone();
        // Compilation takes a while where the cache has nothing.
        let component = tokio::task::spawn_blocking(move || Component::new(&engine, bytes))
            .await?
            .map_err(|error| not_a_component(app, wasm, NotComponent::Compile(error)))?;
        let spoken = contract::check(app, &self.engine, &component)?;
        let misfit = |error| contract::misfit(app, error);
        let instance = self.linker.instantiate_pre(&component).map_err(misfit)?;
        let exports = spoken.find(&instance).map_err(misfit)?.into();
        let linked = Linked { instance, exports };
        Recipe::described(self.limits, digest, linked, policy, options, services).await
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
    Ok(identity(&read(app, source)?, options))
}

/// The identity of the maker of a target: the wasm, and the options it is given.
fn identity(wasm: &[u8], options: &Options) -> String {
    let wasm = sha256(wasm).to_string();
    if options.values().is_empty() {
        return wasm;
    }
    sha256(
        serde_json::json!([wasm, options.values()])
            .to_string()
            .as_bytes(),
    )
    .to_string()
}

fn read(app: &str, source: &ComponentSource) -> Result<Vec<u8>, RecipeError> {
    let wasm = source.path();
    let bytes = match source {
        ComponentSource::File(path) => storage::read(path, MAX_WASM),
        ComponentSource::Program { bytes, .. } => Ok(bytes.to_vec()),
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
