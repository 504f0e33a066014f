//! Devices of one's own: linking this one to an account, linking another, the list, removing one.
//!
//! Nothing here begins by itself: a link that the page was opened with is never read (T-07).

use screens::{Action, Answer, Ask, DeviceList, DeviceRow, LinkScreen, LinkStep, Outcome, What};

use super::{Dialog, Model, Purpose, Stage};

/// This device on its way into an account that exists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewDevice {
    /// How linking stands, once it was begun.
    pub screen: Option<LinkScreen>,
    /// An answer is awaited.
    pub busy: bool,
    /// Why it did not go on.
    pub refused: Option<String>,
}

/// The window with the devices of the account.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Devices {
    /// The list, once it is here.
    pub list: Option<DeviceList>,
    /// Linking, while it is under way or has just ended.
    pub link: Option<LinkScreen>,
    /// The field for a link is shown.
    pub entering: bool,
    /// The device whose removal is to be confirmed.
    pub removing: Option<DeviceRow>,
    /// An answer is awaited.
    pub busy: bool,
    /// Why something was not done.
    pub refused: Option<String>,
}

/// On the new device.
impl Model {
    /// The person has an account on another device.
    pub fn begin_as_device(&mut self) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        joining.device = Some(NewDevice::default());
        self.ask_linking();
    }

    /// Makes the link, for a device of this name.
    pub fn offer_link(&mut self, name: &str) {
        let name = name.trim().to_owned();
        let Some(device) = self.new_device() else { return };
        if name.is_empty() {
            device.refused = Some("Write what you call this device.".to_owned());
            return;
        }
        (device.busy, device.refused) = (true, None);
        self.act(Action::OfferLink { name }, Purpose::OfferLink);
    }

    /// Back to the first question.
    pub fn leave_linking(&mut self) {
        let Stage::Joining(joining) = &mut self.stage else { return };
        joining.device = None;
        self.act(Action::CancelLink, Purpose::Quiet);
    }

    fn new_device(&mut self) -> Option<&mut NewDevice> {
        match &mut self.stage {
            Stage::Joining(joining) => joining.device.as_mut(),
            _ => None,
        }
    }
}

/// On a device of the account.
impl Model {
    /// Opens the window with the devices.
    pub fn show_devices(&mut self) {
        if let Stage::Main(main) = &mut self.stage {
            main.dialog = Some(Dialog::Devices(Box::default()));
            self.ask_devices();
            self.ask_linking();
        }
    }

    /// Shows the field for the link of a new device.
    pub fn enter_link(&mut self) {
        if let Some(devices) = self.devices() {
            (devices.entering, devices.link, devices.refused) = (true, None, None);
        }
    }

    /// Reads the link that a new device shows.
    pub fn link_device(&mut self, link: &str) {
        let link = link.trim().to_owned();
        let Some(devices) = self.devices() else { return };
        if link.is_empty() {
            devices.refused = Some("Paste the link that the new device shows.".to_owned());
            return;
        }
        (devices.busy, devices.refused) = (true, None);
        self.act(Action::LinkDevice { link }, Purpose::LinkDevice);
    }

    /// The number that the new device shows.
    pub fn give_number(&mut self, number: &str) {
        let Some(devices) = self.devices() else { return };
        (devices.busy, devices.refused) = (true, None);
        self.act(Action::LinkNumber { number: number.to_owned() }, Purpose::LinkNumber);
    }

    /// Stops it.
    pub fn cancel_link(&mut self) {
        if let Some(devices) = self.devices() {
            devices.entering = false;
            self.act(Action::CancelLink, Purpose::Quiet);
        }
    }

    /// The list again.
    pub fn back_to_devices(&mut self) {
        if let Some(devices) = self.devices() {
            (devices.entering, devices.link, devices.removing, devices.refused) = (false, None, None, None);
            self.ask_devices();
        }
    }

    /// Asks whether a device is really to be removed.
    pub fn ask_to_remove(&mut self, device: DeviceRow) {
        if let Some(devices) = self.devices() {
            (devices.removing, devices.refused) = (Some(device), None);
        }
    }

    /// It is.
    pub fn remove_device(&mut self) {
        let Some(devices) = self.devices() else { return };
        let Some(device) = &devices.removing else { return };
        let device = device.id.clone();
        devices.busy = true;
        self.act(Action::RemoveDevice { device }, Purpose::RemoveDevice);
    }

    fn devices(&mut self) -> Option<&mut Devices> {
        match &mut self.stage {
            Stage::Main(main) => match &mut main.dialog {
                Some(Dialog::Devices(devices)) => Some(devices),
                _ => None,
            },
            _ => None,
        }
    }
}

/// What the core says.
impl Model {
    pub(super) fn ask_linking(&mut self) {
        self.want(What::Ask(Ask::Linking), Purpose::Linking);
    }

    pub(super) fn ask_devices(&mut self) {
        if self.devices().is_some() {
            self.want(What::Ask(Ask::Devices), Purpose::Devices);
        }
    }

    pub(super) fn linking_noticed(&mut self) {
        if self.devices().is_some() || matches!(self.stage, Stage::Joining(_)) {
            self.ask_linking();
        }
        self.ask_devices();
    }

    pub(super) fn link_answered(&mut self, answer: Answer) {
        match answer {
            Answer::Devices(list) => {
                if let Some(devices) = self.devices() {
                    devices.list = Some(list);
                }
            }
            Answer::Linking(screen) => self.linking_stands(screen),
            _ => {}
        }
    }

