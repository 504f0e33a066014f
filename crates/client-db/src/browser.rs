//! The browser's private file system under SQLite.

use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_vfs::sahpool::{OpfsSAHPoolCfgBuilder, install as install_pool};

use crate::error::Error;

/// Opens the origin's private file system as SQLite's default storage. Once per worker, before the first
/// [`Db::open`](crate::Db::open); only a dedicated worker can.
///
/// # Errors
/// [`Error::InUse`] when another tab holds it: relay through that one. [`Error::Other`] otherwise.
pub async fn install() -> Result<(), Error> {
    let options = OpfsSAHPoolCfgBuilder::new().initial_capacity(FILES).build();
    match install_pool::<WasmOsCallback>(&options, true).await {
        Ok(_) => Ok(()),
        Err(error) => {
            let words = format!("{error:?}");
            if words.contains("NoModificationAllowedError") {
                Err(Error::InUse)
            } else {
                Err(Error::Other(rusqlite::Error::InvalidParameterName(words)))
            }
        }
    }
}

/// Files that the pool has room for: two databases, each with its log and what it writes while it is rearranged, and some to spare. A
/// pool that an older version made grows to this.
const FILES: usize = 12;
