//! Who one is, for those one has let in.

use client::{Command, ContactCard, Refused, Reply};
use vocab::time::{DAY_MS, MINUTE_MS};

use super::on_disk;
use crate::{Device, World};

fn png(bytes: usize, fill: u8) -> Vec<u8> {
    let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
    picture.resize(bytes, fill);
    picture
}

impl Device {
    fn is_now(
        self,
        world: &mut World,
        name: Option<&str>,
        about: Option<&str>,
        picture: Option<&[u8]>,
    ) -> Result<Reply, Refused> {
        let (name, about) = (name.map(str::to_owned), about.map(str::to_owned));
        self.asks(world, Command::SetProfile { name, about, picture: picture.map(<[u8]>::to_vec) })
    }

    fn card_of(self, world: &World, other: Self) -> ContactCard {
        self.client(world).contact(other.account(world)).unwrap().unwrap()
    }

    fn sees_face(self, world: &World, other: Self) -> Option<Vec<u8>> {
        self.client(world).picture(&self.card_of(world, other).picture?).unwrap()
    }
}

#[test]
fn contacts_hear_what_changed_and_later_ones_hear_it_too() {
    let mut world = World::new(1);
    let [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(&mut world, boris);
    world.settle();
    let (first, second) = (png(32 * 1024, 1), png(900, 2));
    assert_eq!(anna.is_now(&mut world, Some("Anna K."), Some("Sails"), Some(&first)), Ok(Reply::Done));
    world.pass(MINUTE_MS);
    let card = boris.card_of(&world, anna);
    assert_eq!((card.name.as_str(), card.about.as_str()), ("Anna K.", "Sails"));
    assert!(boris.sees_face(&world, anna).as_ref() == Some(&first));
    // Long after: what was left then is gone, and is left anew for whoever is told now.
    assert!(on_disk(&world, "DELETE FROM stored_blob") > 0);
    world.pass(25 * DAY_MS);
    anna.befriends(&mut world, carla);
    world.pass(MINUTE_MS);
    assert_eq!(carla.card_of(&world, anna).about, "Sails");
    assert!(carla.sees_face(&world, anna).as_ref() == Some(&first));
    anna.is_now(&mut world, None, Some(""), Some(&second)).unwrap();
    world.pass(MINUTE_MS);
    for device in [boris, carla] {
        assert_eq!(device.card_of(&world, anna).about, "", "{}", device.name(&world));
        assert!(device.sees_face(&world, anna).as_ref() == Some(&second), "{}", device.name(&world));
    }
    anna.is_now(&mut world, None, None, Some(&[])).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(boris.card_of(&world, anna).picture, None);
    assert_eq!(boris.card_of(&world, anna).name, "Anna K.");
}

#[test]
fn whoever_is_blocked_or_only_met_in_a_group_hears_the_name_at_most() {
    let mut world = World::new(2);
    let [anna, boris, carla] = ["Anna", "Boris", "Carla"].map(|name| world.registers(name));
    world.settle();
    anna.befriends(&mut world, boris);
    anna.befriends(&mut world, carla);
    let group = anna.makes_group(&mut world, "Lake house", &[boris, carla]);
    world.settle();
    let account = carla.account(&world);
    anna.asks(&mut world, Command::Block(account)).unwrap();
    world.settle();
    anna.is_now(&mut world, Some("Anna K."), Some("Sails"), Some(&png(500, 3))).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!(boris.card_of(&world, anna).about, "Sails");
    let card = carla.card_of(&world, anna);
    assert_eq!((card.about.as_str(), card.picture), ("", None));
    assert!(carla.client(&world).group(group).unwrap().is_some());
}

#[test]
fn own_devices_have_the_same_profile_and_only_what_fits_is_taken() {
    let mut world = World::new(3);
    let anna = world.registers("Anna");
    world.settle();
    let laptop = anna.links_by_number(&mut world, "Anna's laptop");
    world.settle();
    let picture = png(2_000, 4);
    anna.is_now(&mut world, Some("Anna K."), Some("Sails"), Some(&picture)).unwrap();
    world.pass(MINUTE_MS);
    let (here, there) = (anna.client(&world).profile().unwrap(), laptop.client(&world).profile().unwrap());
    assert_eq!(here, there);
    assert_eq!(there.name, "Anna K.");
    assert!(laptop.client(&world).picture(&there.picture.unwrap()).unwrap() == Some(picture));
    assert_eq!(anna.is_now(&mut world, Some(" "), None, None), Err(Refused::BadName));
    assert_eq!(anna.is_now(&mut world, None, Some(&"a".repeat(141)), None), Err(Refused::BadAbout));
    for bad in [png(32 * 1024 + 1, 0), b"GIF89a".to_vec()] {
        assert_eq!(anna.is_now(&mut world, None, None, Some(&bad)), Err(Refused::BadPicture));
    }
    assert_eq!(anna.client(&world).profile().unwrap(), there);
}

#[test]
fn a_stranger_who_only_asked_hears_nothing_and_a_device_that_comes_later_knows_it() {
    let mut world = World::new(4);
    let anna = world.registers_number("Anna", "+32470000001");
    let boris = world.registers("Boris");
    world.settle();
    let picture = png(3_000, 5);
    anna.is_now(&mut world, None, Some("Sails"), Some(&picture)).unwrap();
    boris.is_now(&mut world, None, Some("Knocks"), Some(&png(900, 6))).unwrap();
    boris.adds_handle(&mut world, "+32470000001");
    boris.says(&mut world, anna, "let me in");
    world.pass(MINUTE_MS);
    let card = boris.card_of(&world, anna);
    assert_eq!((card.name.as_str(), card.about.as_str(), card.picture), ("", "", None));
    let request = &anna.client(&world).requests().unwrap()[0];
    assert_eq!((request.name.as_str(), request.about.as_str(), request.picture), ("", "", None));
    let laptop = anna.links_by_number(&mut world, "Anna's laptop");
    world.pass(MINUTE_MS);
    let (here, there) = (anna.client(&world).profile().unwrap(), laptop.client(&world).profile().unwrap());
    assert_eq!(here, there);
    assert!(laptop.client(&world).picture(&there.picture.unwrap()).unwrap() == Some(picture));
    anna.accepts(&mut world, boris);
    world.pass(MINUTE_MS);
    assert_eq!(boris.card_of(&world, anna).about, "Sails");
    assert_eq!(anna.card_of(&world, boris).about, "Knocks");
}
