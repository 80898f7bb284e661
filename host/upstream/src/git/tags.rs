//! Tags of a repository, without its objects (gitprotocol-v2, "ls-refs").

use std::path::Path;
use std::time::Duration;

use bakehouse_core::mirrors::Mirrors;
use bakehouse_core::progress::Reporter;
use bakehouse_system::http::retry::{Backoff, Pauses, Retry};

use super::command::Git;
use super::{Address, GitError};

/// A tag, and the commit that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteTag {
    /// Its name, without `refs/tags/`.
    pub name: String,
    /// The commit's name; of an annotated tag that which it points to.
    pub commit: String,
}

/// All tags of a repository, by name; each try may take this long.
///
/// # Errors
/// When there is no such repository, or its host cannot be reached.
pub async fn remote_tags(
    address: &Address,
    mirrors: &Mirrors,
    limit: Duration,
    reporter: &dyn Reporter,
) -> Result<Vec<RemoteTag>, GitError> {
    let git = Git {
        address,
        mirrors,
        limit,
    };
    let pauses = Pauses::default();
    let what = address.as_str();
    let mut retry = Retry::new(what, Backoff::UPSTREAM, Duration::ZERO, &pauses, reporter);
    loop {
        // Else git reads the configuration of the repository that it runs in.
        let command = git.command_in(Path::new("/dev/null"));
        let arguments = ["ls-remote", "--quiet", "--tags", "--", address.as_str()];
        match git.run(command, arguments).await {
            Ok(listed) => return Ok(parse(&listed)),
            Err(error) => retry.again(error).await?,
        }
    }
}

/// Reads `OBJECT\trefs/tags/NAME`, after which an annotated tag's commit comes
/// as `refs/tags/NAME^{}`.
fn parse(listed: &str) -> Vec<RemoteTag> {
    let mut tags: Vec<RemoteTag> = Vec::new();
    let lines = listed.lines().filter_map(|line| line.split_once('\t'));
    for (object, name) in lines {
        let Some(name) = name.strip_prefix("refs/tags/") else {
            continue;
        };
        match (name.strip_suffix("^{}"), tags.last_mut()) {
            (Some(name), Some(tag)) if tag.name == name => object.clone_into(&mut tag.commit),
            (Some(_), _) => {}
            (None, _) => tags.push(RemoteTag {
                name: name.to_owned(),
                commit: object.to_owned(),
            }),
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotated_tags_stand_for_their_commits() {
        let listed = "aa\trefs/tags/v1\nbb\trefs/tags/v1^{}\ncc\trefs/tags/x/v2\ndd\trefs/tags/v9^{}\nee\trefs/heads/main\nff\n";
        let tags: Vec<_> = parse(listed)
            .into_iter()
            .map(|tag| (tag.name, tag.commit))
            .collect();
        let expected = [("v1", "bb"), ("x/v2", "cc")];
        assert_eq!(tags, expected.map(|(n, c)| (n.to_owned(), c.to_owned())));
    }
}
