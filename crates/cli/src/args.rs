//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use screens::{Action, PreviewWish};
use vocab::Position;

/// Private messages that only you and the other person can read.
#[derive(Parser)]
#[command(name = "valise", version, disable_help_subcommand = true, after_help = START)]
pub struct Args {
    /// Folder of the account [default: ~/.local/share/valise]
    #[arg(long, global = true, value_name = "DIR", env = "VALISE_HOME", hide_env_values = true)]
    pub home: Option<PathBuf>,
    /// One of several accounts: it lies in the folder `accounts/NAME` of that folder
    #[arg(long, global = true, value_name = "NAME")]
    pub account: Option<String>,
    /// One JSON object a line on stdout; everything else goes to stderr
    #[arg(long, global = true)]
    pub json: bool,
    /// Certificate of a private authority (PEM), trusted beside the public ones; kept for later
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// This network costs by its bytes: less is loaded by itself (`valise storage rule` says how much)
    #[arg(long, global = true)]
    pub save_data: bool,
    /// Nothing: the chats on the whole terminal.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Args {
    /// The usage, for whoever typed nothing where nothing can be shown.
    pub fn usage() -> String {
        Self::command().render_help().to_string()
    }
}

/// One thing to do.
#[derive(Subcommand)]
pub enum Command {
    /// Create an account on this device
    #[command(after_help = REGISTER)]
    Register(Register),
    /// Make a link: whoever opens it is let in
    #[command(after_help = INVITE)]
    Invite,
    /// Add somebody by link, number or e-mail address; a link into a group asks to come in
    #[command(after_help = ADD)]
    Add {
        /// What they gave you
        #[arg(value_name = "LINK|NUMBER|E-MAIL")]
        who: String,
    },
    /// Show who wants to write to you
    #[command(after_help = REQUESTS)]
    Requests,
    /// Let a request in
    #[command(after_help = ACCEPT)]
    Accept {
        /// Id of the request, or its first 6 characters and more
        who: String,
    },
    /// Refuse somebody, now and later; they are not told
    #[command(after_help = BLOCK)]
    Block {
        /// Number, e-mail address, name or id
        who: String,
    },
    /// Send a text
    #[command(after_help = SEND)]
    Send(Send),
    /// Answer a message
    #[command(after_help = REPLY)]
    Reply {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// What to say; - reads it from standard input
        text: String,
        /// With a preview or without.
        #[command(flatten)]
        preview: Preview,
    },
    /// React to a message with an emoji
    #[command(after_help = REACT)]
    React {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// One emoji
        emoji: String,
        /// Take the reaction back
        #[arg(long)]
        remove: bool,
    },
    /// Put another text in the place of one you sent
    #[command(after_help = EDIT)]
    Edit {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// What it says from now on; - reads it from standard input
        text: String,
        /// With a preview or without.
        #[command(flatten)]
        preview: Preview,
    },
    /// Delete a message, for you or for everyone
    #[command(after_help = DELETE)]
    Delete {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// Take it back from everybody; only of your own
        #[arg(long)]
        everyone: bool,
    },
    /// Say in another chat what a message says, marked as forwarded
    #[command(after_help = FORWARD)]
    Forward {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// Number, e-mail address, name or id of the person, or id of the chat
        to: String,
    },
    /// Ask a question, vote, end a poll of yours
    #[command(subcommand, after_help = POLL)]
    Poll(Poll),
    /// Tell a place, once or live for some time, and see where somebody is
    #[command(after_help = PLACE)]
    Place {
        /// What
        #[command(subcommand)]
        what: crate::command::place::Place,
    },
    /// Pin a message for everybody in its chat
    #[command(after_help = PIN)]
    Pin {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// Take the pin off
        #[arg(long)]
        remove: bool,
    },
    /// Put a star on a message, for you alone
    #[command(after_help = STAR)]
    Star {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// Take the star off
        #[arg(long)]
        remove: bool,
    },
    /// List the messages with a star, newest first
    #[command(after_help = STARRED)]
    Starred,
    /// Look for words in all chats
    #[command(after_help = SEARCH)]
    Search {
        /// Words, or how they begin
        #[arg(required = true)]
        words: Vec<String>,
        /// Messages shown, the newest
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// No sound of a chat for a while, on all your devices
    #[command(after_help = MUTE)]
    Mute {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// For how long: 30m, 8h, 2d, 1w, always, or off
        #[arg(default_value = "always", conflicts_with = "mentions")]
        time: String,
        /// Whether what mentions you is still heard of while the chat is muted; it is, unless you say quiet
        #[arg(long, value_enum, value_name = "WHETHER")]
        mentions: Option<Mentions>,
    },
    /// Let the texts you send in a chat bring previews of their links, on all your devices
    #[command(after_help = PREVIEWS)]
    Previews {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// Whether they do from now on
        #[arg(value_enum)]
        switch: Switch,
    },
    /// Put a chat out of the way, on all your devices
    #[command(after_help = ARCHIVE)]
    Archive {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// Put it back
        #[arg(long)]
        undo: bool,
    },
    /// Mark a chat to be looked at again
    #[command(after_help = UNREAD)]
    Unread {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// Take the mark off
        #[arg(long)]
        undo: bool,
    },
    /// Put chats into folders
    #[command(after_help = FOLDER)]
    Folder {
        /// What
        #[command(subcommand)]
        what: crate::command::folder::Folder,
    },
    /// List the texts that wait for their time on this device, change them, cancel them
    #[command(after_help = SCHEDULED)]
    Scheduled {
        /// What; nothing lists them
        #[command(subcommand)]
        what: Option<crate::command::scheduled::Scheduled>,
    },
    /// Let messages of a chat disappear a while after they were read, for everybody in it
    #[command(after_help = TIMER)]
    Timer {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// How long after reading: 30s, 5m, 8h, 1d, 1w, at most a year, or off
        time: String,
    },
    /// Show or switch what others are told of you, on all your devices
    #[command(after_help = PRIVACY)]
    Privacy {
        /// What; nothing shows all of it
        #[arg(value_enum, requires = "switch")]
        what: Option<PrivacyPart>,
        /// Whether they are told from now on
        #[arg(value_enum)]
        switch: Option<Switch>,
    },
    /// Show who you are to those you have let in, or change it
    #[command(after_help = PROFILE)]
    Profile {
        /// What; nothing shows it
        #[command(subcommand)]
        what: Option<Profile>,
    },
    /// Write a report with proof of a message, or of somebody who knocks, into a file; or check one
    #[command(after_help = REPORT)]
    Report {
        /// Id of the message or request, or its first 6 characters and more
        #[arg(required_unless_present = "check", conflicts_with = "check")]
        about: Option<String>,
        /// Where the report is written; without it only what it would tell is shown
        #[arg(long, value_name = "FILE", conflicts_with = "check")]
        out: Option<PathBuf>,
        /// Checks a report, without any account or server; - reads it from standard input
        #[arg(long, value_name = "FILE")]
        check: Option<PathBuf>,
    },
    /// Show what arrives, each message once
    #[command(after_help = RECEIVE)]
    Receive(Receive),
    /// List the chats, newest first
    #[command(after_help = CHATS)]
    Chats {
        /// Those in this folder only
        #[arg(long, value_name = "NAME")]
        folder: Option<String>,
    },
    /// Show the messages of a chat
    #[command(after_help = HISTORY)]
    History {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// Messages shown, the newest
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
        /// Begin each line with the message's id, to be given to reply, react, edit and delete
        #[arg(long)]
        ids: bool,
        /// Where you are: places are shown with their distance and direction from there
        #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true, value_parser = Position::parse)]
        from: Option<Position>,
    },
    /// Show what a message said before it was edited
    #[command(after_help = EDITIONS)]
    Editions {
        /// Id of the message
        message: String,
    },
    /// Make groups and change them
    #[command(after_help = GROUP)]
    Group {
        /// What
        #[command(subcommand)]
        what: crate::command::group::Group,
    },
    /// List your accounts on this device
    #[command(after_help = ACCOUNTS)]
    Accounts,
    /// Show a contact, write contacts into a file and read them from one
    #[command(after_help = CONTACT)]
    Contact {
        /// What
        #[command(subcommand)]
        what: crate::command::contact::Contact,
    },
    /// List everybody you have let in
    #[command(after_help = CONTACTS)]
    Contacts,
    /// Link a device, list the devices of the account, remove one
    #[command(subcommand, after_help = DEVICE)]
    Device(Device),
    /// Save what a message carries
    #[command(after_help = SAVE)]
    Save {
        /// Id of the message, or its first 6 characters and more
        message: String,
        /// Where to [default: here]
        folder: Option<PathBuf>,
    },
    /// Show how much room media take, and make some
    #[command(after_help = STORAGE)]
    Storage {
        /// What
        #[command(subcommand)]
        what: Option<Storage>,
    },
    /// Show how this device stands
    #[command(after_help = STATUS)]
    Status,
    /// Serve bots: JSON-RPC as signal-cli has it
    #[command(after_help = DAEMON)]
    Daemon(Daemon),
}

/// `valise register`
#[derive(clap::Args)]
pub struct Register {
    /// How people may find you: a number with its country code, an e-mail address, or none
    #[arg(value_name = "NUMBER|E-MAIL|none")]
    pub handle: String,
    /// The server's address
    #[arg(long, value_name = "URL")]
    pub server: String,
    /// Your name, shown to people you have let in
    #[arg(long)]
    pub name: String,
    /// The code that was sent to you; asked for when it is not given
    #[arg(long)]
    pub code: Option<String>,
}

/// `valise profile`
#[derive(Subcommand)]
pub enum Profile {
    /// Show it
    Show,
    /// Change it, on all your devices; what is not named stays
    Set {
        /// Your name
        #[arg(long, required_unless_present_any = ["about", "picture", "no_picture"])]
        name: Option<String>,
        /// A line about you; an empty one takes it away
        #[arg(long, value_name = "TEXT")]
        about: Option<String>,
        /// A picture, of which the middle is made small; what it tells beside that is removed
        #[arg(long, value_name = "FILE", conflicts_with = "no_picture")]
        picture: Option<PathBuf>,
        /// Take the picture away
        #[arg(long)]
        no_picture: bool,
    },
}

/// `valise device`
#[derive(Subcommand)]
pub enum Device {
    /// Make this a further device of an account that exists: shows a link and a number
    #[command(after_help = DEVICE_NEW)]
    New {
        /// The server's address
        #[arg(long, value_name = "URL")]
        server: String,
        /// What you call this device; only your own devices learn it
        #[arg(long)]
        name: String,
    },
    /// Link the device that shows a link, on a device that has the account
    #[command(after_help = DEVICE_LINK)]
    Link {
        /// What the new device shows; left out to go on with one that was begun
        #[arg(value_name = "LINK", required_unless_present = "number")]
        link: Option<String>,
        /// The number that the new device shows; asked for when it is not given
        #[arg(long, value_name = "6 DIGITS")]
        number: Option<String>,
    },
    /// List the devices of the account
    #[command(after_help = DEVICE_LIST)]
    List,
    /// Take a device out of the account: it reads nothing that is sent from then on
    #[command(after_help = DEVICE_REMOVE)]
    Remove {
        /// Name or id of the device, or the first 6 characters of the id and more
        device: String,
    },
    /// Give a device another name
    #[command(after_help = DEVICE_NAME)]
    Name {
        /// Name or id of the device, or the first 6 characters of the id and more
        device: String,
        /// The new name
        name: String,
    },
}

/// `valise send`
#[derive(clap::Args)]
pub struct Send {
    /// Number, e-mail address, name or id of the person, or id of the chat
    pub to: String,
    /// What to say; - reads it from standard input
    #[arg(required_unless_present_any = ["attach", "card"], conflicts_with = "card")]
    pub text: Option<String>,
    /// Files to send, and how.
    #[command(flatten)]
    pub attach: Attach,
    /// End when the message came so far
    #[arg(long, value_enum, value_name = "MARK", default_value_t = Wait::Stored)]
    pub wait: Wait,
    /// Wait so long at most [default: 30 for stored, 300 for the others]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(..=SECONDS_MAX))]
    pub timeout: Option<u64>,
    /// Send it at this time, from this device
    #[arg(long, value_name = "TIME", conflicts_with_all = ["wait", "timeout", "preview", "no_preview"])]
    pub at: Option<String>,
    /// Show it as it is, whatever signs of Markdown and names after @ are in it
    #[arg(long)]
    pub plain: bool,
    /// Send contact cards: of contacts, of yourself (me), or those of a file that ends with .vcf
    #[arg(long, value_name = "CONTACT|FILE", num_args = 1.., conflicts_with_all = ["at", "plain", "attach", "preview", "no_preview"])]
    pub card: Vec<String>,
    /// With a preview or without.
    #[command(flatten)]
    pub preview: Preview,
}

/// Whether a text brings a preview of a link in it.
#[derive(clap::Args, Clone, Copy)]
pub struct Preview {
    /// Make a preview of the first link, by asking its site for the page now, whatever is chosen for the chat
    #[arg(long, conflicts_with = "no_preview")]
    preview: bool,
    /// Make no preview, whatever is chosen for the chat
    #[arg(long)]
    no_preview: bool,
}

impl Preview {
    /// What is done, with what was asked for.
    pub fn of(self, action: Action) -> Action {
        let wish = match (self.preview, self.no_preview) {
            (true, _) => PreviewWish::Make,
            (_, true) => PreviewWish::Leave,
            (false, false) => return action,
        };
        Action::WithPreview { wish, of: Box::new(action) }
    }
}

/// Files of `valise send`
#[derive(clap::Args)]
pub struct Attach {
    /// Send these files, with the text as their caption
    #[arg(long, value_name = "FILE", num_args = 1.., value_delimiter = None, conflicts_with_all = ["at", "plain", "preview", "no_preview"])]
    pub attach: Vec<PathBuf>,
    /// The words that go with the files
    #[arg(long, value_name = "TEXT", requires = "attach")]
    pub caption: Option<String>,
    /// How much of a picture is sent; what tells where it was taken is removed from each
    #[arg(long, value_enum, value_name = "QUALITY", default_value_t = QualityWord::Standard, requires = "attach")]
    pub quality: QualityWord,
    /// Send them as they are, to the byte, whatever they are and tell
    #[arg(long, requires = "attach", conflicts_with_all = ["quality", "voice"])]
    pub as_file: bool,
    /// Send a recording (Ogg Opus, WebM or WAV) as a voice message
    #[arg(long, requires = "attach")]
    pub voice: bool,
    /// Send pictures as stickers: small, seen through where the picture is, and without a frame
    #[arg(long, requires = "attach", conflicts_with_all = ["quality", "voice", "as_file"])]
    pub sticker: bool,
}

/// How much of a picture is sent.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QualityWord {
    /// Small
    DataSaver,
    /// As large as a screen
    Standard,
    /// Every pixel
    Original,
}

