//! To the worker and back: one JSON value a message, with files beside it on the way there and an attachment's bytes on the way back.

use screens::{FromCore, ToCore};

#[cfg(target_arch = "wasm32")]
pub use browser::{send, start};

/// A value on its way to the core.
#[must_use]
pub fn written(to: &ToCore) -> String {
    serde_json::to_string(to).unwrap_or_default()
}

/// A value from the core; nothing for what a newer core says and this page does not know.
#[must_use]
pub fn read(line: &str) -> Option<FromCore> {
    serde_json::from_str(line).ok()
}

/// There is no worker outside a browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn send(_: Vec<ToCore>) {}

/// There is no worker outside a browser.
#[cfg(not(target_arch = "wasm32"))]
pub fn start(_: impl FnMut(FromCore, Option<String>) + 'static, _: impl FnMut() + 'static) {}

#[cfg(target_arch = "wasm32")]
mod browser {
    use std::{cell::RefCell, collections::BTreeMap};

    use js_sys::{Array, Object, Reflect};
    use screens::{Action, AttachmentId, FileSource, FromCore, Outcome, RefusedKind, Reply, ToCore, What};
    use wasm_bindgen::prelude::*;
    use web_sys::{Blob, CustomEvent, MessageEvent, MessagePort, Url, Worker, WorkerOptions, WorkerType};

    use crate::files;

    thread_local! {
        static WORKER: RefCell<Option<Worker>> = const { RefCell::new(None) };
        static PIECES: RefCell<Pieces> = const { RefCell::new(Pieces { last: FIRST_PIECE, waiting: BTreeMap::new() }) };
    }

    /// Starts the worker; `heard` is called with all it says, and with an address for bytes that come along; `broken` when it cannot
    /// go on.
    pub fn start(
        mut heard: impl FnMut(FromCore, Option<String>) + 'static,
        mut broken: impl FnMut() + 'static,
    ) {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let Ok(worker) = Worker::new_with_options("/worker-start.js", &options) else { return broken() };
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            let (line, beside) = match data.dyn_ref::<Array>() {
                Some(parcel) => (parcel.get(0), parcel.get(1).dyn_into::<Blob>().ok()),
                None => (data, None),
            };
            if let Some(from) = line.as_string().and_then(|line| super::read(&line)) {
                if let FromCore::Reply { id, reply } = &from
                    && let Some(port) = PIECES.with_borrow_mut(|pieces| pieces.waiting.remove(id))
                {
                    // Fails only when the player is gone.
                    let _ = port.post_message(&told(reply, beside.as_ref()));
                    return;
                }
                heard(from, beside.and_then(|blob| Url::create_object_url_with_blob(&blob).ok()));
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
        let on_error = Closure::<dyn FnMut()>::new(move || {
            // A worker that broke must not keep the lock: another tab may go on.
            if let Some(worker) = WORKER.take() {
                worker.terminate();
            }
            broken();
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        on_error.forget();
        WORKER.set(Some(worker));
        play_pieces();
    }

    /// Players that wait for a piece, by the number of the question.
    struct Pieces {
        last: u64,
        waiting: BTreeMap<u64, MessagePort>,
    }

    /// What a player asks for by way of the service worker goes to the core, and past the model: nothing of it is shown but in the player.
    fn play_pieces() {
        let wanted = Closure::<dyn FnMut(CustomEvent)>::new(|event: CustomEvent| {
            let of = |name: &str| Reflect::get(&event.detail(), &name.into()).unwrap_or_default();
            let (Some(id), Some(at), Ok(port)) =
                (of("id").as_string(), of("at").as_f64(), of("port").dyn_into::<MessagePort>())
            else {
                return;
            };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "files are below 2^53 bytes"
            )]
            let what = What::Action(Action::PlayAttachment { id: AttachmentId(id), at: at as u64 });
            let id = PIECES.with_borrow_mut(|pieces| {
                pieces.last += 1;
                pieces.waiting.insert(pieces.last, port);
                while pieces.waiting.len() > PIECES_MAX {
                    pieces.waiting.pop_first();
                }
                pieces.last
            });
            send(vec![ToCore { id, what }]);
        });
        if let Some(window) = web_sys::window() {
            let _ = window.add_event_listener_with_callback("valise-piece", wanted.as_ref().unchecked_ref());
        }
        wanted.forget();
    }

    /// `{ size, type, blob }`, or `{ later }` where there is none: whether it is worth asking again.
    fn told(reply: &Reply, beside: Option<&Blob>) -> Object {
        let told = Object::new();
        let put = |name: &str, value: JsValue| {
            // Fails for nothing that was just made.
            let _ = Reflect::set(&told, &name.into(), &value);
        };
        match (reply, beside) {
            (Reply::Outcome(Outcome::Piece { size, media_type }), Some(blob)) => {
                #[expect(clippy::cast_precision_loss, reason = "files are below 2^53 bytes")]
                put("size", JsValue::from_f64(*size as f64));
                put("type", JsValue::from_str(media_type));
                put("blob", blob.into());
            }
            (Reply::Outcome(Outcome::Refused { kind, .. }), _) => {
                put("later", JsValue::from_bool(*kind == RefusedKind::Network));
            }
            _ => {}
        }
        told
    }

    /// Numbers of questions for pieces: the model counts its own from one.
    const FIRST_PIECE: u64 = 1 << 40;
    /// Questions for pieces at one time; the oldest is given up.
    const PIECES_MAX: usize = 16;

    /// Sends in order. The worker's queue holds what comes before it is ready.
    pub fn send(all: Vec<ToCore>) {
        WORKER.with_borrow(|worker| {
            let Some(worker) = worker else { return };
            for to in &all {
                let line = JsValue::from_str(&super::written(to));
                let parcel = match beside(to) {
                    Some(files) => Array::of2(&line, &files).into(),
                    None => line,
                };
                // Posting fails only when the worker is gone, and then its error was reported already.
                let _ = worker.post_message(&parcel);
            }
        });
    }

    /// The files that an action names.
    fn beside(to: &ToCore) -> Option<Array> {
        let What::Action(Action::SendFiles { files, .. }) = &to.what else { return None };
        let number = |source: &FileSource| match source {
            FileSource::Handed(number) => Some(*number),
            FileSource::Path(_) => None,
        };
        Some(files::handed(files.iter().filter_map(|file| number(&file.source))))
    }
}
