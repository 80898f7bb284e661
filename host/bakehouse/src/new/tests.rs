//! Definitions of what was found, as the text that is written.

use bakehouse_core::platform::Platform;
use bakehouse_upstream::release::{About, Asset, Release};

use super::choose::releases;
use super::definition::Definition;
use super::look::{Found, Pick};
use super::make;
use super::wanted::{Kind, Wanted};
use super::write::app_text;
use crate::product::Product;
use crate::programs::Linked;

fn asset(name: &str) -> Asset {
    Asset {
        name: name.to_owned(),
        url: format!("https://up.example/{name}"),
        size: None,
        integrity: None,
        elsewhere: false,
    }
}

fn wanted(app: &str, from: &str) -> Wanted {
    Wanted {
        app: app.to_owned(),
        from: from.parse().unwrap(),
        kind: Kind::Binaries,
        platforms: Vec::new(),
        license: None,
        summary: None,
        tag: None,
        file: None,
        member: None,
        base: None,
        dockerfile: None,
        sdk: None,
    }
}

/// What was found: for each platform the source, the file, and the paths in it,
/// the program first.
fn found(from: &str, tag: &str, picks: &[(&str, &str, &str, &[&str])], among: &[&str]) -> Found {
    let release = Release {
        tag: tag.to_owned(),
        version: tag.trim_start_matches('v').to_owned(),
        prerelease: false,
        published: None,
        assets: among.iter().map(|name| asset(name)).collect(),
        extras: Vec::new(),
    };
    let pick = |(platform, source, name, files): &(&str, &str, &str, &[&str])| {
        let platform: Platform = platform.parse().unwrap();
        let among = match among.is_empty() {
            true => vec![(*name).to_owned()],
            false => among.iter().map(|name| (*name).to_owned()).collect(),
        };
        let paths = files.iter().map(|path| (*path).to_owned()).collect();
        Pick {
            source: (*source).to_owned(),
            asset: asset(name),
            among,
            member: files.first().map(|first| ((*first).to_owned(), paths)),
            linked: Linked::default(),
            platform,
        }
    };
    Found {
        source: from.to_owned(),
        release,
        tag: None,
        about: About {
            license: Some("MIT OR Apache-2.0".to_owned()),
            summary: Some("A toolchain for the web".to_owned()),
            ..About::default()
        },
        picks: picks.iter().map(pick).collect(),
        licences: Vec::new(),
        checksums: None,
        notes: Vec::new(),
    }
}

