//! Requests to release sources: conditional, polite, with bounds, and with a token
//! only where it belongs.

use std::time::Duration;

use bakehouse_loopback::{Answer, Forge, Release, now};
use bakehouse_system::http::pages::ListLimits;
use bakehouse_upstream::release::{ApiLimits, ReleaseError};

use crate::reader::{Reader, is_slow, is_unavailable};

const SOURCE: &str = "github:acme/server";

fn forge(releases: u32) -> Forge {
    let forge = Forge::github();
    for minor in 0..releases {
        let date = format!("2025-01-01T{:02}:{:02}:00Z", minor / 60, minor % 60);
        let release = Release::new(&format!("v1.{minor}.0")).date(&date);
        forge.release("acme/server", release);
    }
    forge
}

fn plain(status: u16, headers: &[(&'static str, &str)]) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Answer::Plain(
        status,
        headers.collect(),
        "{\"message\": \"no\"}".to_owned(),
    )
}

#[test]
fn unchanged_pages_are_not_read_again() {
    let forge = forge(100);
    let cache = tempfile::tempdir().unwrap();
    let api = forge.api_url();
    let read = |variables: &[(&str, &str)]| {
        let variables = [&[("GITHUB_API_URL", api.as_str())], variables].concat();
        Reader::new(&variables, Some(cache.path())).versions(SOURCE, None)
    };
    assert_eq!(read(&[]).len(), 100);
    assert_eq!(
        forge.statuses(),
        [200, 200],
        "a full page may have a successor that no link names"
    );
    assert_eq!(read(&[]).len(), 100);
    assert_eq!(forge.statuses(), [304, 304]);
    read(&[("GITHUB_TOKEN", "secret")]);
    assert_eq!(
        forge.statuses(),
        [200, 200],
        "who asks may see other things"
    );

    // Goes to a second page that the first, unchanged, does not name.
    let older = Release::new("v0.9.0").date("2020-01-01T00:00:00Z");
    forge.release("acme/server", older);
    let all = read(&[]);
    assert_eq!(all.last().unwrap(), "0.9.0");
    assert_eq!(forge.statuses(), [304, 200]);
    forge.release(
        "acme/server",
        Release::new("v2.0.0").date("2026-01-01T00:00:00Z"),
    );
    assert_eq!(read(&[])[0], "2.0.0");
    assert_eq!(forge.statuses(), [200, 200]);

    for entry in std::fs::read_dir(cache.path()).unwrap() {
        std::fs::write(entry.unwrap().path(), "damaged").unwrap();
    }
    assert_eq!(read(&[]).len(), 102);
    assert_eq!(forge.statuses(), [200, 200]);
    assert_eq!(read(&[]).len(), 102);
    assert_eq!(forge.statuses(), [304, 304], "what was damaged is replaced");
}

#[test]
fn dates_do_where_there_are_no_entity_tags() {
    let forge = forge(2);
    forge.dated();
    let cache = tempfile::tempdir().unwrap();
    for status in [200, 304] {
        let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], Some(cache.path()));
        assert_eq!(reader.versions(SOURCE, None), ["1.1.0", "1.0.0"]);
        assert_eq!(forge.statuses(), [status]);
    }
}

#[test]
fn short_pauses_are_waited_for() {
    for answer in [
        plain(429, &[("retry-after", "1")]),
        plain(403, &[("retry-after", "1")]),
        plain(503, &[("retry-after", "0")]),
        plain(
            403,
            &[
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", &now().to_string()),
            ],
        ),
    ] {
        let forge = forge(1);
        let Answer::Plain(status, ..) = &answer else {
            panic!("{answer:?}");
        };
        let status = *status;
        forge.next(answer);
        let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], None);
        assert_eq!(reader.versions(SOURCE, None), ["1.0.0"]);
        assert_eq!(forge.statuses(), [status, 200]);
    }
}