/// `valise storage`
#[derive(clap::Subcommand)]
pub enum Storage {
    /// Delete media from this device; the messages stay, and what is starred
    #[command(after_help = STORAGE)]
    Free {
        /// Of this chat only
        #[arg(long)]
        chat: Option<String>,
        /// What came so many days ago, and before
        #[arg(long, value_name = "DAYS", default_value_t = 0)]
        older: u32,
        /// What has at least so many bytes: 500K, 20M, 1G
        #[arg(long, value_name = "SIZE", value_parser = size)]
        larger: Option<u64>,
    },
    /// Say what is loaded by itself
    #[command(after_help = STORAGE)]
    Rule {
        /// Which
        #[arg(value_enum)]
        kind: MediaWord,
        /// Up to this size: 500K, 20M; 0 for only when asked
        #[arg(value_parser = size)]
        bytes: u64,
        /// Where the network costs by its bytes
        #[arg(long)]
        metered: bool,
    },
}

/// Kinds of media.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MediaWord {
    /// Documents and other files
    Files,
    /// Photos
    Photos,
    /// Videos
    Videos,
    /// Voice messages
    Voice,
    /// Music and other sound
    Audio,
    /// Stickers
    Stickers,
    /// Pictures that move
    Gifs,
}

/// Bytes as people write them: `500K`, `20M`, `1.5G`, thousands as everywhere here.
fn size(typed: &str) -> Result<u64, String> {
    let upper = typed.trim().to_ascii_uppercase();
    let upper = upper.trim_end_matches('B');
    let (number, unit) = match upper.char_indices().last() {
        Some((at, 'K')) => (&upper[..at], 1_000),
        Some((at, 'M')) => (&upper[..at], 1_000_000),
        Some((at, 'G')) => (&upper[..at], 1_000_000_000),
        _ => (upper, 1),
    };
    let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
    let bytes = || {
        let (whole, tenth): (u64, u64) = (whole.parse().ok()?, tenth.get(..1)?.parse().ok()?);
        whole.checked_mul(unit)?.checked_add(tenth * unit / 10)
    };
    bytes().ok_or_else(|| format!("“{typed}” is no size. Write 500K, 20M or 1.5G."))
}

