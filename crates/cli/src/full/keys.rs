//! Keys, and what they do: one table for the keys, the help and the menus. One row adds an action everywhere.

use screens::MessageAct;

use super::model::{Model, Place};

/// A key, as far as this program tells keys apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// A sign.
    Char(char),
    /// A letter with Ctrl.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Enter with Alt or Shift.
    AltEnter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// Something that can be done from the chats on.
pub struct Entry {
    /// Where.
    pub place: Where,
    /// With which keys; none when it stands in the menu only.
    pub keys: &'static [Key],
    /// The keys, as the help shows them.
    pub shown: &'static str,
    /// What it does, as help and menu say it.
    pub word: &'static str,
    /// Stands in the menu of its place.
    pub menu: bool,
    /// The chosen message must allow it.
    pub needs: Option<MessageAct>,
    /// Does it.
    pub act: fn(&mut Model),
}

/// Where an [`Entry`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// In one place.
    At(Place),
    /// Wherever one is.
    Anywhere,
}

impl Where {
    /// Whether it holds there.
    pub fn is(self, place: Place) -> bool {
        self == Self::Anywhere || self == Self::At(place)
    }
}

const fn entry(
    place: Where,
    keys: &'static [Key],
    shown: &'static str,
    word: &'static str,
    menu: bool,
    act: fn(&mut Model),
) -> Entry {
    Entry { place, keys, shown, word, menu, needs: None, act }
}

/// Something that is done with a message that allows it.
const fn with_message(
    needs: MessageAct,
    keys: &'static [Key],
    shown: &'static str,
    word: &'static str,
    act: fn(&mut Model),
) -> Entry {
    Entry { needs: Some(needs), ..entry(At(Place::Messages), keys, shown, word, true, act) }
}

use Key::{AltEnter, Char, Ctrl, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up};
use Where::{Anywhere, At};

