//! Whom the person means: what they typed against the people this device knows.

use client::{ContactCard, ContactState};
use screens::{ContactId, Next};
use vocab::{AccountId, Handle, HandleError};

use crate::words::No;

/// Shortest beginning of an id that is taken for one.
pub(crate) const ID_PREFIX_CHARS_MIN: usize = 6;

/// Names listed when several people fit.
const AMBIGUOUS_LISTED_MAX: usize = 8;

/// Finds the person that `typed` names among `people`: by link, by number or address, by id of the person or the chat, by
/// name. A request is found by id or handle only: its name is not shown, so it does not count.
///
/// People choose their own names, so a name never goes before anything else: whoever calls themselves like another
/// person's number or id gets nothing of theirs.
pub(crate) fn person<'a>(
    people: &'a [ContactCard],
    typed: &str,
    link: impl FnOnce(&str) -> Result<Option<AccountId>, No>,
) -> Result<&'a ContactCard, No> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(No::usage("Nobody was named. Give a name, a number, an e-mail address or an id."));
    }
    if let Some(account) = link(typed)? {
        let known = people.iter().find(|card| card.account == account);
        return known.ok_or_else(|| {
            No::refused("The person of this link is not among your contacts yet. Add them first.")
                .then(Next::Add { who: typed.to_owned() })
        });
    }
    match Handle::parse(typed) {
        Ok(handle) => by_handle(people, &handle).ok_or_else(|| {
            No::refused(format!("{handle} is not among your contacts yet. Add them first."))
                .then(Next::Add { who: handle.to_string() })
        }),
        Err(error) => by_id_or_name(people, typed)?.ok_or_else(|| nobody(typed, error)),
    }
}

/// A whole id goes first; the beginning of one may be somebody's name too, and then both are listed.
fn by_id_or_name<'a>(people: &'a [ContactCard], typed: &str) -> Result<Option<&'a ContactCard>, No> {
    let wanted = typed.to_ascii_lowercase();
    if let Some(card) = people.iter().find(|card| ids(card).contains(&wanted)) {
        return Ok(Some(card));
    }
    let name = folded(typed);
    let hexadecimal = wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
    let begins_id = hexadecimal && wanted.len() >= ID_PREFIX_CHARS_MIN;
    let fits = |card: &&ContactCard| {
        let shown = card.state != ContactState::Request;
        (shown && folded(&card.name) == name)
            || (begins_id && ids(card).iter().any(|id| id.starts_with(&wanted)))
    };
    one(people.iter().filter(fits).collect(), typed)
}

/// Both names of a chat between two people: the other's id, and its own.
fn ids(card: &ContactCard) -> [String; 2] {
    [card.account.to_string(), hex::encode(card.conversation.0)]
}

fn by_handle<'a>(people: &'a [ContactCard], handle: &Handle) -> Option<&'a ContactCard> {
    let wanted = handle.lookup_form();
    people.iter().find(|card| card.handle.as_ref().is_some_and(|own| own.lookup_form() == wanted))
}

/// None, one, or a sentence that lists all of them.
fn one<'a>(found: Vec<&'a ContactCard>, typed: &str) -> Result<Option<&'a ContactCard>, No> {
    match found.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let listed: Vec<_> =
                several.iter().take(AMBIGUOUS_LISTED_MAX).map(|card| described(card)).collect();
            Err(No::refused(format!(
                "{} people fit “{typed}”: {}. Say which by number, address or id.",
                several.len(),
                listed.join("; ")
            )))
        }
    }
}

fn described(card: &ContactCard) -> String {
    let id = card.account.to_string();
    let short = id.get(..SHORT_ID_CHARS).unwrap_or(&id);
    match &card.handle {
        Some(handle) => format!("{handle} (id {short})"),
        None => format!("id {short}"),
    }
}

/// Characters of an id in a sentence: enough to be one person's among all of a device.
const SHORT_ID_CHARS: usize = 12;

/// Two names that a person would call the same.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

/// Upper and lower case are one, and so are runs of spaces.
fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Nobody: when it looks like a handle, what is wrong with it helps more.
fn nobody(typed: &str, error: HandleError) -> No {
    let looks_like_number = typed.chars().filter(char::is_ascii_digit).count() >= 3
        && typed.chars().all(|c| c.is_ascii_digit() || " +-.()/".contains(c));
    if looks_like_number || error == HandleError::NotAnEmail {
        return No::usage(error.to_string());
    }
    No::refused(format!(
        "Nobody among your contacts is called “{typed}”. Look at the contacts, or add somebody by number, address or \
         link."
    ))
}

