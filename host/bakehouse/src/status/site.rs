//! The status as a folder of files, to be published as it is.

use std::io;
use std::path::Path;

use bakehouse_core::storage_error::{At as _, StorageError};
use bakehouse_system::storage;

use super::badge::badge;
use super::markdown::markdown;
use super::model::Status;
use super::page::page_of_site;
use super::shields::Shields;
use crate::text;

/// Writes `index.html`, `status.json`, `status.md`, `badge.svg`, `shields.json`, and
/// for each app and each image `badges/NAME.svg` and `badges/NAME.json`.
///
/// # Errors
/// When the file system refuses.
pub fn write(status: &Status, folder: &Path) -> Result<(), StorageError> {
    let badges = folder.join("badges");
    storage::create(folder)?;
    storage::create(&badges)?;
    let file = |path: &Path, text: &str| storage::write(path, text.as_bytes()).at("write", path);
    let json = |path: &Path, json: serde_json::Result<String>| {
        let json = json.map_err(io::Error::other).at("write", path)?;
        file(path, &(json + "\n"))
    };
    file(&folder.join("index.html"), page_of_site(status).as_str())?;
    file(&folder.join("status.md"), &markdown(status))?;
    json(&folder.join("status.json"), text::json(status))?;
    // GitHub Pages leaves such a folder as it is.
    file(&folder.join(".nojekyll"), "")?;
    let all = Shields::of_all(status);
    file(&folder.join("badge.svg"), badge(&all).as_str())?;
    json(&folder.join("shields.json"), text::json(&all))?;
    let apps = status
        .apps
        .iter()
        .map(|app| (app.app.as_str(), Shields::of_app(app)));
    let images = status.images();
    let images = images.map(|(_, image)| (image.image.as_str(), Shields::of_image(image)));
    // An image's own is written over that of the app of the same name.
    for (name, shields) in apps.chain(images) {
        let name = name.replace('/', "+");
        file(
            &badges.join(format!("{name}.svg")),
            badge(&shields).as_str(),
        )?;
        json(&badges.join(format!("{name}.json")), text::json(&shields))?;
    }
    Ok(())
}
