//! `valise group create|info|add|remove|rename|describe|role|permit|picture|history|link|join|withdraw|requests|accept|refuse|leave`

use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Subcommand, ValueEnum};
use host_native::Core;
use screens::{Action, Answer, Ask, ChatId, GroupEdit, GroupPage, JoinState, Listing, Outcome, Permission};

use crate::end::{Stop, answered, done};
use crate::object::Object;
use crate::qr;
use crate::say::{self, Say};
use crate::settle::{SETTLE_WAIT, fresh, settled};

/// What is done with a group.
#[derive(Subcommand)]
pub enum Group {
    /// Make a group; you own it
    #[command(after_help = CREATE)]
    Create {
        /// Its name
        name: String,
        /// Contacts who are in it from the start: number, e-mail address, name or id
        who: Vec<String>,
    },
    /// Show who is in a group, and who may do what
    #[command(after_help = INFO)]
    Info {
        /// Name or id of the group
        group: String,
    },
    /// Add contacts
    #[command(after_help = ADD)]
    Add {
        /// Name or id of the group
        group: String,
        /// Number, e-mail address, name or id
        #[arg(required = true)]
        who: Vec<String>,
    },
    /// Take somebody out
    #[command(after_help = REMOVE)]
    Remove {
        /// Name or id of the group
        group: String,
        /// Number, e-mail address, name or id
        who: String,
    },
    /// Give it another name
    #[command(after_help = RENAME)]
    Rename {
        /// Name or id of the group
        group: String,
        /// The new name
        name: String,
    },
    /// Say what it is about
    #[command(after_help = DESCRIBE)]
    Describe {
        /// Name or id of the group
        group: String,
        /// The description; empty for none
        text: String,
    },
    /// Make somebody an admin, a member again, or the owner in your place
    #[command(after_help = ROLE)]
    Role {
        /// Name or id of the group
        group: String,
        /// Number, e-mail address, name or id
        who: String,
        /// The role
        #[arg(value_enum)]
        role: Role,
    },
    /// Let everybody do something, or admins only
    #[command(after_help = PERMIT)]
    Permit {
        /// Name or id of the group
        group: String,
        /// What
        #[arg(value_enum)]
        what: What,
        /// Who may
        #[arg(value_enum)]
        who: Who,
    },
    /// Give it a picture, or save the one it has
    #[command(after_help = PICTURE)]
    Picture {
        /// Name or id of the group
        group: String,
        /// JPEG, PNG or WebP of at most 32 KiB
        #[arg(required_unless_present_any = ["remove", "save"])]
        file: Option<PathBuf>,
        /// Take it away
        #[arg(long, conflicts_with_all = ["file", "save"])]
        remove: bool,
        /// Write the group's picture into this file
        #[arg(long, value_name = "FILE", conflicts_with = "file")]
        save: Option<PathBuf>,
    },
    /// Give newcomers messages of before they came
    #[command(after_help = HISTORY)]
    History {
        /// Name or id of the group
        group: String,
        /// none, days as 7d or 2w, or all
        days: String,
    },
    /// Make a link into a group, list them, close one
    #[command(after_help = LINK)]
    Link {
        /// Name or id of the group
        group: String,
        /// Somebody who may add people has to say yes
        #[arg(long)]
        approval: bool,
        /// List the open links
        #[arg(long, conflicts_with_all = ["approval", "revoke"])]
        list: bool,
        /// Close the link with this id, or its first 6 characters and more
        #[arg(long, value_name = "ID", conflicts_with = "approval")]
        revoke: Option<String>,
    },
    /// Ask to come into a group by a link
    #[command(after_help = JOIN)]
    Join {
        /// What you were given
        link: String,
    },
    /// Ask no more to come into a group
    #[command(after_help = WITHDRAW)]
    Withdraw {
        /// Name of the group as the link says it, or its id
        group: String,
    },
    /// Show who asks to come into your groups, and which groups you ask
    #[command(after_help = REQUESTS)]
    Requests {
        /// Name or id of the group; left out for all
        group: Option<String>,
    },
    /// Let somebody in who asks
    #[command(after_help = ACCEPT)]
    Accept {
        /// Name or id of the group
        group: String,
        /// Id, or its first 6 characters and more
        who: String,
    },
    /// Turn somebody down who asks; they are told so
    #[command(after_help = REFUSE)]
    Refuse {
        /// Name or id of the group
        group: String,
        /// Id, or its first 6 characters and more
        who: String,
    },
    /// Leave it; what was said stays on this device
    #[command(after_help = LEAVE)]
    Leave {
        /// Name or id of the group
        group: String,
    },
}

