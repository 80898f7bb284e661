//! Facts of a project in its image's labels and annotations (image-spec v1.1,
//! "Annotations").

use std::collections::BTreeMap;

use url::Url;

/// Names of the source's address, best first; the last is label-schema.org's.
const SOURCE: &[&str] = &[
    "org.opencontainers.image.source",
    "org.label-schema.vcs-url",
];
/// Names of the commit.
const REVISION: &[&str] = &[
    "org.opencontainers.image.revision",
    "org.label-schema.vcs-ref",
];
/// Hosts on which a project's page is its repository.
const FORGES: &[&str] = &["github.com", "gitlab.com", "codeberg.org"];

/// The facts that are used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::new) struct Labels {
    /// The git repository's address.
    pub(in crate::new) repository: Option<String>,
    /// The commit.
    pub(in crate::new) revision: Option<String>,
    /// The licence, as it is written.
    pub(in crate::new) license: Option<String>,
    /// One line.
    pub(in crate::new) summary: Option<String>,
}

/// Reads several sets, of which the first that says something counts.
pub(in crate::new) fn labels(sets: &[&BTreeMap<String, String>]) -> Labels {
    let say = |name: &&str| {
        let said = sets.iter().filter_map(|set| set.get(*name));
        let mut said = said.map(|text| text.trim());
        said.find(|text| !text.is_empty())
    };
    let one = |name: &str| say(&name).map(str::to_owned);
    let pages = ["org.opencontainers.image.url"];
    let source = SOURCE.iter().filter_map(say).find_map(repository);
    let page = || pages.iter().filter_map(say).find_map(on_a_forge);
    Labels {
        repository: source.or_else(page),
        revision: REVISION.iter().filter_map(say).map(str::to_owned).next(),
        license: one("org.opencontainers.image.licenses"),
        summary: one("org.opencontainers.image.description"),
    }
}

