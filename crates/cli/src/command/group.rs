//! `valise group create|info|add|remove|rename|describe|role|permit|leave`

use clap::{Subcommand, ValueEnum};
use host_native::Core;
use screens::{Action, Answer, Ask, GroupEdit, GroupPage, Outcome, Permission};

use crate::end::{Stop, answered, done};
use crate::object::Object;
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

async fn info(core: &Core, say: Say, group: String) -> Result<(), Stop> {
    fresh(core).await?;
    let Answer::Group(page) = answered(core.ask(Ask::Group { group }).await)? else {
        return Err(Stop::unexpected());
    };
    say.result(&Object::group(&page), || words(&page))
}

fn words(page: &GroupPage) -> String {
    let mut lines = vec![format!("{}: {}", say::one_line(&page.name), page.line)];
    if !page.description.is_empty() {
        lines.push(say::set_in(&page.description));
    }
    lines.extend(page.rules.iter().map(|rule| format!("{}.", rule.sentence)));
    for member in &page.members {
        let you = if member.you { " (you)" } else { "" };
        let short: String = member.person.id.0.chars().take(SHORT_ID_CHARS).collect();
        lines.push(format!("{short}  {}{you}  {}", say::one_line(&member.person.name), member.line));
    }
    lines.join("\n")
}

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

const LEAVE: &str = "\
Examples:
  valise group leave \"Lake house\"

Its owner makes somebody else the owner first: valise group role";
