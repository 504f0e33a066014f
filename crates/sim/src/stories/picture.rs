//! The picture of a group.

use client::{Command, ConversationId, GroupChange, Permissions, Refused, Reply, Who};
use vocab::time::MINUTE_MS;

use super::on_disk;
use crate::{Device, World};

/// A picture of so many bytes, by how it begins.
fn png(bytes: usize, fill: u8) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(bytes, fill);
    picture
}

impl Device {
    fn gives_picture(
        self,
        world: &mut World,
        group: ConversationId,
        picture: Option<&[u8]>,
    ) -> Result<Reply, Refused> {
        let bytes = picture.map(<[u8]>::to_vec);
        self.asks(world, Command::SetPicture { conversation: group, bytes })
    }

    /// The picture that a group shows here.
    fn sees_picture(self, world: &World, group: ConversationId) -> Option<Vec<u8>> {
        let client = self.client(world);
        let hash = client.group(group).unwrap().unwrap().head.picture?;
        client.picture(&hash).unwrap()
    }
}

fn house(world: &mut World) -> (ConversationId, [Device; 3]) {
    let all @ [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(world, boris);
    anna.befriends(world, carla);
    let group = anna.makes_group(world, "Lake house", &[boris]);
    world.settle();
    (group, all)
}

#[test]
fn a_picture_is_given_changed_and_taken_away_and_newcomers_see_it() {
    let mut world = World::new(1);
    let (group, [anna, boris, carla]) = house(&mut world);
    let (first, second) = (png(32 * 1024, 1), png(900, 2));
    assert_eq!(anna.gives_picture(&mut world, group, Some(&first)), Ok(Reply::Done));
    world.pass(MINUTE_MS);
    for device in [anna, boris] {
        assert!(device.sees_picture(&world, group).as_ref() == Some(&first), "{}", device.name(&world));
    }
    assert!(boris.shows_in(&world, group).contains(&"* Anna changed its picture".to_owned()));
    // Long after: the first blob is gone.
    assert!(on_disk(&world, "DELETE FROM stored_blob") > 0);
    anna.brings(&mut world, group, carla).unwrap();
    world.pass(MINUTE_MS);
    assert!(carla.sees_picture(&world, group).as_ref() == Some(&first));
    let laptop = boris.links_by_number(&mut world, "Boris's laptop");
    assert!(laptop.has_history_within(&mut world, 5).is_some());
    world.settle();
    assert!(laptop.sees_picture(&world, group).as_ref() == Some(&first));
    anna.gives_picture(&mut world, group, Some(&second)).unwrap();
    world.pass(MINUTE_MS);
    for device in [anna, boris, carla, laptop] {
        assert!(device.sees_picture(&world, group).as_ref() == Some(&second), "{}", device.name(&world));
    }
    anna.gives_picture(&mut world, group, None).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(carla.sees_picture(&world, group), None);
    assert_eq!(carla.shows_in(&world, group).last().unwrap(), "* Anna removed its picture");
}

#[test]
fn only_who_may_edit_gives_a_picture_and_only_what_is_one_is_taken() {
    let mut world = World::new(2);
    let (group, [anna, boris, _]) = house(&mut world);
    let picture = png(100, 3);
    assert_eq!(boris.gives_picture(&mut world, group, Some(&picture)), Err(Refused::NotAllowedInGroup));
    for bad in [png(32 * 1024 + 1, 0), b"GIF89a".to_vec(), b"<svg xmlns='x'/>".to_vec(), vec![]] {
        assert_eq!(anna.gives_picture(&mut world, group, Some(&bad)), Err(Refused::BadPicture));
    }
    let permissions = Permissions { edit: Who::Everybody, ..Permissions::default() };
    anna.changes(&mut world, group, GroupChange::Permissions(permissions)).unwrap();
    world.settle();
    boris.gives_picture(&mut world, group, Some(&picture)).unwrap();
    world.pass(MINUTE_MS);
    assert!(anna.sees_picture(&world, group) == Some(picture));
}

#[test]
fn what_is_not_the_groups_picture_is_not_shown() {
    let mut world = World::new(3);
    let (group, [anna, boris, _]) = house(&mut world);
    boris.goes_offline(&mut world);
    anna.gives_picture(&mut world, group, Some(&png(5_000, 4))).unwrap();
    world.pass(MINUTE_MS);
    assert!(on_disk(&world, "UPDATE blob SET sealed = zeroblob(length(sealed))") > 0);
    boris.comes_back(&mut world);
    world.pass(MINUTE_MS);
    assert_eq!(boris.sees_picture(&world, group), None);
    boris.says_in(&mut world, group, "which picture?").unwrap();
    world.settle();
    assert_eq!(anna.texts_in(&world, group), ["Boris: which picture?"]);
}
