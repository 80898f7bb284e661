//! Lists in other people's JSON: `null` is an empty one, and an entry that is none
//! is left out.

use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};

/// An entry of a list.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Entry<T> {
    /// One as it is documented.
    Known(T),
    /// Anything else.
    #[serde(skip_serializing)]
    Other(IgnoredAny),
}

impl<T> Entry<T> {
    pub(super) fn known(self) -> Option<T> {
        match self {
            Self::Known(entry) => Some(entry),
            Self::Other(_) => None,
        }
    }
}

/// The entries of a list that are documented ones.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let all = Option::<Vec<Entry<T>>>::deserialize(deserializer)?;
    let all = all.unwrap_or_default().into_iter();
    Ok(all.filter_map(Entry::known).collect())
}

/// A value, or what stands for none of it.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::{forge, github};
    use super::*;

    #[test]
    fn null_is_none_and_an_odd_entry_is_left_out() {
        // Forgejo's and GitLab's answers, with null where there is nothing.
        let text = r#"[
            {"tag_name": "v1", "assets": null, "draft": null, "prerelease": null, "name": null},
            {"tag_name": "v2", "assets": [null, {"name": "a", "browser_download_url": null},
             {"name": "b", "browser_download_url": "https://h.example/b", "size": null}]},
            {"tag_name": null}, null, 7
        ]"#;
        let listed: Vec<Entry<forge::Listed<github::File>>> = serde_json::from_str(text).unwrap();
        assert_eq!(listed.len(), 5);
        let known = listed.into_iter().filter_map(Entry::known);
        let releases = known.filter_map(|one| one.release(github::file));
        let told: Vec<_> = releases
            .map(|release| (release.tag, release.assets.len()))
            .collect();
        assert_eq!(told, [("v1".to_owned(), 0), ("v2".to_owned(), 1)]);
    }
}
