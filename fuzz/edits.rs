//! Every edit of the SDK on one Dockerfile; tests replay findings with it.

use bakehouse_sdk::dockerfile::Editor;

/// Every edit on one Dockerfile; what an edit leaves can be read again.
pub fn edits(text: &str) {
    let Ok(editor) = Editor::parse("Dockerfile", text) else {
        return;
    };
    assert_eq!(editor.text(), text.strip_prefix('\u{feff}').unwrap_or(text));
    let stages = editor.stages().unwrap_or_default();
    let edits: [&dyn Fn(&mut Editor) -> bool; 6] = [
        &|e| e.set_arg("A", "a b\\\"$x").is_ok(),
        &|e| e.insert_before_stages(&["ARG NEW=1"]).is_ok(),
        &|e| e.append(&["USER 1:1"]).is_ok(),
        &|e| e.add_mount(&["a"], "type=cache,target=/x").is_ok(),
        &|e| e.insert_before_run(&["a"], &["ENV A=1"]).is_ok(),
        &|e| {
            stages
                .iter()
                .any(|s| e.replace_base(&s.base, "scratch").is_ok())
        },
    ];
    for edit in edits {
        let mut edited = editor.clone();
        if edit(&mut edited) {
            let again = Editor::parse("Dockerfile", edited.text());
            assert!(again.is_ok(), "{:?}", edited.text());
        }
    }
    for stage in &stages {
        if let Some(name) = &stage.name {
            let mut edited = editor.clone();
            if edited.pin_to_build_platform(name).is_ok() {
                assert!(edited.stages().is_ok(), "{:?}", edited.text());
            }
        }
    }
    let _ = (
        editor.pins(&bakehouse_sdk::platform("linux/arm64")),
        editor.has_arg("A"),
        editor.has_command(&["a", "b"]),
    );
}
