//! The JavaScript around a compiled module, made by wasm-bindgen as a library, so that no tool has to be installed.

use std::path::Path;

use wasm_bindgen_cli_support::Bindgen;

/// Writes `{name}.js`, `{name}_bg.wasm` and the modules they import into `folder`.
pub fn generate(wasm: &Path, folder: &Path, name: &str) -> Result<(), String> {
    let failed = |error| format!("{}: {error:#}", wasm.display());
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(name);
    bindgen.web(true).map_err(failed)?;
    bindgen.typescript(false).omit_default_module_path(false);
    bindgen.remove_name_section(true).remove_producers_section(true);
    bindgen.generate(folder).map_err(failed)
}
