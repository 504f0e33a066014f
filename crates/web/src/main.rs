//! The pages of the web app.
//!
//! For now one page that starts the worker and talks to it, to prove the path from source to browser.

#[cfg(target_arch = "wasm32")]
mod hello;

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    dioxus::launch(hello::Hello);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    println!("The pages run in a browser: `cargo xtask web` builds them.");
}
