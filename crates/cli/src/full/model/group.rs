//! Groups: making one, and a group's page as choices.

use screens::{
    Action, Answer, Ask, ChatId, ContactId, ContactRow, GroupEdit, GroupPage, Listing, MemberRow, Outcome,
    Role, What,
};

use super::over::{Asks, Does, Pick, pick};
use super::{Model, Purpose};

/// What the person does.
impl Model {
    /// Asks for the name of a new group.
    pub fn make_group(&mut self) {
        self.ask_for(Asks::GroupName);
    }

    /// Shows a group's page, or who the person of the open chat is.
    pub fn about_chat(&mut self) {
        let Some(main) = self.main() else { return };
        let Some(head) = main.chat.as_ref().and_then(|chat| chat.head.clone()) else { return };
        if head.group {
            self.ask_group(&head.id);
            return;
        }
        let mut rows = vec![("Name".to_owned(), head.person.name)];
        rows.extend(head.person.handle.map(|handle| ("Found by".to_owned(), handle)));
        rows.push(("State".to_owned(), head.line));
        rows.push(("Id".to_owned(), head.person.id.0));
        self.sheet("About this chat", rows);
    }

    fn ask_group(&mut self, id: &ChatId) {
        self.want(What::Ask(Ask::Group { group: id.0.clone() }), Purpose::Group);
    }

    pub(super) fn edit_group(&mut self, group: &ChatId, edit: GroupEdit) {
        self.act(Action::EditGroup { group: group.0.clone(), edit }, Purpose::EditGroup);
    }

    /// Shows whom one can add.
    pub(super) fn choose_member(&mut self, group: ChatId) {
        self.want(What::Ask(Ask::Contacts), Purpose::People(group));
    }

    /// Asks whether to leave; nobody leaves by one wrong key.
    pub(super) fn ask_to_leave(&mut self, group: ChatId) {
        let Some(main) = self.main() else { return };
        let picks = vec![pick("Stay", Does::Nothing), pick("Leave", Does::Leave(group))];
        main.choose("Leave the group?", "What was said stays on this device.".to_owned(), picks);
    }

    /// Shows what can be done with somebody of the group.
    pub(super) fn look_at_member(&mut self, group: &ChatId, who: &ContactId) {
        let Some(main) = self.main() else { return };
        let Some(page) = main.group.as_ref().filter(|page| page.id == *group) else { return };
        let Some(row) = page.members.iter().find(|row| row.person.id == *who).cloned() else { return };
        let edit = |edit| Does::EditGroup(group.clone(), edit);
        let mut picks: Vec<Pick> = Vec::new();
        if !row.you {
            picks.push(pick("Write to them", Does::Open(row.person.chat.clone())));
        }
        for role in &row.roles {
            let words = match role {
                Role::Member => "Make a member",
                Role::Admin => "Make an admin",
                Role::Owner => "Make the owner in your place",
            };
            picks.push(pick(words, edit(GroupEdit::Role { who: who.0.clone(), role: *role })));
        }
        if row.removable {
            picks.push(pick("Take out of the group", edit(GroupEdit::Remove { who: who.0.clone() })));
        }
        picks.push(pick("Back", Does::Nothing));
        main.choose(&row.person.name, row.line, picks);
    }
}

/// What the core says.
impl Model {
    pub(super) fn group_answered(&mut self, purpose: Purpose, answer: Answer) {
        let Some(main) = self.main() else { return };
        match (purpose, answer) {
            (Purpose::Group, Answer::Group(page)) => {
                let sentence = if page.description.is_empty() {
                    page.line.clone()
                } else {
                    format!("{}\n{}", page.description, page.line)
                };
                main.choose(&page.name, sentence, page_picks(&page));
                main.group = Some(Box::new(page));
            }
            (Purpose::People(group), Answer::Contacts(Listing::Rows(rows))) => {
                let add = |row: &ContactRow| {
                    let edit = GroupEdit::Add { who: vec![row.person.id.0.clone()] };
                    pick(&row.person.name, Does::EditGroup(group.clone(), edit))
                };
                let picks = rows.iter().map(add).collect();
                main.choose("Add to the group", String::new(), picks);
            }
            (Purpose::People(_), Answer::Contacts(Listing::Empty(place))) => {
                main.toast = Some(format!("{}. {}", place.title, place.sentence));
            }
            (_, Answer::Refused { sentence, .. }) => main.toast = Some(sentence),
            _ => {}
        }
    }