/// Packages of @biomejs/biome 2.3.8.
#[test]
fn an_npm_program_takes_at_most_fifteen_lines() {
    let (amd64, arm64) = (
        "npm:@biomejs/cli-linux-x64-musl",
        "npm:@biomejs/cli-linux-arm64-musl",
    );
    let files = &["package/biome", "package/package.json"][..];
    let found = found(
        "npm:@biomejs/biome",
        "2.3.8",
        &[
            ("linux/amd64", amd64, "cli-linux-x64-musl-2.3.8.tgz", files),
            (
                "linux/arm64",
                arm64,
                "cli-linux-arm64-musl-2.3.8.tgz",
                files,
            ),
        ],
        &[],
    );
    let made = make::binaries(&wanted("biome", "npm:@biomejs/biome"), &found);
    let text = app_text(&made.unwrap());
    assert!(text.lines().count() <= 15, "{text}");
    insta::assert_snapshot!(text, @r#"
    recipe = "bakehouse:binaries"

    [options]
    source = "npm:@biomejs/biome"
    license = "MIT OR Apache-2.0"
    summary = "A toolchain for the web"
    sources = { "linux/amd64" = "npm:@biomejs/cli-linux-x64-musl", "linux/arm64" = "npm:@biomejs/cli-linux-arm64-musl" }

    [grants]
    images = ["biome"]
    releases = ["npm:@biomejs/biome", "npm:@biomejs/cli-linux-x64-musl", "npm:@biomejs/cli-linux-arm64-musl"]
    "#);
}

/// Files of caddyserver/caddy v2.10.2; one platform more than usual.
#[test]
fn a_forges_program_is_named_by_pattern() {
    let names = releases::names(releases::CADDY);
    let files = &["caddy", "LICENSE", "README.md"][..];
    let source = "github:caddyserver/caddy";
    let picks = [
        (
            "linux/amd64",
            source,
            "caddy_2.10.2_linux_amd64.tar.gz",
            files,
        ),
        (
            "linux/arm64",
            source,
            "caddy_2.10.2_linux_arm64.tar.gz",
            files,
        ),
        (
            "linux/riscv64",
            source,
            "caddy_2.10.2_linux_riscv64.tar.gz",
            files,
        ),
    ];
    let mut found = found(source, "v2.10.2", &picks, &names);
    found.checksums = Some("caddy_{version}_checksums.txt".to_owned());
    let made = make::binaries(&wanted("caddy", source), &found).unwrap();
    insta::assert_snapshot!(app_text(&made), @r#"
    recipe = "bakehouse:binaries"

    [options]
    source = "github:caddyserver/caddy"
    license = "MIT OR Apache-2.0"
    summary = "A toolchain for the web"
    file = "caddy_{version}_linux_{arch}.tar.gz"
    platforms = ["linux/amd64", "linux/arm64", "linux/riscv64"]
    checksums = "caddy_{version}_checksums.txt"

    [grants]
    images = ["caddy"]
    releases = ["github:caddyserver/caddy"]
    "#);
    let other = make::binaries(&wanted("web", source), &found).unwrap();
    assert!(app_text(&other).contains("member = \"caddy\"\n"));
}

#[test]
fn no_licence_is_no_app() {
    let mut found = found(
        "npm:x",
        "1.0.0",
        &[("linux/amd64", "npm:x", "x.tgz", &["package/x"])],
        &[],
    );
    found.about.license = Some("SEE LICENSE IN LICENSE.md".to_owned());
    let made = make::binaries(&wanted("x", "npm:x"), &found);
    assert_eq!(
        made.unwrap_err().to_string(),
        "nothing says the licence of npm:x"
    );
}

/// Two packages of @biomejs/biome 2.3.8; the crate is one of this workspace's,
/// which is compiled, and whose images are built by tests.
#[test]
fn a_recipe_of_its_own_is_a_crate_that_compiles() {
    let files = &["package/biome", "package/package.json"][..];
    let (amd64, arm64) = (
        "npm:@biomejs/cli-linux-x64-musl",
        "npm:@biomejs/cli-linux-arm64-musl",
    );
    let picks = [
        ("linux/amd64", amd64, "cli-linux-x64-musl-2.3.8.tgz", files),
        (
            "linux/arm64",
            arm64,
            "cli-linux-arm64-musl-2.3.8.tgz",
            files,
        ),
    ];
    let found = found("npm:@biomejs/biome", "2.3.8", &picks, &[]);
    let mut wanted = wanted("biome", "npm:@biomejs/biome");
    let file = |made: &Definition, end: &str| {
        let found = made.files.iter().find(|(path, _)| path.ends_with(end));
        found.unwrap().1.clone()
    };
    let made = make::krate(&wanted, &found).unwrap();
    assert_eq!(made.recipe, "plugins/biome");
    let sdk = |made: &Definition| {
        let manifest: toml::Table = toml::from_str(&file(made, "Cargo.toml")).unwrap();
        manifest["dependencies"]["bakehouse-sdk"].to_string()
    };
    assert_eq!(sdk(&made), r#"{ path = "../sdk" }"#);
    let released: Product = "acme/bakehouse@v1.4.0".parse().unwrap();
    wanted.sdk = Some(released.sdk());
    assert_eq!(
        sdk(&make::krate(&wanted, &found).unwrap()),
        r#"{ git = "https://github.com/acme/bakehouse", tag = "v1.4.0" }"#
    );
    let example = include_str!("../../../../tests/recipes/biome/src/lib.rs");
    // But for what rustfmt does to long lines.
    let plain = |text: &str| -> String {
        let text: String = text.split_whitespace().collect();
        text.replace(",)", ")")
    };
    assert_eq!(plain(&file(&made, "src/lib.rs")), plain(example));
    let text = app_text(&made);
    assert!(!text.contains("[options]"), "{text}");

    wanted.summary = Some("Says \"hello\" \\ {name}".to_owned());
    let source = file(&make::krate(&wanted, &found).unwrap(), "src/lib.rs");
    assert!(syn::parse_file(&source).is_ok(), "{source}");
}
