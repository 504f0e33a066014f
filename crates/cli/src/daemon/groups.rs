//! Groups, as bots ask for them.

use screens::{Action, Answer, Ask, GroupEdit, GroupPage, MemberRow, Outcome, Permission, Role};
use serde_json::{Value, json};

use super::bot::{Bot, unexpected};
use super::methods::rows;
use super::params::Params;
use super::rpc::Fault;

/// All groups, or those that were asked for.
pub async fn list(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let wanted = params.texts("groupId")?;
    // Everything is told anyway.
    params.switch("detailed")?;
    params.end()?;
    let groups = if wanted.is_empty() { all(bot).await? } else { wanted };
    let mut pages = Vec::new();
    for group in groups {
        pages.push(shown(&page(bot, group).await?));
    }
    Ok(Value::Array(pages))
}

async fn all(bot: &Bot) -> Result<Vec<String>, Fault> {
    let Answer::Chats(list) = bot.ask(Ask::Chats).await? else { return Err(unexpected()) };
    Ok(rows(list.chats)?.into_iter().filter(|row| row.group).map(|row| row.id.0).collect())
}

async fn page(bot: &Bot, group: String) -> Result<GroupPage, Fault> {
    match bot.ask(Ask::Group { group }).await? {
        Answer::Group(page) => Ok(page),
        _ => Err(unexpected()),
    }
}

/// The shape that bots know.
fn shown(page: &GroupPage) -> Value {
    let member = |row: &MemberRow| {
        let number = row.person.handle.as_deref().filter(|handle| handle.starts_with('+'));
        json!({ "number": number, "uuid": row.person.id })
    };
    let admins = page.members.iter().filter(|row| row.role != Role::Member);
    let who = |what: Permission| {
        let admins_only = page.rules.iter().any(|rule| rule.what == what && rule.admins_only);
        if admins_only { "ONLY_ADMINS" } else { "EVERY_MEMBER" }
    };
    json!({
        "id": page.id,
        "name": page.name,
        "description": page.description,
        "isMember": page.inside,
        "isBlocked": false,
        "messageExpirationTime": 0,
        "members": page.members.iter().map(member).collect::<Value>(),
        "pendingMembers": [],
        "requestingMembers": page.knocks.iter().map(|knock| json!({ "uuid": knock.person.id })).collect::<Value>(),
        "admins": admins.map(member).collect::<Value>(),
        "banned": [],
        "permissionAddMember": who(Permission::Add),
        "permissionEditDetails": who(Permission::Edit),
        "permissionSendMessage": who(Permission::Send),
        "groupInviteLink": page.links.iter().find_map(|link| link.link.as_deref()),
    })
}

/// Makes a group, or changes one.
pub async fn update(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let group = params.text("groupId")?;
    let name = params.text("name")?;
    let people = params.texts("member")?;
    let edits = edits(&mut params, group.is_some().then_some(&people), name.as_ref())?;
    params.end()?;
    let group = match (group, name) {
        (Some(group), _) => page(bot, group).await?.id.0,
        (None, None) => return Err(Fault::params("name must be given for a new group")),
        (None, Some(name)) => match bot.act(Action::NewGroup { name, people }).await? {
            Outcome::Group { id, .. } => id.0,
            _ => return Err(unexpected()),
        },
    };
    for edit in edits {
        bot.act(Action::EditGroup { group: group.clone(), edit }).await?;
    }
    Ok(json!({ "groupId": group }))
}

/// What is to be changed, in an order in which each change is still allowed after the one before. Name and people of a new
/// group are given with it, so they are no changes (`people` is nothing then).
fn edits(
    params: &mut Params,
    people: Option<&Vec<String>>,
    name: Option<&String>,
) -> Result<Vec<GroupEdit>, Fault> {
    let mut edits = Vec::new();
    if let Some(people) = people {
        edits.extend(name.cloned().map(|name| GroupEdit::Name { name }));
        edits.extend((!people.is_empty()).then(|| GroupEdit::Add { who: people.clone() }));
    }
    edits.extend(params.text("description")?.map(|text| GroupEdit::Description { text }));
    let roles = |who: Vec<String>, role| who.into_iter().map(move |who| GroupEdit::Role { who, role });
    edits.extend(roles(params.texts("admin")?, Role::Admin));
    edits.extend(roles(params.texts("removeAdmin")?, Role::Member));
    edits.extend(params.texts("removeMember")?.into_iter().map(|who| GroupEdit::Remove { who }));
    for (name, what) in [
        ("setPermissionAddMember", Permission::Add),
        ("setPermissionEditDetails", Permission::Edit),
        ("setPermissionSendMessages", Permission::Send),
    ] {
        let admins_only = match params.text(name)?.as_deref() {
            None => continue,
            Some("only-admins") => true,
            Some("every-member") => false,
            Some(_) => return Err(Fault::params(format!("{name} must be every-member or only-admins"))),
        };
        edits.push(GroupEdit::Permit { what, admins_only });
    }
    Ok(edits)
}

