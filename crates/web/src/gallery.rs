//! Every sample of every screen on the real page, for pictures: `/#gallery/NAME`. Names are those of
//! [`screens::samples`], and a few for what only a page has.

use screens::{
    Listing, MediaKind, Quality, Transfer, link_samples, media_samples,
    samples::{self, Screen},
};

use crate::model::{Chat, Devices, Dialog, Filter, Main, Model, NewDevice, Open, Picked, Stage, Viewer};

/// The model for an address's fragment; nothing for the ordinary page.
#[must_use]
pub fn sample(fragment: &str) -> Option<Model> {
    let name = fragment.strip_prefix("#gallery/")?;
    let mut model = Model::new(0, None);
    model.stage = of_the_page(&mut model, name).or_else(|| of_the_core(&mut model, name))?;
    Some(model)
}

fn of_the_page(model: &mut Model, name: &str) -> Option<Stage> {
    Some(match name {
        "opening" => Stage::Opening,
        "broken" => Stage::Broken(screens::Trouble {
            sentence: "This browser keeps nothing for this site, so there is no place for your chats."
                .to_owned(),
            again: true,
        }),
        "name" => {
            model.heard_for_gallery(screens::Start::Welcome(samples::welcome()));
            model.without_handle();
            model.stage.clone()
        }
        "handle-refused" => {
            model.heard_for_gallery(screens::Start::Welcome(samples::welcome()));
            model.give_handle(" ");
            model.stage.clone()
        }
        "new-chat" => on_main(|main| {
            main.dialog = Some(Dialog::New { who: String::new(), busy: false, refused: None });
        }),
        "new-chat-refused" => on_main(|main| {
            main.dialog = Some(Dialog::New {
                who: "+32 470 12 34 5".to_owned(),
                busy: false,
                refused: Some("That is no whole number. A number begins with + and its country.".to_owned()),
            });
        }),
        "invite" => on_main(|main| {
            main.dialog = Some(Dialog::Invite {
                link: Some((
                    format!("https://lindenhof.example/i#{}", "k4VbXw9d".repeat(16)),
                    "Whoever opens this link first can write to you. Give it to one person, where only they read it."
                        .to_owned(),
                )),
                refused: None,
            });
        }),
        "privacy" => on_main(|main| {
            main.dialog = Some(Dialog::Privacy { page: Some(samples::privacy()), refused: None });
        }),
        "profile" => on_main(|main| {
            main.dialog = Some(Dialog::Profile { page: Some(samples::profile()), refused: None });
        }),
        "report" => on_main(|main| {
            main.dialog = Some(Dialog::Report { sheet: Some(Box::new(samples::report())), refused: None });
        }),
        "media" => on_media(|_| {}),
        "tray" => {
            let stage = on_media(|_| {});
            model.stage = stage.clone();
            let file = |number: u64, kind, name: &str| Picked {
                number,
                name: name.to_owned(),
                size: "2.4 MB".to_owned(),
                kind,
                preview: None,
                quality: Quality::Standard,
                as_file: false,
            };
            model.pick(vec![
                file(1, MediaKind::Picture, "lake.jpg"),
                file(2, MediaKind::File, "Rental agreement Rua da Rosa.pdf"),
            ]);
            stage
        }
        "viewer" => on_media(|main| {
            let all = [Transfer::Known, Transfer::Here];
            let item = |state| media_samples::attachment("1", MediaKind::Picture, "lake.jpg", state);
            main.dialog = Some(Dialog::Viewer(Viewer { items: all.map(item).to_vec(), at: 0 }));
        }),
        "storage" => on_main(|main| {
            main.dialog = Some(Dialog::Storage { page: Some(media_samples::storage()), said: None });
        }),
        "devices" => on_devices(Devices { list: Some(link_samples::devices()), ..Devices::default() }),
        "devices-full" => {
            on_devices(Devices { list: Some(link_samples::devices_full()), ..Devices::default() })
        }
        "link-number-needed" => {
            on_devices(Devices { link: Some(link_samples::number_needed()), ..Devices::default() })
        }
        "link-failed" => on_devices(Devices { link: Some(link_samples::failed()), ..Devices::default() }),
        "link-shown" | "link-number" => {
            model.heard_for_gallery(screens::Start::Welcome(samples::welcome()));
            let Stage::Joining(joining) = &mut model.stage else { return None };
            let screen = if name == "link-shown" { link_samples::shown() } else { link_samples::number() };
            joining.device = Some(NewDevice { screen: Some(screen), ..NewDevice::default() });
            model.stage.clone()
        }
        "requests-asked" => on_main(|main| {
            main.filter = Filter::Requests;
            main.requests = samples::requests_full();
            main.joins = samples::joins();
        }),
        "request" => on_main(|main| {
            main.filter = Filter::Requests;
            main.requests = samples::requests_full();
            if let Listing::Rows(rows) = &main.requests {
                main.open = rows.first().map(|row| Open::Request(Box::new(row.clone())));
            }
        }),
        _ => return None,
    })
}

fn of_the_core(model: &mut Model, name: &str) -> Option<Stage> {
    let (_, screen) = samples::all().into_iter().find(|(sample, _)| *sample == name)?;
    Some(match screen {
        Screen::Start(start) => {
            model.heard_for_gallery(start);
            model.stage.clone()
        }
        Screen::Chats(list) => Stage::Main(Box::new(Main::showing(samples::me(), list))),
        Screen::Timeline(timeline) => on_main(|main| {
            let mut chat = Chat::new(timeline.head.id.clone(), None);
            chat.newest(*timeline, true);
            main.open = Some(Open::Chat(Box::new(chat)));
        }),
        Screen::Requests(requests) => on_main(|main| {
            main.requests = requests;
            main.filter = Filter::Requests;
        }),
        Screen::Contacts(_) | Screen::Status(_) => return None,
    })
}

fn on_main(change: impl FnOnce(&mut Main)) -> Stage {
    let mut main = Main::showing(samples::me(), samples::chats_full());
    change(&mut main);
    Stage::Main(Box::new(main))
}

fn on_media(change: impl FnOnce(&mut Main)) -> Stage {
    on_main(|main| {
        let timeline = media_samples::timeline();
        let mut chat = Chat::new(timeline.head.id.clone(), None);
        chat.newest(timeline, true);
        main.open = Some(Open::Chat(Box::new(chat)));
        change(main);
    })
}

fn on_devices(devices: Devices) -> Stage {
    on_main(|main| main.dialog = Some(Dialog::Devices(Box::new(devices))))
}
