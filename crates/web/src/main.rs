//! The page's program: everything is in the library beside it, so that it can be tested without a browser.

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    dioxus::launch(web::view::Page);
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    println!("The pages run in a browser: `cargo xtask web` builds them.");
}
