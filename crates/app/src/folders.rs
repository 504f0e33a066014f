//! Folders and texts that wait for their time: from what was typed to what is done, and what is shown of them.

use client::{Command, ConversationHead, FolderChange, FolderId, ScheduledId, ScheduledView, Whom};
use screens::{FolderEdit, FolderRow, Listing, Mentionable, ScheduledRow};

use crate::app::{App, Kind};
use crate::markup;
use crate::moment::Clock;
use crate::resolve::{self, ID_PREFIX_CHARS_MIN};
use crate::words::{self, About, No};
use crate::{paint, query};

/// What an action becomes.
type Made = Result<(Command, Kind, About), No>;

impl App {
    pub(crate) fn edit_folders(&self, edit: FolderEdit) -> Made {
        let change = match edit {
            FolderEdit::Make { name } => FolderChange::Make(name),
            FolderEdit::Name { folder, name } => FolderChange::Name(self.folder(&folder)?, name),
            FolderEdit::Move { folder, to } => FolderChange::Move(self.folder(&folder)?, to),
            FolderEdit::Remove { folder } => FolderChange::Remove(self.folder(&folder)?),
            FolderEdit::Put { folder, chat, on } => {
                let (conversation, _) = self.chat(&chat)?;
                FolderChange::Put { conversation, folder: self.folder(&folder)?, on }
            }
        };
        Ok((Command::Folder(change), Kind::Plain, About::default()))
    }

    /// Which folder `typed` names: by id, the beginning of one, or name.
    fn folder(&self, typed: &str) -> Result<FolderId, No> {
        let (wanted, folders) = (typed.trim().to_lowercase(), self.client.folders()?);
        let begins = wanted.len() >= ID_PREFIX_CHARS_MIN;
        if let Some(folder) = folders.iter().find(|folder| hex::encode(folder.id.0) == wanted) {
            return Ok(folder.id);
        }
        let mut found = folders.iter().filter(|folder| {
            resolve::same_name(&folder.name, typed)
                || (begins && hex::encode(folder.id.0).starts_with(&wanted))
        });
        match (found.next(), found.next()) {
            (Some(folder), None) => Ok(folder.id),
            (None, _) => Err(words::no_such_folder(typed)),
            (Some(_), Some(_)) => Err(words::several_folders(typed)),
        }
    }

    /// The folders with what is in them.
    pub(crate) fn folder_rows(&self, heads: &[ConversationHead]) -> Result<Vec<FolderRow>, No> {
        let row = |folder: client::FolderView| {
            let inside = || heads.iter().filter(|head| head.choices.folders.contains(&folder.id));
            FolderRow {
                id: paint::folder_id(folder.id),
                chats: u32::try_from(inside().count()).unwrap_or(u32::MAX),
                unread: inside().map(|head| head.unread).fold(0, u32::saturating_add),
                name: folder.name,
            }
        };
        Ok(self.client.folders()?.into_iter().map(row).collect())
    }

    pub(crate) fn schedule(&self, to: &str, text: String, plain: bool, at: &str, clock: &Clock) -> Made {
        let (conversation, about) = self.writable(to)?;
        let at = clock.read(at).ok_or_else(words::bad_time)?;
        let text = if plain { text } else { self.addressed(conversation, text)? };
        let about = About { text_too_long: words::is_too_long(&text), ..about };
        Ok((Command::Schedule { conversation, text, plain, at }, Kind::Plain, about))
    }

    pub(crate) fn reschedule(
        &self,
        id: &str,
        text: Option<String>,
        at: Option<String>,
        clock: &Clock,
    ) -> Made {
        let waiting = self.waiting_text(id)?;
        let at = at.map(|at| clock.read(&at).ok_or_else(words::bad_time)).transpose()?;
        let text = match text {
            Some(text) if !waiting.plain => Some(self.addressed(waiting.conversation, text)?),
            text => text,
        };
        let about = About {
            text_too_long: text.as_ref().is_some_and(|text| words::is_too_long(text)),
            ..About::default()
        };
        Ok((Command::Reschedule { id: waiting.id, text, at }, Kind::Plain, about))
    }

    pub(crate) fn unschedule(&self, id: &str) -> Made {
        Ok((Command::Unschedule(self.waiting_text(id)?.id), Kind::Plain, About::default()))
    }

    /// Which of the texts that wait `typed` names.
    fn waiting_text(&self, typed: &str) -> Result<ScheduledView, No> {
        let wanted = typed.trim().to_ascii_lowercase();
        let mut waiting = self.client.scheduled()?;
        let enough = wanted.len() >= ID_PREFIX_CHARS_MIN;
        waiting.retain(|view| enough && hex::encode(view.id.0).starts_with(&wanted));
        if waiting.len() == 1 { waiting.pop() } else { None }.ok_or_else(words::no_such_scheduled)
    }

