//! The few interfaces of the browser that the bindings do not have, or only behind a switch.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, IdbDatabase, IdbTransaction};

#[wasm_bindgen]
extern "C" {
    /// Web Locks: calls back when the lock is ours, and keeps it until the promise that comes back is settled.
    #[wasm_bindgen(js_namespace = ["navigator", "locks"], js_name = request, catch)]
    fn request_lock(name: &str, held: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(then: &JsValue, ms: i32) -> i32;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(id: i32);

    /// A database, with the option that makes a commit durable.
    #[wasm_bindgen(extends = IdbDatabase)]
    pub type Database;

    /// A transaction on one store.
    #[wasm_bindgen(method, js_name = transaction, catch)]
    pub fn transaction_on(
        this: &Database,
        store: &str,
        mode: &str,
        options: &JsValue,
    ) -> Result<IdbTransaction, JsValue>;
}

/// This worker.
pub fn scope() -> DedicatedWorkerGlobalScope {
    js_sys::global().unchecked_into()
}

/// Runs once the lock is ours; it stays ours until that ends, or the worker does.
pub fn hold_lock(name: &str, held: impl Future<Output = ()> + 'static) -> Result<(), JsValue> {
    let callback = Closure::once_into_js(move || {
        wasm_bindgen_futures::future_to_promise(async move {
            held.await;
            Ok(JsValue::UNDEFINED)
        })
    });
    request_lock(name, &callback).map(drop)
}

/// Calls once the lock could be had, which is when whoever held it is gone; gives it back at once.
pub fn when_lock_is_free(name: &str, free: impl FnOnce() + 'static) -> Result<(), JsValue> {
    request_lock(name, &Closure::once_into_js(free)).map(drop)
}

/// One timer; setting it again forgets the time before.
#[derive(Default)]
pub struct Timer {
    id: Option<i32>,
}

impl Timer {
    /// Calls after so many milliseconds.
    pub fn set(&mut self, ms: u64, then: impl FnOnce() + 'static) {
        self.clear();
        let ms = i32::try_from(ms).unwrap_or(TIMER_MS_MAX).min(TIMER_MS_MAX);
        self.id = Some(set_timeout(&Closure::once_into_js(then), ms));
    }

    /// Calls nothing any more.
    pub fn clear(&mut self) {
        if let Some(id) = self.id.take() {
            clear_timeout(id);
        }
    }
}

/// Calls after all that waits already.
pub fn soon(then: impl FnOnce() + 'static) {
    set_timeout(&Closure::once_into_js(then), 0);
}

/// Waits.
pub async fn pause(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        set_timeout(&resolve, ms);
    });
    // It is never rejected.
    let _ = wasm_bindgen_futures::JsFuture::from(promise).await;
}

/// A browser's timer overflows after 24 days; looking once an hour costs nothing.
const TIMER_MS_MAX: i32 = 3_600_000;
