//! The ratchet tree of a large group, apart from the group's description: cut into pieces of which a commit changes few.
//!
//! A tree of 1,000 leaves is 2 to 4 MB. Said in each description it would be sent with every commit and in every letter. So
//! above [`TREE_INLINE_LEAVES`] the description names an *index*, the index names pieces, and a piece holds fifteen nodes: a
//! subtree four levels high. A commit changes one path, and so a piece for every four levels (`docs/decisions/0013`).
//!
//! Invariant: nothing here is believed. Whether pieces make up the tree of an epoch is decided by the tree hash, which is in
//! the group context; a piece also is what its key says.

use std::collections::{BTreeMap, BTreeSet};

use openmls::prelude::{Extension, RatchetTreeIn, UnknownExtension};
use openmls::treesync::RatchetTree;
use seal::piece::{PieceKey, SealedPiece};
use tls_codec::{
    DeserializeBytes as _, Serialize as _, TlsDeserializeBytes, TlsSerialize, TlsSize, VLBytes as Bytes,
};
use vocab::{PieceId, SlotId};

use super::GroupId;
use crate::error::Error;
use crate::session::Session;
use crate::suite::TREE_KEY;

/// Up to so many leaves the tree stays in the description: conversations of two, and small groups. About 25 KB.
pub const TREE_INLINE_LEAVES: usize = 8;

/// The tree of an epoch as it is to lie at the service.
#[derive(Default)]
pub struct TreePieces {
    /// All of its pieces, the index first. None when the tree is in the description.
    pub ids: Vec<PieceId>,
    /// Those of them that the epoch before did not have.
    pub new: Vec<SealedPiece>,
}

/// What the index holds.
#[derive(TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct TreeIndex {
    /// How many nodes the tree has, blank ones included.
    nodes: u32,
    /// The key of each piece, by tier and place.
    keys: Vec<PieceKey>,
}

/// What a piece holds: nodes of the tree in its order.
#[derive(Default, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct TreePiece {
    nodes: Vec<TreeNode>,
}

/// As in RFC 9420, without the byte that says whether there is one; empty for a blank one.
#[derive(Debug, TlsSerialize, TlsDeserializeBytes, TlsSize)]
struct TreeNode {
    node: Bytes,
}

/// A tree that is to be fetched.
pub struct TreePlan {
    slot: SlotId,
    nodes: u32,
    /// The piece at each place.
    order: Vec<PieceId>,
    keys: BTreeMap<PieceId, PieceKey>,
}

impl TreePlan {
    /// Reads the index of a tree, fetched under [`PieceKey::id`] of `key`.
    ///
    /// # Errors
    /// [`Error::Malformed`]: it is not the index, or none of a tree that can be.
    pub fn read(group: GroupId, key: &PieceKey, sealed: &[u8]) -> Result<Self, Error> {
        let slot = SlotId(group.0);
        let plain = key.open(slot, sealed).map_err(|_| Error::Malformed("tree index"))?;
        let index =
            TreeIndex::tls_deserialize_exact_bytes(&plain).map_err(|_| Error::Malformed("tree index"))?;
        if index.nodes > NODES_MAX || index.keys.len() != places(index.nodes).len() {
            return Err(Error::Malformed("tree index"));
        }
        let order: Vec<PieceId> = index.keys.iter().map(PieceKey::id).collect();
        let keys = order.iter().copied().zip(index.keys).collect();
        Ok(Self { slot, nodes: index.nodes, order, keys })
    }

    /// The pieces it needs, each once.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<PieceId> {
        self.keys.keys().copied().collect()
    }

    /// Whether this is one of its pieces, whole and unchanged.
    #[must_use]
    pub fn takes(&self, id: PieceId, sealed: &[u8]) -> bool {
        self.keys.get(&id).is_some_and(|key| key.open_own(self.slot, sealed).is_ok())
    }

    /// Puts the tree together from its pieces, in the encoding of RFC 9420. None while one is missing.
    ///
    /// # Errors
    /// [`Error::Malformed`] when the pieces are no such tree.
    pub fn assemble(&self, pieces: &BTreeMap<PieceId, Vec<u8>>) -> Result<Option<Vec<u8>>, Error> {
        let mut waiting = BTreeMap::new();
        for (place, id) in places(self.nodes).into_iter().zip(&self.order) {
            let (Some(sealed), Some(key)) = (pieces.get(id), self.keys.get(id)) else { return Ok(None) };
            let plain = key.open_own(self.slot, sealed).map_err(|_| Error::Malformed("tree piece"))?;
            let piece =
                TreePiece::tls_deserialize_exact_bytes(&plain).map_err(|_| Error::Malformed("tree piece"))?;
            waiting.insert(place, piece.nodes.into_iter());
        }
        let mut content = Vec::new();
        for number in 0..self.nodes {
            let node = waiting.get_mut(&place_of(number)).and_then(Iterator::next);
            let node = node.ok_or(Error::Malformed("tree piece"))?;
            content.push(u8::from(!node.node.as_slice().is_empty()));
            content.extend_from_slice(node.node.as_slice());
        }
        Ok(Some(Bytes::from(content).tls_serialize_detached()?))
    }
}

