//! The states of linking and of the list of devices, as [`crate::samples`] for the rest.

use crate::{DeviceList, DeviceRow, LinkScreen, LinkStep};

/// Two devices, one of them new.
#[must_use]
pub fn devices() -> DeviceList {
    DeviceList {
        title: "Your devices".into(),
        sentence: "Each reads and writes all your chats, and none is more than the others. Remove one that you do not \
                   know, or have lost."
            .into(),
        devices: vec![
            device("d1", "Phone", "This device", true),
            device("d2", "Laptop", "Linked Today 09:41", false),
        ],
        link: Some("Link a device".into()),
        gives: Some("Your earlier messages go to your new device. Keep both devices on.".into()),
        history: None,
    }
}

/// As many as can be, one of them leaving.
#[must_use]
pub fn devices_full() -> DeviceList {
    let more = (2..=10).map(|n| DeviceRow {
        leaving: n == 3,
        line: if n == 3 { "Being removed".into() } else { "Linked before this device".into() },
        ..device(&format!("d{n}"), &format!("Device {n}"), "", false)
    });
    let devices = std::iter::once(device("d1", "Phone", "This device", true)).chain(more).collect();
    DeviceList { devices, link: None, gives: None, ..self::devices() }
}

/// The new device shows its link.
#[must_use]
pub fn shown() -> LinkScreen {
    LinkScreen {
        step: LinkStep::Shown,
        sentence: "On a device that has your account, choose “Link a device” and give it this link. It is good for 10 \
                   minutes. Show it to nobody else."
            .into(),
        link: Some(format!("https://lindenhof.example/d#{}", "k4VbXw9d".repeat(11))),
        number: None,
    }
}

/// The new device shows its number.
#[must_use]
pub fn number() -> LinkScreen {
    LinkScreen {
        step: LinkStep::Number,
        sentence: "Type this number on the other device of Anna.".into(),
        number: Some("012 345".into()),
        ..shown()
    }
}

/// The old device asks for it.
#[must_use]
pub fn number_needed() -> LinkScreen {
    LinkScreen {
        step: LinkStep::NumberNeeded,
        sentence: "Type the 6 digits that “Laptop” shows. Only link a device that you hold in your hand: it will read all \
                   your chats. 3 tries are left."
            .into(),
        link: None,
        number: None,
    }
}

/// It came to nothing.
#[must_use]
pub fn failed() -> LinkScreen {
    LinkScreen {
        step: LinkStep::Failed,
        sentence:
            "The number was wrong three times, so nothing was linked. Make a new link on the new device."
                .into(),
        ..number_needed()
    }
}

fn device(id: &str, name: &str, line: &str, this: bool) -> DeviceRow {
    DeviceRow { id: id.repeat(16), name: name.into(), line: line.into(), this, leaving: false }
}
