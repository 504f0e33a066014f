//! The commands.

mod chat;
pub mod contact;
mod device;
mod files;
pub mod folder;
pub mod group;
mod message;
mod people;
pub mod place;
mod privacy;
mod profile;
mod receive;
mod register;
mod report;
pub mod scheduled;
mod send;
mod show;

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use host_native::{AccountHome, Core, Options};
use screens::{Action, Ask};
use zeroize::Zeroizing;

use crate::args::{Args, Command, Device, Mentions, Switch};
use crate::daemon;
use crate::end::{Stop, answered};
use crate::full;
use crate::object::Object;
use crate::say::{self, Say};
use crate::stop;

/// Does what was typed.
pub async fn run(args: Args, utc_offset_minutes: i16) -> Result<(), Stop> {
    let Args { home, account, json, ca, save_data, command } = args;
    let folder = home.map_or_else(usual_home, Ok)?;
    let Some(command) = command else {
        return bare(folder, account, json, (ca, save_data), utc_offset_minutes).await;
    };
    if let Command::Accounts = command {
        return accounts(Say::new(json), &folder);
    }
    let mut options = options(home_of(&folder, account.as_deref())?, (ca, save_data))?;
    let server = match &command {
        Command::Register(register) => Some(&register.server),
        Command::Device(Device::New { server, .. }) => Some(server),
        _ => None,
    };
    if let Some(server) = server {
        options.server = Some(host_native::ServerAddress::parse(server)?);
    }
    if let Command::Report { check: Some(file), .. } = &command {
        return report::check(Say::new(json), file);
    }
    if let Command::Daemon(daemon) = command {
        let all = if daemon.accounts { several(&folder, &options)? } else { Vec::new() };
        return daemon::run(options, all, daemon, utc_offset_minutes).await;
    }
    let core = Core::open(options).await?;
    // That one ends what it began before it ends itself.
    let ends_itself = matches!(command, Command::Place { what: place::Place::Live { .. } });
    let may_end_early = matches!(command, Command::Receive(_));
    let result = tokio::select! {
        result = perform(&core, Say::new(json), command, utc_offset_minutes) => result,
        () = stop::wanted(), if !ends_itself => if may_end_early { Ok(()) } else { Err(Stop::network(ENDED_EARLY)) },
    };
    core.close().await;
    result
}

/// Nothing was typed: the chats on the whole terminal, or the usage where there is none.
async fn bare(
    folder: PathBuf,
    account: Option<String>,
    json: bool,
    line: (Option<PathBuf>, bool),
    utc_offset_minutes: i16,
) -> Result<(), Stop> {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if json || dumb || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Stop::usage(Args::usage()));
    }
    let options = options(home_of(&folder, account.as_deref())?, line)?;
    // Somebody who names an account wants that one.
    let all = if account.is_some() { Vec::new() } else { several(&folder, &options)? };
    full::run(options, all, utc_offset_minutes).await
}

/// Where an account lives.
fn home_of(folder: &Path, account: Option<&str>) -> Result<PathBuf, Stop> {
    Ok(account.map_or_else(|| Ok(folder.to_owned()), |name| host_native::account_home(folder, name))?)
}

/// Every account of a folder, with its name.
fn several(folder: &Path, like: &Options) -> Result<Vec<(String, Options)>, Stop> {
    let named = |it: AccountHome| {
        let name = it.name.unwrap_or_else(|| MAIN_ACCOUNT.to_owned());
        (name, Options { home: it.home, ..like.clone() })
    };
    Ok(host_native::accounts(folder)?.into_iter().map(named).collect())
}

fn accounts(say: Say, folder: &Path) -> Result<(), Stop> {
    for AccountHome { name, home, server } in host_native::accounts(folder)? {
        let (home, name) = (home.display().to_string(), name.as_deref());
        say.result(&Object::Account { name, home: &home, server: &server }, || {
            say::one_line(&format!("{}  {server}  {home}", name.unwrap_or(MAIN_ACCOUNT)))
        })?;
    }
    Ok(())
}

/// An account's, with the authority that is trusted, and whether the network costs by its bytes.
fn options(home: PathBuf, (ca, metered): (Option<PathBuf>, bool)) -> Result<Options, Stop> {
    let mut options = Options::at(home);
    options.authority = ca;
    options.metered = metered;
    options.passphrase = passphrase()?;
    options.previews_of_this_machine = std::env::var_os(PREVIEWS_OF_THIS_MACHINE).is_some_and(|it| it == "1");
    Ok(options)
}

