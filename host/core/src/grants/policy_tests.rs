use super::testing::policy;
use super::*;

const GRANTS: &str = "\
releases = [\"npm:a\", \"npm:b\"]
downloads = [\"https://h.example/a/\"]
images = [\"a\"]
bases = [\"golang\", \"r.example/x:1\"]
network = true
";

fn all() -> Vec<(Kind, &'static str)> {
    Kind::ALL.into_iter().map(|kind| (kind, "*")).collect()
}

fn refused(policy: &Policy, kind: Kind, asked: &str) -> String {
    match policy.check(kind, asked) {
        Err(Denied(text)) => text,
        other => panic!("{kind:?} {asked}: {other:?}"),
    }
}

#[test]
fn nothing_is_granted_by_default() {
    let none = Policy::default();
    for kind in Kind::ALL {
        // Platforms are the operator's list, and then the recipe's.
        refused(&none, kind, "default");
        assert!(none.effective(kind).is_empty(), "{kind:?}");
    }
}

#[test]
fn all_three_must_name_it() {
    let granted = policy(GRANTS, "", &all());
    granted.check(Kind::Releases, "npm:a").unwrap();
    granted.network().unwrap();
    let undeclared = policy(GRANTS, "", &[(Kind::Releases, "npm:b")]);
    undeclared.check(Kind::Releases, "npm:b").unwrap();
    let narrower = policy(GRANTS, "releases = [\"npm:b\"]\nnetwork = false", &all());
    narrower.check(Kind::Releases, "npm:b").unwrap();
    narrower.check(Kind::Images, "a").unwrap();
    let lines = [
        refused(&granted, Kind::Releases, "npm:c"),
        refused(&policy("", "", &[]), Kind::Network, "default"),
        refused(&granted, Kind::Downloads, "https://h.example/b/c.tgz?d"),
        refused(&granted, Kind::Bases, "debian:12"),
        refused(&undeclared, Kind::Releases, "npm:a"),
        refused(&undeclared, Kind::Network, "default"),
        refused(&narrower, Kind::Releases, "npm:a"),
        refused(&narrower, Kind::Network, "default"),
        refused(&granted, Kind::Secrets, "TOKEN"),
    ];
    insta::assert_snapshot!(lines.join("\n"), @r#"
    x has no grant for npm:c; add "npm:c" to `releases` under [grants] in apps/x/app.toml:4
    RUN steps of x have no network; add `network = true` under [grants] in apps/x/app.toml:3; its recipe does not declare it, either
    x has no grant for https://h.example/b/c.tgz?d; add "https://h.example/b/" to `downloads` under [grants] in apps/x/app.toml:5
    x has no grant for debian:12; add "docker.io/library/debian" to `bases` under [grants] in apps/x/app.toml:7
    x is granted npm:a, which its recipe does not declare; add `.wants(Grant::Releases, "npm:a", "...")` to its describe()
    x is granted default, which its recipe does not declare; add `.wants_network("...")` to its describe()
    x is granted npm:a, which this project does not allow; add "npm:a" to `releases` under [allow] in bakehouse.toml:2
    x is granted default, which this project does not allow; add `network = true` under [allow] in bakehouse.toml:3
    x has no grant for TOKEN; add "TOKEN" to `secrets` under [grants] in apps/x/app.toml:3
    "#);
}

#[test]
fn effective_entries_are_the_narrowest() {
    let bases = |grants: &str, allow: &str, want: &str| {
        policy(grants, allow, &[(Kind::Bases, want)]).effective(Kind::Bases)
    };
    let grants = "bases = [\"docker.io/library/*\", \"r.example/x\"]";
    assert_eq!(
        bases(grants, "", "*"),
        ["docker.io/library/*", "r.example/x"]
    );
    assert_eq!(bases(grants, "", "golang:1"), ["golang:1"]);
    assert_eq!(
        bases(grants, "bases = [\"r.example/*\"]", "*"),
        ["r.example/x"]
    );
    assert_eq!(
        bases(grants, "bases = [\"r.example/*\"]", "golang"),
        [""; 0]
    );
    assert_eq!(bases(grants, "bases = []", "*"), [""; 0]);
}

/// The effective entries cover exactly that which `check` grants.
#[test]
fn effective_entries_decide_as_check_does() {
    let entries = [
        "r.example/*",
        "r.example/a",
        "r.example/a:1",
        "r.example/b",
        "golang",
        "library/*",
    ];
    let asked = [
        "r.example/a",
        "r.example/a:1",
        "r.example/b:2",
        "golang:1",
        "debian",
        "r.example/c/d",
    ];
    let mut random = fastrand::Rng::with_seed(5);
    let mut granted = 0;
    for _ in 0..2000 {
        let some: Vec<Vec<&str>> = (0..3).map(|_| random.choose_multiple(entries, 2)).collect();
        let list = |names: &[&str]| format!("bases = {names:?}");
        let wants: Vec<_> = some[2].iter().map(|want| (Kind::Bases, *want)).collect();
        let policy = policy(&list(&some[0]), &list(&some[1]), &wants);
        let effective = policy.effective(Kind::Bases);
        for asked in asked {
            let covered = effective
                .iter()
                .any(|entry| Kind::Bases.covers(entry, asked));
            assert_eq!(
                policy.check(Kind::Bases, asked).is_ok(),
                covered,
                "{some:?} {asked}"
            );
            granted += usize::from(covered);
        }
    }
    assert!(granted > 100, "{granted}");
}

#[test]
fn lists_what_is_asked_and_what_is_missing() {
    let policy = policy(
        GRANTS,
        "network = false",
        &[
            (Kind::Images, "a"),
            (Kind::Releases, "npm:c"),
            (Kind::Bases, "*"),
            (Kind::Network, "default"),
            (Kind::Secrets, "*"),
        ],
    );
    let missing: Vec<_> = policy.asked().iter().map(|asked| asked.missing).collect();
    assert_eq!(
        missing,
        [
            None,
            Some(Missing::Grant),
            None,
            Some(Missing::Allowance),
            Some(Missing::Grant)
        ]
    );
    assert_eq!(policy.asked()[2].granted, ["golang", "r.example/x:1"]);
    let unused: Vec<_> = policy
        .unused()
        .into_iter()
        .map(|(_, entry)| entry)
        .collect();
    assert_eq!(unused, ["npm:a", "npm:b", "https://h.example/a/"]);
}