/// Everything that keys do among the chats, in the order of the help.
#[rustfmt::skip]
pub const TABLE: &[Entry] = &[
    entry(At(Place::List), &[Up, Char('k')], "↑ k", "The chat above", false, |model| model.step_list(-1)),
    entry(At(Place::List), &[Down, Char('j')], "↓ j", "The chat below", false, |model| model.step_list(1)),
    entry(At(Place::List), &[PageUp], "Page ↑", "A page up", false, |model| model.page_list(-1)),
    entry(At(Place::List), &[PageDown], "Page ↓", "A page down", false, |model| model.page_list(1)),
    entry(At(Place::List), &[Home], "Home", "The first chat", false, |model| model.step_list(i32::MIN)),
    entry(At(Place::List), &[End], "End", "The last chat", false, |model| model.step_list(i32::MAX)),
    entry(At(Place::List), &[Enter, Right], "Enter →", "Open the chat", false, Model::open_picked),
    entry(At(Place::List), &[Char('n')], "n", "Add somebody", true, Model::add_somebody),
    entry(At(Place::List), &[Char('i')], "i", "Invite with a link", true, Model::invite),
    entry(At(Place::List), &[Char('g')], "g", "Make a group", true, Model::make_group),
    entry(At(Place::List), &[Char('u')], "u", "Mark as unread, or not", true, Model::mark_unread),
    entry(At(Place::List), &[Char('f')], "f", "Folders", true, Model::choose_folder),
    entry(At(Place::List), &[Char('F')], "F", "Put the chat into a folder", true, Model::file_chat),
    entry(At(Place::List), &[Char('w')], "w", "What waits for its time", true, Model::show_scheduled),
    entry(At(Place::List), &[Char('r')], "r", "Who knocks", true, Model::show_requests),
    entry(At(Place::List), &[Char('/')], "/", "Look for words in all chats", true, Model::search),
    entry(At(Place::List), &[Char('d')], "d", "Your devices", true, Model::devices),
    entry(At(Place::List), &[Char('p')], "p", "What others are told", true, Model::privacy),
    entry(At(Place::List), &[Char('s')], "s", "How things stand", true, Model::standing),
    entry(At(Place::List), &[Char('0'), Char('m'), Left], "0 m ←", "Menu", false, Model::menu),
    entry(At(Place::List), &[Char('?')], "?", "Help", false, Model::help),

    entry(At(Place::Line), &[Enter], "Enter", "Send", false, Model::send),
    entry(At(Place::Line), &[AltEnter, Ctrl('j')], "Alt Enter", "New line", false, |model| model.type_in("\n")),
    entry(At(Place::Line), &[Up], "↑", "Choose a message", true, Model::choose_message),
    entry(At(Place::Line), &[PageUp], "Page ↑", "Earlier messages", false, |model| model.scroll(-1)),
    entry(At(Place::Line), &[PageDown], "Page ↓", "Later messages", false, |model| model.scroll(1)),
    entry(At(Place::Line), &[F(2)], "F2", "Menu", false, Model::menu),
    entry(At(Place::Line), &[], "", "Letters or numbers", true, |model| model.taps.turn()),
    entry(At(Place::Line), &[F(9)], "F9", "Send at a time", true, Model::send_at),
    entry(At(Place::Line), &[Ctrl('t')], "Ctrl T", "What waits for its time", true, Model::show_scheduled),
    entry(At(Place::Line), &[Ctrl('n')], "Ctrl N", "Mention somebody", true, Model::mention_somebody),
    entry(At(Place::Line), &[F(3)], "F3", "About this chat", true, Model::about_chat),
    entry(At(Place::Line), &[], "", "Block this person", true, Model::block_person),
    entry(At(Place::Line), &[Esc], "Esc", "Back to the chats", true, Model::go_to_list),

    entry(At(Place::Messages), &[Up, Char('k')], "↑ k", "The message before", false, |model| model.step_message(-1)),
    entry(At(Place::Messages), &[Down, Char('j')], "↓ j", "The message after", false, |model| model.step_message(1)),
    entry(At(Place::Messages), &[PageUp], "Page ↑", "Earlier messages", false, |model| model.scroll(-1)),
    entry(At(Place::Messages), &[PageDown], "Page ↓", "Later messages", false, |model| model.scroll(1)),
    with_message(MessageAct::Reply, &[Char('r')], "r", "Answer", Model::answer_message),
    with_message(MessageAct::React, &[Char('+')], "+", "React", Model::react),
    with_message(MessageAct::Edit, &[Char('e')], "e", "Write it anew", Model::edit_message),
    with_message(MessageAct::Editions, &[Char('v')], "v", "What it said before", Model::show_editions),
    with_message(MessageAct::Forward, &[Char('f')], "f", "Forward it", Model::forward_message),
    entry(At(Place::Messages), &[Char('o')], "o", "Vote in the poll", true, Model::vote),
    with_message(MessageAct::StopLive, &[Char('L')], "L", "Stop the live place", Model::stop_live),
    with_message(MessageAct::EndPoll, &[Char('E')], "E", "End the poll", Model::end_poll),
    with_message(MessageAct::Star, &[Char('s')], "s", "Put a star on it", |model| model.mark_message(MessageAct::Star)),
    with_message(MessageAct::Unstar, &[Char('S')], "S", "Take the star off", |model| model.mark_message(MessageAct::Unstar)),
    with_message(MessageAct::Pin, &[Char('p')], "p", "Pin it for everybody", |model| model.mark_message(MessageAct::Pin)),
    with_message(MessageAct::Unpin, &[Char('P')], "P", "Take the pin off", |model| model.mark_message(MessageAct::Unpin)),
    with_message(MessageAct::Report, &[Char('x')], "x", "Report with proof", Model::report_message),
    with_message(MessageAct::DeleteForMe, &[Char('d')], "d", "Delete", Model::delete_message),
    entry(At(Place::Messages), &[Char('a')], "a", "To the message it answers", true, Model::go_to_answered),
    entry(At(Place::Messages), &[Char('i')], "i", "Who, when, how far", true, Model::message_info),
    entry(At(Place::Messages), &[Enter, Char('0'), Char('m'), Right, F(2)], "Enter", "Menu", false, Model::menu),
    entry(At(Place::Messages), &[Esc, Left], "Esc ←", "Back to the line", false, Model::go_to_line),
    entry(At(Place::Messages), &[Char('?')], "?", "Help", false, Model::help),

    entry(Anywhere, &[Tab], "Tab", "The other side", false, Model::other_side),
    entry(Anywhere, &[F(4)], "F4", "Mute the chat", true, Model::mute_chat),
    entry(Anywhere, &[F(5)], "F5", "Archive the chat, or put it back", true, Model::archive_chat),
    entry(Anywhere, &[F(6)], "F6", "Let messages disappear", true, Model::set_timer),
    entry(Anywhere, &[F(7)], "F7", "Ask a question with options", true, Model::new_poll),
    entry(Anywhere, &[F(12)], "F12", "Share a place, or stop", true, Model::share_place),
    entry(Anywhere, &[], "", "Previews of links", true, Model::choose_previews),
    entry(Anywhere, &[F(8)], "F8", "Search", false, Model::search),
    entry(Anywhere, &[F(1)], "F1", "Help", true, Model::help),
    entry(Anywhere, &[Ctrl('l')], "Ctrl L", "Ask for everything anew", false, Model::again),
    entry(Anywhere, &[Ctrl('q'), Ctrl('c')], "Ctrl Q", "End", true, Model::quit),
];

/// What a key does there.
pub fn entry_of(place: Place, key: Key) -> Option<&'static Entry> {
    TABLE.iter().find(|entry| entry.place.is(place) && entry.keys.contains(&key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in [Place::List, Place::Line, Place::Messages] {
            let here = || TABLE.iter().filter(|entry| entry.place.is(place));
            let mut keys: Vec<Key> = here().flat_map(|entry| entry.keys.iter().copied()).collect();
            let all = keys.len();
            keys.dedup();
            for (at, key) in keys.iter().enumerate() {
                assert!(!keys[at + 1..].contains(key), "{key:?} in {place:?}");
            }
            assert_eq!(keys.len(), all);
        }
    }

    #[test]
    fn a_line_to_type_in_leaves_every_sign_to_the_text() {
        let signs = TABLE.iter().filter(|entry| entry.place.is(Place::Line)).flat_map(|entry| entry.keys);
        assert_eq!(signs.filter(|key| matches!(key, Char(_))).count(), 0);
    }

    #[test]
    fn everything_can_be_done_from_a_key_or_a_menu() {
        assert!(TABLE.iter().all(|entry| entry.menu || !entry.keys.is_empty()));
        assert!(TABLE.iter().all(|entry| entry.keys.is_empty() == entry.shown.is_empty()));
        for place in [Place::List, Place::Line, Place::Messages] {
            assert!(TABLE.iter().any(|entry| entry.menu && entry.place == At(place)), "{place:?}");
        }
    }
}
