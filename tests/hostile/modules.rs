//! Wasm that no compiler makes: every module fails before its app is known.

use bakehouse_components::component;

use super::run::{Case, project, run};
use crate::support::{Builder, Project};

/// A module: its name, memory in pages of 64 KiB, more definitions, the body of
/// `describe`, and words of the refusal.
struct Module {
    name: &'static str,
    pages: u32,
    more: String,
    describe: String,
    says: &'static [&'static str],
}

impl Module {
    fn new(name: &'static str, says: &'static [&'static str]) -> Self {
        Self {
            name,
            pages: 1,
            more: String::new(),
            describe: "unreachable".to_owned(),
            says,
        }
    }

    fn pages(mut self, pages: u32) -> Self {
        self.pages = pages;
        self
    }

    fn more(mut self, text: &str) -> Self {
        self.more.push_str(text);
        self
    }

    fn describe(mut self, body: &str) -> Self {
        body.clone_into(&mut self.describe);
        self
    }

    /// `describe` answers with this record, as the canonical ABI lays it out:
    /// address and length of each text and list.
    fn answer(self, texts: [(u32, u32); 8]) -> Self {
        let words = texts.into_iter().flat_map(|(at, length)| [at, length]);
        let data = words
            .flat_map(u32::to_le_bytes)
            .map(|byte| format!("\\{byte:02x}"));
        let data: String = data.collect();
        let name = self.name;
        self.more(&format!(
            "(data (i32.const 1024) \"{data}\") (data (i32.const 2048) \"{name}\")"
        ))
        .describe("i32.const 1024")
    }

    /// The component.
    fn component(&self) -> Vec<u8> {
        let interface = "bakehouse:recipe/recipe@0.1.0#";
        component(&format!(
            "(module
               (memory (export \"memory\") {pages})
               {more}
               (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) i32.const 8)
               (func (export \"{interface}describe\") (result i32) {describe})
               (func (export \"{interface}versions\") (param i32) (result i32) unreachable)
               (func (export \"{interface}matrix\") (param {version}) (result i32) unreachable)
               (func (export \"{interface}prepare\") (param i32) (result i32) unreachable))",
            pages = self.pages,
            more = self.more,
            describe = self.describe,
            version = "i32 ".repeat(14),
        ))
    }

    fn install(&self, project: &Project) {
        let folder = format!("apps/{}", self.name);
        project.write(&format!("{folder}/recipe.wasm"), self.component());
        let images = format!(
            "recipe = \"recipe.wasm\"\n[grants]\nimages = [\"{}\"]\n",
            self.name
        );
        project.write(&format!("{folder}/app.toml"), images);
    }
}

const NOTHING: (u32, u32) = (0, 0);

/// A record with this name and these lists of images and wants.
fn record(name: (u32, u32), images: (u32, u32), wants: (u32, u32)) -> [(u32, u32); 8] {
    let empty = NOTHING;
    [name, empty, empty, empty, empty, images, wants, empty]
}

fn modules() -> Vec<Module> {
    let spin = "(loop $again (br $again))";
    let spin_post = format!(
        "(func (export \"cabi_post_bakehouse:recipe/recipe@0.1.0#describe\") (param i32) {spin})"
    );
    // A thousand entries that all show the same MiB.
    let amplify = "(local $at i32) (local.set $at (i32.const 65536))
        (loop $again
          (i32.store offset=8 (local.get $at) (i32.const 1048576))
          (local.set $at (i32.add (local.get $at) (i32.const 20)))
          (br_if $again (i32.lt_u (local.get $at) (i32.const 85536))))
        i32.const 1024";
    vec![
        Module::new("spin-start", &["computed for more than 2 s"])
            .more(&format!("(func $start {spin}) (start $start)")),
        Module::new("trap-start", &["crashed in start"])
            .more("(func $start unreachable) (start $start)"),
        Module::new("spin-describe", &["computed for more than 2 s"])
            .describe(&format!("{spin} unreachable")),
        Module::new("spin-return", &["computed for more than 2 s"])
            .more(&spin_post)
            .answer(record((2048, 11), NOTHING, NOTHING)),
        Module::new("trap-describe", &["crashed in describe"]),
        Module::new("memory-first", &["wanted more than 256 MiB"]).pages(5000),
        Module::new("memory-both", &["wanted more than 256 MiB"])
            .pages(3000)
            .more("(memory 3000)"),
        Module::new("memory-grows", &["wanted more than 256 MiB"]).describe(
            "(loop $again (drop (memory.grow (i32.const 100))) (br $again)) unreachable",
        ),
        Module::new("table-first", &["wanted tables"]).more("(table 200000 funcref)"),
        Module::new("table-grows", &["wanted tables"])
            .more("(table $t 1 funcref)")
            .describe(
                "(loop $again (drop (table.grow $t (ref.null func) (i32.const 5000))) (br $again)) unreachable",
            ),
        Module::new("recursion", &["stack"])
            .more("(func $deep (call $deep))")
            .describe("(call $deep) unreachable"),
        Module::new("division", &["crashed in describe"])
            .describe("(i32.div_u (i32.const 1) (i32.const 0))"),
        Module::new("answer-outside", &["crashed in describe"]).describe("i32.const -64"),
        Module::new("answer-crooked", &["crashed in describe"]).describe("i32.const 1025"),
        Module::new("text-outside", &["crashed in describe"])
            .answer(record((0xffff_0000, 100), NOTHING, NOTHING)),
        Module::new("text-wraps", &["crashed in describe"])
            .answer(record((0xffff_fff0, 0xffff_fff0), NOTHING, NOTHING)),
        Module::new("text-huge", &["crashed in describe"])
            .pages(2000)
            .answer(record((0, 100 << 20), NOTHING, NOTHING)),
        Module::new("text-latin", &["crashed in describe"])
            .more("(data (i32.const 3000) \"\\ff\\fe\")")
            .answer(record((3000, 2), NOTHING, NOTHING)),
        Module::new("list-outside", &["crashed in describe"])
            .answer(record((2048, 12), NOTHING, (0, 100_000_000))),
        Module::new("list-amplified", &["crashed in describe"])
            .pages(40)
            .answer(record((2048, 14), NOTHING, (65536, 1000)))
            .describe(amplify),
        Module::new("enum-unknown", &["crashed in describe"])
            .more("(data (i32.const 3000) \"\\c8\")")
            .answer(record((2048, 12), NOTHING, (3000, 1))),
        Module::new("name-other", &["it calls the app `name`"])
            .answer(record((2048, 4), NOTHING, NOTHING)),
        Module::new("name-control", &["it calls the app"])
            .more("(data (i32.const 3000) \"\\1b]0;owned\\07\")")
            .answer(record((3000, 10), NOTHING, NOTHING)),
        Module::new("images-none", &["it names 0 images"])
            .answer(record((2048, 11), NOTHING, NOTHING)),
        Module::new("images-nameless", &["cannot name a repository"])
            .answer(record((2048, 15), (4096, 1), NOTHING)),
        Module::new("wants-nothing", &["is empty"])
            .more("(data (i32.const 3000) \"\\00\")")
            .answer(record((2048, 13), NOTHING, (3000, 1))),
    ]
}

#[test]
fn a_module_that_breaks_the_rules_ends_alone() {
    let project = project(Builder::Docker);
    // Loops without end meet the limit of CPU time, however many cores others leave them.
    let settings = std::fs::read_to_string(project.path("bakehouse.toml")).unwrap();
    let patient = settings.replace("idle-seconds = 8", "idle-seconds = 60");
    assert_ne!(patient, settings);
    project.write("bakehouse.toml", patient);
    let modules = modules();
    for module in &modules {
        module.install(&project);
    }
    let cases: Vec<_> = modules
        .iter()
        .map(|module| Case {
            name: module.name,
            code: 5,
            says: module.says,
        })
        .collect();
    run(&project, 5).expect(&cases, |name| format!("recipe {name}"));
}