/// What somebody is.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Anybody in it
    Member,
    /// Adds and removes people
    Admin,
    /// Names admins; you become one
    Owner,
}

/// What a group allows.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Write messages
    Send,
    /// Change name and description
    Edit,
    /// Add people
    Add,
    /// Make links into the group
    Link,
}

/// To whom.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Who {
    /// All
    Everybody,
    /// Owner and admins
    Admins,
}

/// Does it.
pub async fn run(core: &Core, say: Say, group: Group) -> Result<(), Stop> {
    let (group, edit) = match group {
        Group::Info { group } => return info(core, say, group).await,
        Group::Link { group, list: true, .. } => return links(core, say, group).await,
        Group::Link { group, revoke: None, approval, .. } => {
            return open_link(core, say, group, approval).await;
        }
        Group::Link { group, revoke: Some(link), .. } => (group, GroupEdit::CloseLink { link }),
        Group::Join { link } => return change(core, say, Action::Add { who: link }).await,
        Group::Withdraw { group } => return withdraw(core, say, group).await,
        Group::Requests { group } => return requests(core, say, group).await,
        Group::Accept { group, who } => (group, GroupEdit::Answer { who, accept: true }),
        Group::Refuse { group, who } => (group, GroupEdit::Answer { who, accept: false }),
        Group::Picture { group, save: Some(path), .. } => return save_picture(core, say, group, &path).await,
        Group::Picture { group, file, .. } => {
            let base64 = file.map(|path| read_picture(&path)).transpose()?;
            (group, GroupEdit::Picture { base64 })
        }
        Group::History { group, days } => (group, GroupEdit::History { days }),
        Group::Create { name, who: people } => {
            return change(core, say, Action::NewGroup { name, people }).await;
        }
        Group::Leave { group } => return change(core, say, Action::LeaveGroup { group }).await,
        Group::Add { group, who } => (group, GroupEdit::Add { who }),
        Group::Remove { group, who } => (group, GroupEdit::Remove { who }),
        Group::Rename { group, name } => (group, GroupEdit::Name { name }),
        Group::Describe { group, text } => (group, GroupEdit::Description { text }),
        Group::Role { group, who, role } => (group, GroupEdit::Role { who, role: shown(role) }),
        Group::Permit { group, what, who } => {
            let what = match what {
                What::Send => Permission::Send,
                What::Edit => Permission::Edit,
                What::Add => Permission::Add,
                What::Link => Permission::Link,
            };
            (group, GroupEdit::Permit { what, admins_only: who == Who::Admins })
        }
    };
    change(core, say, Action::EditGroup { group, edit }).await
}

fn shown(role: Role) -> screens::Role {
    match role {
        Role::Member => screens::Role::Member,
        Role::Admin => screens::Role::Admin,
        Role::Owner => screens::Role::Owner,
    }
}

/// Changes are made against the group as it is now: what waits is read first.
async fn change(core: &Core, say: Say, action: Action) -> Result<(), Stop> {
    fresh(core).await?;
    let mut notices = core.notices();
    let Outcome::Group { id, name, sentence } = done(core.act(action).await)? else {
        return Err(Stop::unexpected());
    };
    say.result(&Object::Group { id: &id, name: &name }, || say::lines(&sentence))?;
    if !settled(core, &mut notices, SETTLE_WAIT).await? {
        return Err(Stop::network(
            "It is kept on this device, but the server was not reached. It goes on at the next start: valise receive",
        ));
    }
    say.advice(&format!("Next: valise group info {id}"))
}

/// Asks no more. What has left already is taken back by letters, which have to leave too.
async fn withdraw(core: &Core, say: Say, group: String) -> Result<(), Stop> {
    fresh(core).await?;
    let mut notices = core.notices();
    let Outcome::Group { id, name, sentence } = done(core.act(Action::WithdrawJoin { group }).await)? else {
        return Err(Stop::unexpected());
    };
    say.result(&Object::Group { id: &id, name: &name }, || say::lines(&sentence))?;
    if !settled(core, &mut notices, SETTLE_WAIT).await? {
        return Err(Stop::network(
            "You ask no more, but the server was not reached, so whoever was asked does not know it yet. It goes on \
             at the next start: valise receive",
        ));
    }
    Ok(())
}