async fn perform(core: &Core, say: Say, command: Command, utc_offset_minutes: i16) -> Result<(), Stop> {
    answered(core.ask(Ask::Start { utc_offset_minutes }).await)?;
    match command {
        Command::Register(register) => register::run(core, say, register).await,
        Command::Invite => people::invite(core, say).await,
        Command::Add { who } => people::add(core, say, who).await,
        Command::Requests => people::requests(core, say).await,
        Command::Accept { who } => people::accept(core, say, who).await,
        Command::Block { who } => people::block(core, say, who).await,
        Command::Send(send) => send::run(core, say, send).await,
        Command::Reply { message, text, preview } => message::reply(core, say, message, text, preview).await,
        Command::React { message, emoji, remove } => message::react(core, say, message, emoji, remove).await,
        Command::Edit { message, text, preview } => message::edit(core, say, message, text, preview).await,
        Command::Delete { message, everyone } => message::delete(core, say, message, everyone).await,
        Command::Forward { message, to } => message::forward(core, say, message, to).await,
        Command::Poll(poll) => message::poll(core, say, poll).await,
        Command::Place { what } => place::run(core, say, what).await,
        Command::Pin { message, remove } => message::pin(core, say, message, !remove).await,
        Command::Star { message, remove } => message::star(core, say, message, !remove).await,
        Command::Starred => message::found(core, say, Ask::Starred).await,
        Command::Search { words, limit } => {
            message::found(core, say, Ask::Search { words: words.join(" "), limit }).await
        }
        Command::Mute { chat, mentions: Some(mentions), .. } => {
            chat::choose(core, say, Action::MuteMentions { chat, on: mentions == Mentions::Quiet }).await
        }
        Command::Mute { chat, time, .. } => chat::choose(core, say, Action::Mute { chat, time }).await,
        Command::Previews { chat, switch } => {
            chat::choose(core, say, Action::SetPreviews { chat, on: switch == Switch::On }).await
        }
        Command::Archive { chat, undo } => chat::choose(core, say, Action::Archive { chat, on: !undo }).await,
        Command::Unread { chat, undo } => {
            chat::choose(core, say, Action::MarkUnread { chat, on: !undo }).await
        }
        Command::Folder { what } => folder::run(core, say, what).await,
        Command::Scheduled { what } => scheduled::run(core, say, what).await,
        Command::Timer { chat, time } => message::timer(core, say, chat, time).await,
        Command::Privacy { what, switch } => privacy::run(core, say, what, switch).await,
        Command::Profile { what } => profile::run(core, say, what).await,
        Command::Report { about, out, .. } => report::make(core, say, about.unwrap_or_default(), out).await,
        Command::Receive(receive) => receive::run(core, say, receive).await,
        Command::Chats { folder } => show::chats(core, say, folder).await,
        Command::History { chat, limit, ids, from } => {
            show::history(core, say, (chat, limit), ids, from).await
        }
        Command::Editions { message } => message::editions(core, say, message).await,
        Command::Group { what } => group::run(core, say, what).await,
        Command::Contact { what } => contact::run(core, say, what).await,
        Command::Contacts => show::contacts(core, say).await,
        Command::Device(device) => device::run(core, say, device).await,
        Command::Status => show::status(core, say).await,
        Command::Save { message, folder } => files::save(core, say, message, folder).await,
        Command::Storage { what } => files::storage(core, say, what).await,
        Command::Accounts | Command::Daemon(_) => Err(Stop::unexpected()),
    }
}

fn usual_home() -> Result<PathBuf, Stop> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    home.map(|home| PathBuf::from(home).join(".local/share/valise")).ok_or_else(|| {
        Stop::usage("There is no home folder for this user. Say where the account lives with --home.")
    })
}

fn passphrase() -> Result<Option<Zeroizing<String>>, Stop> {
    match std::env::var_os("VALISE_PASSPHRASE").filter(|given| !given.is_empty()) {
        None => Ok(None),
        Some(given) => given
            .into_string()
            .map(|text| Some(Zeroizing::new(text)))
            .map_err(|_| Stop::usage("VALISE_PASSPHRASE is not text in UTF-8. Give the passphrase as text.")),
    }
}

/// For tests: pages that this machine serves, without a seal, make previews where this variable is 1.
const PREVIEWS_OF_THIS_MACHINE: &str = "VALISE_PREVIEWS_OF_THIS_MACHINE";
/// What the account in the folder itself is called among several.
const MAIN_ACCOUNT: &str = "main";
const ENDED_EARLY: &str = "Ended before it was done. What was begun is kept and goes on at the next start.";