/// Whether a mute holds for mentions.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mentions {
    /// They are heard of
    Heard,
    /// They are not
    Quiet,
}

/// What `valise send` waits for.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Wait {
    /// The server has it
    Stored,
    /// It is on a device of theirs
    Delivered,
    /// They have seen it
    Read,
}

/// `valise poll`
#[derive(Subcommand)]
pub enum Poll {
    /// Ask a question with options
    #[command(after_help = POLL)]
    Create {
        /// Number, e-mail address, name or id of the person, or id of the chat
        chat: String,
        /// What is asked
        question: String,
        /// What can be answered: 2 to 12
        #[arg(required = true, num_args = 2..)]
        options: Vec<String>,
        /// Let everybody choose several
        #[arg(long)]
        multiple: bool,
    },
    /// Vote; a second vote takes the place of the first
    #[command(after_help = POLL)]
    Vote {
        /// Id of the poll, or its first 6 characters and more
        message: String,
        /// Numbers of the options, the first is 1; none to take your vote back
        #[arg(value_parser = clap::value_parser!(u32).range(1..))]
        options: Vec<u32>,
    },
    /// Let no more votes count
    #[command(after_help = POLL)]
    End {
        /// Id of the poll, or its first 6 characters and more
        message: String,
    },
}

/// What others are told of one.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PrivacyPart {
    /// That you are typing
    Typing,
    /// That their messages arrived
    Delivered,
    /// That you read them
    Read,
    /// When you were last here
    Presence,
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// They are told
    On,
    /// They are not told
    Off,
}

