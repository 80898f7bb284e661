//! The image to start from, by what the programs are linked with.

use bakehouse_core::platform::Platform;

use crate::programs::Linked;

/// Libraries that are in distroless' `base`: glibc's own.
const GLIBC: &[&str] = &[
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libanl.so.1",
];
/// What `cc` has beside them.
const CC: &[&str] = &[
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libgomp.so.1",
    "libatomic.so.1",
];

const BASE: &str = "gcr.io/distroless/base-debian12:nonroot";
const WITH_CC: &str = "gcr.io/distroless/cc-debian12:nonroot";
const DEBIAN: &str = "docker.io/library/debian:stable-slim";
const ALPINE: &str = "docker.io/library/alpine:3";

/// An image to start from, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::new) struct Base {
    /// The reference; none is `scratch`, where no program needs more.
    pub(in crate::new) reference: Option<String>,
    /// Why, as a sentence; none for `scratch`.
    pub(in crate::new) why: Option<String>,
    /// It is known to lack something, which is to be added.
    pub(in crate::new) lacks: Option<String>,
}

/// Whether the image that a program would start in has all that it needs: else
/// another file for its platform is better.
pub(in crate::new) fn lacks_none(linked: &Linked) -> bool {
    let native = Platform::native();
    base(&[(native, linked)]).lacks.is_none()
}

/// The smallest image that all of the programs start in.
pub(in crate::new) fn base(programs: &[(Platform, &Linked)]) -> Base {
    let dynamic: Vec<_> = programs
        .iter()
        .filter_map(|(platform, linked)| Some((platform, linked, linked.interpreter.as_ref()?)))
        .collect();
    let Some((platform, first, interpreter)) = dynamic.first() else {
        return Base {
            reference: None,
            why: None,
            lacks: None,
        };
    };
    let musl = |interpreter: &str| interpreter.contains("/ld-musl-");
    let libraries = || dynamic.iter().flat_map(|(_, linked, _)| &linked.libraries);
    let mixed = dynamic
        .iter()
        .any(|(.., other)| musl(other) != musl(interpreter));
    let known = |name: &String| {
        // A loader is among the libraries of some programs.
        GLIBC.contains(&name.as_str()) || name.starts_with("ld-") || name.starts_with("ld64.")
    };
    // Alpine's image has musl's own library alone.
    let own = |name: &String| match musl(interpreter) {
        true => name == "libc.so" || name.starts_with("libc.musl") || name.starts_with("ld-musl"),
        false => known(name) || CC.contains(&name.as_str()),
    };
    let more: Vec<&str> = libraries()
        .filter(|name| !own(name))
        .map(String::as_str)
        .collect();
    let reference = match () {
        () if musl(interpreter) => ALPINE,
        () if !more.is_empty() => DEBIAN,
        () if libraries().any(|name| CC.contains(&name.as_str())) => WITH_CC,
        () => BASE,
    };
    let lacks = match (mixed, more.first()) {
        (true, _) => Some("programs for some platforms need glibc, and for others musl".to_owned()),
        (false, Some(library)) => Some(format!("{library} may be missing in it")),
        (false, None) => None,
    };
    Base {
        reference: Some(reference.to_owned()),
        why: Some(format!(
            "the program for {platform} is not static: it needs {interpreter} and {}",
            match first.libraries.as_slice() {
                [] => "no libraries".to_owned(),
                all => all.join(", "),
            }
        )),
        lacks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(interpreter: &str, libraries: &[&str]) -> Linked {
        Linked {
            architecture: "amd64",
            interpreter: Some(interpreter.to_owned()),
            libraries: libraries.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    fn chosen(programs: &[Linked]) -> Base {
        let platform: Platform = "linux/amd64".parse().unwrap();
        let programs: Vec<_> = programs
            .iter()
            .map(|linked| (platform.clone(), linked))
            .collect();
        base(&programs)
    }

    #[test]
    fn the_smallest_that_starts_all_programs() {
        let glibc = "/lib64/ld-linux-x86-64.so.2";
        let reference = |programs: &[Linked]| chosen(programs).reference;
        assert_eq!(reference(&[Linked::default()]), None);
        let simple = linked(glibc, &["libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"]);
        assert_eq!(
            reference(&[Linked::default(), simple.clone()]).as_deref(),
            Some(BASE)
        );
        let rust = linked(glibc, &["libgcc_s.so.1", "libc.so.6"]);
        assert_eq!(reference(&[simple, rust.clone()]).as_deref(), Some(WITH_CC));
        let ssl = chosen(&[linked(glibc, &["libssl.so.3", "libc.so.6"])]);
        assert_eq!(ssl.reference.as_deref(), Some(DEBIAN));
        assert!(ssl.lacks.unwrap().contains("libssl.so.3"));
        let musl = linked("/lib/ld-musl-x86_64.so.1", &["libc.musl-x86_64.so.1"]);
        let alone = chosen(std::slice::from_ref(&musl));
        assert_eq!(
            (alone.reference.as_deref(), alone.lacks),
            (Some(ALPINE), None)
        );
        assert!(lacks_none(&Linked::default()) && lacks_none(&linked(glibc, &["libgcc_s.so.1"])));
        assert!(!lacks_none(&linked(glibc, &["libssl.so.3"])));
        let lightning = linked("/lib/ld-musl-x86_64.so.1", &["libgcc_s.so.1", "libc.so"]);
        let lacks = chosen(&[lightning]).lacks.unwrap();
        assert_eq!(lacks, "libgcc_s.so.1 may be missing in it");
        assert!(chosen(&[musl, rust]).lacks.unwrap().contains("glibc"));
    }
}
