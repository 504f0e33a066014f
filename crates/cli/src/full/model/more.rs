//! What is done with chats, polls, devices, and with what others are told.

use screens::{
    Action, Answer, Ask, Bubble, ChatId, DeviceList, FoundRow, HowPrecisely, LinkScreen, LinkStep, Listing,
    MessageAct, MessageId, Outcome, PollOption, PrivacyPage, PrivacyPart, ReportSheet, What,
};

use super::over::{Asks, Does, pick};
use super::{Model, Place, Purpose, Wish};

/// Messages shown of what was found.
const FOUND_MAX: u32 = 50;

/// What the person does.
impl Model {
    /// Asks for words to look for in all chats.
    pub fn search(&mut self) {
        self.ask_for(Asks::Search);
    }

    pub(super) fn search_for(&mut self, words: String) {
        self.want(What::Ask(Ask::Search { words, limit: FOUND_MAX }), Purpose::Search);
    }

    /// Opens the chat of a message that was found, and goes to it.
    pub(super) fn go_to_found(&mut self, chat: &ChatId, message: MessageId) {
        self.open_chat(chat);
        let Some(open) = self.main().and_then(|main| main.chat.as_mut()) else { return };
        open.seek = Some(message);
        let loaded = open.frame.is_some();
        if loaded {
            self.seek_on();
        }
    }

    /// The chat that is open, or in the list the picked one.
    fn target(&mut self) -> Option<(ChatId, String)> {
        let main = self.main()?;
        let id = match (&main.chat, main.place) {
            (Some(chat), Place::Line | Place::Messages) => chat.id.clone(),
            _ => main.rows().get(main.picked_row())?.id.clone(),
        };
        let found = main.own_rows().iter().find(|row| row.id == id).map(|row| row.person.name.clone());
        if found.is_none() {
            main.toast = Some("Open the chat first.".to_owned());
        }
        found.map(|name| (id, name))
    }

    fn offer(&mut self, title: &str, sentence: &str, picks: Vec<(String, Does)>) {
        let picks = picks.into_iter().map(|(word, does)| pick(&word, does)).collect();
        if let Some(main) = self.main() {
            main.choose(title, sentence.to_owned(), picks);
        }
    }

    /// Asks for how long the chat makes no sound.
    pub fn mute_chat(&mut self) {
        let Some((id, name)) = self.target() else { return };
        let times = [("1 hour", "1h"), ("8 hours", "8h"), ("1 week", "1w"), ("Until I unmute it", "always")];
        let mut picks: Vec<_> =
            times.into_iter().map(|(word, time)| (word.to_owned(), does(&id, mute(&id, time)))).collect();
        picks.push(("Not any more".to_owned(), does(&id, mute(&id, "off"))));
        self.offer(&format!("Mute {name}"), "", picks);
    }

    /// Puts the chat out of the way, or back.
    pub fn archive_chat(&mut self) {
        let Some((id, name)) = self.target() else { return };
        let archived =
            self.main().is_some_and(|main| main.own_rows().iter().any(|row| row.id == id && row.archived));
        self.act(Action::Archive { chat: id.0.clone(), on: !archived }, Purpose::About(id));
        if let Some(main) = self.main() {
            let done = if archived { "is back among the chats" } else { "is out of the way" };
            main.toast = Some(format!("{name} {done}."));
        }
        self.ask_chats();
    }

    /// Asks whether texts said in the chat bring previews of their links.
    pub fn choose_previews(&mut self) {
        let Some((id, name)) = self.target() else { return };
        let on =
            self.main().is_some_and(|main| main.own_rows().iter().any(|row| row.id == id && row.previews));
        let set = |on| does(&id, Action::SetPreviews { chat: id.0.clone(), on });
        let picks = if on {
            vec![("Make none any more".to_owned(), set(false)), ("Go on making them".to_owned(), set(true))]
        } else {
            vec![("Make them".to_owned(), set(true)), ("Make none".to_owned(), set(false))]
        };
        self.offer(
            &format!("Previews of links to {name}"),
            "Before you send a link, Valise asks its site for the page, from this device: the site learns the address of your network. \
             Nobody who gets the text asks for anything.",
            picks,
        );
    }