/// `valise receive`
#[derive(clap::Args)]
pub struct Receive {
    /// Go on for so long
    #[arg(long = "for", value_name = "SECONDS", conflicts_with = "follow", value_parser = clap::value_parser!(u64).range(..=SECONDS_MAX))]
    pub seconds: Option<u64>,
    /// Go on until ended
    #[arg(long)]
    pub follow: bool,
    /// Leave what is shown unread: the others do not learn of it, and it is shown again next time
    #[arg(long)]
    pub unread: bool,
    /// Where you are: places are shown with their distance and direction from there
    #[arg(long, value_name = "LAT,LON", allow_hyphen_values = true, value_parser = Position::parse)]
    pub from: Option<Position>,
}

/// `valise daemon`
#[derive(clap::Args)]
pub struct Daemon {
    /// Listen on a Unix socket [default path: bot.sock in the account's folder]; the default when there is no --http
    #[arg(long, value_name = "PATH")]
    pub socket: Option<Option<PathBuf>>,
    /// Listen for HTTP on this machine
    #[arg(long, value_name = "127.0.0.1:PORT")]
    pub http: Option<SocketAddr>,
    /// When a connection to the socket begins to hear what arrives
    #[arg(long, value_enum, value_name = "MODE", default_value_t = ReceiveMode::OnStart)]
    pub receive_mode: ReceiveMode,
    /// Serve every account of the folder; each call names its own
    #[arg(long)]
    pub accounts: bool,
    /// Leave what is handed over unread until sendReceipt: the others do not learn of it, and it comes again at the next start
    #[arg(long)]
    pub unread: bool,
}

