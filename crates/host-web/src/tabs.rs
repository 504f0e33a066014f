//! What tabs say to each other, and the leader's list of them.

use std::collections::BTreeMap;

use app::FrontId;
use screens::{FromCore, ToCore};
use serde::{Deserialize, Serialize};

/// Names a tab. Random, so that no two are alike.
pub type TabId = u64;

/// Names a time of leadership. Random, so that no two are alike.
pub type LeaderId = u64;

/// Said on the broadcast channel, heard by every other tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TabMessage {
    /// A tab opened: who leads?
    Hello,
    /// This one leads now.
    Leading(LeaderId),
    /// A page wants something of the leader.
    ToCore {
        /// Of whom; another leader leaves it alone.
        leader: LeaderId,
        /// Whose page.
        tab: TabId,
        /// What.
        to: ToCore,
    },
    /// The leader says something to a page.
    FromCore {
        /// To whose page.
        tab: TabId,
        /// What.
        from: Box<FromCore>,
    },
}

/// The tabs that the leader serves. Its own page is always there.
#[derive(Debug)]
pub struct Tabs {
    fronts: BTreeMap<TabId, FrontId>,
    next: FrontId,
}

/// The leader's own page.
pub const OWN_FRONT: FrontId = 0;

impl Default for Tabs {
    fn default() -> Self {
        Self { fronts: BTreeMap::new(), next: OWN_FRONT + 1 }
    }
}

impl Tabs {
    /// The front end that a tab is; whether it is new.
    pub fn front(&mut self, tab: TabId) -> (FrontId, bool) {
        if let Some(front) = self.fronts.get(&tab) {
            return (*front, false);
        }
        let front = self.next;
        self.next += 1;
        self.fronts.insert(tab, front);
        (front, true)
    }

    /// The tab that a front end is; nothing for one that is gone.
    #[must_use]
    pub fn tab(&self, front: FrontId) -> Option<TabId> {
        self.fronts.iter().find(|(_, known)| **known == front).map(|(tab, _)| *tab)
    }

    /// A tab closed.
    pub fn gone(&mut self, tab: TabId) -> Option<FrontId> {
        self.fronts.remove(&tab)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_keeps_its_front_until_it_is_gone() {
        let mut tabs = Tabs::default();
        let (first, new) = tabs.front(71);
        assert!(new && first != OWN_FRONT);
        assert_eq!(tabs.front(71), (first, false));
        assert_eq!(tabs.tab(first), Some(71));
        assert_eq!(tabs.gone(71), Some(first));
        assert_eq!(tabs.tab(first), None);
        let (again, new) = tabs.front(71);
        assert!(new && again != first, "a front is never used twice");
    }

    #[test]
    fn what_tabs_say_survives_the_channel() {
        let to = ToCore { id: 3, what: screens::What::Ask(screens::Ask::Chats) };
        let said = TabMessage::ToCore { leader: u64::MAX, tab: 1 << 60, to };
        let line = serde_json::to_string(&said).expect("plain data");
        assert_eq!(serde_json::from_str::<TabMessage>(&line).expect("just written"), said);
    }
}
