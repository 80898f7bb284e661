//! Licences, recognised by their texts (SPDX License List).

use super::spdx::canonical;

/// Sentences that only one licence has, each in the form of [`flat`]. What is
/// part of another comes behind it.
const TEXTS: &[(&str, &[&str])] = &[
    (
        "Apache-2.0",
        &["apache license", "version 2.0, january 2004"],
    ),
    (
        "AGPL-3.0-only",
        &[
            "gnu affero general public license",
            "version 3, 19 november 2007",
        ],
    ),
    (
        "LGPL-3.0-only",
        &[
            "gnu lesser general public license",
            "version 3, 29 june 2007",
        ],
    ),
    (
        "LGPL-2.1-only",
        &[
            "gnu lesser general public license",
            "version 2.1, february 1999",
        ],
    ),
    (
        "GPL-3.0-only",
        &["gnu general public license", "version 3, 29 june 2007"],
    ),
    (
        "GPL-2.0-only",
        &["gnu general public license", "version 2, june 1991"],
    ),
    ("MPL-2.0", &["mozilla public license", "version 2.0"]),
    ("EPL-2.0", &["eclipse public license", "2.0"]),
    ("EUPL-1.2", &["european union public licence", "1.2"]),
    ("BUSL-1.1", &["business source license 1.1"]),
    ("BSL-1.0", &["boost software license", "version 1.0"]),
    ("CC0-1.0", &["cc0 1.0 universal"]),
    (
        "Unlicense",
        &["this is free and unencumbered software released into the public domain"],
    ),
    (
        "BSD-3-Clause",
        &[
            "redistribution and use in source and binary forms",
            "endorse or promote products",
        ],
    ),
    (
        "BSD-2-Clause",
        &[
            "redistribution and use in source and binary forms",
            "redistributions in binary form must reproduce",
        ],
    ),
    (
        "ISC",
        &[
            "permission to use, copy, modify, and/or distribute this software for any purpose",
            "provided that the above copyright notice",
        ],
    ),
    (
        "ISC",
        &[
            "permission to use, copy, modify, and distribute this software for any purpose",
            "provided that the above copyright notice",
        ],
    ),
    (
        "0BSD",
        &["permission to use, copy, modify, and/or distribute this software for any purpose"],
    ),
    (
        "MIT",
        &[
            "permission is hereby granted, free of charge, to any person obtaining a copy",
            "the above copyright notice and this permission notice",
        ],
    ),
    (
        "MIT-0",
        &["permission is hereby granted, free of charge, to any person obtaining a copy"],
    ),
    (
        "Zlib",
        &[
            "this software is provided 'as-is'",
            "altered source versions must be plainly marked",
        ],
    ),
];
/// Bytes of a licence's text that are looked at.
const LONGEST: usize = 64 << 10;

/// The licence of this text.
pub(in crate::new) fn recognise(text: &str) -> Option<&'static str> {
    let text = flat(text);
    let has = |sentences: &[&str]| sentences.iter().all(|sentence| text.contains(sentence));
    let found = TEXTS.iter().find(|(_, sentences)| has(sentences));
    found.map(|(id, _)| *id)
}

/// True of a file that is a licence by its path in an archive, and not one of a
/// part.
pub(in crate::new) fn is_licence_file(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = name.to_ascii_lowercase();
    let named = ["license", "licence", "copying", "unlicense"];
    // Wheels have a folder for them (PEP 639).
    let whole = !folder.contains('/') || folder.ends_with(".dist-info/licenses");
    whole && named.iter().any(|word| name.starts_with(word))
}

/// One expression of what a source says, or of the licences that were recognised:
/// several files are a choice (`LICENSE-MIT`, `LICENSE-APACHE`). What says that
/// there is none is none.
pub(in crate::new) fn expression(said: Option<&str>, recognised: &[&str]) -> Option<String> {
    if let Some(said) = said.and_then(canonical) {
        return Some(said);
    }
    let mut ids: Vec<&str> = recognised.to_vec();
    // In the order that crates write it.
    ids.sort_by_key(|id| (*id != "MIT", *id));
    ids.dedup();
    match ids.as_slice() {
        [] => None,
        ids => Some(ids.join(" OR ")),
    }
}

/// Words with one space between them, in small letters.
fn flat(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST);
    let words = text[..end].split(|c: char| c.is_whitespace() || c == '*' || c == '#');
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").to_lowercase().replace('\u{201c}', "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_licences_are_recognised() {
        // This project's own licence, whole.
        let apache = include_str!("../../../../../LICENSE");
        assert_eq!(recognise(apache), Some("Apache-2.0"));
        let mit = "MIT License\n\nCopyright (c) 2023 Biome\n\nPermission is hereby granted, free \
                   of charge, to any person obtaining a copy\nof this software ... The above \
                   copyright notice and this permission notice shall be included in all";
        assert_eq!(recognise(mit), Some("MIT"));
        let gpl = "                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007\n";
        assert_eq!(recognise(gpl), Some("GPL-3.0-only"));
        for other in [
            "",
            "All rights reserved.",
            "Permission is granted to nobody",
        ] {
            assert_eq!(recognise(other), None);
        }
    }

    #[test]
    fn what_is_said_comes_before_what_is_read() {
        let found = |said: &str, read: &[&str]| expression(Some(said), read);
        assert_eq!(
            found("MIT OR Apache-2.0", &["MIT"]).as_deref(),
            Some("MIT OR Apache-2.0")
        );
        assert_eq!(found("apache-2.0", &[]).as_deref(), Some("Apache-2.0"));
        assert_eq!(found("gpl-3.0", &[]).as_deref(), Some("GPL-3.0-only"));
        let both = found("SEE LICENSE IN LICENSE.md", &["Apache-2.0", "MIT"]);
        assert_eq!(both.as_deref(), Some("MIT OR Apache-2.0"));
        for none in ["UNLICENSED", "", "a\nb", "\"x\"", "Other"] {
            assert_eq!(found(none, &[]), None);
        }
        // What is only said half is read in the texts.
        assert_eq!(
            found("BSD", &["BSD-3-Clause"]).as_deref(),
            Some("BSD-3-Clause")
        );
    }

    #[test]
    fn licences_of_parts_do_not_count() {
        for path in [
            "LICENSE",
            "helm/LICENSE.txt",
            "x/LICENSE-MIT",
            "COPYING",
            "a/licence",
            "ruff-0.14.6.dist-info/licenses/LICENSE",
        ] {
            assert!(is_licence_file(path), "{path}");
        }
        for path in [
            "a/b/LICENSE",
            "a/licenses/LICENSE",
            "src/main.rs",
            "vendor/x/COPYING",
        ] {
            assert!(!is_licence_file(path), "{path}");
        }
    }
}