    /// When a text leaves, in words.
    pub(crate) fn scheduled_sentence(&self, id: ScheduledId, clock: &Clock) -> Result<String, No> {
        let waiting = self.client.scheduled()?;
        let view = waiting.iter().find(|view| view.id == id).ok_or_else(words::no_such_scheduled)?;
        Ok(words::scheduled(&clock.in_chat(view.at).full))
    }

    pub(crate) fn scheduled_rows(&self, clock: &Clock) -> Result<Listing<ScheduledRow>, No> {
        let (mut rows, mut size) = (Vec::new(), 0);
        for view in self.client.scheduled()? {
            // What does not fit is there when those before it have left.
            size += view.text.len();
            if size > query::ANSWER_TEXT_BYTES_MAX {
                break;
            }
            let Some(head) = self.client.conversation(view.conversation)? else { continue };
            let people = self.chat_people(&head)?;
            let named = || people.iter().map(|(account, name)| (*account, name.as_str()));
            let typed = markup::typed_by(&view.text, !view.plain, view.conversation, named);
            rows.push(ScheduledRow {
                id: paint::scheduled_id(view.id),
                chat: paint::chat_id(view.conversation),
                chat_name: paint::whom(head.id, &head.with).name,
                text: typed.unwrap_or(view.text),
                at: clock.in_chat(view.at),
                at_typed: clock.typed(view.at),
                held: view.held.then(|| words::held(&paint::whom(head.id, &head.with).name)),
            });
        }
        Ok(query::listing(rows, words::nothing_scheduled))
    }

    /// A typed text with its mentions as they are sent.
    pub(crate) fn addressed(&self, conversation: client::ConversationId, text: String) -> Result<String, No> {
        if !text.contains('@') {
            return Ok(text);
        }
        let Some(head) = self.client.conversation(conversation)? else { return Ok(text) };
        let all = matches!(&head.with, Whom::Group(group) if group.may_call_all);
        Ok(markup::addressed(&text, conversation, &self.chat_people(&head)?, all))
    }

    /// Everybody of a chat, oneself included, with the names that are shown for them.
    fn chat_people(&self, head: &ConversationHead) -> Result<Vec<(vocab::AccountId, String)>, No> {
        let status = self.client.status()?;
        let me = status.account.ok_or_else(words::not_registered)?;
        let mut people = vec![(me, status.name)];
        match &head.with {
            Whom::Person(card) => people.push((card.account, paint::name(card))),
            Whom::Group(_) => {
                let members = self.client.group(head.id)?.map(|group| group.members).unwrap_or_default();
                for member in members.into_iter().filter(|member| member.account != me) {
                    people.push((member.account, self.somebody(member.account, head.id)?.name));
                }
            }
        }
        Ok(people)
    }

    /// Who can be mentioned, by how their name begins.
    pub(crate) fn mentionable(&self, chat: &str, typed: &str) -> Result<Vec<Mentionable>, No> {
        let (id, with) = self.chat(chat)?;
        let Some(head) = self.client.conversation(id)? else { return Ok(Vec::new()) };
        if query::is_request(&with) {
            return Ok(Vec::new());
        }
        let people = self.chat_people(&head)?;
        let begins = |name: &str| {
            let (name, typed) = (name.to_lowercase(), typed.to_lowercase());
            name.starts_with(&typed) || name.split_whitespace().any(|word| word.starts_with(&typed))
        };
        let mut found = Vec::new();
        if matches!(&with, Whom::Group(group) if group.may_call_all) && begins(markup::ALL) {
            found.push(Mentionable {
                name: markup::ALL.to_owned(),
                initials: "@".to_owned(),
                tint: 1,
                typed: format!("@{}", markup::ALL),
            });
        }
        // Nobody mentions themselves.
        for (account, name) in people.iter().skip(1).filter(|(_, name)| begins(name)) {
            let named = people.iter().map(|(account, name)| (*account, name.as_str()));
            let typed = markup::handle(*account, name, named);
            let person = paint::stranger(*account, name, id);
            found.push(Mentionable {
                name: person.name,
                initials: person.initials,
                tint: person.tint,
                typed: format!("@{typed}"),
            });
        }
        found.truncate(markup::MENTIONABLE_MAX);
        Ok(found)
    }

    /// The name by which somebody who is mentioned in the list of chats is known; none of somebody who is not.
    pub(crate) fn known_name(&self, account: vocab::AccountId) -> Option<String> {
        let status = self.client.status().ok()?;
        if status.account == Some(account) {
            return Some(status.name);
        }
        let card = self.client.contact(account).ok()?;
        let card = card.filter(|card| card.state != client::ContactState::Request);
        let known = card.map(|card| paint::name(&card));
        known.or_else(|| self.client.name_in_groups(account).ok().filter(|name| !name.trim().is_empty()))
    }
}