/// Asks to come into a group by a link.
pub async fn join(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let who = params.needed("uri")?;
    params.end()?;
    match bot.act(Action::Add { who }).await? {
        Outcome::Group { id, sentence, .. } => {
            Ok(json!({ "groupId": id, "valise": { "sentence": sentence } }))
        }
        _ => Err(Fault::params("uri must be a link into a group")),
    }
}

/// Leaves a group.
pub async fn quit(bot: &Bot, mut params: Params) -> Result<Value, Fault> {
    let group = params.needed("groupId")?;
    params.end()?;
    bot.act(Action::LeaveGroup { group: page(bot, group).await?.id.0 }).await?;
    Ok(json!({}))
}

/// The groups that something goes to, each as its chat.
pub async fn chats(bot: &Bot, groups: Vec<String>) -> Result<Vec<String>, Fault> {
    let mut chats = Vec::new();
    for group in groups {
        chats.push(page(bot, group).await?.id.0);
    }
    Ok(chats)
}

#[cfg(test)]
mod tests {
    use screens::{ChatId, GroupHistory, GroupMay, GroupRule, Listing, samples};

    use super::*;

    fn params(value: Value) -> Params {
        let Value::Object(fields) = value else { panic!("{value}") };
        Params::of(fields, |_| true).ok().unwrap()
    }

    #[test]
    fn a_group_has_the_form_that_bots_know() {
        let Listing::Rows(contacts) = samples::contacts_full() else { panic!("the sample is full") };
        let member = |at: usize, role| MemberRow {
            person: contacts[at].person.clone(),
            you: false,
            role,
            line: String::new(),
            removable: false,
            roles: vec![],
        };
        let page = GroupPage {
            id: ChatId("0c".into()),
            name: "Lisbon".into(),
            picture: None,
            description: String::new(),
            line: String::new(),
            role: Role::Member,
            inside: true,
            may: GroupMay { write: true, add: false, edit: false, permit: false, link: false, leave: true },
            rules: vec![GroupRule { what: Permission::Send, admins_only: true, sentence: String::new() }],
            members: vec![member(0, Role::Owner), member(1, Role::Member)],
            links: vec![],
            knocks: vec![],
            history: GroupHistory { days: "none".into(), sentence: String::new(), choices: vec![] },
        };
        let value = shown(&page);
        assert_eq!(
            (&value["id"], &value["name"], &value["isMember"]),
            (&json!("0c"), &json!("Lisbon"), &json!(true))
        );
        assert_eq!(
            (value["members"].as_array().unwrap().len(), value["admins"].as_array().unwrap().len()),
            (2, 1)
        );
        assert_eq!(value["permissionSendMessage"], "ONLY_ADMINS");
        assert_eq!(value["permissionAddMember"], "EVERY_MEMBER");
    }

    #[test]
    fn changes_are_read_from_their_names() {
        let given = json!({
            "description": "Trams", "admin": "Anna", "removeMember": ["Boris"], "setPermissionAddMember": "only-admins",
        });
        let people = vec!["Chen".to_owned()];
        let made = edits(&mut params(given), Some(&people), Some(&"Porto".to_owned())).unwrap();
        assert_eq!(
            made,
            [
                GroupEdit::Name { name: "Porto".into() },
                GroupEdit::Add { who: people },
                GroupEdit::Description { text: "Trams".into() },
                GroupEdit::Role { who: "Anna".into(), role: Role::Admin },
                GroupEdit::Remove { who: "Boris".into() },
                GroupEdit::Permit { what: Permission::Add, admins_only: true },
            ]
        );
        assert_eq!(edits(&mut params(json!({})), None, Some(&"Porto".to_owned())), Ok(vec![]));
        assert!(edits(&mut params(json!({"setPermissionAddMember": "some"})), None, None).is_err());
    }
}
