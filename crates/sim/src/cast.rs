//! The cast: devices, and what their people do with them. Verbs read as a story.

use client::{
    AddWhom, Command, ContactState, ConversationId, DeviceGrant, GroupChange, GroupMember, Input,
    InvitationSecrets, Mark, MessageView, NewDevice, Noticed, Refused, Reply, Role,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use vocab::time::{DAY_MS, SECOND_MS};
use vocab::{AccountId, Handle, MessageId};

use crate::World;

/// A device of somebody; with it, the somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(pub(crate) usize);

impl World {
    /// Somebody new, with a device and an account without a handle.
    pub fn registers(&mut self, name: &str) -> Device {
        self.registers_with(name, client::Config::default())
    }

    /// Somebody who tries a number and a code; what came of it.
    ///
    /// # Errors
    /// What the core or the service refused.
    pub fn tries_number(&mut self, device: Device, name: &str, number: &str) -> Result<Reply, Refused> {
        let handle = Handle::parse(number).expect("a handle of the story");
        device.proves(self, &handle);
        let code = self.code_for(&handle).expect("the code was sent");
        let registered =
            device.asks(self, Command::Register { name: name.to_owned(), proof: Some((handle, code)) });
        if let Ok(Reply::Registered(account)) = &registered {
            self.devices[device.0].account = Some(*account);
        }
        registered
    }

    /// The same, with settings.
    pub fn registers_with(&mut self, name: &str, config: client::Config) -> Device {
        let device = Device(self.add_device(name, config));
        device.creates_account(self, name, None);
        device
    }

    /// Somebody new whose number was proved by a code.
    pub fn registers_number(&mut self, name: &str, number: &str) -> Device {
        let device = Device(self.add_device(name, client::Config::default()));
        let registered = self.tries_number(device, name, number);
        assert!(matches!(registered, Ok(Reply::Registered(_))), "{name} registers: {registered:?}");
        device
    }

    /// Somebody new whose device has this database.
    pub fn registers_over(&mut self, name: &str, db: client_db::Db) -> Device {
        let device = Device(self.add_device_over(name, client::Config::default(), db));
        device.creates_account(self, name, None);
        device
    }

    /// A device without an account.
    pub fn unpacks(&mut self, name: &str) -> Device {
        Device(self.add_device(name, client::Config::default()))
    }
}

impl Device {
    /// Gives a command and waits for its answer.
    ///
    /// # Errors
    /// What the core refused; [`Refused::Unreachable`] when no answer came (the device stopped meanwhile).
    pub fn asks(self, world: &mut World, command: Command) -> Result<Reply, Refused> {
        let id = world.devices[self.0].next_command;
        self.tells(world, command);
        let until = world.now().plus_ms(60 * SECOND_MS);
        while world.now() < until {
            if let Some(reply) = world.devices[self.0].replies.remove(&id) {
                return reply;
            }
            world.step();
        }
        Err(Refused::Unreachable)
    }

    /// Gives a command and does not wait. False when nothing of it happened: the device is off, or its store failed.
    pub fn tells(self, world: &mut World, command: Command) -> bool {
        let id = world.devices[self.0].next_command;
        world.devices[self.0].next_command += 1;
        world.input(self.0, Input::Command(id, command))
    }

    /// Writes a text, if it is on and knows the other. True when the text is safe in its store.
    pub fn says_if_possible(self, world: &mut World, to: Self, text: &str) -> bool {
        let Some(conversation) = self.accepted_conversation(world, to) else { return false };
        self.tells(world, Command::Send { conversation, text: text.to_owned() })
    }

    /// Has seen everything, if it is on and there is anything.
    pub fn reads_if_possible(self, world: &mut World, with: Self) {
        let Some(conversation) = self.accepted_conversation(world, with) else { return };
        let last = self.messages(world, with).into_iter().rfind(|message| !message.own);
        if let Some(last) = last {
            self.tells(world, Command::MarkRead { conversation, through: last.id });
        }
    }

    fn accepted_conversation(self, world: &World, with: Self) -> Option<ConversationId> {
        let account = with.account(world);
        if account == self.account(world) {
            return None;
        }
        let client = world.devices[self.0].client()?;
        let card = client.contact(account).expect("the store can be read")?;
        (card.state == ContactState::Accepted).then_some(card.conversation)
    }

    /// Has no line for up to so long.
    pub fn has_no_line_for(self, world: &mut World, most_ms: u64) {
        if !world.devices[self.0].offline {
            let ms = 1 + world.dice(most_ms);
            self.goes_offline(world);
            world.line_comes_back(self.0, ms);
        }
    }

    /// Its clock is up to a day wrong from now on.
    pub fn has_wrong_clock(self, world: &mut World) {
        let error = world.dice(2 * DAY_MS);
        let error = i64::try_from(error).unwrap_or(0) - i64::try_from(DAY_MS).unwrap_or(0);
        self.sets_clock_wrong(world, error);
    }

    /// Asks for a code.
    pub fn proves(self, world: &mut World, handle: &Handle) {
        let asked = self.asks(world, Command::RequestCode { handle: handle.clone() });
        assert_eq!(asked, Ok(Reply::CodeRequested), "{} asks for a code", self.name(world));
    }

    /// Makes the account.
    pub fn creates_account(self, world: &mut World, name: &str, proof: Option<(Handle, String)>) {
        let registered = self.asks(world, Command::Register { name: name.to_owned(), proof });
        let Ok(Reply::Registered(account)) = registered else { panic!("{name} registers: {registered:?}") };
        world.devices[self.0].account = Some(account);
    }

    /// It has an account, although the story was not told.
    pub fn has_account(self, world: &mut World, account: AccountId) {
        world.devices[self.0].account = Some(account);
    }

    /// A further device of the same person.
    pub fn links(self, world: &mut World, name: &str) -> Self {
        let config = world.devices[self.0].config.clone();
        let device = Self(world.add_device(name, config));
        let new = NewDevice::generate(&mut ChaCha20Rng::from_seed(world.seed()));
        let grant = self.approves(world, &new);
        device.adopts(world, new.with_grant(grant));
        device
    }

    /// Signs a new device into the list.
    pub fn approves(self, world: &mut World, new: &NewDevice) -> DeviceGrant {
        match self.asks(world, Command::ApproveDevice(Box::new(new.offer.clone()))) {
            Ok(Reply::Grant(grant)) => *grant,
            other => panic!("{} approves a device: {other:?}", self.name(world)),
        }
    }

    /// Becomes the device that was approved.
    pub fn adopts(self, world: &mut World, grant: DeviceGrant) {
        match self.asks(world, Command::AdoptDevice(Box::new(grant))) {
            Ok(Reply::Registered(account)) => world.devices[self.0].account = Some(account),
            other => panic!("{} adopts: {other:?}", self.name(world)),
        }
    }

    /// Makes an invitation.
    pub fn invites(self, world: &mut World) -> InvitationSecrets {
        match self.asks(world, Command::Invite) {
            Ok(Reply::Invitation(invitation)) => invitation,
            other => panic!("{} invites: {other:?}", self.name(world)),
        }
    }

    /// Uses an invitation.
    pub fn adds(self, world: &mut World, invitation: &InvitationSecrets) -> ConversationId {
        match self.asks(world, Command::Add(AddWhom::Invitation(invitation.clone()))) {
            Ok(Reply::Added(_, conversation)) => conversation,
            other => panic!("{} adds by link: {other:?}", self.name(world)),
        }
    }

    /// Adds somebody by handle.
    pub fn adds_handle(self, world: &mut World, handle: &str) -> ConversationId {
        let handle = Handle::parse(handle).expect("a handle of the story");
        match self.asks(world, Command::Add(AddWhom::Handle(handle))) {
            Ok(Reply::Added(_, conversation)) => conversation,
            other => panic!("{} adds by handle: {other:?}", self.name(world)),
        }
    }

    /// The two know each other from here on: one invites, the other uses the link.
    pub fn befriends(self, world: &mut World, other: Self) {
        let invitation = self.invites(world);
        other.adds(world, &invitation);
        world.settle();
    }

    /// Lets somebody's request in.
    pub fn accepts(self, world: &mut World, other: Self) {
        let account = other.account(world);
        let done = self.asks(world, Command::Accept(account));
        assert!(matches!(done, Ok(Reply::Added(..))), "{} accepts: {done:?}", self.name(world));
    }

    /// Blocks somebody.
    pub fn blocks(self, world: &mut World, other: Self) {
        let account = other.account(world);
        assert_eq!(self.asks(world, Command::Block(account)), Ok(Reply::Done));
    }

    /// Writes a text.
    pub fn says(self, world: &mut World, to: Self, text: &str) -> MessageId {
        let conversation = self.conversation(world, to).expect("they know each other");
        match self.asks(world, Command::Send { conversation, text: text.to_owned() }) {
            Ok(Reply::Queued(id)) => id,
            other => panic!("{} says {text:?}: {other:?}", self.name(world)),
        }
    }

    /// Has seen everything in a conversation.
    pub fn reads(self, world: &mut World, with: Self) {
        let conversation = self.conversation(world, with).expect("they know each other");
        let last = self.messages(world, with).into_iter().rfind(|message| !message.own);
        if let Some(last) = last {
            let done = self.asks(world, Command::MarkRead { conversation, through: last.id });
            assert_eq!(done, Ok(Reply::Done));
        }
    }

    /// Has no line until [`Device::comes_back`].
    pub fn goes_offline(self, world: &mut World) {
        world.devices[self.0].offline = true;
        world.figures.partitions += 1;
        world.cut_device(self.0);
    }

    /// Has a line again.
    pub fn comes_back(self, world: &mut World) {
        world.devices[self.0].offline = false;
    }

    /// Stops dead.
    pub fn crashes(self, world: &mut World) {
        world.power_off(self.0);
    }

    /// What its store holds of keys, as it stopped: to be looked for elsewhere.
    pub fn stored_keys(self, world: &World) -> Vec<Vec<u8>> {
        let crate::device::Power::Off(db) = &world.devices[self.0].power else {
            panic!("only a device that is off can be looked into");
        };
        let rows = db.reader().rows("select value from mls order by key", [], |row| row.get(0));
        rows.expect("the store can be read")
    }

    /// What its store holds beside the keys that names somebody or something, as it stopped: it is no secret of a message, and
    /// some of it stands among the keys as well.
    pub fn stored_names(self, world: &World) -> Vec<Vec<u8>> {
        let crate::device::Power::Off(db) = &world.devices[self.0].power else {
            panic!("only a device that is off can be looked into");
        };
        let rows = db.reader().rows(
            "select account from contact union select account from person union select sender from message
             union select device from message union select introduction from person
             union select slot from slot union select address from slot union select owner_proof from slot
             union select charter from room union select device_chain from witness union select key from mls
             union select cast(account || device as blob) from sender_row
             union select value from setting where name = 'device_chain'
             order by 1",
            [],
            |row| row.get(0),
        );
        rows.expect("the store can be read")
    }

    /// What its store holds of places and of contents, as it stopped.
    pub fn stored_places(self, world: &World) -> Vec<Vec<u8>> {
        let crate::device::Power::Off(db) = &world.devices[self.0].power else {
            panic!("only a device that is off can be looked into");
        };
        let rows = db.reader().rows(
            "select place from message union all select content from message union all select fix from live_place
             union all select fix from live_share union all select payload from intent",
            [],
            |row| row.get(0),
        );
        rows.expect("the store can be read")
    }

    /// Changes the store of a device that is off, as another build of the client might leave it, or a wicked one.
    pub fn has_in_store(self, world: &mut World, statement: &str, values: &[&[u8]]) {
        let crate::device::Power::Off(db) = &mut world.devices[self.0].power else {
            panic!("only the store of a device that is off can be changed");
        };
        let changed = db.transaction(|tx| tx.execute(statement, client_db::params_from_iter(values)));
        assert!(changed.is_ok_and(|rows| rows > 0), "{statement}");
    }

    /// Starts again from its disk.
    pub fn restarts(self, world: &mut World) {
        world.power_on(self.0);
    }

    /// Starts again with other settings.
    pub fn restarts_with(self, world: &mut World, change: impl FnOnce(&mut client::Config)) {
        change(&mut world.devices[self.0].config);
        self.crashes(world);
        self.restarts(world);
    }

    /// How much it knows to be missing in a conversation.
    pub fn misses(self, world: &World, with: Self) -> u64 {
        let conversation = self.conversation(world, with).expect("they know each other");
        self.client(world).missing(conversation).expect("the store can be read")
    }

    /// Its clock is wrong by so much.
    pub fn sets_clock_wrong(self, world: &mut World, by_ms: i64) {
        world.devices[self.0].clock_error_ms = by_ms;
        world.input(self.0, Input::Tick);
    }

    /// As the stories call it.
    pub fn name(self, world: &World) -> &str {
        &world.devices[self.0].name
    }

    /// Whose it is.
    pub fn account(self, world: &World) -> AccountId {
        world.devices[self.0].account.expect("registered in the story")
    }

    /// The core, to ask it.
    pub fn client(self, world: &World) -> &client::Client {
        world.devices[self.0].client().expect("the device runs")
    }

    /// The conversation with somebody, if this device has one.
    pub fn conversation(self, world: &World, with: Self) -> Option<ConversationId> {
        let card = self.client(world).contact(with.account(world)).expect("the store can be read");
        card.map(|card| card.conversation)
    }

    /// Where it stands with somebody.
    pub fn stands_with(self, world: &World, other: Self) -> Option<ContactState> {
        let card = self.client(world).contact(other.account(world)).expect("the store can be read");
        card.map(|card| card.state)
    }

    /// All messages of a conversation, in order.
    pub fn messages(self, world: &World, with: Self) -> Vec<MessageView> {
        let Some(conversation) = self.conversation(world, with) else { return Vec::new() };
        self.client(world).timeline(conversation, None, u32::MAX).expect("the store can be read")
    }

    /// What the conversation shows: `name: text`, and what is wrong with a message if anything is.
    pub fn timeline(self, world: &World, with: Self) -> Vec<String> {
        let lines = self.messages(world, with).into_iter().map(|message| {
            let who = world.devices.iter().find(|device| device.account == Some(message.from));
            let who = who.map_or("?", |device| device.name.as_str());
            let unknown = message.unknown.map(|kind| format!(" [{kind}]")).unwrap_or_default();
            let failed = if message.failed { " (failed)" } else { "" };
            format!("{who}: {}{unknown}{failed}", message.text)
        });
        lines.collect()
    }

    /// How far each of one's own texts came.
    pub fn marks(self, world: &World, with: Self) -> Vec<(String, Mark)> {
        let own = self.messages(world, with).into_iter().filter(|message| message.own);
        own.map(|message| (message.text, message.mark)).collect()
    }

    /// Makes a group with others.
    pub fn makes_group(self, world: &mut World, name: &str, others: &[Self]) -> ConversationId {
        let people = others.iter().map(|other| other.account(world)).collect();
        match self.asks(world, Command::CreateGroup { name: name.to_owned(), people }) {
            Ok(Reply::Group(conversation)) => conversation,
            other => panic!("{} makes a group: {other:?}", self.name(world)),
        }
    }

    /// Changes a group.
    ///
    /// # Errors
    /// What the core refused.
    pub fn changes(
        self,
        world: &mut World,
        conversation: ConversationId,
        change: GroupChange,
    ) -> Result<Reply, Refused> {
        self.asks(world, Command::ChangeGroup { conversation, change })
    }

    /// Adds somebody to a group.
    ///
    /// # Errors
    /// What the core refused.
    pub fn brings(self, world: &mut World, group: ConversationId, whom: Self) -> Result<Reply, Refused> {
        let account = whom.account(world);
        self.changes(world, group, GroupChange::Add(vec![account]))
    }

    /// Takes somebody out of a group.
    ///
    /// # Errors
    /// What the core refused.
    pub fn takes_out(self, world: &mut World, group: ConversationId, whom: Self) -> Result<Reply, Refused> {
        let account = whom.account(world);
        self.changes(world, group, GroupChange::Remove(account))
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// What the core refused.
    pub fn leaves(self, world: &mut World, conversation: ConversationId) -> Result<Reply, Refused> {
        self.asks(world, Command::LeaveGroup { conversation })
    }

    /// Writes a text in a group.
    ///
    /// # Errors
    /// What the core refused.
    pub fn says_in(
        self,
        world: &mut World,
        conversation: ConversationId,
        text: &str,
    ) -> Result<Reply, Refused> {
        self.asks(world, Command::Send { conversation, text: text.to_owned() })
    }

    /// What a group's timeline shows: `name: text`, and lines about the group in stars.
    pub fn shows_in(self, world: &World, conversation: ConversationId) -> Vec<String> {
        let name = |account: AccountId| {
            let who = world.devices.iter().find(|device| device.account == Some(account));
            who.map_or("?", |device| device.name.as_str())
        };
        let by = |by: Option<AccountId>| by.map_or("?", name);
        let messages =
            self.client(world).timeline(conversation, None, u32::MAX).expect("the store can be read");
        let line = |message: MessageView| match message.notice {
            None => format!("{}: {}", name(message.from), message.text),
            Some(Noticed::Created { by: who, name }) => format!("* {} made {name}", by(who)),
            Some(Noticed::Entered { by: who, name }) => format!("* {} let one into {name}", by(who)),
            Some(Noticed::Added { by: who, account }) => format!("* {} added {}", by(who), name(account)),
            Some(Noticed::Removed { by: who, account }) => format!("* {} removed {}", by(who), name(account)),
            Some(Noticed::Left { account }) => format!("* {} left", name(account)),
            Some(Noticed::Named { by: who, name }) => format!("* {} named it {name}", by(who)),
            Some(Noticed::Described { by: who }) => format!("* {} described it", by(who)),
            Some(Noticed::Permitted { by: who }) => format!("* {} changed who may do what", by(who)),
            Some(Noticed::Role { by: who, account, role }) => {
                format!("* {} made {} {role:?}", by(who), name(account))
            }
            Some(Noticed::LinkOpened { by: who, approval: false }) => format!("* {} opened a link", by(who)),
            Some(Noticed::LinkOpened { by: who, approval: true }) => {
                format!("* {} opened a link that asks", by(who))
            }
            Some(Noticed::LinkClosed { by: who }) => format!("* {} closed a link", by(who)),
            Some(Noticed::Pictured { by: who, gone }) => {
                format!("* {} {} its picture", by(who), if gone { "removed" } else { "changed" })
            }
            Some(Noticed::History { by: who, days }) => {
                format!("* {} gives newcomers {days} days", by(who))
            }
        };
        messages.into_iter().map(line).collect()
    }

    /// The texts of it alone.
    pub fn texts_in(self, world: &World, conversation: ConversationId) -> Vec<String> {
        self.shows_in(world, conversation).into_iter().filter(|line| !line.starts_with('*')).collect()
    }

    /// Who is in a group, by name, with the role of those who have one.
    pub fn sees_in(self, world: &World, conversation: ConversationId) -> Vec<String> {
        let Some(group) = self.client(world).group(conversation).expect("the store can be read") else {
            return vec![];
        };
        let line = |member: GroupMember| {
            let who = world.devices.iter().find(|device| device.account == Some(member.account));
            let who = who.map_or("?", |device| device.name.as_str());
            if member.role == Role::Member { who.to_owned() } else { format!("{who} ({:?})", member.role) }
        };
        let mut lines: Vec<String> = group.members.into_iter().map(line).collect();
        lines.sort();
        lines
    }

    /// Why it gave things up lately.
    pub fn notes(self, world: &World) -> Vec<String> {
        self.client(world).notes().map(str::to_owned).collect()
    }
}