    /// Asks how long messages of the chat stay after reading.
    pub fn set_timer(&mut self) {
        let Some((id, _)) = self.target() else { return };
        let times =
            [("1 hour", "1h"), ("1 day", "1d"), ("1 week", "1w"), ("4 weeks", "4w"), ("They stay", "off")];
        let timer = |time: &str| Action::SetTimer { chat: id.0.clone(), time: time.to_owned() };
        let picks = times.into_iter().map(|(word, time)| (word.to_owned(), does(&id, timer(time)))).collect();
        self.offer(
            "Messages disappear after",
            "Counted from reading, for everybody in the chat, for what is written from now on.",
            picks,
        );
    }

    /// Asks for a position to tell; offers to stop where one is told already.
    pub fn share_place(&mut self) {
        let Some((id, _)) = self.target() else { return };
        let Some(main) = self.main() else { return };
        let Some(live) = main.list.live.iter().find(|row| row.chat == id).cloned() else {
            return self.ask_for(Asks::Place(id));
        };
        let stop = does(&id, Action::StopLive { message: Some(live.id.0) });
        let picks = vec![
            ("Stop telling where you are".to_owned(), stop),
            ("Another place".to_owned(), Does::Ask(Asks::Place(id))),
        ];
        self.offer("They see where you are", &live.line, picks);
    }

    pub(super) fn place_given(&mut self, chat: &ChatId, typed: &str) {
        let once = |word: &str, precision| {
            let (to, at, label) = (chat.0.clone(), typed.to_owned(), String::new());
            (word.to_owned(), does(chat, Action::SharePlace { to, at, accuracy: 0, precision, label }))
        };
        let live =
            |word: &str, lasts| (word.to_owned(), Does::TellLive(chat.clone(), typed.to_owned(), lasts));
        let picks = vec![
            once("Once", HowPrecisely::Exact),
            once("Once, about 1 km", HowPrecisely::Kilometre),
            once("Once, the town", HowPrecisely::Town),
            live("Live, 15 minutes", "15m"),
            live("Live, 1 hour", "1h"),
            live("Live, 8 hours", "8h"),
        ];
        self.offer("Share a place", typed, picks);
    }

    /// A live place of the full screen stays where it was typed; `valise place live` moves one.
    pub(super) fn tell_live(&mut self, to: ChatId, at: String, lasts: &str) {
        let start = Action::StartLive {
            to: to.0.clone(),
            lasts: lasts.to_owned(),
            every: "1m".to_owned(),
            precision: HowPrecisely::Exact,
            label: String::new(),
        };
        self.act(start, Purpose::TellLive(to, at));
    }

    pub(super) fn came_of_telling_live(&mut self, chat: ChatId, at: String, outcome: Outcome) {
        if matches!(outcome, Outcome::Sent { .. }) {
            self.act(Action::GiveFix { at, accuracy: 0 }, Purpose::About(chat.clone()));
            self.ask_chats();
        }
        self.came_of_acting_about(chat, outcome);
    }

    /// Asks a question with options.
    pub fn new_poll(&mut self) {
        if let Some((id, _)) = self.target() {
            self.ask_for(Asks::Poll(id));
        }
    }

    pub(super) fn poll_options(&mut self, chat: &ChatId, question: &str, typed: &str) {
        let options: Vec<String> =
            typed.split('/').map(|option| option.trim().to_owned()).filter(|it| !it.is_empty()).collect();
        let poll = |multiple| {
            does(
                chat,
                Action::CreatePoll {
                    to: chat.0.clone(),
                    question: question.to_owned(),
                    options: options.clone(),
                    multiple,
                },
            )
        };
        let picks =
            vec![("One answer each".to_owned(), poll(false)), ("Several answers".to_owned(), poll(true))];
        self.offer(question, &options.join(" · "), picks);
    }

    /// Asks which option of the chosen poll to vote for, or take back.
    pub fn vote(&mut self) {
        let Some(bubble) = self.chosen_bubble() else { return };
        let Some(poll) = bubble.poll.as_ref().filter(|poll| poll.open) else { return };
        let option = |(at, option): (usize, &PollOption)| {
            let sign = if option.own { "✓" } else { " " };
            let word = format!("{sign} {} ({})", option.text, option.count);
            // Where one may choose several, the others stay.
            let stays = |(index, it): (usize, &PollOption)| match index == at {
                true => !it.own,
                false => it.own && poll.multiple,
            };
            let chosen = poll.options.iter().enumerate().filter(|(index, it)| stays((*index, it)));
            let options = chosen.filter_map(|(index, _)| u32::try_from(index).ok()).collect();
            (word, does(&bubble.chat, Action::Vote { message: bubble.id.0.clone(), options }))
        };
        let picks = poll.options.iter().enumerate().map(option).collect();
        let (text, line) = (bubble.text.clone(), poll.line.clone());
        self.offer(&text, &line, picks);
    }

