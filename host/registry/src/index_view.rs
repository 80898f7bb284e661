//! An index or list as it matters here; both read alike.

use std::collections::BTreeMap;

use bakehouse_core::platform::Platform;
use bakehouse_core::reference_grammar::is_digest;
use oci_spec::image::Descriptor;
use serde_json::Value;

use super::json;
use super::manifest::RECIPE_ANNOTATION;
use super::odd_entry::OddEntry;

/// An index's entries and annotations. Who puts an odd entry into an index hides
/// none of the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexView {
    /// Its entries, but those that are no descriptors.
    pub manifests: Vec<Descriptor>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// The faults of its other entries.
    broken: Vec<OddEntry>,
}

impl IndexView {
    /// Reads an index; that it has no entry may be said by `null`.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut object = json::object(bytes)?;
        let (mut manifests, mut broken) = (Vec::new(), Vec::new());
        for entry in json::list(&mut object, "manifests")? {
            match json::descriptor(entry) {
                Ok(descriptor) => manifests.push(descriptor),
                Err(odd) => broken.push(odd),
            }
        }
        let annotations = json::texts(object.remove("annotations")).into_iter();
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            manifests,
            annotations: annotations.map(|(key, value)| (key, text(value))).collect(),
            broken,
        })
    }

    /// The image manifest of each platform.
    #[must_use]
    pub fn platforms(&self) -> BTreeMap<Platform, Descriptor> {
        let mut platforms = BTreeMap::new();
        for entry in &self.manifests {
            if let Ok(Some(platform)) = platform(entry) {
                platforms.entry(platform).or_insert_with(|| entry.clone());
            }
        }
        platforms
    }

    /// The faults of the entries that are of no image and of nothing else that an
    /// index may have.
    pub fn odd(&self) -> impl Iterator<Item = OddEntry> {
        let odd = self
            .manifests
            .iter()
            .filter_map(|entry| platform(entry).err());
        self.broken.iter().cloned().chain(odd)
    }

    /// The fault of the first entry that is no descriptor.
    pub(super) fn broken(&self) -> Option<&OddEntry> {
        self.broken.first()
    }

    /// Digest of the recipe that made each platform's image, where it is known.
    #[must_use]
    pub fn recipes(&self) -> BTreeMap<Platform, Option<String>> {
        let of_all = self.annotations.get(RECIPE_ANNOTATION);
        let platforms = self.platforms().into_iter();
        let recipes = platforms.map(|(platform, entry)| {
            let annotations = entry.annotations().as_ref();
            let own = annotations.and_then(|own| own.get(RECIPE_ANNOTATION));
            let recipe = own.or(of_all).filter(|recipe| is_digest(recipe));
            (platform, recipe.cloned())
        });
        recipes.collect()
    }

    /// The entries that attest to images (BuildKit, "Attestation storage").
    #[must_use]
    pub fn attestations(&self) -> Vec<Descriptor> {
        self.manifests
            .iter()
            .filter(|entry| is_attestation(entry))
            .cloned()
            .collect()
    }
}

/// The platform of an entry; none for what is beside the images of an index.
fn platform(entry: &Descriptor) -> Result<Option<Platform>, OddEntry> {
    let beside = entry.artifact_type().is_some();
    match entry.platform() {
        _ if is_attestation(entry) => Ok(None),
        None if beside => Ok(None),
        None => Err(OddEntry::NoPlatform),
        Some(platform) => match Platform::from_oci(platform) {
            Ok(known) if known.os() != UNKNOWN && known.architecture() != UNKNOWN => {
                Ok(Some(known))
            }
            _ => Err(OddEntry::platform(platform)),
        },
    }
}

/// The word that BuildKit writes for both parts of an attestation's platform.
const UNKNOWN: &str = "unknown";

fn is_attestation(entry: &Descriptor) -> bool {
    entry
        .platform()
        .as_ref()
        .is_some_and(|p| p.os().to_string() == UNKNOWN && p.architecture().to_string() == UNKNOWN)
}
