//! The tree of a slot, in pieces.

use vocab::PieceId;
use vocab::limits::{PAYLOAD_BYTES_MAX, PIECE_DAYS, SLOT_PIECES_BYTES_MAX, SLOT_PIECES_MAX};
use wire::slot::{FetchPieces, Piece};

use super::*;

/// A slot whose epochs follow one another.
struct Tree {
    chat: Conversation,
}

impl Tree {
    fn begin(world: &mut World) -> Self {
        let alice = world.device(1);
        Self { chat: world.conversation(5, &[&alice]) }
    }

    /// A commit whose tree is of the pieces `tree`, and which brings `new`; `newcomer` is welcomed by it.
    fn commit(
        &mut self,
        world: &mut World,
        tree: &[u8],
        new: &[(u8, usize)],
        newcomer: Option<AddressSecret>,
    ) -> Result<(), Refusal> {
        let next = Conversation {
            slot: self.chat.slot,
            posting_key: seal::sha256(&[&self.chat.posting_key]),
            members: self.chat.members.clone(),
        };
        let welcomes = newcomer.into_iter().map(|a| welcome(a, 512)).collect();
        let mut request = world.commit_request(&self.chat, &next, welcomes, b"");
        let UnnamedRequest::Commit(commit) = &mut request else { panic!("a commit") };
        commit.next.tree = tree.iter().map(|n| PieceId([*n; 32])).collect();
        let piece =
            |(n, bytes): &(u8, usize)| Piece { id: PieceId([*n; 32]), sealed: vec![*n; *bytes].into() };
        commit.next.pieces = new.iter().map(piece).collect();
        world.pass(5_000);
        world.stored(request)?;
        self.chat = next;
        Ok(())
    }

    /// How many bytes of each there are.
    fn has(&self, world: &mut World, pieces: &[u8]) -> Vec<usize> {
        fetch(world, self.chat.slot, pieces).unwrap()
    }
}

fn fetch(world: &mut World, slot: SlotId, pieces: &[u8]) -> Result<Vec<usize>, Refusal> {
    let ids = pieces.iter().map(|n| PieceId([*n; 32])).collect();
    match world.ask(UnnamedRequest::FetchPieces(FetchPieces { slot, ids, extensions: Vec::new() }))? {
        UnnamedAnswer::Pieces(pieces) => Ok(pieces.sealed.iter().map(|it| it.as_slice().len()).collect()),
        _ => panic!("expected pieces"),
    }
}

fn sweep(world: &mut World) {
    for _ in 0..3 {
        let now = world.now;
        world.service().tick(now);
        world.flush();
    }
}

#[test]
fn the_tree_of_an_epoch_is_whole_or_the_commit_changes_nothing() {
    let mut world = World::new();
    let mut tree = Tree::begin(&mut world);
    tree.commit(&mut world, &[1, 2, 3], &[(1, 512), (2, 1_024), (3, 512)], None).unwrap();
    assert_eq!(tree.has(&mut world, &[2, 9, 1]), [1_024, 0, 512]);
    // What stays is not said again.
    tree.commit(&mut world, &[4, 2, 3], &[(4, 2_048)], None).unwrap();
    assert_eq!(tree.commit(&mut world, &[4, 2, 5], &[(6, 512)], None), Err(Refusal::PiecesUnknown));
    assert_eq!(tree.has(&mut world, &[5, 6, 4]), [0, 0, 2_048], "nothing of it was kept");
    assert!(world.send(&tree.chat).is_ok(), "and the epoch is as it was");
    // Back to what was there before: it need not be said either.
    tree.commit(&mut world, &[1, 2, 3], &[], None).unwrap();
    assert_eq!(fetch(&mut world, SlotId([77; 16]), &[1]), Err(Refusal::UnknownSlot));
}

#[test]
fn what_is_replaced_goes_the_next_day_and_after_a_month_where_somebody_was_welcomed_with_it() {
    let mut world = World::new();
    let bob = world.device(2);
    let mut tree = Tree::begin(&mut world);
    tree.commit(&mut world, &[1, 2], &[(1, 512), (2, 512)], None).unwrap();
    tree.commit(&mut world, &[3, 2], &[(3, 512)], None).unwrap();
    world.pass(2 * DAY_MS);
    sweep(&mut world);
    assert_eq!(tree.has(&mut world, &[1, 2, 3]), [0, 512, 512]);

    let a = world.address(&bob, 90, Bound::free());
    tree.commit(&mut world, &[4, 2], &[(4, 512)], Some(a)).unwrap();
    tree.commit(&mut world, &[5, 2], &[(5, 512)], None).unwrap();
    world.pass(u64::from(PIECE_DAYS) * DAY_MS);
    sweep(&mut world);
    assert_eq!(tree.has(&mut world, &[3, 4, 5]), [0, 512, 512], "the letter may still be on its way");
    world.pass(2 * DAY_MS);
    sweep(&mut world);
    assert_eq!(tree.has(&mut world, &[4, 5, 2]), [0, 512, 512], "what the present names stays");
    assert_eq!(world.rows("SELECT COUNT(*) FROM slot_old_piece"), 0);
}

