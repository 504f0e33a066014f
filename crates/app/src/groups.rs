//! Groups: from what was typed to what is done, and their page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{
    Command, ConversationId, GroupChange, GroupMember, GroupView, HISTORY_ALL, HISTORY_DAYS_MAX, JoinState,
    KnockView, LinkView, Permissions, Role, Who, Whom,
};
use screens::{
    GroupEdit, GroupHistory, GroupMay, GroupPage, GroupRule, JoinRow, KnockRow, LinkRow, MemberRow, Outcome,
    Permission, Picture,
};

use crate::app::{App, Kind};
use crate::resolve::ID_PREFIX_CHARS_MIN;
use crate::words::{self, About, No};
use crate::{paint, resolve};

/// What an action becomes.
type Made = Result<(Command, Kind, About), No>;

impl App {
    /// The chat that `typed` names: a group by id or name, or a person in every way that [`App::person`] knows. A name that is
    /// a group's and a person's names neither.
    pub(crate) fn chat(&self, typed: &str) -> Result<(ConversationId, Whom), No> {
        let wanted = typed.trim().to_lowercase();
        let hexadecimal = wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
        let begins_id = hexadecimal && wanted.len() >= ID_PREFIX_CHARS_MIN;
        let mut found = Vec::new();
        for head in self.client.conversations()? {
            let Whom::Group(group) = &head.with else { continue };
            let id = hex::encode(head.id.0);
            if id == wanted {
                return Ok((head.id, head.with));
            }
            if (begins_id && id.starts_with(&wanted)) || resolve::same_name(&group.name, typed) {
                found.push((head.id, head.with));
            }
        }
        let person = self.person(typed);
        match (found.len(), person) {
            (0, person) => person.map(|card| (card.conversation, Whom::Person(card))),
            (1, Err(_)) => Ok(found.remove(0)),
            (groups, person) => Err(words::several_chats(typed, groups + usize::from(person.is_ok()))),
        }
    }

    fn group(&self, typed: &str) -> Result<(ConversationId, GroupView), No> {
        let (id, _) = self.chat(typed)?;
        let group = self.client.group(id)?.ok_or_else(words::no_group)?;
        Ok((id, group))
    }

    pub(crate) fn new_group(&self, name: String, people: &[String]) -> Made {
        let people = people.iter().map(|typed| Ok(self.person(typed)?.account)).collect::<Result<_, No>>()?;
        let about = About { name: Some(name.clone()), ..About::default() };
        Ok((Command::CreateGroup { name, people }, Kind::NewGroup, about))
    }

    /// A group that one asks to come into, by its name on the link, or by its id or how that begins.
    pub(crate) fn withdraw_join(&self, typed: &str) -> Made {
        let wanted = typed.trim().to_lowercase();
        let fits = |row: &client::JoinView| {
            let begins = wanted.len() >= ID_PREFIX_CHARS_MIN
                && paint::chat_id(row.conversation).0.starts_with(&wanted);
            row.state == JoinState::Waiting && (begins || resolve::same_name(&row.name, typed))
        };
        let found: Vec<client::JoinView> = self.client.joining()?.into_iter().filter(fits).collect();
        match <[client::JoinView; 1]>::try_from(found) {
            Ok([row]) => {
                let about = About { name: Some(row.name), ..About::default() };
                let command = Command::WithdrawJoin(row.conversation);
                Ok((command, Kind::WithdrawJoin(row.conversation), about))
            }
            Err(none) if none.is_empty() => Err(words::asks_for_none(typed)),
            Err(several) => Err(words::several_chats(typed, several.len())),
        }
    }

    pub(crate) fn leave_group(&self, typed: &str) -> Made {
        let (conversation, group) = self.group(typed)?;
        let about = About { name: Some(group.head.name), ..About::default() };
        Ok((Command::LeaveGroup { conversation }, Kind::LeaveGroup(conversation), about))
    }