#[test]
fn long_pauses_are_told_and_kept() {
    let spent = forge(1);
    spent.budget(0, 3000);
    let secondary = forge(1);
    secondary.next(plain(403, &[("retry-after", "3000")]));
    let unsaid = forge(1);
    unsaid.next(plain(429, &[]));
    for (forge, status) in [(spent, 403), (secondary, 403), (unsaid, 429)] {
        let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], None);
        for _ in 0..2 {
            let error = reader.list(SOURCE, None).unwrap_err();
            let limited = matches!(error, ReleaseError::RateLimited { .. });
            assert!(limited, "{error:?}");
            let text = error.to_string();
            assert!(
                text.contains("rate limited; try again after ")
                    && text.contains(" GMT; with GITHUB_TOKEN")
            );
        }
        assert_eq!(forge.statuses(), [status], "asked once, then left alone");
    }

    // The last request of the limit is used, and not one more.
    let forge = forge(3);
    forge.page_size(1);
    forge.budget(2, 3000);
    let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], None);
    let error = reader.list(SOURCE, None).unwrap_err();
    assert!(matches!(error, ReleaseError::RateLimited { .. }), "{error}");
    assert_eq!(forge.statuses(), [200, 200]);

    // An API that keeps asking for a moment is not asked for ever.
    let forge = self::forge(1);
    for _ in 0..9 {
        forge.next(plain(429, &[("retry-after", "0")]));
    }
    let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], None);
    let error = reader.list(SOURCE, None).unwrap_err();
    assert!(matches!(error, ReleaseError::RateLimited { .. }), "{error}");
    assert_eq!(forge.statuses(), [429; 4]);
}