#[test]
fn a_commit_in_pieces_is_there_as_long_as_its_envelopes() {
    let mut world = World::new();
    let mut tree = Tree::begin(&mut world);
    tree.commit(&mut world, &[], &[(8, 262_144), (9, 512)], None).unwrap();
    world.pass(30 * DAY_MS);
    sweep(&mut world);
    assert_eq!(tree.has(&mut world, &[8, 9]), [262_144, 512]);
    world.pass(2 * DAY_MS);
    sweep(&mut world);
    assert_eq!(tree.has(&mut world, &[8, 9]), [0, 0]);
}

#[test]
fn t40_pieces_are_bounded_in_size_number_and_bytes_and_the_oldest_go_first() {
    let mut world = World::new();
    let mut tree = Tree::begin(&mut world);
    assert_eq!(tree.commit(&mut world, &[1], &[(1, 513)], None), Err(Refusal::Malformed));
    assert_eq!(tree.commit(&mut world, &[1; SLOT_PIECES_MAX + 1], &[(1, 512)], None), Err(Refusal::TooLarge));
    assert_eq!(fetch(&mut world, tree.chat.slot, &[1; SLOT_PIECES_MAX + 1]), Err(Refusal::TooLarge));

    let most = u8::try_from(SLOT_PIECES_BYTES_MAX / PAYLOAD_BYTES_MAX).unwrap();
    for n in 1..=most + 3 {
        tree.commit(&mut world, &[n], &[(n, PAYLOAD_BYTES_MAX)], None).unwrap();
    }
    assert_eq!(world.rows("SELECT COUNT(*) FROM slot_piece"), u64::from(most));
    assert_eq!(tree.has(&mut world, &[1, 2, 3]), [0, 0, 0]);
    // An answer holds what a frame does, one of them at least.
    assert_eq!(tree.has(&mut world, &[4, 5, 6]), [PAYLOAD_BYTES_MAX]);
    // The present tree is never given up for the next.
    let all: Vec<u8> = (100..=100 + most).collect();
    for (place, n) in all.iter().enumerate() {
        let committed = tree.commit(&mut world, &all[..=place], &[(*n, PAYLOAD_BYTES_MAX)], None);
        assert_eq!(committed.is_ok(), place < usize::from(most), "{place}");
    }
}

#[test]
fn pieces_go_with_their_slot() {
    let mut world = World::new();
    let mut tree = Tree::begin(&mut world);
    tree.commit(&mut world, &[1], &[(1, 512), (2, 512)], None).unwrap();
    world.pass(401 * DAY_MS);
    sweep(&mut world);
    assert_eq!(fetch(&mut world, tree.chat.slot, &[1]), Err(Refusal::UnknownSlot));
    assert_eq!(world.rows("SELECT COUNT(*) FROM slot_piece"), 0);
    assert_eq!(world.rows("SELECT COUNT(*) FROM slot_old_piece"), 0);
}

#[test]
fn a_network_that_fetches_without_end_is_told_to_wait() {
    let mut world = World::new();
    let mut tree = Tree::begin(&mut world);
    tree.commit(&mut world, &[1], &[(1, PAYLOAD_BYTES_MAX)], None).unwrap();
    let session = world.connect_from(Door::Unnamed, Source::Network(1));
    let ask = || {
        let ids = vec![PieceId([1; 32])];
        UnnamedRequest::FetchPieces(FetchPieces { slot: tree.chat.slot, ids, extensions: Vec::new() })
    };
    // 4 GiB an hour is 1,024 times the largest piece.
    for _ in 0..1_024 {
        assert!(world.ask_on(session, ask()).is_ok());
    }
    assert!(matches!(world.ask_on(session, ask()), Err(Refusal::Busy { .. })));
    assert!(world.ask(ask()).is_ok(), "others are not");
}
