//! The worker's side of the web app: it owns the database in the browser's private file system.
//!
//! For now it opens an encrypted database, says which SQLite it has, and answers what the page sends.
#![cfg(target_arch = "wasm32")]

use js_sys::JsString;
use rusqlite::Connection;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHPoolCfg, install};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// Runs when the worker's module is loaded: opens the store, then answers the page.
#[wasm_bindgen(start)]
pub async fn start() -> Result<(), JsValue> {
    console_error_panic_hook::set_once();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let greeting = open().await.unwrap_or_else(|problem| format!("Storage failed: {problem}"));
    let answer_to = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().dyn_into::<JsString>().map(String::from).unwrap_or_default();
        if let Err(problem) = answer_to.post_message(&JsValue::from_str(&format!("Worker heard: {text}"))) {
            wasm_bindgen::throw_val(problem);
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    scope.post_message(&JsValue::from_str(&greeting))
}

async fn open() -> Result<String, String> {
    install::<WasmOsCallback>(&OpfsSAHPoolCfg::default(), true).await.map_err(|error| format!("{error:?}"))?;
    describe().map_err(|error| error.to_string())
}

fn describe() -> rusqlite::Result<String> {
    let database = Connection::open("hello.db")?;
    database.execute_batch("pragma key=\"x'2DD29CA851E7B56E4697B0E1F08507293D761A05CE4D1B628663F411A8086D99'\"")?;
    database.execute_batch("create table if not exists visit(id integer primary key) strict; insert into visit default values")?;
    let visits: i64 = database.query_row("select count(*) from visit", [], |row| row.get(0))?;
    Ok(format!("SQLite {}, visit {visits}", rusqlite::version()))
}
