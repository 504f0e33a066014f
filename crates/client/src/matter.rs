//! What is said in a group about the group itself, and stands in no timeline: who knocks, what newcomers are given.
//!
//! Each is numbered and kept like a message, so that it is missed and said again where it did not come. It takes effect when
//! it comes, in whatever order; said by whom the charter does not let, it has none.

use vocab::{AccountId, MessageId};
use wire::content::MimiContent;

use crate::api::ConversationId;
use crate::knock::{KnockRefused, KnockTold, KnockWithdrawn};
use crate::newcomer::NewcomerHistory;
use crate::picture::PictureTold;
use crate::step::{Halting, Step};

/// One of them.
pub(crate) enum Matter {
    /// Somebody knocks.
    Knock(KnockTold),
    /// Somebody was turned down.
    Refused(KnockRefused),
    /// Somebody takes a knock back.
    Withdrawn(KnockWithdrawn),
    /// Newcomers are given what was said before.
    History(NewcomerHistory),
    /// A picture lies somewhere.
    Picture(PictureTold),
}

impl Matter {
    /// What a content says of its group; none for another content.
    pub fn of(content: &MimiContent) -> Option<Self> {
        let picture = || PictureTold::of(content).map(Self::Picture);
        let knock = || KnockTold::of(content).map(Self::Knock);
        let refused = || KnockRefused::of(content).map(Self::Refused);
        let withdrawn = || KnockWithdrawn::of(content).map(Self::Withdrawn);
        let history = || NewcomerHistory::of(content).map(Self::History);
        knock().or_else(refused).or_else(withdrawn).or_else(history).or_else(picture)
    }
}

impl Step<'_> {
    /// Takes it, if the group lets its sender say so.
    pub fn take_matter(
        &mut self,
        conversation: ConversationId,
        sender: AccountId,
        _message: MessageId,
        matter: &Matter,
    ) -> Halting<()> {
        match matter {
            Matter::Knock(told) => self.take_told_knock(conversation, sender, told),
            Matter::Refused(refused) => self.take_refusal(conversation, sender, refused),
            Matter::Withdrawn(withdrawn) => self.take_withdrawal(conversation, sender, withdrawn),
            Matter::Picture(told) => self.take_picture_told(conversation, told),
            Matter::History(told) => self.take_newcomer_history(conversation, sender, told),
        }
    }
}