    pub(super) fn group_came_of(&mut self, purpose: &Purpose, outcome: Outcome) {
        let Some(main) = self.main() else { return };
        match (purpose, outcome) {
            (Purpose::NewGroup, Outcome::Group { id, sentence, .. }) => {
                main.over = None;
                main.toast = Some(sentence);
                self.open_chat(&id);
                self.ask_chats();
            }
            (_, Outcome::Group { sentence, .. }) => {
                if main.over.as_ref().is_some_and(super::Over::is_busy) {
                    main.over = None;
                }
                main.toast = Some(sentence);
                self.again();
            }
            (_, Outcome::Refused { sentence, .. }) => main.refuse(sentence),
            _ => {}
        }
    }
}

/// The choice after the one that holds.
fn next_history(page: &GroupPage) -> String {
    let choices = &page.history.choices;
    let at = choices.iter().position(|(days, _)| *days == page.history.days).unwrap_or(0);
    let next = choices.get(at + 1).or(choices.first());
    next.map_or_else(|| "none".to_owned(), |(days, _)| days.clone())
}

/// Characters of the id of somebody unknown.
const SHORT_ID_CHARS: usize = 12;

/// What one may do, then everybody who is in it.
fn page_picks(page: &GroupPage) -> Vec<Pick> {
    let id = &page.id;
    let mut picks = Vec::new();
    if page.may.add {
        picks.push(pick("Add somebody", Does::ChooseMember(id.clone())));
    }
    for knock in &page.knocks {
        let answer = |accept| {
            let who = knock.person.id.0.clone();
            Does::EditGroup(id.clone(), GroupEdit::Answer { who, accept })
        };
        let short: String = knock.person.id.0.chars().take(SHORT_ID_CHARS).collect();
        let who = format!("{} ({short})", knock.person.name);
        picks.push(pick(&format!("Let {who} in, who asks"), answer(true)));
        picks.push(pick(&format!("Turn {who} down"), answer(false)));
    }
    if page.may.edit {
        picks.push(pick("Another name", Does::Ask(Asks::Rename(id.clone()))));
        picks.push(pick("Another description", Does::Ask(Asks::Describe(id.clone()))));
    }
    for rule in &page.rules {
        let edit = GroupEdit::Permit { what: rule.what, admins_only: !rule.admins_only };
        if page.may.permit {
            picks.push(pick(&format!("{} (change)", rule.sentence), Does::EditGroup(id.clone(), edit)));
        } else {
            picks.push(pick(&rule.sentence, Does::Nothing));
        }
    }
    if page.may.link {
        let link = |approval| Does::OpenLink(id.clone(), approval);
        if page.may.add {
            picks.push(pick("A link that lets in at once", link(false)));
        }
        picks.push(pick("A link that asks before it lets in", link(true)));
    }
    for link in page.links.iter().filter(|link| link.closable) {
        let edit = GroupEdit::CloseLink { link: link.id.clone() };
        picks.push(pick(
            &format!("Close link {} ({})", link.id, link.line),
            Does::EditGroup(id.clone(), edit),
        ));
    }
    picks.push(if page.may.permit {
        let sentence = format!("Newcomers see: {} (change)", page.history.sentence.to_lowercase());
        pick(&sentence, Does::EditGroup(id.clone(), GroupEdit::History { days: next_history(page) }))
    } else {
        pick(&format!("Newcomers see: {}", page.history.sentence.to_lowercase()), Does::Nothing)
    });
    if page.may.leave {
        picks.push(pick("Leave the group", Does::AskToLeave(id.clone())));
    }
    let member = |row: &MemberRow| {
        pick(&format!("{} · {}", row.person.name, row.line), Does::Member(id.clone(), row.person.id.clone()))
    };
    picks.extend(page.members.iter().map(member));
    picks
}
