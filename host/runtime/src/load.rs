//! From a wasm file to a recipe that can be called.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use bakehouse_core::error::{ExitCode, Failure};
use bakehouse_core::grants::Policy;
use bakehouse_core::recipe::Options;
use bakehouse_core::storage_error::At as _;
use bakehouse_registry::sha256;
use bakehouse_system::storage;
use wasmtime::component::Component;

use super::bindings::AppPre;
use super::{Recipe, Runtime, Services, contract};

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
    /// A [`Failure`] with [`ExitCode::Recipe`] when the file is missing, not a
    /// component, made for another contract version, or describes nonsense.
    pub async fn load(
        &self,
        wasm: &Path,
        policy: Policy,
        options: Arc<Options>,
        services: Arc<Services>,
    ) -> Result<Recipe> {
        let app = policy.app();
        let bytes = read(app, wasm)?;
        let digest = identity(&bytes, &options)?;
        let engine = self.engine.clone();
        // Compilation takes a while where the cache has nothing.
        let component = tokio::task::spawn_blocking(move || Component::new(&engine, bytes))
            .await?
            .map_err(anyhow::Error::from)
            .with_context(|| not_a_component(app, wasm, "it does not compile"))?;
        contract::check(app, &self.engine, &component)?;
        let misfit = |error: wasmtime::Error| contract::misfit(app, &format!("{error:#}"));
        let instance = self.linker.instantiate_pre(&component).map_err(misfit)?;
        let pre = AppPre::new(instance).map_err(misfit)?;
        Recipe::described(self.limits, digest, pre, policy, options, services).await
    }
}

/// The digest of a recipe with its options, which is not compiled for that.
///
/// # Errors
/// [`ExitCode::Recipe`] when there is no component at `wasm`.
pub fn recipe_digest(app: &str, wasm: &Path, options: &Options) -> Result<String> {
    identity(&read(app, wasm)?, options)
}

/// What a target is built by: the wasm, and the options it is given.
fn identity(wasm: &[u8], options: &Options) -> Result<String> {
    let wasm = sha256(wasm).to_string();
    if options.is_empty() {
        return Ok(wasm);
    }
    let both = serde_json::to_vec(&(wasm, options))?;
    Ok(sha256(&both).to_string())
}

fn read(app: &str, wasm: &Path) -> Result<Vec<u8>> {
    let bytes = match storage::read(wasm, MAX_WASM) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(error).with_context(|| {
                Failure::new(
                    ExitCode::Recipe,
                    format!("there is no recipe for {app} at {}", wasm.display()),
                )
                .hint(format!("build it: just build-plugin {app}"))
            });
        }
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::FileTooLarge | ErrorKind::IsADirectory | ErrorKind::InvalidInput
            ) =>
        {
            return Err(not_a_component(app, wasm, &error.to_string()).into());
        }
        read => read.at("read", wasm)?,
    };
    if !bytes.starts_with(MAGIC) {
        return Err(not_a_component(app, wasm, "it is not wasm").into());
    }
    if bytes.get(6..8) != Some(COMPONENT_LAYER.as_slice()) {
        return Err(not_a_component(app, wasm, "it is a core module").into());
    }
    Ok(bytes)
}

fn not_a_component(app: &str, wasm: &Path, why: &str) -> Failure {
    Failure::new(
        ExitCode::Recipe,
        format!(
            "recipe {app} ({}) is not a wasm component: {why}",
            wasm.display()
        ),
    )
    .hint(format!(
        "build it for wasm32-wasip2: just build-plugin {app}"
    ))
}