/// A repository's address: over HTTPS where it is written for SSH, without what a
/// forge's pages have behind it.
fn repository(text: &str) -> Option<String> {
    let https = match text
        .strip_prefix("git@")
        .and_then(|rest| rest.split_once(':'))
    {
        Some((host, path)) => format!("https://{host}/{path}"),
        None => text.trim_start_matches("git+").to_owned(),
    };
    let https = match https.strip_prefix("git://") {
        Some(rest) => format!("https://{rest}"),
        None => https,
    };
    let mut url = Url::parse(&https).ok()?;
    if !matches!(url.scheme(), "https" | "http") || url.path().trim_matches('/').is_empty() {
        return None;
    }
    url.set_fragment(None);
    url.set_query(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let pages = ["/-/", "/tree/", "/blob/", "/commit/", "/src/"];
    let end = pages.iter().filter_map(|page| path.find(page)).min();
    let path = &path[..end.unwrap_or(path.len())];
    url.set_path(path.strip_suffix(".git").unwrap_or(path));
    Some(url.into())
}

/// The source that is meant by the address of a page: a repository, or a package.
pub(crate) fn source_of(text: &str) -> Option<String> {
    let with_scheme = match text.contains("://") || text.starts_with("git@") {
        true => text.to_owned(),
        false => format!("https://{text}"),
    };
    let found = repository(with_scheme.trim())?;
    let url = Url::parse(&found).ok()?;
    let path = url.path().trim_matches('/');
    let names = |count| -> Option<String> {
        let names: Vec<_> = path.splitn(count + 1, '/').take(count).collect();
        (names.len() == count).then(|| names.join("/"))
    };
    Some(match url.host_str()?.trim_start_matches("www.") {
        "github.com" => format!("github:{}", names(2)?),
        "gitlab.com" => format!("gitlab:gitlab.com/{path}"),
        "codeberg.org" => format!("gitea:codeberg.org/{}", names(2)?),
        "npmjs.com" => match path.strip_prefix("package/")? {
            scoped if scoped.starts_with('@') => {
                let name: Vec<_> = scoped.splitn(3, '/').take(2).collect();
                format!("npm:{}", name.join("/"))
            }
            name => format!("npm:{}", name.split('/').next()?),
        },
        "pypi.org" => format!("pypi:{}", path.strip_prefix("project/")?.split('/').next()?),
        // Not every server has it without its ending.
        host if host.contains('.') && path.contains('/') => match text.ends_with(".git") {
            true => format!("git:{found}.git"),
            false => format!("git:{found}"),
        },
        _ => return None,
    })
}

/// A page that is a repository: an owner and a name, on a forge that many use.
fn on_a_forge(text: &str) -> Option<String> {
    let found = repository(text)?;
    let url = Url::parse(&found).ok()?;
    let two = url.path().trim_matches('/').split('/').count() == 2;
    (two && FORGES.contains(&url.host_str()?)).then_some(found)
}

#[cfg(test)]
mod tests {
    use bakehouse_upstream::release::SourceId;

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Labels {
        let set = pairs
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        labels(&[&BTreeMap::new(), &set.collect()])
    }

    #[test]
    fn the_source_is_the_address_of_a_repository() {
        for (said, wanted) in [
            (
                "https://github.com/acme/app",
                Some("https://github.com/acme/app"),
            ),
            (
                "https://github.com/acme/app.git",
                Some("https://github.com/acme/app"),
            ),
            (
                "git@github.com:acme/app.git",
                Some("https://github.com/acme/app"),
            ),
            (
                "git://github.com/acme/app",
                Some("https://github.com/acme/app"),
            ),
            (
                "https://github.com/acme/app/tree/main/docker",
                Some("https://github.com/acme/app"),
            ),
            (
                "https://gitlab.example/a/b/app/-/tree/v1",
                Some("https://gitlab.example/a/b/app"),
            ),
            ("https://github.com/", None),
            ("file:///etc/passwd", None),
            ("acme/app", None),
            ("", None),
        ] {
            let found = of(&[("org.opencontainers.image.source", said)]).repository;
            assert_eq!(found.as_deref(), wanted, "{said}");
        }
    }

    #[test]
    fn an_address_leads_to_its_source() {
        for (address, source) in [
            ("https://github.com/acme/app", "github:acme/app"),
            ("github.com/acme/app", "github:acme/app"),
            ("http://www.github.com/acme/app/", "github:acme/app"),
            (
                "https://github.com/acme/app/releases/tag/v1.2.3",
                "github:acme/app",
            ),
            ("git@github.com:acme/app.git", "github:acme/app"),
            ("https://gitlab.com/a/b/app", "gitlab:gitlab.com/a/b/app"),
            (
                "https://gitlab.com/a/b/app/-/releases",
                "gitlab:gitlab.com/a/b/app",
            ),
            (
                "https://codeberg.org/acme/app/src/branch/main",
                "gitea:codeberg.org/acme/app",
            ),
            ("https://www.npmjs.com/package/esbuild", "npm:esbuild"),
            (
                "https://www.npmjs.com/package/@biomejs/biome/v/2.0.0",
                "npm:@biomejs/biome",
            ),
            ("https://pypi.org/project/ruff/", "pypi:ruff"),
            (
                "https://git.example/a/app.git",
                "git:https://git.example/a/app.git",
            ),
        ] {
            assert_eq!(source_of(address).as_deref(), Some(source), "{address}");
            assert!(source.parse::<SourceId>().is_ok(), "{source}");
        }
        for nothing in [
            "",
            "x",
            "svn:x",
            "pypi:",
            "github:foo",
            "https://github.com/acme",
            "https://pypi.org/",
            "a/b",
        ] {
            assert_eq!(source_of(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_page_counts_where_it_is_a_repository() {
        let page = |url| of(&[("org.opencontainers.image.url", url)]).repository;
        let there = "https://github.com/acme/app";
        assert_eq!(page(there).as_deref(), Some(there));
        assert_eq!(page("https://acme.example/app"), None);
        let both = of(&[
            ("org.opencontainers.image.url", there),
            ("org.label-schema.vcs-url", "https://git.example/acme/app"),
            ("org.label-schema.vcs-ref", "abc"),
            ("org.opencontainers.image.licenses", "MIT"),
            ("org.opencontainers.image.description", " "),
        ]);
        let wanted = Labels {
            repository: Some("https://git.example/acme/app".to_owned()),
            revision: Some("abc".to_owned()),
            license: Some("MIT".to_owned()),
            summary: None,
        };
        assert_eq!(both, wanted);
    }
}
