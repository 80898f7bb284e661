//! Values in a module's memory, as the canonical ABI lays them out.

use serde_json::Value;
use wit_parser::{Field, Int, Resolve, SizeAlign, Type, TypeDefKind};

/// Where the first value lies; nothing of it is at address 0.
const BASE: usize = 1024;
/// What the start of a value is a multiple of, in bytes; no type wants more.
const ALIGNMENT: usize = 8;

/// The memory of a module that only reads it.
pub(crate) struct Memory<'a> {
    resolve: &'a Resolve,
    sizes: SizeAlign,
    bytes: Vec<u8>,
}

impl<'a> Memory<'a> {
    pub(crate) fn new(resolve: &'a Resolve) -> Self {
        let mut sizes = SizeAlign::default();
        sizes.fill(resolve);
        Self {
            resolve,
            sizes,
            bytes: vec![0; BASE],
        }
    }

    /// Puts a value there; its address. A value is JSON with the fields' names of
    /// the contract; a variant is an object with one key, and the value of a
    /// result is that of its good end. What is left out is empty.
    pub(crate) fn put(&mut self, ty: &Type, value: &Value) -> usize {
        let bytes = self.lower(ty, value);
        self.place(&bytes)
    }

    /// Where a field begins in a value of this type, and what type it has.
    pub(crate) fn field(&self, ty: &Type, name: &str) -> (usize, Type) {
        let fields = match self.kind(ty) {
            TypeDefKind::Record(record) => record.fields.iter(),
            TypeDefKind::Result(result) => {
                let good = result.ok.unwrap();
                let at = self.payload([result.ok.as_ref(), result.err.as_ref()]);
                let (inner, ty) = self.field(&good, name);
                return (at + inner, ty);
            }
            other => panic!("a {} has no fields", other.as_str()),
        };
        let named = |(field, _): &(&Field, usize)| field.name == name;
        let mut fields = fields
            .clone()
            .zip(self.offsets(fields.map(|field| &field.ty)));
        let (field, at) = fields
            .find(named)
            .unwrap_or_else(|| panic!("no field is called `{name}`"));
        (at, field.ty)
    }

    /// Where each of these begins, one after the other.
    pub(crate) fn offsets<'t>(&self, types: impl IntoIterator<Item = &'t Type>) -> Vec<usize> {
        let offsets = self.sizes.field_offsets(types).into_iter();
        offsets.map(|(at, _)| at.size_wasm32()).collect()
    }

    /// Bytes of a value.
    pub(crate) fn size(&self, ty: &Type) -> usize {
        self.sizes.size(ty).size_wasm32()
    }

    /// All of it from address 0, as the text format writes data.
    pub(crate) fn data(&self) -> String {
        let bytes = self.bytes.iter();
        bytes.map(|byte| format!("\\{byte:02x}")).collect()
    }

    /// Where it ends.
    pub(crate) const fn end(&self) -> usize {
        self.bytes.len()
    }

    fn place(&mut self, bytes: &[u8]) -> usize {
        let at = self.bytes.len().next_multiple_of(ALIGNMENT);
        self.bytes.resize(at, 0);
        self.bytes.extend(bytes);
        at
    }

    fn kind(&self, ty: &Type) -> &'a TypeDefKind {
        let &Type::Id(mut id) = ty else {
            panic!("{ty:?} has no parts");
        };
        while let TypeDefKind::Type(Type::Id(next)) = &self.resolve.types[id].kind {
            id = *next;
        }
        &self.resolve.types[id].kind
    }

    fn payload<const N: usize>(&self, cases: [Option<&Type>; N]) -> usize {
        self.sizes.payload_offset(Int::U8, cases).size_wasm32()
    }

    fn lower(&mut self, ty: &Type, value: &Value) -> Vec<u8> {
        let mut bytes = vec![0; self.size(ty)];
        let mut set = |at: usize, part: &[u8]| bytes[at..at + part.len()].copy_from_slice(part);
        match ty {
            Type::Bool => set(0, &[value.as_bool().unwrap_or_default().into()]),
            Type::String => {
                let text = value.as_str().unwrap_or_default();
                let at = self.place(text.as_bytes());
                set(0, &pointer(at, text.len()));
            }
            _ => match self.kind(ty) {
                TypeDefKind::Record(record) => {
                    let types = record.fields.iter().map(|field| &field.ty);
                    let offsets = self.offsets(types);
                    for (field, at) in record.fields.iter().zip(offsets) {
                        set(at, &self.lower(&field.ty, &value[&field.name]));
                    }
                }
                TypeDefKind::Tuple(tuple) => {
                    let offsets = self.offsets(&tuple.types);
                    for (place, (ty, at)) in tuple.types.iter().zip(offsets).enumerate() {
                        set(at, &self.lower(ty, &value[place]));
                    }
                }
                TypeDefKind::List(of) => {
                    let items = value.as_array().map_or(&[][..], Vec::as_slice);
                    let lowered = items.iter().flat_map(|item| self.lower(of, item));
                    let lowered: Vec<u8> = lowered.collect();
                    let at = self.place(&lowered);
                    set(0, &pointer(at, items.len()));
                }
                TypeDefKind::Option(_) if value.is_null() => {}
                TypeDefKind::Option(of) => {
                    set(0, &[1]);
                    set(self.payload([Some(of)]), &self.lower(of, value));
                }
                TypeDefKind::Result(result) => {
                    let at = self.payload([result.ok.as_ref(), result.err.as_ref()]);
                    set(at, &self.lower(&result.ok.unwrap(), value));
                }
                TypeDefKind::Enum(of) => {
                    let mut cases = of.cases.iter();
                    let case = cases.position(|case| value == &Value::from(case.name.as_str()));
                    set(0, &[tag(case, value)]);
                }
                TypeDefKind::Variant(variant) => {
                    let (name, value) = value.as_object().unwrap().iter().next().unwrap();
                    let case = variant.cases.iter().position(|case| case.name == *name);
                    set(0, &[tag(case, &name.as_str().into())]);
                    let types = variant.cases.iter().map(|case| case.ty.as_ref());
                    let at = self.sizes.payload_offset(variant.tag(), types);
                    if let Some(ty) = case.and_then(|case| variant.cases[case].ty) {
                        set(at.size_wasm32(), &self.lower(&ty, value));
                    }
                }
                other => panic!("a {} is in no answer", other.as_str()),
            },
        }
        bytes
    }
}

/// The address of a text or list, and its length.
fn pointer(at: usize, length: usize) -> Vec<u8> {
    let words = [at, length].map(|word| u32::try_from(word).unwrap());
    words.into_iter().flat_map(u32::to_le_bytes).collect()
}

fn tag(case: Option<usize>, name: &Value) -> u8 {
    let case = case.unwrap_or_else(|| panic!("no case is called {name}"));
    u8::try_from(case).unwrap()
}