    /// Lets no more votes count in the chosen poll.
    pub fn end_poll(&mut self) {
        let Some(bubble) = self.chosen_bubble().filter(|it| it.acts.contains(&MessageAct::EndPoll)) else {
            return;
        };
        self.act(Action::EndPoll { message: bubble.id.0 }, Purpose::About(bubble.chat));
    }

    /// Tells no more where one is.
    pub fn stop_live(&mut self) {
        let live = self.chosen_bubble().filter(|it| it.acts.contains(&MessageAct::StopLive));
        let Some(bubble) = live else { return };
        self.act(Action::StopLive { message: Some(bubble.id.0) }, Purpose::About(bubble.chat));
    }

    /// Asks to which chat the chosen message is forwarded.
    pub fn forward_message(&mut self) {
        let Some(bubble) = self.chosen_bubble().filter(|it| it.acts.contains(&MessageAct::Forward)) else {
            return;
        };
        let Some(main) = self.main() else { return };
        let to = |row: &screens::ChatRow| {
            let action = Action::Forward { message: bubble.id.0.clone(), to: row.id.0.clone() };
            (row.person.name.clone(), does(&row.id, action))
        };
        let picks = main.own_rows().iter().map(to).collect();
        self.offer("Forward to", "", picks);
    }

    fn chosen_bubble(&mut self) -> Option<Bubble> {
        self.main()?.chat.as_ref()?.chosen().cloned()
    }

    /// Shows what a report of the chosen message would tell.
    pub fn report_message(&mut self) {
        if let Some(bubble) = self.chosen_bubble().filter(|it| it.acts.contains(&MessageAct::Report)) {
            self.want(What::Ask(Ask::Report { about: bubble.id.0 }), Purpose::Report);
        }
    }

    pub(super) fn write_report(&mut self, name: String, text: String) {
        self.out.push(Wish::Write { name, text });
    }

    /// Something was done for the model: said once.
    pub fn say(&mut self, sentence: String) {
        if let Some(main) = self.main() {
            main.toast = Some(sentence);
        }
    }

    /// Shows what others are told.
    pub fn privacy(&mut self) {
        self.want(What::Ask(Ask::Privacy), Purpose::Privacy);
    }

    pub(super) fn switch_privacy(&mut self, what: PrivacyPart, on: bool) {
        self.act(Action::SetPrivacy { what, on }, Purpose::Privacy);
    }

    /// Shows the devices of the account.
    pub fn devices(&mut self) {
        self.want(What::Ask(Ask::Devices), Purpose::Devices);
    }

    pub(super) fn look_at_device(&mut self, id: String, name: &str) {
        let picks =
            vec![("Keep it".to_owned(), Does::Nothing), ("Remove it".to_owned(), Does::RemoveDevice(id))];
        self.offer(name, "A device that is removed reads nothing that is sent from then on.", picks);
    }

    pub(super) fn remove_device(&mut self, device: String) {
        self.act(Action::RemoveDevice { device }, Purpose::Devices);
    }

    pub(super) fn link_device(&mut self, link: String) {
        self.act(Action::LinkDevice { link }, Purpose::Linking);
    }

    pub(super) fn link_number(&mut self, number: String) {
        self.act(Action::LinkNumber { number }, Purpose::Linking);
    }

    /// Linking went on.
    pub(super) fn linking_noticed(&mut self) {
        if self.main().is_some() {
            self.want(What::Ask(Ask::Linking), Purpose::Linking);
        }
    }
}

