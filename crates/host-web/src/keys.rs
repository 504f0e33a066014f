//! The database's key in the browser's keeping: 32 random bytes, sealed under a key of WebCrypto that no script can read
//! out, both in an IndexedDB of the origin.
//!
//! Whoever can run code in the origin can use the key while they run; who has only a copy of some files has nothing, as
//! far as the browser keeps its own keys apart.

use client::Key;
use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AesGcmParams, AesKeyGenParams, CryptoKey, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest,
    IdbTransaction, SubtleCrypto,
};

use crate::js::{self, Database};

/// Reads the key, or makes it when there is none. Only whoever leads may call this, so that there is one.
pub async fn device_key() -> Result<Key, JsValue> {
    let database = open().await?;
    if let Some(kept) = read(&database).await? {
        return unseal(&kept).await;
    }
    let kept = make().await?;
    write(&database, &kept).await?;
    // What was written is what is used: a browser that keeps nothing is noticed now and not after the next start.
    let kept = read(&database).await?.ok_or("the key was not kept")?;
    unseal(&kept).await
}

/// Fresh randomness.
pub fn random<const N: usize>() -> Result<[u8; N], JsValue> {
    let mut bytes = [0; N];
    js::scope().crypto()?.get_random_values_with_u8_array(&mut bytes)?;
    Ok(bytes)
}

async fn open() -> Result<Database, JsValue> {
    let factory: IdbFactory = js::scope().indexed_db()?.ok_or("no database in this browser")?;
    let request: IdbOpenDbRequest = factory.open_with_u32(DATABASE, 1)?;
    let opening = request.clone();
    let make_store = Closure::once_into_js(move || -> Result<(), JsValue> {
        let database: Database = opening.result()?.unchecked_into();
        database.create_object_store(STORE).map(drop)
    });
    request.set_onupgradeneeded(Some(make_store.unchecked_ref()));
    Ok(finished(request.unchecked_ref()).await?.unchecked_into())
}

async fn read(database: &Database) -> Result<Option<Object>, JsValue> {
    let store = store(database, "readonly")?.1;
    let found = finished(&store.get(&JsValue::from_str(ENTRY))?).await?;
    Ok(found.dyn_into().ok())
}

async fn write(database: &Database, kept: &Object) -> Result<(), JsValue> {
    let (transaction, store) = store(database, "readwrite")?;
    let committed = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
        transaction.set_onerror(Some(&reject));
    });
    // `add` refuses where there is one already: a key is never replaced.
    store.add_with_key(kept, &JsValue::from_str(ENTRY))?;
    JsFuture::from(committed).await.map(drop)
}

fn store(database: &Database, mode: &str) -> Result<(IdbTransaction, IdbObjectStore), JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"durability".into(), &"strict".into())?;
    let transaction = database.transaction_on(STORE, mode, &options)?;
    let store = transaction.object_store(STORE)?;
    Ok((transaction, store))
}

async fn make() -> Result<Object, JsValue> {
    let subtle = subtle()?;
    let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
    let made = subtle.generate_key_with_object(&AesKeyGenParams::new(CIPHER, 256), false, &usages)?;
    let wrap: CryptoKey = JsFuture::from(made).await?.unchecked_into();
    let nonce = Uint8Array::from(&random::<12>()?[..]);
    let secret = Uint8Array::from(&random::<32>()?[..]);
    let sealing = subtle.encrypt_with_object_and_js_u8_array(
        &AesGcmParams::new_with_u8_array(CIPHER, &nonce),
        &wrap,
        &secret,
    )?;
    let sealed = JsFuture::from(sealing).await;
    secret.fill(0, 0, secret.length());
    let kept = Object::new();
    for (name, value) in [("wrap", wrap.as_ref()), ("nonce", nonce.as_ref()), ("sealed", &sealed?)] {
        Reflect::set(&kept, &name.into(), value)?;
    }
    Ok(kept)
}

async fn unseal(kept: &Object) -> Result<Key, JsValue> {
    let field = |name: &str| Reflect::get(kept, &name.into());
    let wrap: CryptoKey = field("wrap")?.dyn_into()?;
    let nonce: Uint8Array = field("nonce")?.dyn_into()?;
    let sealed = Uint8Array::new(&field("sealed")?);
    let parameters = AesGcmParams::new_with_u8_array(CIPHER, &nonce);
    let opening = subtle()?.decrypt_with_object_and_js_u8_array(&parameters, &wrap, &sealed)?;
    let opened = Uint8Array::new(&JsFuture::from(opening).await?);
    let mut bytes = [0; 32];
    if opened.length() != 32 {
        return Err("the kept key has another length".into());
    }
    opened.copy_to(&mut bytes);
    opened.fill(0, 0, opened.length());
    Ok(Key::new(bytes))
}

fn subtle() -> Result<SubtleCrypto, JsValue> {
    let subtle = js::scope().crypto()?.subtle();
    // Absent where the address is not secure.
    if subtle.is_undefined() { Err("no WebCrypto here".into()) } else { Ok(subtle) }
}

async fn finished(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await?;
    request.result()
}

const DATABASE: &str = "valise-keys";
const STORE: &str = "keys";
const ENTRY: &str = "device";
const CIPHER: &str = "AES-GCM";
