//! A recipe that always answers the same.

use serde_json::Value;
use wit_parser::Function;
use wit_parser::abi::{AbiVariant, WasmType};

use crate::component;
use crate::contract::Contract;
use crate::memory::Memory;

/// Bytes of one page of memory.
const PAGE: usize = 64 << 10;
/// Pages for what the host hands over.
const ROOM: usize = 4;

/// What the functions of a recipe answer, as JSON with the fields' names of the
/// contract. What is left out is empty; a variant is an object with one key.
#[derive(Debug, Clone)]
pub struct Answers {
    /// `describe`.
    pub app: Value,
    /// `versions`, newest first.
    pub versions: Value,
    /// `matrix`, of every version.
    pub matrix: Value,
    /// `prepare`, of every target; the platform is always the target's.
    pub build: Value,
}

impl Answers {
    /// The recipe.
    ///
    /// # Panics
    /// When an answer is not of the contract's type.
    #[must_use]
    pub fn component(&self) -> Vec<u8> {
        let contract = Contract::read();
        let mut memory = Memory::new(&contract.resolve);
        let mut functions = String::new();
        for (name, function) in contract.exports() {
            let answer = match function.name.as_str() {
                "describe" => &self.app,
                "versions" => &self.versions,
                "matrix" => &self.matrix,
                "prepare" => &self.build,
                other => panic!("nothing is said of {other}"),
            };
            let at = memory.put(&function.result.unwrap(), answer);
            let before = match function.name.as_str() {
                "prepare" => copy_platform(&memory, function, at),
                _ => String::new(),
            };
            let parameters = parameters(&contract, function);
            functions.push_str(&format!(
                "(func (export \"{name}\") {parameters} (result i32) {before} i32.const {at})\n"
            ));
        }
        component(&format!(
            "(module
               (memory (export \"memory\") {pages})
               (data (i32.const 0) \"{data}\")
               (global $next (mut i32) (i32.const {free}))
               (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)
                 global.get $next
                 (global.set $next (i32.and
                   (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 15))
                   (i32.const -16))))
               {functions})",
            pages = memory.end() / PAGE + ROOM,
            data = memory.data(),
            free = memory.end().next_multiple_of(16),
        ))
    }
}

/// What a function takes; all of it are numbers or addresses.
fn parameters(contract: &Contract, function: &Function) -> String {
    let signature = contract
        .resolve
        .wasm_signature(AbiVariant::GuestExport, function);
    let types = signature.params.iter().map(|ty| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32 ",
        other => panic!("{} takes {other:?}", function.name),
    });
    format!("(param {})", types.collect::<String>())
}

/// Copies the platform of the target that `prepare` is asked for into the build
/// at this address. All that it is asked with is at the address that it is given.
fn copy_platform(memory: &Memory<'_>, prepare: &Function, build: usize) -> String {
    let types: Vec<_> = prepare.params.iter().map(|param| param.ty).collect();
    let of = |param: &wit_parser::Param| param.name == "target";
    let target = prepare.params.iter().position(of).unwrap();
    let (from, platform) = memory.field(&types[target], "platform");
    let from = memory.offsets(&types)[target] + from;
    let (to, _) = memory.field(&prepare.result.unwrap(), "platform");
    let size = memory.size(&platform);
    format!(
        "(memory.copy (i32.const {}) (i32.add (local.get 0) (i32.const {from})) (i32.const {size}))",
        build + to
    )
}