    fn linking_stands(&mut self, screen: LinkScreen) {
        let shown = matches!(screen.step, LinkStep::Shown | LinkStep::Number);
        if let Stage::Joining(joining) = &mut self.stage {
            // A link that was shown before the page was opened anew is shown again.
            match &mut joining.device {
                Some(device) => {
                    device.busy = false;
                    let said = shown || (device.screen.is_some() && screen.step == LinkStep::Failed);
                    device.screen = said.then_some(screen);
                }
                None if shown => {
                    joining.device = Some(NewDevice { screen: Some(screen), ..NewDevice::default() });
                }
                None => {}
            }
            return;
        }
        if let Some(devices) = self.devices() {
            devices.busy = false;
            let under_way =
                matches!(screen.step, LinkStep::Meeting | LinkStep::NumberNeeded | LinkStep::Confirmed);
            // How an earlier attempt ended is nobody's question any more.
            if under_way || devices.link.is_some() {
                devices.link = Some(screen);
            }
        }
    }

    pub(super) fn link_came_of(&mut self, purpose: &Purpose, outcome: Outcome) {
        let refused = match outcome {
            Outcome::Refused { sentence, .. } => Some(sentence),
            _ => None,
        };
        if let Some(device) = self.new_device() {
            (device.busy, device.refused) = (false, refused);
            return self.ask_linking();
        }
        let Some(devices) = self.devices() else { return };
        (devices.busy, devices.refused) = (false, refused);
        if *purpose == Purpose::RemoveDevice {
            devices.removing = None;
        }
        if *purpose == Purpose::LinkDevice && devices.refused.is_none() {
            devices.entering = false;
            devices.link = Some(LinkScreen {
                step: LinkStep::Meeting,
                sentence: String::new(),
                link: None,
                number: None,
            });
        }
        self.ask_linking();
        self.ask_devices();
    }
}

#[cfg(test)]
mod tests {
    use screens::{FromCore, Notice, Reply, Start, ToCore, link_samples, samples};

    use super::*;

    fn model(start: Start) -> Model {
        let mut model = Model::new(0, None);
        let id = model.take_out()[0].id;
        model.heard(FromCore::Reply { id, reply: Reply::Answer(Box::new(Answer::Start(start))) });
        model.take_out();
        model
    }

    fn says(model: &mut Model, ask: &Ask, answer: Answer) {
        let sent = model.take_out();
        let asked = |to: &&ToCore| to.what == What::Ask(ask.clone());
        let id = sent.iter().rfind(asked).unwrap_or_else(|| panic!("{ask:?} is not among {sent:?}")).id;
        model.heard(FromCore::Reply { id, reply: Reply::Answer(Box::new(answer)) });
    }

    fn window(model: &Model) -> &Devices {
        match &model.stage {
            Stage::Main(main) => match &main.dialog {
                Some(Dialog::Devices(devices)) => devices,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_new_browser_shows_its_link_then_its_number() {
        let mut model = model(Start::Welcome(samples::welcome()));
        model.begin_as_device();
        model.take_out();
        model.offer_link(" ");
        assert_eq!(model.take_out(), [], "a device has a name");
        model.offer_link("Browser");
        let sent = model.take_out();
        assert_eq!(sent[0].what, What::Action(Action::OfferLink { name: "Browser".into() }));
        for screen in [link_samples::shown(), link_samples::number()] {
            model.heard(FromCore::Notice(Notice::Linking));
            says(&mut model, &Ask::Linking, Answer::Linking(screen.clone()));
            let Stage::Joining(joining) = &model.stage else { panic!("{:?}", model.stage) };
            assert_eq!(joining.device.as_ref().unwrap().screen, Some(screen));
        }
    }

    #[test]
    fn a_link_that_was_shown_is_shown_again_after_the_page_was_closed() {
        let mut model = Model::new(0, None);
        let id = model.take_out()[0].id;
        let start = Answer::Start(Start::Welcome(samples::welcome()));
        model.heard(FromCore::Reply { id, reply: Reply::Answer(Box::new(start)) });
        says(&mut model, &Ask::Linking, Answer::Linking(link_samples::shown()));
        let Stage::Joining(joining) = &model.stage else { panic!("{:?}", model.stage) };
        assert!(joining.device.is_some());
    }

    #[test]
    fn the_old_browser_reads_a_link_asks_for_the_number_and_shows_how_it_ended() {
        let mut model = model(Start::Main(samples::me()));
        model.show_devices();
        says(&mut model, &Ask::Devices, Answer::Devices(link_samples::devices()));
        assert_eq!(window(&model).list, Some(link_samples::devices()));
        model.enter_link();
        model.link_device(" https://lindenhof.example/d#x ");
        let sent = model.take_out();
        assert_eq!(
            sent[0].what,
            What::Action(Action::LinkDevice { link: "https://lindenhof.example/d#x".into() })
        );
        model.heard(FromCore::Reply { id: sent[0].id, reply: Reply::Outcome(Outcome::Done) });
        says(&mut model, &Ask::Linking, Answer::Linking(link_samples::number_needed()));
        model.give_number("012345");
        let sent = model.take_out();
        assert_eq!(sent[0].what, What::Action(Action::LinkNumber { number: "012345".into() }));
        model.heard(FromCore::Notice(Notice::Linking));
        says(&mut model, &Ask::Linking, Answer::Linking(link_samples::failed()));
        assert_eq!(window(&model).link, Some(link_samples::failed()));
    }

    #[test]
    fn t07_opening_the_window_begins_nothing_and_a_removal_is_asked_twice() {
        let mut model = model(Start::Main(samples::me()));
        model.show_devices();
        assert!(model.take_out().iter().all(|to| matches!(to.what, What::Ask(_))));
        model.ask_to_remove(link_samples::devices().devices[1].clone());
        assert_eq!(model.take_out(), []);
        model.remove_device();
        let id = link_samples::devices().devices[1].id.clone();
        assert_eq!(model.take_out()[0].what, What::Action(Action::RemoveDevice { device: id }));
    }
}
