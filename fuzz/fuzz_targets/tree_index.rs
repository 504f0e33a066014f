//! The tree of a large group in pieces: its index, and putting the tree together.
#![no_main]

use std::collections::BTreeMap;

use crypto::{GroupId, TreePlan};
use libfuzzer_sys::fuzz_target;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use seal::piece::PieceKey;
use vocab::{PieceId, SlotId};

const SLOT: SlotId = SlotId([7; 16]);
/// Longer pieces than a fuzzer writes are of no use to it.
const PIECES_MAX: usize = 64;

/// Seals what the fuzzer wrote, as whoever knows the key of the index could.
fn sealed(key: &PieceKey, plain: &[u8]) -> Option<(PieceId, Vec<u8>)> {
    let piece = key.seal(SLOT, plain, &mut ChaCha20Rng::seed_from_u64(1)).ok()?;
    Some((piece.id, piece.bytes))
}

/// A vector of MLS.
fn vector(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let head = match length {
        0..0x40 => vec![length as u8],
        0x40..0x4000 => (0x4000 | length as u16).to_be_bytes().to_vec(),
        _ => (0x8000_0000 | length).to_be_bytes().to_vec(),
    };
    [head, content.to_vec()].concat()
}

/// An index as the fuzzer wrote it: refused, or bounded, and no tree without pieces.
fn read_alone(key: &PieceKey, plain: &[u8]) {
    let Some((_, index)) = sealed(key, plain) else { return };
    let Ok(plan) = TreePlan::read(GroupId::from(SLOT), key, &index) else { return };
    let ids = plan.ids();
    assert!(32 * ids.len() <= plain.len());
    let tree = plan.assemble(&BTreeMap::new()).expect("nothing that is missing is malformed");
    assert_eq!(tree.is_none(), !ids.is_empty());
}

/// A right index of pieces that the fuzzer wrote: the first two bytes say how many nodes, the pieces are of equal length.
fn assemble(key: &PieceKey, bytes: &[u8]) {
    let Some(([high, low, length], rest)) = bytes.split_first_chunk::<3>() else { return };
    let nodes = u32::from(u16::from_be_bytes([*high, *low]));
    let plains: Vec<&[u8]> = rest.chunks(usize::from(*length).max(1)).take(PIECES_MAX).collect();
    let keys: Vec<PieceKey> = plains.iter().map(|plain| PieceKey::of(SLOT, plain)).collect();
    let listed: Vec<u8> = keys.iter().flat_map(|key| key.0).collect();
    let index = [nodes.to_be_bytes().to_vec(), vector(&listed)].concat();
    let Some((_, index)) = sealed(key, &index) else { return };
    let Ok(plan) = TreePlan::read(GroupId::from(SLOT), key, &index) else { return };
    let pieces: BTreeMap<PieceId, Vec<u8>> =
        keys.iter().zip(&plains).filter_map(|(key, plain)| sealed(key, plain)).collect();
    assert!(plan.ids().iter().all(|id| plan.takes(*id, &pieces[id])));
    if let Ok(tree) = plan.assemble(&pieces) {
        // A byte for each node, what the pieces hold, and the length of it all.
        let tree = tree.expect("every piece is here");
        assert!(tree.len() <= nodes as usize + rest.len() + 4);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let key = PieceKey([1; 32]);
    read_alone(&key, bytes);
    assemble(&key, bytes);
});
