//! Films: what is sent of one is as long as it was, and has nothing more to clean.
#![no_main]

use std::io::{Cursor, Read};

use libfuzzer_sys::fuzz_target;
use media::{Limits, video};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::small();
    let _ = video::inspect(&mut Cursor::new(data), &limits);
    let Ok(prepared) = video::prepare(&mut Cursor::new(data), &limits) else { return };
    assert!(prepared.video.duration_ms <= limits.duration_ms);
    let mut sent = Vec::new();
    prepared.rewrite.reader(Cursor::new(data)).read_to_end(&mut sent).expect("the file is still there");
    assert_eq!((sent.len() as u64, sent.len()), (prepared.rewrite.bytes(), data.len()));
    let _ = video::prepare(&mut Cursor::new(&sent), &limits);
});
