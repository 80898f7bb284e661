//! The metadata of a result (`--metadata-file`).

use oci_spec::image::{Descriptor, Digest, MediaType};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(rename = "containerimage.descriptor")]
    descriptor: Option<Descriptor>,
    #[serde(rename = "containerimage.digest")]
    digest: Option<String>,
    #[serde(rename = "containerimage.config.digest")]
    config: Option<Digest>,
}

/// The image that was exported.
#[derive(Debug)]
pub(crate) struct Exported {
    /// The descriptor of its manifest, or index. Its annotations are dropped: not
    /// every builder writes them.
    pub(crate) descriptor: Descriptor,
    /// The digest of its configuration, where that is told.
    pub(crate) config: Option<Digest>,
}

/// The image that was exported.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn exported(json: &str) -> Result<Exported, String> {
    let metadata: Metadata = serde_json::from_str(json).map_err(|e| e.to_string())?;
    let mut descriptor = metadata
        .descriptor
        .ok_or("it has no containerimage.descriptor")?;
    if let Some(digest) = metadata.digest
        && digest != descriptor.digest().to_string()
    {
        return Err(format!(
            "its containerimage.digest is {digest}, its containerimage.descriptor has {}",
            descriptor.digest()
        ));
    }
    if !is_image(descriptor.media_type()) {
        return Err(format!(
            "its media type {} is no image",
            descriptor.media_type()
        ));
    }
    if descriptor.size() == 0 {
        return Err("its size is 0".to_owned());
    }
    descriptor.set_annotations(None);
    Ok(Exported {
        descriptor,
        config: metadata.config,
    })
}

fn is_image(media_type: &MediaType) -> bool {
    match media_type {
        MediaType::ImageManifest | MediaType::ImageIndex => true,
        MediaType::Other(text) => text.starts_with("application/vnd.docker.distribution.manifest."),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:8e11bd853986f95621fdea0c3865926f888645e8614908f89358edccc0de3102";

    const CONFIG: &str = "sha256:7b391cecea6b4e94ae428484d552e6cf37998095e0e13729ca2e8ba905450b20";

    fn json(media_type: &str, digest: &str) -> String {
        format!(
            r#"{{"containerimage.descriptor":{{"mediaType":"{media_type}","digest":"{digest}","size":1116,
            "annotations":{{"org.opencontainers.image.created":"2023-11-14T22:13:20Z"}},
            "platform":{{"architecture":"arm64","os":"linux"}}}},"containerimage.digest":"{DIGEST}",
            "containerimage.config.digest":"{CONFIG}"}}"#
        )
    }

    #[test]
    fn reads_and_checks_the_descriptor() {
        let manifest = "application/vnd.oci.image.manifest.v1+json";
        let Exported { descriptor, config } = exported(&json(manifest, DIGEST)).unwrap();
        assert_eq!(config.unwrap().to_string(), CONFIG);
        assert_eq!(descriptor.digest().to_string(), DIGEST);
        assert_eq!(descriptor.size(), 1116);
        assert!(descriptor.annotations().is_none() && descriptor.platform().is_some());
        for bad in [
            "{}".to_owned(),
            "nothing".to_owned(),
            json("text/plain", DIGEST),
            json(manifest, &DIGEST.replace('8', "9")),
            json(manifest, "sha256:../../x"),
        ] {
            assert!(exported(&bad).is_err(), "{bad}");
        }
    }
}