    pub(crate) fn edit_group(&self, typed: &str, edit: GroupEdit) -> Made {
        let (conversation, group) = self.group(typed)?;
        let change = match edit {
            GroupEdit::Add { who } => {
                let people =
                    who.iter().map(|typed| Ok(self.person(typed)?.account)).collect::<Result<_, No>>()?;
                GroupChange::Add(people)
            }
            GroupEdit::Remove { who } => GroupChange::Remove(self.member(conversation, &group, &who)?),
            GroupEdit::Name { name } => GroupChange::Name(name),
            GroupEdit::Description { text } => GroupChange::Description(text),
            GroupEdit::Role { who, role } => {
                GroupChange::Role(self.member(conversation, &group, &who)?, core_role(role))
            }
            GroupEdit::Permit { what, admins_only } => {
                let who = if admins_only { Who::Admins } else { Who::Everybody };
                let old = group.permissions;
                GroupChange::Permissions(match what {
                    Permission::Send => Permissions { send: who, ..old },
                    Permission::Edit => Permissions { edit: who, ..old },
                    Permission::Add => Permissions { add: who, ..old },
                    Permission::Link => Permissions { link: who, ..old },
                })
            }
            GroupEdit::CloseLink { link } => GroupChange::CloseLink(self.link(conversation, &link)?),
            GroupEdit::History { days } => {
                let history_days = days_of(&days).ok_or_else(words::bad_days)?;
                GroupChange::Permissions(Permissions { history_days, ..group.permissions })
            }
            GroupEdit::Picture { base64 } => {
                let read = |text: String| STANDARD.decode(text).map_err(|_| words::bad_picture());
                let bytes = base64.map(read).transpose()?;
                let about = About { name: Some(group.head.name), ..About::default() };
                return Ok((
                    Command::SetPicture { conversation, bytes },
                    Kind::EditGroup(conversation),
                    about,
                ));
            }
            GroupEdit::Answer { who, accept } => {
                let account = self.who_knocks(conversation, &group, &who)?;
                let about = About { name: Some(group.head.name), ..About::default() };
                let command = Command::AnswerKnock { conversation, account, accept };
                return Ok((command, Kind::EditGroup(conversation), about));
            }
        };
        let about = About { name: Some(group.head.name), ..About::default() };
        Ok((Command::ChangeGroup { conversation, change }, Kind::EditGroup(conversation), about))
    }

    pub(crate) fn open_link(&self, typed: &str, approval: bool) -> Made {
        let (conversation, group) = self.group(typed)?;
        let about = About { name: Some(group.head.name), ..About::default() };
        Ok((Command::OpenLink { conversation, approval }, Kind::Plain, about))
    }

    /// An open link of a group, by its id or how that begins.
    fn link(&self, conversation: ConversationId, typed: &str) -> Result<[u8; 32], No> {
        let wanted = typed.trim().to_lowercase();
        let links = self.client.links(conversation)?;
        let begins = |link: &&LinkView| hex::encode(link.hash).starts_with(&wanted);
        let long = wanted.len() >= ID_PREFIX_CHARS_MIN;
        match links.iter().filter(|_| long).filter(begins).collect::<Vec<_>>().as_slice() {
            [only] => Ok(only.hash),
            [] => Err(words::no_link()),
            _ => Err(words::several_links()),
        }
    }