#[test]
fn passing_faults_are_tried_again_and_lasting_ones_told() {
    let ask = |answers: Vec<Answer>| {
        let forge = forge(30);
        for answer in answers {
            forge.next(answer);
        }
        let reader = Reader::new(&[("GITHUB_API_URL", &forge.api_url())], None);
        let found = reader.list(SOURCE, None).map(|all| all.len());
        (found, forge.statuses().len())
    };
    for passing in [
        vec![plain(502, &[]), plain(500, &[])],
        vec![Answer::Broken, Answer::Cut],
        vec![plain(408, &[])],
    ] {
        let requests = passing.len() + 1;
        let (found, asked) = ask(passing);
        assert_eq!((found.unwrap(), asked), (30, requests));
    }
    for (lasting, requests, expected) in [
        (vec![plain(502, &[]); 3], 3, "answered 502 Bad Gateway (no)"),
        (
            vec![Answer::Cut; 3],
            3,
            "not the JSON that the API documents",
        ),
        (vec![Answer::Huge(40 << 20)], 1, "over 33554432 bytes"),
        (
            vec![plain(401, &[])],
            1,
            "401 Unauthorized (no); set GITHUB_TOKEN",
        ),
        (
            vec![plain(403, &[])],
            1,
            "403 Forbidden (no); set GITHUB_TOKEN",
        ),
        (vec![plain(422, &[])], 1, "answered 422"),
        (
            vec![plain(304, &[])],
            1,
            "304 to a request without a condition",
        ),
    ] {
        let (found, asked) = ask(lasting);
        let error = found.unwrap_err();
        assert!(is_unavailable(&error), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(asked, requests, "{expected}");
    }
}

#[test]
fn nothing_hangs() {
    let nobody = Reader::new(&[("GITHUB_API_URL", "http://127.0.0.1:9")], None);
    let error = nobody.list(SOURCE, None).unwrap_err();
    assert!(is_unavailable(&error), "{error:?}");

    let limits = ApiLimits {
        idle: Duration::from_millis(300),
        exchange: Duration::from_millis(900),
        ..ApiLimits::default()
    };
    for (answer, expected) in [
        (Answer::Silent, "no answer for"),
        (Answer::Endless, "took longer than"),
    ] {
        let forge = forge(1);
        for _ in 0..3 {
            forge.next(answer.clone());
        }
        let variables = [("GITHUB_API_URL", forge.api_url())];
        let variables = variables
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let reader = Reader::with_limits(&variables, None, limits);
        let error = reader.list(SOURCE, None).unwrap_err();
        assert!(is_slow(&error), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(forge.requests().len(), 3);
        assert_eq!(
            reader.versions(SOURCE, None),
            ["1.0.0"],
            "nothing is left behind"
        );
    }
}

#[test]
fn redirects_stay_on_the_host() {
    let forge = forge(3);
    forge.page_size(2);
    forge.rename("acme/server", "acme/renamed");
    let api = forge.api_url();
    let variables = [("GITHUB_API_URL", api.as_str()), ("GITHUB_TOKEN", "secret")];
    let reader = Reader::new(&variables, None);
    assert_eq!(reader.versions(SOURCE, None).len(), 3);
    assert_eq!(forge.statuses(), [301, 200, 200]);

    let other = self::forge(1);
    let elsewhere = format!("{}/repos/acme/server/releases", other.api_url());
    let link = format!("<{elsewhere}>; rel=\"next\"");
    let here = format!("{api}/repos/acme/server/releases");
    for (answers, requests, expected) in [
        (
            vec![plain(301, &[("location", &elsewhere)])],
            1,
            "redirects to another host",
        ),
        (
            vec![plain(307, &[])],
            1,
            "redirects without saying where to",
        ),
        (
            vec![plain(302, &[("location", &here)]); 6],
            6,
            "more than 5 redirects",
        ),
        (
            vec![Answer::Plain(
                200,
                vec![(
                    "link",
                    link.replace("127.0.0.1", "127.0.0.2")
                        .replace("/repos/", "/other/"),
                )],
                "[]".to_owned(),
            )],
            1,
            "next page is elsewhere, on http://127.0.0.2",
        ),
        (
            vec![Answer::Plain(
                200,
                vec![("link", format!("<{here}?per_page=100>; rel=next"))],
                "[]".to_owned(),
            )],
            1,
            "leads to one that was read before",
        ),
    ] {
        for answer in answers {
            forge.next(answer);
        }
        let error = Reader::new(&variables, None)
            .list(SOURCE, None)
            .unwrap_err();
        assert!(is_unavailable(&error), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(forge.requests().len(), requests, "{expected}");
    }
    assert!(other.statuses().is_empty(), "nothing followed there");
}

#[test]
fn a_token_goes_to_its_own_host_only() {
    let forges = [Forge::github(), Forge::gitlab(), Forge::gitea()];
    for forge in &forges {
        forge.release("acme/server", Release::new("v1.0.0"));
    }
    let [github, gitlab, gitea] = &forges;
    let sources = [
        SOURCE.to_owned(),
        format!("gitlab:{}/acme/server", gitlab.host()),
        format!("gitea:{}/acme/server", gitea.host()),
    ];
    let seen = |variables: &[(&str, &str)]| {
        let api = github.api_url();
        let variables = [&[("GITHUB_API_URL", api.as_str())], variables].concat();
        let reader = Reader::new(&variables, None);
        for source in &sources {
            assert_eq!(reader.versions(source, None), ["1.0.0"]);
        }
        let first = |forge: &Forge| forge.requests().remove(0).authorization;
        forges.each_ref().map(first)
    };
    let tokens = [
        ("GITHUB_TOKEN", "one"),
        ("GITLAB_TOKEN", "two"),
        ("GITEA_TOKEN", "three"),
    ];
    let one = Some("Bearer one".to_owned());
    assert_eq!(seen(&tokens), [one.clone(), None, None]);
    let (gitlab, gitea) = (gitlab.host(), gitea.host());
    let hosts = [("GITLAB_HOST", gitlab.as_str()), ("GITEA_HOST", &gitea)];
    let all = [
        one,
        Some("Bearer two".to_owned()),
        Some("token three".to_owned()),
    ];
    assert_eq!(seen(&[&tokens[..], &hosts[..]].concat()), all);
    assert_eq!(seen(&[]), [None, None, None]);
}

#[test]
fn a_list_is_bounded_as_a_whole() {
    let forge = forge(250);
    let api = forge.api_url();
    let default = ApiLimits::default();
    let limits = |list: ListLimits, kept: usize| ApiLimits {
        list,
        kept,
        ..default
    };
    let (list, kept) = (default.list, default.kept);
    for (limits, why) in [
        (limits(ListLimits { pages: 2, ..list }, kept), "2 pages"),
        (
            limits(
                ListLimits {
                    entries: 150,
                    ..list
                },
                kept,
            ),
            "150 entries",
        ),
        (
            limits(
                ListLimits {
                    bytes: 1000,
                    ..list
                },
                kept,
            ),
            "1000 bytes",
        ),
        (limits(list, 2000), "2000 bytes"),
        (
            limits(
                ListLimits {
                    time: Duration::ZERO,
                    ..list
                },
                kept,
            ),
            "longer than 0 s",
        ),
    ] {
        let reader = Reader::with_limits(&[("GITHUB_API_URL", &api)], None, limits);
        let error = reader.list(SOURCE, None).unwrap_err().to_string();
        assert!(
            error.contains("list") && error.contains(why),
            "{why}: {error}"
        );
    }
    let reader = Reader::new(&[("GITHUB_API_URL", &api)], None);
    assert_eq!(reader.versions(SOURCE, None).len(), 250);
}
