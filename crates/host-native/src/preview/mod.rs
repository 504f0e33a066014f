//! Previews of links, made before a text is said: where its chat wants them, or whoever writes does.
//!
//! A text that waits for its preview holds back those said after it in the same chat, so that all leave in their order; it waits for
//! [`fetch::PREVIEW_WAIT`] at most, and leaves without where none is made by then. Other chats do not wait.
//!
//! Invariant: nothing is asked for that a person of this device is not about to send, and nothing of what others sent.

mod address;
mod fetch;

use std::collections::{BTreeMap, VecDeque};
use std::io::Read;
use std::path::Path;

use app::{ConversationId, FrontId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fetch::Reach;
use screens::{Action, GivenPreview, PreviewPicture, PreviewWish};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::owner::{Event, To};

/// Texts that wait, by chat.
pub(crate) struct Previews {
    reach: Reach,
    events: mpsc::Sender<Event>,
    held: BTreeMap<ConversationId, VecDeque<Held>>,
    next: u64,
}

/// A text that waits for its preview, or for one before it.
struct Held {
    number: u64,
    to: To,
    action: Action,
    job: Option<Job>,
}

/// What is made before a text is said.
enum Job {
    /// A preview of this link.
    Fetch(String),
    /// A small picture for a preview that was given.
    Picture(String),
}

/// What came of a job.
pub(crate) enum Made {
    /// A preview, if one could be made.
    Fetched(Option<GivenPreview>),
    /// A small JPEG, or what is wrong with the file.
    Picture(Result<Vec<u8>, String>),
}

/// What is done with a text whose turn has come.
pub(crate) enum Turn {
    /// It is said.
    Say(To, Action),
    /// It is not, for this reason.
    Refuse(To, String),
}

impl Previews {
    /// Of a host whose loop hears events there. `this_machine` lets tests serve pages.
    pub fn new(events: mpsc::Sender<Event>, this_machine: bool) -> Self {
        let reach = if this_machine { Reach::ThisMachine } else { Reach::Public };
        Self { reach, events, held: BTreeMap::new(), next: 1 }
    }

    /// A text for a chat: what is said at once. `link` is the one of which a preview is to be made.
    pub fn text(
        &mut self,
        to: To,
        action: Action,
        conversation: ConversationId,
        link: Option<String>,
    ) -> Vec<Turn> {
        let job = job(&action, link);
        let waits = self.held.contains_key(&conversation);
        if (job.is_none() && !waits) || self.count() >= HELD_MAX {
            // What more waits than anybody writes leaves as it is, after what was said before it.
            let mut turns = if waits { self.let_go_of(conversation) } else { Vec::new() };
            turns.push(without(Held { number: 0, to, action, job }));
            return turns;
        }
        let number = self.next;
        self.next += 1;
        self.held.entry(conversation).or_default().push_back(Held { number, to, action, job });
        if waits { Vec::new() } else { self.go_on(conversation) }
    }

    /// A job of a chat is done: what is said now.
    pub fn made(&mut self, conversation: ConversationId, number: u64, made: Made) -> Vec<Turn> {
        let Some(held) = self.held.get_mut(&conversation) else { return Vec::new() };
        // It has left without.
        let Some(first) = held.pop_front_if(|first| first.number == number) else { return Vec::new() };
        let mut turns = vec![with(first, made)];
        turns.extend(self.go_on(conversation));
        turns
    }

    /// A front end is about to go: what it said leaves now, and what stands before that.
    pub fn front_goes(&mut self, front: FrontId) -> Vec<Turn> {
        let theirs = |(_, held): &(&ConversationId, &VecDeque<Held>)| held.iter().any(|it| it.to.0 == front);
        let chats: Vec<ConversationId> = self.held.iter().filter(theirs).map(|(chat, _)| *chat).collect();
        chats.into_iter().flat_map(|chat| self.let_go_of(chat)).collect()
    }

    /// The host ends: everything leaves now.
    pub fn all_go(&mut self) -> Vec<Turn> {
        let chats: Vec<ConversationId> = self.held.keys().copied().collect();
        chats.into_iter().flat_map(|chat| self.let_go_of(chat)).collect()
    }

    fn let_go_of(&mut self, conversation: ConversationId) -> Vec<Turn> {
        self.held.remove(&conversation).into_iter().flatten().map(without).collect()
    }

    /// Says what stands first in a chat, until something is to be made for it.
    fn go_on(&mut self, conversation: ConversationId) -> Vec<Turn> {
        let mut turns = Vec::new();
        let Some(held) = self.held.get_mut(&conversation) else { return turns };
        while let Some(first) = held.pop_front_if(|first| first.job.is_none()) {
            turns.push(without(first));
        }
        match held.front_mut() {
            None => {
                self.held.remove(&conversation);
            }
            Some(first) => {
                if let Some(job) = &first.job {
                    begin(self.events.clone(), conversation, first.number, job, self.reach);
                }
            }
        }
        turns
    }

    fn count(&self) -> usize {
        self.held.values().map(VecDeque::len).sum()
    }
}

/// What is to be made for an action, if anything.
fn job(action: &Action, link: Option<String>) -> Option<Job> {
    let given = match action {
        Action::WithPreview { wish: PreviewWish::Given(given), .. } => given.picture.as_ref(),
        _ => None,
    };
    match given {
        Some(PreviewPicture::Path(path)) => Some(Job::Picture(path.clone())),
        _ => link.map(Job::Fetch),
    }
}

/// Does a job beside the loop, on a thread of its own: nobody waits for it when the program ends.
fn begin(events: mpsc::Sender<Event>, conversation: ConversationId, number: u64, job: &Job, reach: Reach) {
    let (done, result) = oneshot::channel();
    let (work, late): (Box<dyn FnOnce() -> Made + Send>, _) = match job {
        Job::Fetch(link) => {
            let link = link.clone();
            (Box::new(move || Made::Fetched(fetch::preview(&link, reach))), Made::Fetched(None))
        }
        Job::Picture(path) => {
            let path = path.clone();
            let late = Err(format!("“{path}” cannot be read in time."));
            (Box::new(move || Made::Picture(small_picture(Path::new(&path)))), Made::Picture(late))
        }
    };
    let started = std::thread::Builder::new().name("preview".to_owned()).spawn(move || {
        // Whoever waits may have gone on without.
        let _ = done.send(work());
    });
    tokio::spawn(async move {
        let made = match started {
            Ok(_) => timeout(fetch::PREVIEW_WAIT, result).await.ok().and_then(Result::ok),
            Err(_) => None,
        };
        let _ = events.send(Event::Previewed(conversation, number, made.unwrap_or(late))).await;
    });
}

/// A text with what was made for it.
fn with(held: Held, made: Made) -> Turn {
    let to = held.to;
    match (held.action, made) {
        (action, Made::Fetched(None)) => Turn::Say(to, action),
        (action, Made::Fetched(Some(made))) => {
            let of = match action {
                Action::WithPreview { of, .. } => of,
                action => Box::new(action),
            };
            Turn::Say(to, Action::WithPreview { wish: PreviewWish::Made(made), of })
        }
        (Action::WithPreview { wish: PreviewWish::Given(given), of }, Made::Picture(Ok(jpeg))) => {
            let picture = Some(PreviewPicture::Jpeg { base64: STANDARD.encode(jpeg) });
            let wish = PreviewWish::Given(GivenPreview { picture, ..given });
            Turn::Say(to, Action::WithPreview { wish, of })
        }
        (_, Made::Picture(Err(sentence))) => Turn::Refuse(to, sentence),
        // Pictures are made for nothing else.
        (action, Made::Picture(Ok(_))) => Turn::Say(to, action),
    }
}

/// A text as it leaves when nothing is made for it any more.
fn without(held: Held) -> Turn {
    match held.job {
        None | Some(Job::Fetch(_)) => Turn::Say(held.to, held.action),
        Some(Job::Picture(path)) => {
            Turn::Refuse(held.to, format!("“{path}” was not read in time. Send it again."))
        }
    }
}

/// A small picture of a file.
fn small_picture(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |why: String| format!("“{}” cannot be shown in a preview: {why}.", path.display());
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(PICTURE_FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > PICTURE_FILE_BYTES_MAX {
        return Err(unreadable(format!("it has more than {} MB", PICTURE_FILE_BYTES_MAX / 1_000_000)));
    }
    fetch::small(&bytes).ok_or_else(|| unreadable("it is no picture that can be made small here".to_owned()))
}

/// Texts that wait at one time, over all chats.
const HELD_MAX: usize = 64;
/// Largest file that a picture is made of, bytes.
const PICTURE_FILE_BYTES_MAX: u64 = 16_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str) -> Action {
        Action::Send { to: "Boris".into(), text: text.into() }
    }

    fn said(turns: Vec<Turn>) -> Vec<String> {
        turns
            .into_iter()
            .map(|turn| match turn {
                Turn::Say((_, id), Action::WithPreview { .. }) => format!("{id} with"),
                Turn::Say((_, id), _) => format!("{id}"),
                Turn::Refuse((_, id), _) => format!("{id} refused"),
            })
            .collect()
    }

    /// Nobody hears of jobs here, and the links lead to no host: only the order is looked at.
    fn previews() -> (Previews, mpsc::Receiver<Event>) {
        let (events, heard) = mpsc::channel(HELD_MAX * 2);
        (Previews::new(events, false), heard)
    }

    const CHAT: ConversationId = ConversationId([1; 16]);
    const OTHER: ConversationId = ConversationId([2; 16]);

    fn link() -> Option<String> {
        Some("https://user@127.0.0.1/".to_owned())
    }

    fn made() -> Made {
        Made::Fetched(Some(GivenPreview {
            url: "https://a.example/".into(),
            title: "A".into(),
            description: String::new(),
            picture: None,
        }))
    }

    #[tokio::test]
    async fn texts_of_one_chat_leave_in_their_order_and_other_chats_do_not_wait() {
        let (mut previews, _heard) = previews();
        assert_eq!(said(previews.text((1, 1), says("a"), CHAT, None)), ["1"]);
        assert!(said(previews.text((1, 2), says("b"), CHAT, link())).is_empty());
        assert!(said(previews.text((1, 3), says("c"), CHAT, None)).is_empty());
        assert!(said(previews.text((1, 4), says("d"), CHAT, link())).is_empty());
        assert_eq!(said(previews.text((1, 5), says("e"), OTHER, None)), ["5"]);
        assert!(said(previews.made(CHAT, 99, made())).is_empty(), "no job of that number");
        assert_eq!(said(previews.made(CHAT, 1, made())), ["2 with", "3"]);
        assert!(said(previews.made(CHAT, 1, made())).is_empty(), "once");
        assert_eq!(said(previews.made(CHAT, 3, Made::Fetched(None))), ["4"]);
        assert_eq!(said(previews.text((1, 6), says("f"), CHAT, None)), ["6"]);
    }

    #[tokio::test]
    async fn whoever_goes_leaves_no_text_behind() {
        let (mut previews, _heard) = previews();
        for (front, id, chat) in [(1, 1, CHAT), (2, 2, CHAT), (1, 3, OTHER)] {
            assert!(said(previews.text((front, id), says("x"), chat, link())).is_empty());
        }
        assert_eq!(said(previews.front_goes(2)), ["1", "2"], "in their order");
        assert!(said(previews.made(CHAT, 1, made())).is_empty());
        assert_eq!(said(previews.all_go()), ["3"]);
    }

    #[tokio::test]
    async fn no_more_texts_wait_than_a_few() {
        let (mut previews, _heard) = previews();
        for id in 0..HELD_MAX as u64 {
            assert!(previews.text((1, id), says("x"), CHAT, link()).is_empty());
        }
        assert_eq!(previews.text((1, 99), says("x"), CHAT, link()).len(), HELD_MAX + 1);
    }

    #[tokio::test]
    async fn what_cannot_be_fetched_is_told_as_nothing() {
        let (mut previews, mut heard) = previews();
        assert!(previews.text((1, 1), says("x"), CHAT, link()).is_empty());
        let Some(Event::Previewed(chat, number, Made::Fetched(None))) = heard.recv().await else {
            panic!("the job ends");
        };
        assert_eq!(said(previews.made(chat, number, Made::Fetched(None))), ["1"]);
    }

    #[test]
    fn a_given_file_is_made_small_or_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lake.jpg");
        let pixels = media::picture::Pixels { width: 600, height: 300, rgba: vec![90; 600 * 300 * 4] };
        let (jpeg, _) = media::picture::thumbnail(&pixels).unwrap();
        std::fs::write(&path, jpeg.jpeg).unwrap();
        assert!(small_picture(&path).unwrap().starts_with(&[0xff, 0xd8]));
        std::fs::write(&path, "no picture").unwrap();
        assert!(small_picture(&path).unwrap_err().contains("lake.jpg"));
        assert!(small_picture(&folder.path().join("none")).is_err());
    }
}
