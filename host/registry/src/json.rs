//! Manifests and configurations as programs write them.
//!
//! Most are written in Go, where a list or map without an entry is `null`:
//! BuildKit says so of the layers of an image that has none. What is of no
//! concern here (ports, history, a note that is no text) makes nothing unreadable
//! either.

use oci_spec::image::{Descriptor, ImageConfiguration, ImageManifest};
use serde::de::Error as _;
use serde_json::{Error, Map, Value, json};

use super::odd_entry::OddEntry;

type Object = Map<String, Value>;

/// The size that is the largest anywhere: Go's `int64`.
const LARGEST: u64 = i64::MAX as u64;

/// Fields of a configuration's `config` that are looked at.
const RUN: [&str; 6] = ["User", "Env", "Entrypoint", "Cmd", "WorkingDir", "Labels"];

/// An object without the members that are null.
pub(super) fn object(bytes: &[u8]) -> Result<Object, Error> {
    let mut object: Object = serde_json::from_slice(bytes)?;
    drop_nulls(&mut object);
    Ok(object)
}

/// The entries of a list; none where there is no such list.
pub(super) fn list(object: &mut Object, name: &str) -> Result<Vec<Value>, Error> {
    match object.remove(name) {
        None => Ok(Vec::new()),
        Some(list) => serde_json::from_value(list),
    }
}

/// The members of a map that are texts.
pub(super) fn texts(map: Option<Value>) -> Object {
    let Some(Value::Object(mut map)) = map else {
        return Object::new();
    };
    map.retain(|_, value| value.is_string());
    map
}

/// An image manifest (image-spec v1.1, "Image Manifest"); that it has no layers
/// may be said by `null`, or not at all.
pub(super) fn image(bytes: &[u8]) -> Result<ImageManifest, Error> {
    let mut manifest = object(bytes)?;
    let annotations = texts(manifest.remove("annotations"));
    manifest.insert("annotations".to_owned(), annotations.into());
    let layers = list(&mut manifest, "layers")?.into_iter();
    let layers: Result<Vec<Value>, Error> = layers.map(|layer| strict("a layer", layer)).collect();
    manifest.insert("layers".to_owned(), layers?.into());
    for name in ["config", "subject"] {
        if let Some(value) = manifest.remove(name) {
            manifest.insert(name.to_owned(), strict(name, value)?);
        }
    }
    serde_json::from_value(manifest.into())
}

/// An image configuration (image-spec v1.1, "Image Configuration"): its platform,
/// its date, and how it is run.
pub(super) fn configuration(bytes: &[u8]) -> Result<ImageConfiguration, Error> {
    let mut given = object(bytes)?;
    let mut run = match given.remove("config") {
        Some(Value::Object(run)) => run,
        _ => Object::new(),
    };
    drop_nulls(&mut run);
    run.retain(|name, _| RUN.contains(&name.as_str()));
    let labels = texts(run.remove("Labels"));
    run.insert("Labels".to_owned(), labels.into());
    given.retain(|name, _| ["os", "architecture", "variant", "created"].contains(&name.as_str()));
    given.insert("config".to_owned(), run.into());
    let rootfs = json!({ "type": "layers", "diff_ids": [] });
    given.insert("rootfs".to_owned(), rootfs);
    serde_json::from_value(given.into())
}

