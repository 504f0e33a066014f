//! Several accounts of one person.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::{Device, Meddling, Passing, World};

/// What a service sees of a device: pieces of its frames, and its connections.
#[derive(Default)]
struct Seen {
    pieces: BTreeSet<[u8; PIECE_BYTES]>,
    connections: BTreeSet<u64>,
}

/// As long as the shortest id.
const PIECE_BYTES: usize = 16;
/// A piece with fewer different bytes is a length, a number or nothing.
const DIFFERENT_BYTES_MIN: usize = 8;

fn watches(world: &mut World) -> Rc<RefCell<BTreeMap<usize, Seen>>> {
    let seen = Rc::new(RefCell::new(BTreeMap::<usize, Seen>::new()));
    let watching = seen.clone();
    world.set_crook(move |passing: &Passing<'_>| {
        let mut all = watching.borrow_mut();
        let device = all.entry(passing.device.0).or_default();
        device.connections.insert(passing.wire);
        if passing.to_service {
            for piece in passing.frame.windows(PIECE_BYTES) {
                if piece.iter().collect::<BTreeSet<_>>().len() >= DIFFERENT_BYTES_MIN {
                    device.pieces.extend(piece.first_chunk::<PIECE_BYTES>());
                }
            }
        }
        Meddling::none(passing)
    });
    seen
}

#[test]
fn no_two_accounts_of_one_person_share_an_id_or_a_connection() {
    let mut world = World::new(1);
    let seen = watches(&mut world);
    // Anna has two accounts and uses them side by side, with different people.
    let (home, work) = (world.registers("Anna"), world.registers("Anna"));
    let (boris, carla) = (world.registers("Boris"), world.registers("Carla"));
    world.settle();
    home.befriends(&mut world, boris);
    work.befriends(&mut world, carla);
    for n in 0..3 {
        home.says(&mut world, boris, &format!("see you at {n}"));
        work.says(&mut world, carla, &format!("see you at {n}"));
        boris.says(&mut world, home, "good");
        carla.says(&mut world, work, "good");
        world.settle();
        home.reads(&mut world, boris);
        work.reads(&mut world, carla);
        world.settle();
    }
    let seen = seen.borrow();
    let of = |device: Device| &seen[&device.0];
    assert!(of(home).pieces.len() > 10_000, "enough was looked at");
    let shared = of(home).pieces.intersection(&of(work).pieces).count();
    assert_eq!(shared, 0, "nothing that one sent was sent by the other");
    assert_eq!(of(home).connections.intersection(&of(work).connections).count(), 0);
    let friends = of(home).pieces.intersection(&of(boris).pieces).count();
    assert!(friends > 0, "who does share something is seen to: the search can find");
}
