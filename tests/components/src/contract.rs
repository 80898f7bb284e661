//! The contract in `wit/0.1`, whose layout tests know by heart, as a component's
//! encoder wants it.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::{Function, Resolve, WorldId, WorldItem};

/// The world `app`, and the interface that it exports.
pub(crate) struct Contract {
    pub(crate) resolve: Resolve,
    world: WorldId,
}

impl Contract {
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_path(root.unwrap().join("wit/0.1")).unwrap();
        let world = resolve.select_world(&[package], Some("app")).unwrap();
        Self { resolve, world }
    }

    /// The functions that a recipe exports, each with its name in a module.
    pub(crate) fn exports(&self) -> Vec<(String, &Function)> {
        let exports = self.resolve.worlds[self.world].exports.values();
        let interfaces = exports.filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            _ => None,
        });
        interfaces
            .flat_map(|id| {
                let interface = self.resolve.id_of(id).unwrap();
                let functions = self.resolve.interfaces[id].functions.values();
                functions.map(move |function| (format!("{interface}#{}", function.name), function))
            })
            .collect()
    }
}

/// A core module in WebAssembly's text format as a component of the world `app`.
///
/// # Panics
/// When it is not WebAssembly, or does not export what the world does.
#[must_use]
pub fn component(module: &str) -> Vec<u8> {
    let Contract { resolve, world } = Contract::read();
    let mut module = wat::parse_str(module).unwrap();
    let utf8 = StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, utf8).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().encode().unwrap()
}
