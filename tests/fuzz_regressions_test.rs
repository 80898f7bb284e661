//! Inputs that fuzzing starts from, and that it found: none may do harm again.

use std::path::Path;

use bakehouse::fuzzing;

fn replay(target: &str, call: fn(&[u8])) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let mut count = 0;
    for folder in ["seeds", "regressions"] {
        let folder = root.join("fuzz").join(folder).join(target);
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            call(&std::fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
    }
    assert!(count > 0, "fuzz/seeds/{target} is empty");
}

#[test]
fn findings_are_harmless() {
    replay("config", fuzzing::config);
    replay("digest_file", fuzzing::digest_file);
    replay("index", fuzzing::index);
    replay("release_pages", fuzzing::release_pages);
    replay("dockerfile", fuzzing::dockerfile);
    replay("archive", fuzzing::archive);
}
