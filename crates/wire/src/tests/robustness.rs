//! No bytes make a decoder panic, and what a decoder takes it writes back byte for byte.
//!
//! `VALISE_FUZZ_ITERATIONS` makes the seeded run longer; `fuzz/` searches further, with a compiler that can.

use super::decoders::{ALL, Decoder, named};
use super::samples::all;

#[test]
fn every_cut_of_every_vector_is_refused_or_reads_back() {
    for (decoder, bytes) in good() {
        for length in 0..bytes.len() {
            check(&decoder, &bytes[..length]);
            let cut_is_something_else = decoder.text || (decoder.again)(&bytes[..length]).is_none();
            assert!(cut_is_something_else, "{} takes {length} of {} bytes", decoder.name, bytes.len());
        }
    }
}

#[test]
fn every_flipped_bit_of_every_vector_is_refused_or_reads_back() {
    for (decoder, mut bytes) in good() {
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            check(&decoder, &bytes);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn a_seeded_run_of_changes_finds_nothing() {
    let iterations =
        std::env::var("VALISE_FUZZ_ITERATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(ITERATIONS);
    mutate(iterations, 0x5641_4C49_5345);
}

#[test]
fn the_vectors_of_one_decoder_are_no_danger_to_another() {
    for (_, bytes) in good() {
        for decoder in ALL {
            check(&decoder, &bytes);
        }
    }
}

/// Changes good vectors at random, again and again, and shows them to their decoder and to another.
pub fn mutate(iterations: u64, seed: u64) {
    let corpus = good();
    let mut random = Random(seed | 1);
    for _ in 0..iterations {
        let (decoder, bytes) = &corpus[random.below(corpus.len())];
        let mut bytes = bytes.clone();
        for _ in 0..=random.below(6) {
            let other = &corpus[random.below(corpus.len())].1;
            random.change(&mut bytes, other);
        }
        check(decoder, &bytes);
        check(&ALL[random.below(ALL.len())], &bytes);
    }
}

fn check(decoder: &Decoder, bytes: &[u8]) {
    let Some(again) = (decoder.again)(bytes) else { return };
    if decoder.exact {
        assert!(again == bytes, "{} takes two encodings of one value: {}", decoder.name, hex::encode(bytes));
    } else {
        // Whatever was left out, the second reading finds what the first did.
        assert!((decoder.again)(&again).as_ref() == Some(&again), "{}: {}", decoder.name, hex::encode(bytes));
    }
}

fn good() -> Vec<(Decoder, Vec<u8>)> {
    let good = all().into_iter().filter(|sample| sample.wrong.is_none());
    good.map(|sample| (named(sample.decoder), sample.bytes)).collect()
}

/// Xorshift64*: a seed gives one run, everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from((self.next() >> 33) % limit.max(1) as u64).expect("below a usize")
    }

    fn change(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let place = self.below(bytes.len() + 1);
        let until = place + self.below(bytes.len() - place + 1).min(16);
        match self.below(7) {
            0 if place < bytes.len() => bytes[place] ^= 1 << self.below(8),
            1 if place < bytes.len() => bytes[place] = TELLING[self.below(TELLING.len())],
            2 => bytes.insert(place, TELLING[self.below(TELLING.len())]),
            3 => drop(bytes.drain(place..until)),
            4 => {
                let copy = bytes[place..until].to_vec();
                bytes.splice(place..place, copy);
            }
            5 => {
                let from = self.below(other.len() + 1);
                bytes.splice(place..until, other[from..].iter().take(32).copied());
            }
            _ => bytes.truncate(place),
        }
    }
}

const ITERATIONS: u64 = 20_000;
/// Bytes that stand for something in a length, a CBOR head or a text.
const TELLING: [u8; 18] = [
    0x00, 0x01, 0x17, 0x18, 0x19, 0x1B, 0x3F, 0x40, 0x7F, 0x80, 0x9F, 0xA1, 0xBF, 0xC0, 0xF6, 0xF9, 0xFB,
    0xFF,
];
