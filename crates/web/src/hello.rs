//! One page: what the worker last said, and a field to send it text.

use dioxus::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, Worker, WorkerOptions, WorkerType};

/// The whole page.
#[component]
pub fn Hello() -> Element {
    let mut status = use_signal(|| String::from("Starting"));
    let mut text = use_signal(String::new);
    let worker = use_hook(|| start_worker(move |said| status.set(said)).ok());
    rsx! {
        h1 { "Valise" }
        p { role: "status", aria_label: "Connection", "{status}" }
        form {
            onsubmit: move |event| {
                event.prevent_default();
                if let Some(worker) = &worker {
                    let sent = worker.post_message(&JsValue::from_str(&text()));
                    text.set(String::new());
                    if sent.is_err() {
                        status.set(String::from("The worker is gone"));
                    }
                }
            },
            input { aria_label: "Message", value: "{text}", oninput: move |event| text.set(event.value()) }
            button { "Send" }
        }
    }
}

fn start_worker(mut heard: impl FnMut(String) + 'static) -> Result<Worker, JsValue> {
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options("/worker-start.js", &options)?;
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        heard(event.data().as_string().unwrap_or_default());
    });
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    Ok(worker)
}
