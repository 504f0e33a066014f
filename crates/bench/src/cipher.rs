//! What sealing and opening files costs without everything around it: in memory, beside the bare cipher and the bare hash.

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use crypto::attachment::{AttachmentSecret, Layout, chunk_hash};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};

use crate::Trouble;
use crate::report::{round, thread_cpu_s};

/// Bytes of the file.
const FILE_BYTES: u64 = 512 << 20;
/// A GiB.
const GIB: f64 = (1_u64 << 30) as f64;

/// One thread, in CPU time.
pub(crate) fn run(scenario: &str) -> Result<Value, Trouble> {
    let mut rng = ChaCha20Rng::from_seed([7; 32]);
    let secret = AttachmentSecret::random(&mut rng);
    let layout = Layout::of(FILE_BYTES)?;
    let plain: Vec<u8> = (0..layout.plain_bytes()).map(|at| (at % 251) as u8).collect();
    let (mut sealing, mut opening, mut bare, mut hashing) = (0.0, 0.0, 0.0, 0.0);
    let cipher = XChaCha20Poly1305::new(&[7; 32].into());
    for number in 0..layout.chunks() {
        let (_, bytes) = layout.part(number)?;
        let part = plain.get(..bytes).ok_or("a part larger than its chunk")?;
        let sealed = timed(&mut sealing, || secret.seal_chunk(&layout, number, part))??;
        let opened = timed(&mut opening, || secret.open_chunk(&layout, number, &sealed))??;
        if opened != part {
            return Err("what was opened is something else".into());
        }
        timed(&mut bare, || cipher.encrypt(&[0; 24].into(), part))?.map_err(|_| "the bare cipher fails")?;
        timed(&mut hashing, || chunk_hash(&sealed))?;
    }
    let each = |seconds: f64| round(seconds / (FILE_BYTES as f64 / GIB));
    Ok(json!({
        "scenario": scenario, "bytes": FILE_BYTES, "cipher": "XChaCha20-Poly1305",
        "bare_cpu_s_per_gib": each(bare), "hash_cpu_s_per_gib": each(hashing),
        "seal_cpu_s_per_gib": each(sealing), "open_cpu_s_per_gib": each(opening),
        "seal_to_bare": round(sealing / bare), "open_to_bare": round(opening / bare),
    }))
}

fn timed<T>(sum: &mut f64, work: impl FnOnce() -> T) -> Result<T, Trouble> {
    let before = thread_cpu_s()?;
    let done = work();
    *sum += thread_cpu_s()? - before;
    Ok(done)
}
