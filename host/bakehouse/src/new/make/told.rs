//! Facts of an app beside its files: the licence, a summary, addresses.

use bakehouse_system::terminal::clean;
use bakehouse_upstream::release::About;

use crate::new::choose::expression;
use crate::new::wanted::Wanted;

/// Characters of a summary.
const SUMMARY: usize = 160;

/// The licence: what the command line says, the source, or the texts that were
/// found; none where none does.
pub(in crate::new) fn licence(wanted: &Wanted, about: &About, read: &[&str]) -> Option<String> {
    let said = wanted.license.clone();
    said.or_else(|| expression(about.license.as_deref(), read))
}

/// One line that says what it is; none where nothing does.
pub(in crate::new) fn summary(wanted: &Wanted, about: &About) -> Option<String> {
    let said = wanted.summary.as_deref().or(about.summary.as_deref());
    said.map(one_line).filter(|line| !line.is_empty())
}

fn one_line(text: &str) -> String {
    let line = clean(text);
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SUMMARY) {
        Some((end, _)) => {
            let cut = line[..end]
                .rsplit_once(' ')
                .map_or(&line[..end], |(cut, _)| cut);
            format!("{}...", cut.trim_end_matches([',', '.', ';', ':']))
        }
        None => line.trim_end_matches('.').to_owned(),
    }
}

/// Upstream's page.
pub(super) fn upstream(source: &str, about: &About) -> String {
    if let Some(home) = about
        .home
        .as_ref()
        .filter(|home| home.starts_with("https://"))
    {
        return home.clone();
    }
    let (kind, name) = source.split_once(':').unwrap_or(("", source));
    match kind {
        "github" | "github-tags" => format!("https://github.com/{name}"),
        "gitlab" | "gitlab-tags" | "gitea" | "gitea-tags" => format!("https://{name}"),
        "npm" => format!("https://www.npmjs.com/package/{name}"),
        "pypi" => format!("https://pypi.org/project/{name}/"),
        _ => name.trim_end_matches(".git").to_owned(),
    }
}

/// The folder of an address that all versions share.
pub(super) fn below(url: &str, versions: &[&str]) -> String {
    let host = url.find("://").map_or(0, |at| at + 3);
    let host = url[host..].find('/').map_or(url.len(), |at| host + at + 1);
    let first = versions
        .iter()
        .filter(|version| !version.is_empty())
        .filter_map(|version| url[host..].find(*version))
        .min();
    let end = first.map_or(url.len(), |at| host + at);
    let end = url[..end].rfind('/').map_or(end, |at| at + 1);
    url[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_versions_share() {
        let below = |url: &str| below(url, &["v1.2.3", "1.2.3"]);
        assert_eq!(
            below("https://dl.example/tool/v1.2.3/tool.tgz"),
            "https://dl.example/tool/"
        );
        assert_eq!(
            below("https://dl.example/tool-1.2.3.tgz"),
            "https://dl.example/"
        );
        assert_eq!(
            below("https://dl.example/a/tool.tgz"),
            "https://dl.example/a/"
        );
    }

    #[test]
    fn summaries_are_one_line() {
        assert_eq!(one_line("A fast\n  linter.\u{1b}[1m"), "A fast linter");
        let long = one_line(&"word ".repeat(100));
        assert!(long.len() < 170 && long.ends_with("word..."), "{long}");
    }
}