    /// Somebody who asks to come in, by id, or by name where one knows them.
    fn who_knocks(
        &self,
        conversation: ConversationId,
        group: &GroupView,
        typed: &str,
    ) -> Result<vocab::AccountId, No> {
        let wanted = typed.trim().to_lowercase();
        let mut found = Vec::new();
        for knock in self.client.knocks(conversation)? {
            let person = self.somebody(knock.account, conversation)?;
            let begins =
                wanted.len() >= ID_PREFIX_CHARS_MIN && knock.account.to_string().starts_with(&wanted);
            let named = person.name != words::SOMEONE_NEW && resolve::same_name(&person.name, typed);
            if begins || named {
                found.push(knock.account);
            }
        }
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(words::nobody_knocks(typed, &group.head.name)),
            several => Err(words::several_chats(typed, several.len())),
        }
    }

    /// A picture that is here.
    pub(crate) fn picture(&self, id: &str) -> Result<Picture, No> {
        let mut hash = [0; 32];
        hex::decode_to_slice(id, &mut hash).map_err(|_| words::no_picture())?;
        let bytes = self.client.picture(&hash)?.ok_or_else(words::no_picture)?;
        let kind = client::PictureKind::of(&bytes).ok_or_else(words::no_picture)?;
        Ok(Picture {
            id: id.to_owned(),
            media_type: kind.media_type().to_owned(),
            base64: STANDARD.encode(bytes),
        })
    }

    /// What comes of asking to come in.
    pub(crate) fn asked_outcome(&self, id: ConversationId) -> Result<Outcome, No> {
        let row = self.client.joining()?.into_iter().find(|row| row.conversation == id);
        let row = row.ok_or_else(words::no_group)?;
        let sentence = words::joining(row.state, row.approval, &row.name);
        Ok(Outcome::Group { id: paint::chat_id(id), name: row.name, sentence })
    }

    /// How asking ended, or that another device of ours asks.
    pub(crate) fn joining_sentence(&self, id: ConversationId, state: JoinState) -> Option<String> {
        let rows = self.client.joining().unwrap_or_default();
        let row = rows.into_iter().find(|row| row.conversation == id)?;
        Some(words::joining(state, row.approval, &row.name))
    }

    pub(crate) fn joining_rows(&self) -> Result<Vec<JoinRow>, No> {
        let row = |row: client::JoinView| JoinRow {
            id: paint::chat_id(row.conversation),
            sentence: words::joining(row.state, row.approval, &row.name),
            name: row.name,
            state: match row.state {
                JoinState::Waiting => screens::JoinState::Waiting,
                JoinState::TurnedDown => screens::JoinState::TurnedDown,
                JoinState::LinkClosed => screens::JoinState::LinkClosed,
                JoinState::GroupFull => screens::JoinState::GroupFull,
                JoinState::Unreachable => screens::JoinState::Unreachable,
                JoinState::Expired => screens::JoinState::Expired,
            },
        };
        Ok(self.client.joining()?.into_iter().map(row).collect())
    }

    fn link_row(&self, id: ConversationId, group: &GroupView, link: LinkView) -> Result<LinkRow, No> {
        let status = self.client.status()?;
        let mine = status.account == Some(link.maker);
        let by = if mine { "You".to_owned() } else { self.somebody(link.maker, id)?.name };
        Ok(LinkRow {
            id: hex::encode(link.hash).chars().take(LINK_ID_CHARS).collect(),
            link: link.invitation.map(|invitation| self.links.write_group(&invitation)),
            approval: link.approval,
            line: words::link_line(&by, link.approval),
            closable: mine || group.role >= Role::Admin,
        })
    }

    fn knock_row(&self, id: ConversationId, knock: &KnockView) -> Result<KnockRow, No> {
        let person = self.somebody(knock.account, id)?;
        let short: String = person.id.0.chars().take(LINK_ID_CHARS).collect();
        Ok(KnockRow { line: words::knock_line(&short), person })
    }

    /// Somebody in a group, who need not be a contact: by id or name there.
    fn member(
        &self,
        conversation: ConversationId,
        group: &GroupView,
        typed: &str,
    ) -> Result<vocab::AccountId, No> {
        if let Ok(card) = self.person(typed)
            && group.members.iter().any(|member| member.account == card.account)
        {
            return Ok(card.account);
        }
        let wanted = typed.trim().to_lowercase();
        let status = self.client.status()?;
        let mut found = Vec::new();
        for member in &group.members {
            let id = member.account.to_string();
            let person = if status.account == Some(member.account) {
                paint::myself(member.account, &status, conversation)
            } else {
                self.somebody(member.account, conversation)?
            };
            let begins = wanted.len() >= ID_PREFIX_CHARS_MIN && id.starts_with(&wanted);
            if begins || resolve::same_name(&person.name, typed) {
                found.push(member.account);
            }
        }
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(words::not_a_member(typed, &group.head.name)),
            several => Err(words::several_chats(typed, several.len())),
        }
    }

    pub(crate) fn group_outcome(&self, id: ConversationId, sentence: &str) -> Result<Outcome, No> {
        let group = self.client.group(id)?.ok_or_else(words::no_group)?;
        Ok(Outcome::Group { id: paint::chat_id(id), name: group.head.name, sentence: sentence.to_owned() })
    }

    pub(crate) fn group_page(&self, typed: &str) -> Result<GroupPage, No> {
        let (id, group) = self.group(typed)?;
        let officer = group.head.inside && group.role >= Role::Admin;
        let may = |who: Who| group.head.inside && (who == Who::Everybody || officer);
        let members = group
            .members
            .iter()
            .map(|member| self.member_row(id, &group, member))
            .collect::<Result<_, _>>()?;
        let alone = group.members.len() <= 1;
        let links = self.client.links(id)?.into_iter().map(|link| self.link_row(id, &group, link));
        let knocks = self.client.knocks(id)?;
        Ok(GroupPage {
            id: paint::chat_id(id),
            name: group.head.name.clone(),
            picture: group.head.picture.map(hex::encode),
            description: group.description.clone(),
            line: words::group_line(&group.head),
            role: shown_role(group.role),
            inside: group.head.inside,
            may: GroupMay {
                write: group.head.may_write,
                add: may(group.permissions.add),
                edit: may(group.permissions.edit),
                permit: officer,
                link: may(group.permissions.link),
                leave: group.head.inside && (group.role != Role::Owner || alone),
            },
            rules: [
                (Permission::Send, group.permissions.send),
                (Permission::Edit, group.permissions.edit),
                (Permission::Add, group.permissions.add),
                (Permission::Link, group.permissions.link),
            ]
            .map(|(what, who)| GroupRule {
                what,
                admins_only: who == Who::Admins,
                sentence: words::group_rule(what, who == Who::Admins),
            })
            .into(),
            members,
            links: links.collect::<Result<_, _>>()?,
            knocks: knocks.iter().map(|knock| self.knock_row(id, knock)).collect::<Result<_, _>>()?,
            history: history(group.permissions.history_days),
        })
    }

    fn member_row(
        &self,
        id: ConversationId,
        group: &GroupView,
        member: &GroupMember,
    ) -> Result<MemberRow, No> {
        let status = self.client.status()?;
        let me = status.account.ok_or_else(words::not_registered)?;
        let you = member.account == me;
        let person = if you { paint::myself(me, &status, id) } else { self.somebody(member.account, id)? };
        let inside = group.head.inside;
        let removable = inside && !you && group.role >= Role::Admin && group.role > member.role;
        let roles = match (group.role, member.role) {
            _ if !inside => vec![],
            (Role::Owner, _) if you => vec![],
            (Role::Owner, Role::Admin) => vec![Role::Member, Role::Owner],
            (Role::Owner, _) => vec![Role::Admin, Role::Owner],
            (Role::Admin, Role::Member) => vec![Role::Admin],
            (Role::Admin, Role::Admin) if you => vec![Role::Member],
            _ => vec![],
        };
        Ok(MemberRow {
            line: words::member_line(member.role, member.leaves),
            person,
            you,
            role: shown_role(member.role),
            removable,
            roles: roles.into_iter().map(shown_role).collect(),
        })
    }
}