/// When a bot begins to hear what arrives.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReceiveMode {
    /// At once
    OnStart,
    /// After subscribeReceive
    Manual,
}

/// A year: longer waits are mistakes.
const SECONDS_MAX: u64 = 366 * 24 * 60 * 60;

const START: &str = "\
On a terminal, valise alone shows the chats on the whole screen.

A first conversation:
  valise register none --server https://lindenhof.example --name Anna
  valise invite                     give the link to one person
  valise receive --follow           show what arrives
  valise send Boris \"see you at 5\"

Exit codes: 0 done, 1 refused (the message says why), 2 wrong usage, 3 something has to be given,
4 the server was not reached (what you wrote is kept and leaves at the next start)";

const REGISTER: &str = "\
Examples:
  valise register +32470123456 --server https://lindenhof.example --name Anna
  valise register anna@example.org --server https://lindenhof.example --name Anna --code 123456
  valise register none --server http://127.0.0.1:8080 --name Anna
  valise --home ./work --ca ca.pem register none --server https://10.0.0.5 --name Anna

With --json and no terminal, the first call asks for the code to be sent and exits with 3; the same call
with --code finishes. A passphrase in VALISE_PASSPHRASE locks the account's key on this device.";

const INVITE: &str = "\
Examples:
  valise invite
  valise --json invite              {\"link\":\"https://lindenhof.example/i#…\"}

Give a link to one person, over a way that only they read.";

const ADD: &str = "\
Examples:
  valise add 'https://lindenhof.example/i#…'     lets both in at once
  valise add +32470123456                        they have to let you in
  valise add boris@example.org";

const REQUESTS: &str = "\
Examples:
  valise requests
  valise --json requests            {\"request\":{\"id\":\"…\"}}

Nothing of a stranger is shown before you accept them.";

const ACCEPT: &str = "\
Examples:
  valise accept 3fa94c";

const BLOCK: &str = "\
Examples:
  valise block 3fa94c
  valise block Boris";

const SEND: &str = "\
Examples:
  valise send Boris \"see you at 5\"
  valise send +32470123456 - < letter.txt
  valise send boris@example.org hello --wait read --timeout 60
  valise --json send Boris hi       {\"sent\":{\"chat\":\"…\",\"id\":\"…\"}}
  valise send Boris \"**five**, at the *usual* place\"
  valise send \"Lake house\" \"@Boris, and @all: the key is under the mat\"
  valise send Boris --at \"tomorrow 9:00\" \"good morning\"
  valise send Boris \"our lake\" --attach lake.jpg boat.jpg
  valise send Boris --attach film.mp4 --caption \"the jump\" --wait delivered
  valise send Boris --attach memo.wav --voice
  valise send Boris --attach cat.png --sticker
  valise send Boris --card Carla me
  valise send Boris \"look: https://lindenhof.example/\" --preview
  valise send Boris --card plumber.vcf

Markdown is shown as what it means, and @ with a name mentions that person; --plain sends the text as it is.
@all is for the admins of a group. Times: 18:30, tomorrow 9:00, friday 9:00, 2029-05-12 18:30, 2h. What waits for its
time is kept on this device and leaves while Valise runs here, or at the next start: valise scheduled
A text that begins with a hyphen follows two of them: valise send Boris -- \"-5 degrees\"";

const SAVE: &str = "\
Examples:
  valise save 01c471cdc5d9
  valise save 01c471cdc5d9 ~/Pictures
  valise --json save 01c471cdc5d9 .    {\"saved\":{\"path\":\"…\",\"name\":\"lake.jpg\",\"bytes\":2400000}}

What is not on this device yet is loaded first. No file is written over: a second lake.jpg becomes lake (2).jpg.";

const STORAGE: &str = "\
Examples:
  valise storage
  valise storage free --older 30 --larger 20M
  valise storage free --chat \"Lake house\"
  valise storage rule videos 50M
  valise storage rule photos 0 --metered

What was deleted here can be loaded again while the server keeps it: 30 days after it was sent.";

const REPLY: &str = "\
Examples:
  valise reply 01c471cdc5d9 \"the 12 is quieter\"
  valise --json reply 01c471cdc5d9 -   {\"sent\":{\"chat\":\"…\",\"id\":\"…\"}}

Ids of messages are shown by: valise history --ids, and by everything with --json.";

const REACT: &str = "\
Examples:
  valise react 01c471cdc5d9 👍
  valise react 01c471cdc5d9 👍 --remove";

const EDIT: &str = "\
Examples:
  valise edit 01c471cdc5d9 \"see you at 6\"

The others see that it was edited, and can see what it said before.";

const DELETE: &str = "\
Examples:
  valise delete 01c471cdc5d9              on your own devices
  valise delete 01c471cdc5d9 --everyone   on everybody's, if you wrote it";

const EDITIONS: &str = "\
Examples:
  valise editions 01c471cdc5d9
  valise --json editions 01c471cdc5d9   {\"edition\":{\"sent_at\":1873273260000,\"text\":\"see you at 5\"}}";

const FORWARD: &str = "\
Examples:
  valise forward 01c471cdc5d9 Boris";

const POLL: &str = "\
Examples:
  valise poll create Boris \"Which tram?\" \"The 12\" \"The 28\"
  valise poll create Boris \"Who brings what?\" Bread Wine --multiple
  valise poll vote 01c471cdc5d9 2
  valise poll end 01c471cdc5d9";

pub const PLACE: &str = "\
Positions come from you, from a file or from a program of yours; Valise asks no receiver by itself. A place that is told less
precisely leaves this device so, and no more precise one is kept.

Examples:
  valise place share Boris --at 59.3293,18.0686 --label \"The dock\"
  valise place share Boris --at 59.3293,18.0686 --precision town
  valise place live Boris --for 1h --gpx walk.gpx
  valise place live Boris --for 15m --every 30 --command ./where-am-i
  valise place list
  valise place show 01c471cdc5d9 --from 59.33,18.05
  valise place stop";

const PIN: &str = "\
Examples:
  valise pin 01c471cdc5d9
  valise pin 01c471cdc5d9 --remove";

const STAR: &str = "\
Examples:
  valise star 01c471cdc5d9
  valise star 01c471cdc5d9 --remove";

const STARRED: &str = "\
Examples:
  valise starred
  valise --json starred";

const SEARCH: &str = "\
Examples:
  valise search tram
  valise search see you --limit 5
  valise --json search tram      {\"found\":{\"chat_name\":\"Boris\",\"message\":{…},\"before\":\"…\",\"after\":\"…\"}}

What is looked for stays on this device.";

const MUTE: &str = "\
Examples:
  valise mute Boris 8h
  valise mute Boris              for ever
  valise mute Boris off
  valise mute \"Lake house\" --mentions quiet

Messages that mention you are counted and shown as new while the chat is muted, unless you say --mentions quiet.";

pub const FOLDER: &str = "\
Examples:
  valise folder create Family
  valise folder add Family Anna \"Lake house\"
  valise folder move Family 1
  valise folder list
  valise chats --folder Family

A chat may be in several folders. They are the same on all your devices.";

pub const SCHEDULED: &str = "\
Examples:
  valise send Boris --at 18:30 \"on my way\"
  valise scheduled
  valise scheduled edit 5c1e90 --at \"tomorrow 9:00\"
  valise scheduled edit 5c1e90 \"running late\"
  valise scheduled cancel 5c1e90

They wait on this device only, and leave while Valise runs here: valise receive --follow, the full screen, or
valise daemon. What was due in between leaves at the next start.";

const PREVIEWS: &str = "\
Examples:
  valise previews Boris on
  valise previews \"Lake house\" off
  valise send Boris \"look: https://lindenhof.example/\" --no-preview
  valise --json history Boris       {\"message\":{…,\"preview\":{\"url\":\"…\",\"host\":\"…\",\"title\":\"…\",…}}}

Off until you switch it on. Then, before a text with a link is sent, this program asks the site for the page and a picture of it: up to 1 MB,
5 seconds at most, over https only. The site learns the address of your network, and that somebody is about to send the link; nobody who
gets the text asks it for anything. Texts that wait for their time and the words of files bring none, and the web app makes none.";

const ARCHIVE: &str = "\
Examples:
  valise archive Boris
  valise archive Boris --undo";

const UNREAD: &str = "\
Examples:
  valise unread Boris
  valise unread Boris --undo

Reading the chat takes the mark off.";

const TIMER: &str = "\
Examples:
  valise timer Boris 1d
  valise timer Boris off

It counts for what is written from then on. Everybody in the chat sees it.";

const PROFILE: &str = "\
Examples:
  valise profile
  valise profile set --about 'Reads, sails, answers late'
  valise profile set --picture ~/Pictures/me.jpg
  valise profile set --no-picture

Only people you have let in see it. Groups see the name alone.";

const PRIVACY: &str = "\
Examples:
  valise privacy
  valise privacy read off
  valise privacy presence on
  valise --json privacy             {\"privacy\":{\"what\":\"typing\",\"on\":true}}

Presence is off until you switch it on, and only contacts who share it too are told.";

const REPORT: &str = "\
Examples:
  valise report 01c471cdc5d9                      what a report would tell
  valise report 01c471cdc5d9 --out report.json
  valise report --check report.json

The file goes nowhere by itself. Whoever you give it to can check it, without this program's account or any server.";

const RECEIVE: &str = "\
Examples:
  valise receive                    what waited, then end
  valise receive --follow           go on until Ctrl C
  valise --json receive --for 10    {\"event\":\"message\",\"chat\":\"…\",\"id\":\"…\",\"from\":{\"name\":\"Boris\",\"handle\":null},
                                     \"sent_at\":1873273260000,\"text\":\"see you at 5\"}
                                    {\"event\":\"receipt\",\"chat\":\"…\",\"id\":\"…\",\"mark\":\"read\"}
                                    {\"event\":\"reaction\",\"chat\":\"…\",\"id\":\"…\",\"from\":{…},\"emoji\":\"👍\",\"removed\":false}
                                    {\"event\":\"typing\",\"chat\":\"…\",\"from\":{…},\"on\":true}
                                    {\"event\":\"edit\",\"chat\":\"…\",\"id\":\"…\",\"text\":\"see you at 6\"}
                                    {\"event\":\"delete\",\"chat\":\"…\",\"id\":\"…\"}
                                    {\"event\":\"request\",\"from\":\"…\"}";

const CHATS: &str = "\
Examples:
  valise chats
  valise chats --folder Family
  valise --json chats";

const HISTORY: &str = "\
Examples:
  valise history Boris
  valise history Boris --ids
  valise --json history Boris --limit 1000";

const GROUP: &str = "\
Examples:
  valise group create \"Lake house\" Boris Carla
  valise group info \"Lake house\"
  valise send \"Lake house\" \"who brings what?\"";

const ACCOUNTS: &str = "\
Examples:
  valise --account work register none --server https://work.example --name Anna
  valise accounts
  valise --account work send Boris hello
  valise                            all accounts in one list

Each has its own database, keys and connections: no server can tell from them that they are yours.";

pub const CONTACT: &str = "\
Examples:
  valise contact show Boris
  valise contact export --out contacts.vcf
  valise contact import contacts.vcf
  valise contact import contacts.vcf --ask
  valise contact cards
  valise --json contact cards       {\"kept_card\":{\"id\":\"…\",\"name\":\"…\",\"lines\":[\"…\"]}}

A file is read up to 64 MB and 10,000 cards; 5,000 cards are kept. Cards are kept as they are, on all your devices, and come out again
with the next export. No address book of this computer is looked at, and without --ask nobody hears of it.";

const CONTACTS: &str = "\
Examples:
  valise contacts
  valise --json contacts";

const DEVICE: &str = "\
Examples:
  valise --home ./laptop device new --server https://lindenhof.example --name Laptop
  valise device link 'https://lindenhof.example/d#…'
  valise device list
  valise device remove Laptop";

const DEVICE_NEW: &str = "\
Examples:
  valise device new --server https://lindenhof.example --name Laptop
  valise --home ./work --json device new --server http://127.0.0.1:8080 --name Work
                                    {\"link\":\"https://…/d#…\"}
                                    {\"number\":{\"number\":\"123456\"}}
                                    {\"linked\":{\"id\":\"…\",\"name\":\"Anna\"}}

Give the link to a device that has the account; type the number there. It ends when this device is linked and has your
earlier messages. What was begun goes on at the next start.";

const DEVICE_LINK: &str = "\
Examples:
  valise device link 'https://lindenhof.example/d#…'
  valise --json device link 'https://lindenhof.example/d#…'      {\"number_needed\":{…}}, exit code 3
  valise device link --number 123456

Only link a device that you hold in your hand: it will read all your chats.";

const DEVICE_LIST: &str = "\
Examples:
  valise device list
  valise --json device list         {\"device\":{\"id\":\"…\",\"name\":\"Laptop\",\"this\":false,\"leaving\":false}}";

const DEVICE_REMOVE: &str = "\
Examples:
  valise device remove Laptop
  valise device remove 3fa94c";

const DEVICE_NAME: &str = "\
Examples:
  valise device name 3fa94c \"Old laptop\"";

const STATUS: &str = "\
Examples:
  valise status
  valise --json status";

const DAEMON: &str = "\
Examples:
  valise daemon                                  on bot.sock in the account's folder
  valise daemon --socket /run/user/1000/valise.sock
  valise daemon --accounts                       every account; calls name theirs by account
  valise daemon --http 127.0.0.1:8090            with the token in the file bot-token beside it

One JSON object a line, both ways:
  {\"jsonrpc\":\"2.0\",\"method\":\"send\",\"params\":{\"recipient\":[\"+32470123456\"],\"message\":\"hi\"},\"id\":1}
  {\"jsonrpc\":\"2.0\",\"method\":\"receive\",\"params\":{\"envelope\":{\"source\":\"+32470123456\",…}}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_typed_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        for command in Args::command().get_subcommands() {
            let help = command.clone().render_help().to_string();
            assert!(help.contains("Examples:\n  valise"), "{}", command.get_name());
        }
    }

    #[test]
    fn global_options_stand_anywhere() {
        let parsed =
            Args::try_parse_from(["valise", "send", "Boris", "-", "--json", "--home", "x"]).ok().unwrap();
        assert!(parsed.json);
        assert!(
            matches!(parsed.command, Some(Command::Send(Send { text, .. })) if text.as_deref() == Some("-"))
        );
        assert!(Args::try_parse_from(["valise", "receive", "--for", "1", "--follow"]).is_err());
    }
}