/// Makes a link; it leads in once the server has it.
async fn open_link(core: &Core, say: Say, group: String, approval: bool) -> Result<(), Stop> {
    fresh(core).await?;
    let mut notices = core.notices();
    let Outcome::Link { link, sentence } = done(core.act(Action::OpenLink { group, approval }).await)? else {
        return Err(Stop::unexpected());
    };
    if say.terminal
        && let Some(square) = qr::square(&link)
    {
        say.advice(&square)?;
    }
    say.result(&Object::Link(&link), || link.clone())?;
    if !settled(core, &mut notices, SETTLE_WAIT).await? {
        return Err(Stop::network(
            "The link is kept on this device, but the server was not reached, so it leads nowhere yet. It goes on at \
             the next start: valise receive",
        ));
    }
    say.advice(&format!("{sentence} They come in with: valise group join '{link}'"))
}

/// A file that is small enough to be looked at; what it holds is judged further in.
fn read_picture(path: &Path) -> Result<String, Stop> {
    let unreadable = |error: std::io::Error| {
        Stop::usage(format!("{} cannot be read: {error}. Name a picture on this device.", path.display()))
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(PICTURE_READ_BYTES_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(STANDARD.encode(bytes))
}

async fn save_picture(core: &Core, say: Say, group: String, path: &Path) -> Result<(), Stop> {
    fresh(core).await?;
    let page = page(core, group).await?;
    let Some(id) = page.picture.clone() else {
        return Err(Stop::refused("The group has no picture, or it has not come to this device yet."));
    };
    let Answer::Picture(picture) = answered(core.ask(Ask::Picture { id }).await)? else {
        return Err(Stop::unexpected());
    };
    let bytes = STANDARD.decode(&picture.base64).map_err(|_| Stop::unexpected())?;
    std::fs::write(path, bytes)
        .map_err(|error| Stop::refused(format!("{} cannot be written: {error}.", path.display())))?;
    let object = Object::Picture { id: &picture.id, media_type: &picture.media_type };
    say.result(&object, || format!("{}: {}", path.display(), picture.media_type))
}

async fn page(core: &Core, group: String) -> Result<GroupPage, Stop> {
    match answered(core.ask(Ask::Group { group }).await)? {
        Answer::Group(page) => Ok(page),
        _ => Err(Stop::unexpected()),
    }
}

async fn links(core: &Core, say: Say, group: String) -> Result<(), Stop> {
    fresh(core).await?;
    for link in page(core, group).await?.links {
        say.result(&Object::link(&link), || {
            let shown = link.link.as_deref().unwrap_or("(shown to whoever made it)");
            format!("{}  {}\n    {shown}", link.id, say::one_line(&link.line))
        })?;
    }
    Ok(())
}

/// Who asks to come in: ids and nothing else, of people one does not know.
async fn requests(core: &Core, say: Say, group: Option<String>) -> Result<(), Stop> {
    fresh(core).await?;
    let groups = match &group {
        Some(group) => vec![ChatId(group.clone())],
        None => {
            let Answer::Chats(list) = answered(core.ask(Ask::Chats).await)? else {
                return Err(Stop::unexpected());
            };
            let rows = if let Listing::Rows(rows) = list.chats { rows } else { vec![] };
            rows.into_iter().filter(|row| row.group).map(|row| row.id).collect()
        }
    };
    let mut any = false;
    for group in groups {
        let page = page(core, group.0).await?;
        for knock in &page.knocks {
            any = true;
            say.result(&Object::knock(&page, knock), || {
                let (name, group) = (say::one_line(&knock.person.name), say::one_line(&page.name));
                format!("{}  {name} asks to come into {group}", knock.person.id)
            })?;
        }
    }
    if group.is_none() {
        let Answer::Joining(rows) = answered(core.ask(Ask::Joining).await)? else {
            return Err(Stop::unexpected());
        };
        for row in &rows {
            say.result(&Object::joining(row), || say::one_line(&row.sentence))?;
        }
        if rows.iter().any(|row| row.state == JoinState::Waiting) {
            say.advice("To ask no more: valise group withdraw, with the name of the group.")?;
        }
    }
    if any {
        say.advice(
            "Next: valise group accept or valise group refuse, with the group and the beginning of the id.",
        )
    } else {
        Ok(())
    }
}

async fn info(core: &Core, say: Say, group: String) -> Result<(), Stop> {
    fresh(core).await?;
    let page = page(core, group).await?;
    say.result(&Object::group(&page), || words(&page))
}

fn words(page: &GroupPage) -> String {
    let mut lines = vec![format!("{}: {}", say::one_line(&page.name), page.line)];
    if !page.description.is_empty() {
        lines.push(say::set_in(&page.description));
    }
    lines.extend(page.rules.iter().map(|rule| format!("{}.", rule.sentence)));
    lines.push(format!("Newcomers see: {}.", page.history.sentence.to_lowercase()));
    lines.extend(page.links.iter().map(|link| format!("Link {}: {}.", link.id, say::one_line(&link.line))));
    for member in &page.members {
        let you = if member.you { " (you)" } else { "" };
        let short: String = member.person.id.0.chars().take(SHORT_ID_CHARS).collect();
        lines.push(format!("{short}  {}{you}  {}", say::one_line(&member.person.name), member.line));
    }
    lines.join("\n")
}

/// More than any picture of a group has: what is larger is refused without being read.
const PICTURE_READ_BYTES_MAX: u64 = 64 * 1024;
/// Characters of an id in a list: enough to name one person, and to type.
const SHORT_ID_CHARS: usize = 12;

const CREATE: &str = "\
Examples:
  valise group create \"Lake house\" Boris +32470123456
  valise --json group create Family            {\"group\":{\"id\":\"…\",\"name\":\"Family\"}}

Write to it with: valise send \"Lake house\" \"who brings what?\"";

const INFO: &str = "\
Examples:
  valise group info \"Lake house\"
  valise --json group info 3fa94c               {\"group\":{\"id\":\"…\",\"name\":\"…\",\"description\":\"…\",
                                               \"role\":\"owner\",\"inside\":true,\"members\":[{\"id\":\"…\",\"name\":\"…\",
                                               \"role\":\"member\"}]}}";

const ADD: &str = "\
Examples:
  valise group add \"Lake house\" Carla Dora

They read what is written from then on.";

const REMOVE: &str = "\
Examples:
  valise group remove \"Lake house\" Carla

From that moment on they read nothing more.";

const RENAME: &str = "\
Examples:
  valise group rename \"Lake house\" \"Sea house\"";

const DESCRIBE: &str = "\
Examples:
  valise group describe \"Lake house\" \"Who comes when, who brings what\"";

const ROLE: &str = "\
Examples:
  valise group role \"Lake house\" Boris admin
  valise group role \"Lake house\" Boris owner    you become an admin";

const PERMIT: &str = "\
Examples:
  valise group permit News send admins           only admins write
  valise group permit \"Lake house\" add everybody";

const PICTURE: &str = "\
Examples:
  valise group picture \"Lake house\" house.jpg
  valise group picture \"Lake house\" --remove
  valise --json group picture \"Lake house\" --save house.jpg   {\"picture\":{\"id\":\"…\",\"media_type\":\"image/jpeg\"}}";

const HISTORY: &str = "\
Examples:
  valise group history \"Lake house\" 7d
  valise group history \"Lake house\" none

It counts for whoever comes in from then on. Everybody in the group sees the setting, and that it changed.";

const LINK: &str = "\
Examples:
  valise group link \"Lake house\"
  valise group link \"Lake house\" --approval
  valise --json group link \"Lake house\"            {\"link\":\"https://lindenhof.example/i#…\"}
  valise --json group link \"Lake house\" --list     {\"group_link\":{\"id\":\"…\",\"link\":\"…\",\"approval\":false,…}}
  valise group link \"Lake house\" --revoke 3fa94c

Who may make links is a rule of the group: valise group permit \"Lake house\" link everybody";

const JOIN: &str = "\
Examples:
  valise group join 'https://lindenhof.example/i#…'

You are let in at once, or when somebody in the group says yes: valise receive";

const WITHDRAW: &str = "\
Examples:
  valise group withdraw \"Lake house\"
  valise --json group withdraw 3fa94c           {\"group\":{\"id\":\"…\",\"name\":\"Lake house\"}}

Whoever was asked is not asked any more. What you ask for: valise group requests";

const REQUESTS: &str = "\
Examples:
  valise group requests
  valise --json group requests \"Lake house\"     {\"knock\":{\"group\":\"…\",\"id\":\"…\",\"name\":\"Someone new\",…}}
                                               {\"joining\":{\"group\":\"…\",\"name\":\"…\",\"state\":\"waiting\",…}}";

const ACCEPT: &str = "\
Examples:
  valise group accept \"Lake house\" 3fa94c";

const REFUSE: &str = "\
Examples:
  valise group refuse \"Lake house\" 3fa94c";

const LEAVE: &str = "\
Examples:
  valise group leave \"Lake house\"

Its owner makes somebody else the owner first: valise group role";