/// The setting, and what else could be chosen.
fn history(days: u16) -> GroupHistory {
    let mut choices = HISTORY_CHOICES.to_vec();
    if !choices.contains(&days) {
        choices.push(days);
        choices.sort_unstable();
    }
    GroupHistory {
        days: written_days(days),
        sentence: words::history(days),
        choices: choices.into_iter().map(|days| (written_days(days), words::history(days))).collect(),
    }
}

fn written_days(days: u16) -> String {
    match days {
        0 => "none".to_owned(),
        HISTORY_ALL => "all".to_owned(),
        days => format!("{days}d"),
    }
}

/// Days as typed: `none`, `all`, `7d`, `2w`.
fn days_of(typed: &str) -> Option<u16> {
    match typed.trim().to_lowercase().as_str() {
        "none" | "off" | "0" => Some(0),
        "all" => Some(HISTORY_ALL),
        typed => {
            let days = crate::span::parse_ms(typed)?.div_ceil(vocab::time::DAY_MS);
            u16::try_from(days).ok().filter(|days| *days <= HISTORY_DAYS_MAX)
        }
    }
}

/// Days to choose from with one press.
const HISTORY_CHOICES: [u16; 5] = [0, 1, 7, 30, HISTORY_ALL];
/// Characters of a link's id, and of somebody's who is unknown: enough to name one, and to type.
const LINK_ID_CHARS: usize = 12;

fn shown_role(role: Role) -> screens::Role {
    match role {
        Role::Member => screens::Role::Member,
        Role::Admin => screens::Role::Admin,
        Role::Owner => screens::Role::Owner,
    }
}

fn core_role(role: screens::Role) -> Role {
    match role {
        screens::Role::Member => Role::Member,
        screens::Role::Admin => Role::Admin,
        screens::Role::Owner => Role::Owner,
    }
}
