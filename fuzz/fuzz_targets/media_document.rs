//! PDFs: their pages are counted or not, and nothing else happens.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use media::{Limits, document};

fuzz_target!(|data: &[u8]| {
    let _ =
        document::pdf_pages(&mut Cursor::new(data), &Limits { document_bytes: 1 << 20, ..Limits::small() });
});
