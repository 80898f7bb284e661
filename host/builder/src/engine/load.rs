//! Images that the engine is handed, for as long as they are run.

use std::path::Path;

use bollard::Docker;
use bollard::body_try_stream;
use bollard::query_parameters::{ImportImageOptions, RemoveImageOptions};
use futures_util::StreamExt as _;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::SmokeError;
use super::connection::Engine;
use super::said::said;
use super::smoke::finish;

/// Bytes sent at a time.
const PIECE: usize = 1 << 18;

/// An image that is in the engine until this is dropped.
pub struct LoadedImage {
    name: String,
    docker: Docker,
    host: String,
    present: bool,
}

impl Engine {
    /// Loads an archive, as `docker load` takes one, that has one image of this
    /// name. It is removed however its use ends.
    ///
    /// # Errors
    /// When the archive cannot be read, or the engine does not take it.
    pub async fn load(&self, archive: &Path, name: &str) -> Result<LoadedImage, SmokeError> {
        let failed = |said: String| SmokeError::Engine {
            what: format!("loading {name}"),
            said,
        };
        let file = File::open(archive).await;
        let file = file.map_err(|error| failed(error.to_string()))?;
        let pieces = futures_util::stream::try_unfold(file, |mut file| async move {
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut file)
                .take(PIECE as u64)
                .read_to_end(&mut piece)
                .await?;
            Ok::<_, std::io::Error>((read > 0).then(|| (piece.into(), file)))
        });
        let loaded = LoadedImage {
            name: name.to_owned(),
            docker: self.docker.clone(),
            host: self.endpoint.host.clone(),
            present: true,
        };
        let options = ImportImageOptions {
            quiet: true,
            ..Default::default()
        };
        let mut steps = Box::pin(
            self.docker
                .import_image(options, body_try_stream(pieces), None),
        );
        while let Some(step) = steps.next().await {
            step.map_err(|error| failed(said(&error)))?;
        }
        Ok(loaded)
    }
}

impl LoadedImage {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Removes it.
    pub async fn remove(mut self) {
        let _ = remove(&self.docker, &self.name).await;
        self.present = false;
    }
}

impl Drop for LoadedImage {
    fn drop(&mut self) {
        if self.present {
            let name = self.name.clone();
            finish(&self.host, "an image", async move |docker| {
                remove(&docker, &name).await
            });
        }
    }
}

async fn remove(docker: &Docker, name: &str) -> Result<(), bollard::errors::Error> {
    let options = RemoveImageOptions {
        force: true,
        ..Default::default()
    };
    let removed = docker.remove_image(name, Some(options), None).await;
    removed.map(|_| ())
}