/// The id as front ends know it.
pub(crate) fn contact_id(account: AccountId) -> ContactId {
    ContactId(account.to_string())
}

#[cfg(test)]
mod tests {
    use client::ConversationId;

    use super::*;

    fn card(byte: u8, name: &str, handle: Option<&str>) -> ContactCard {
        ContactCard {
            account: AccountId([byte; 32]),
            name: name.into(),
            handle: handle.map(|typed| Handle::parse(typed).unwrap()),
            state: ContactState::Accepted,
            conversation: ConversationId([byte ^ 0xff; 16]),
            about: String::new(),
            picture: None,
        }
    }

    fn people() -> Vec<ContactCard> {
        vec![
            card(0xa1, "Anna Kovač", Some("+32470123456")),
            card(0xb0, "Boris", Some("boris@example.org")),
            card(0xb1, "BORIS", None),
            card(0xfa, "Facade", None),
            ContactCard { state: ContactState::Request, ..card(0xe1, "Eve", Some("+32470999999")) },
        ]
    }

    fn found(typed: &str) -> Result<u8, No> {
        let people = people();
        person(&people, typed, |_| Ok(None)).map(|card| card.account.0[0])
    }

    fn refusal(typed: &str) -> No {
        found(typed).unwrap_err()
    }

    #[test]
    fn a_person_is_found_by_everything_that_names_them() {
        for typed in
            ["Anna Kovač", " anna  KOVAČ ", "+32 470 12 34 56", "0032470123456", "a1a1a1", "A1A1a1a1"]
        {
            assert_eq!(found(typed), Ok(0xa1), "{typed}");
        }
        assert_eq!(found("Boris@EXAMPLE.org"), Ok(0xb0));
        assert_eq!(found(&"b1".repeat(32)), Ok(0xb1));
        assert_eq!(found(&"5e".repeat(16)), Ok(0xa1), "by the chat's id");
    }

    #[test]
    fn nobody_gets_what_is_meant_for_another_by_calling_themselves_so() {
        let mut people = people();
        for name in ["+32470123456", "boris@example.org", "a1a1a1a1", &"b1".repeat(32)] {
            people.insert(0, card(0xee, name, None));
        }
        let found = |typed: &str| person(&people, typed, |_| Ok(None)).map(|card| card.account.0[0]);
        assert_eq!(found("+32470123456"), Ok(0xa1));
        assert_eq!(found("boris@example.org"), Ok(0xb0));
        assert_eq!(found(&"b1".repeat(32)), Ok(0xb1));
        assert!(found("a1a1a1a1").unwrap_err().sentence.starts_with("2 people fit"));
    }

    #[test]
    fn two_of_one_name_are_told_apart_by_the_person_who_asks() {
        let no = refusal("boris");
        assert_eq!(no.kind, screens::RefusedKind::Refused);
        assert_eq!(
            no.sentence,
            "2 people fit “boris”: boris@example.org (id b0b0b0b0b0b0); id b1b1b1b1b1b1. Say which by number, address \
             or id."
        );
    }

    #[test]
    fn a_request_is_found_by_id_but_not_by_a_name_that_nobody_was_shown() {
        assert_eq!(found("e1e1e1e1"), Ok(0xe1));
        assert!(refusal("Eve").sentence.starts_with("Nobody among your contacts is called “Eve”."));
    }

    #[test]
    fn somebody_who_is_no_contact_yet_is_to_be_added_first() {
        let no = refusal("+32 470 00 00 00");
        assert_eq!(no.sentence, "+32470000000 is not among your contacts yet. Add them first.");
        assert_eq!(no.next, Some(Next::Add { who: "+32470000000".into() }));
        let people = people();
        let by_link = person(&people, "a link", |_| Ok(Some(AccountId([9; 32])))).unwrap_err();
        assert_eq!(by_link.next, Some(Next::Add { who: "a link".into() }));
    }

    #[test]
    fn what_is_mistyped_says_what_is_wrong_with_it() {
        assert_eq!(refusal("0470 12 34 56").kind, screens::RefusedKind::Usage);
        assert_eq!(refusal("0470 12 34 56").sentence, HandleError::NoCountry.to_string());
        assert_eq!(refusal("anna@").sentence, HandleError::NotAnEmail.to_string());
        assert_eq!(refusal("  ").kind, screens::RefusedKind::Usage);
        assert_eq!(refusal("a1a1a").kind, screens::RefusedKind::Refused, "5 characters are too few");
    }
}
