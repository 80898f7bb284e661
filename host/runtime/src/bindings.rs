//! Bindings generated from `wit/`, the folder that `plugins/sdk` compiles too.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "app",
    imports: { default: async | trappable },
    exports: { default: async },
    trappable_error_type: {
        "bakehouse:recipe/types.error" => crate::host::error::HostError,
    },
});