/// What the core says.
impl Model {
    pub(super) fn more_answered(&mut self, answer: Answer) {
        match answer {
            Answer::Found(found) => self.found(found),
            Answer::Privacy(page) => self.privacy_came(page),
            Answer::Devices(list) => self.devices_came(list),
            Answer::Linking(screen) => self.linking_came(screen),
            Answer::Report(sheet) => self.report_came(sheet),
            Answer::Refused { sentence, .. } => {
                if let Some(main) = self.main() {
                    main.refuse(sentence);
                }
            }
            _ => {}
        }
    }

    pub(super) fn more_came_of(&mut self, purpose: &Purpose, outcome: Outcome) {
        let Some(main) = self.main() else { return };
        if let Outcome::Refused { sentence, .. } = outcome {
            return main.refuse(sentence);
        }
        if main.over.as_ref().is_some_and(super::Over::is_busy) {
            main.over = None;
        }
        match purpose {
            Purpose::Privacy => self.privacy(),
            Purpose::Devices => self.devices(),
            Purpose::Linking => self.linking_noticed(),
            _ => {}
        }
    }

    fn found(&mut self, found: Listing<FoundRow>) {
        let pick = |row: &FoundRow| {
            let text: String = row.pieces.iter().map(|piece| piece.text.as_str()).collect();
            let word = format!("{}: {text}", row.chat_name);
            (word, Does::GoTo(row.bubble.chat.clone(), row.bubble.id.clone()))
        };
        match found {
            Listing::Rows(rows) => self.offer("Found", "", rows.iter().map(pick).collect()),
            Listing::Empty(place) => {
                if let Some(main) = self.main() {
                    main.refuse(format!("{}. {}", place.title, place.sentence));
                }
            }
            Listing::Failing(trouble) => self.say(trouble.sentence),
            Listing::Loading => {}
        }
    }

    fn privacy_came(&mut self, page: PrivacyPage) {
        let row = |row: screens::PrivacyRow| {
            let sign = if row.on { "✓" } else { " " };
            (format!("{sign} {}", row.title), Does::Privacy(row.what, !row.on))
        };
        let sentence: Vec<String> =
            page.rows.iter().map(|row| format!("{}: {}", row.title, row.sentence)).collect();
        let picks = page.rows.into_iter().map(row).collect();
        self.offer("What others are told", &sentence.join(" "), picks);
    }

    fn devices_came(&mut self, list: DeviceList) {
        let mut picks: Vec<_> = list
            .devices
            .iter()
            .map(|row| {
                let word = format!("{}. {}", row.name, row.line);
                let look = Does::Device(row.id.clone(), row.name.clone());
                (word, if row.this || row.leaving { Does::Nothing } else { look })
            })
            .collect();
        picks.push(("Link a device".to_owned(), Does::Ask(Asks::DeviceLink)));
        let sentence = list.history.or(list.gives).unwrap_or_default();
        self.offer("Devices", &sentence, picks);
    }

    fn linking_came(&mut self, screen: LinkScreen) {
        match screen.step {
            LinkStep::NumberNeeded => {
                let asks = Asks::LinkNumber(screen.sentence);
                let there = self.main().is_some_and(|main| {
                    matches!(&main.over, Some(super::Over::Field(field)) if matches!(field.asks, Asks::LinkNumber(_)))
                });
                if !there {
                    self.ask_for(asks);
                }
            }
            LinkStep::Nothing => {}
            LinkStep::Linked | LinkStep::Failed => {
                if let Some(main) = self.main() {
                    main.over = None;
                }
                self.say(screen.sentence);
            }
            _ => self.say(screen.sentence),
        }
    }

    fn report_came(&mut self, sheet: ReportSheet) {
        let row = |row: &screens::ReportRow| {
            format!("{}{}: {}", row.what, if row.proved { "" } else { " (not proved)" }, row.value)
        };
        let rows: Vec<String> = sheet.rows.iter().map(row).collect();
        let picks = vec![
            ("Keep it to myself".to_owned(), Does::Nothing),
            (format!("Write it into {}", sheet.file_name), Does::WriteReport(sheet.file_name, sheet.file)),
        ];
        self.offer(&sheet.title, &format!("{}. {}", rows.join(". "), sheet.sentence), picks);
    }
}

fn does(chat: &ChatId, action: Action) -> Does {
    Does::Act(Box::new(action), chat.clone())
}

fn mute(chat: &ChatId, time: &str) -> Action {
    Action::Mute { chat: chat.0.clone(), time: time.to_owned() }
}