/// A descriptor (image-spec v1.1, "OCI Content Descriptors"): its media type,
/// digest and size are right, and of the rest what is.
pub(super) fn descriptor(entry: Value) -> Result<Descriptor, OddEntry> {
    let Value::Object(mut entry) = entry else {
        return Err(OddEntry::NoDescriptor);
    };
    drop_nulls(&mut entry);
    if !entry.get("mediaType").is_some_and(Value::is_string) {
        return Err(OddEntry::NoDescriptor);
    }
    let digest = entry.get("digest").and_then(Value::as_str).unwrap_or("");
    if !bakehouse_core::reference_grammar::is_digest(digest) {
        return Err(OddEntry::digest(digest));
    }
    let size = entry.get("size");
    let known = size.and_then(Value::as_u64);
    if known.is_none_or(|size| size > LARGEST) {
        return Err(OddEntry::size(size));
    }
    let annotations = texts(entry.remove("annotations"));
    if !annotations.is_empty() {
        entry.insert("annotations".to_owned(), annotations.into());
    }
    if let Some(platform) = entry.remove("platform") {
        let mut platform = texts(Some(platform));
        for name in ["os", "architecture"] {
            platform.entry(name).or_insert_with(|| "".into());
        }
        entry.insert("platform".to_owned(), platform.into());
    }
    let known = ["mediaType", "digest", "size", "annotations", "platform"];
    entry.retain(|name, value| {
        known.contains(&name.as_str()) || name == "artifactType" && value.is_string()
    });
    serde_json::from_value(entry.into()).map_err(|_| OddEntry::NoDescriptor)
}

/// A descriptor of which nothing may be odd.
fn strict(what: &str, entry: Value) -> Result<Value, Error> {
    let read = descriptor(entry);
    let read = read.map_err(|odd| Error::custom(format_args!("{what}: {odd}")))?;
    serde_json::to_value(read)
}

fn drop_nulls(object: &mut Object) {
    object.retain(|_, value| !value.is_null());
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

    fn entry(changes: &Value) -> Value {
        let mut entry = json!({ "mediaType": "a/b", "digest": DIGEST, "size": 2 });
        let members = changes.as_object().unwrap().clone();
        entry.as_object_mut().unwrap().extend(members);
        entry
    }

    #[test]
    fn null_is_empty() {
        // As BuildKit v0.31 writes it for `FROM scratch` and `LABEL a=b`.
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{DIGEST}","size":2,"annotations":null,"urls":null}},"layers":null,"annotations":null,"subject":null}}"#
        );
        assert!(image(text.as_bytes()).unwrap().layers().is_empty());
        let without = text.replace(r#""layers":null,"#, "");
        assert!(image(without.as_bytes()).unwrap().layers().is_empty());
        let other = text.replace("\"layers\":null", "\"layers\":7");
        assert!(image(other.as_bytes()).is_err());

        let config = br#"{"architecture":"amd64","os":"linux","variant":null,"config":{"Env":null,"Labels":null,"ExposedPorts":{"80/tcp":null},"OnBuild":null},"rootfs":{"type":"layers","diff_ids":null},"history":null}"#;
        let read = configuration(config).unwrap();
        assert_eq!(read.os().to_string(), "linux");
        let config = br#"{"architecture":"amd64","os":"linux","config":null,"rootfs":null,"history":[{"empty_layer":"no"}]}"#;
        assert!(configuration(config).is_ok());
        assert!(configuration(br#"{"os":"linux"}"#).is_err());
        assert!(configuration(b"null").is_err() && image(b"[]").is_err());
    }

    #[test]
    fn a_descriptor_is_what_it_must_be_and_of_the_rest_what_is_right() {
        for fine in [
            json!({}),
            json!({ "annotations": { "a": 1, "b": null }, "urls": "x", "data": 7 }),
            json!({ "platform": null, "artifactType": 3 }),
            json!({ "size": i64::MAX, "platform": { "os": 1, "os.features": null } }),
        ] {
            let read = descriptor(entry(&fine));
            assert!(read.is_ok(), "{fine}: {read:?}");
        }
        for odd in [
            json!({ "mediaType": null }),
            json!({ "digest": null }),
            json!({ "digest": "../../etc" }),
            json!({ "digest": "md5:d41d8cd98f00b204e9800998ecf8427e" }),
            json!({ "size": null }),
            json!({ "size": -1 }),
            json!({ "size": 1.5 }),
            json!({ "size": "2" }),
            json!({ "size": u64::MAX }),
        ] {
            assert!(descriptor(entry(&odd)).is_err(), "{odd}");
        }
        for odd in [json!(null), json!([]), json!("x")] {
            assert_eq!(descriptor(odd), Err(OddEntry::NoDescriptor));
        }
    }
}