/// A tree in the encoding of RFC 9420, read.
pub(super) fn read_tree(bytes: &[u8]) -> Result<RatchetTreeIn, Error> {
    RatchetTreeIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Error::Malformed("tree"))
}

/// Says in a description where the tree is.
pub(super) fn tree_extension(key: &PieceKey) -> Extension {
    Extension::Unknown(TREE_KEY, UnknownExtension(key.0.to_vec()))
}

/// The pieces of a tree, of which those that `before` had are not said again.
pub(super) fn pieces_of(
    session: &Session<'_>,
    group: GroupId,
    key: &PieceKey,
    tree: &RatchetTree,
    before: Option<&RatchetTree>,
) -> Result<TreePieces, Error> {
    let slot = SlotId(group.0);
    let mut known: BTreeSet<PieceKey> = BTreeSet::new();
    if let Some(before) = before {
        known.extend(cut(before)?.1.iter().map(|plain| PieceKey::of(slot, plain)));
    }
    let (nodes, plains) = cut(tree)?;
    let keys: Vec<PieceKey> = plains.iter().map(|plain| PieceKey::of(slot, plain)).collect();
    let index = TreeIndex { nodes, keys: keys.clone() };
    let mut ids = vec![key.id()];
    let mut new = vec![seal(session, slot, key, &index.tls_serialize_detached()?)?];
    for (key, plain) in keys.into_iter().zip(&plains) {
        let id = key.id();
        if ids.contains(&id) {
            // Two places hold the same: blanks.
            continue;
        }
        ids.push(id);
        if !known.contains(&key) {
            new.push(seal(session, slot, &key, plain)?);
        }
    }
    Ok(TreePieces { ids, new })
}

fn seal(session: &Session<'_>, slot: SlotId, key: &PieceKey, plain: &[u8]) -> Result<SealedPiece, Error> {
    session.with_rng(|rng| key.seal(slot, plain, rng)).map_err(|_| Error::Refused(crate::Refusal::Invalid))
}

/// The nodes of a tree by piece, in the order of [`places`].
fn cut(tree: &RatchetTree) -> Result<(u32, Vec<Vec<u8>>), Error> {
    let bytes = tree.tls_serialize_detached()?;
    let content = Bytes::tls_deserialize_exact_bytes(&bytes)?;
    let mut rest = content.as_slice();
    let mut full = tree.nodes();
    let mut pieces = BTreeMap::<Place, TreePiece>::new();
    let mut number = 0;
    while let Some((present, after)) = rest.split_first() {
        let defect = || Error::Bug("a tree that is encoded otherwise".into());
        let bytes = if *present == 0 {
            0
        } else {
            full.next().map(tls_codec::Size::tls_serialized_len).ok_or_else(defect)?
        };
        let (node, after) = after.split_at_checked(bytes).ok_or_else(defect)?;
        pieces.entry(place_of(number)).or_default().nodes.push(TreeNode { node: node.into() });
        rest = after;
        number += 1;
    }
    let plains = pieces.values().map(tls_codec::Serialize::tls_serialize_detached);
    Ok((number, plains.collect::<Result<_, _>>()?))
}

/// Where a node is kept: its tier (four levels of the tree), and which of the tier's pieces.
type Place = (u32, u32);

/// The place of node `number` in the order of RFC 9420, where the number of trailing ones is the level.
fn place_of(number: u32) -> Place {
    let tier = number.trailing_ones() / LEVELS;
    (tier, number.checked_shr(LEVELS * (tier + 1)).unwrap_or(0))
}

/// All places of a tree.
fn places(nodes: u32) -> BTreeSet<Place> {
    (0..nodes).map(place_of).collect()
}

/// Levels of the tree in one piece.
const LEVELS: u32 = 4;
/// Nodes of the largest tree: of [`vocab::limits::SLOT_LEAVES_MAX`] leaves, and room for as many blank ones.
const NODES_MAX: u32 = 4 * vocab::limits::SLOT_LEAVES_MAX as u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_a_subtree_of_four_levels() {
        // 64 leaves: eight pieces of eight leaves, and one of the seven nodes above them.
        let all: Vec<Place> = (0..127).map(place_of).collect();
        assert_eq!(places(127).len(), 9);
        for block in 0..8 {
            assert_eq!(all.iter().filter(|place| **place == (0, block)).count(), 15);
        }
        assert_eq!(all.iter().filter(|place| **place == (1, 0)).count(), 7);
        // From any leaf of the largest group to its root: three pieces.
        let path = [0_u32, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1_023, 2_047].map(place_of);
        assert_eq!(path.into_iter().collect::<BTreeSet<_>>().len(), 3);
        assert_eq!(places(4_095).len(), 256 + 16 + 1);
    }
}
