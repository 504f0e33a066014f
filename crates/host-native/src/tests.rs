//! Several processes on one home, as several cores in one process: files, locks and sockets are the same. No server
//! answers here; what travels to one is tested where the real one is.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use screens::{Action, Answer, Ask, LineState, Notice, Outcome, RefusedKind, Start};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use crate::{Core, Heard, OpenTrouble, Options, Role, ServerAddress};

/// Nothing listens there.
fn nowhere() -> ServerAddress {
    ServerAddress::parse("http://127.0.0.1:9").unwrap()
}

async fn made(home: &Path) -> Core {
    Core::open(Options::new(home, nowhere())).await.unwrap()
}

async fn opened(home: &Path) -> Result<Core, OpenTrouble> {
    Core::open(Options::at(home)).await
}

async fn trouble(home: &Path) -> OpenTrouble {
    match opened(home).await {
        Err(trouble) => trouble,
        Ok(_) => panic!("it opened"),
    }
}

async fn is_answered(core: &Core) {
    let answer = core.ask(Ask::Start { utc_offset_minutes: 0 }).await;
    assert!(matches!(answer, Answer::Start(Start::Welcome(_))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_one_core_and_the_second_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let first = made(&home).await;
    let second = opened(&home).await.unwrap();
    let third = opened(&home).await.unwrap();
    assert_eq!((first.role(), second.role()), (Role::Owner, Role::Guest));
    is_answered(&first).await;
    is_answered(&second).await;
    first.close().await;
    is_answered(&second).await;
    is_answered(&third).await;
    let roles = [second.role(), third.role()];
    assert!(roles.contains(&Role::Owner) && roles.contains(&Role::Guest), "{roles:?}");
    second.close().await;
    is_answered(&third).await;
    assert_eq!(third.role(), Role::Owner);
    third.close().await;
    assert!(!home.join("core.sock").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_that_begin_at_once_have_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let begun: Vec<_> = (0..12)
        .map(|_| {
            tokio::spawn({
                let home = home.clone();
                async move { made(&home).await }
            })
        })
        .collect();
    let mut cores = Vec::new();
    for core in begun {
        cores.push(core.await.unwrap());
    }
    for core in &cores {
        is_answered(core).await;
    }
    assert_eq!(cores.iter().filter(|core| core.role() == Role::Owner).count(), 1);
}

/// Scripts start and end processes all the time: whatever is asked while owners end is answered, and done once.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_without_an_answer_while_owners_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    made(&home).await.close().await;
    let turns: Vec<_> = (0..8)
        .map(|_| {
            let home = home.clone();
            tokio::spawn(async move {
                for _ in 0..6 {
                    let core = opened(&home).await.unwrap();
                    is_answered(&core).await;
                    // Not done by the core, and still the one answer that belongs to it: it was not lost on the way.
                    let outcome = core.act(Action::Send { to: "Anna".into(), text: "hi".into() }).await;
                    let Outcome::Refused { sentence, .. } = outcome else { panic!("{outcome:?}") };
                    assert_eq!(sentence, "There is no account on this device yet. Create one first.");
                    core.close().await;
                }
            })
        })
        .collect();
    for turn in turns {
        turn.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_told_to_every_process() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let owner = made(&home).await;
    let guest = opened(&home).await.unwrap();
    is_answered(&guest).await;
    let mut notices = guest.notices();
    // The server is not there: the owner's try ends, and both hear of everything in between.
    let outcome = owner
        .act(Action::GiveCode { handle: "+32470123456".into(), name: "Anna".into(), code: "123456".into() })
        .await;
    assert!(matches!(outcome, Outcome::Refused { kind: RefusedKind::Refused, .. }), "{outcome:?}");
    let Answer::Status(status) = guest.ask(Ask::Status).await else { panic!("a status") };
    assert_eq!(status.line.state, LineState::Idle);
    owner.close().await;
    is_answered(&guest).await;
    assert_eq!(notices.next().await, Some(Heard::Notice(Notice::Account)), "it took over and asks anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_does_not_keep_to_the_lines_is_hung_up_on() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let owner = made(&home).await;
    for said in [b"nonsense\n".to_vec(), vec![b'x'; crate::line::TO_CORE_BYTES_MAX + 1]] {
        let mut stream = UnixStream::connect(home.join("core.sock")).await.unwrap();
        let _ = stream.write_all(&said).await;
        let mut heard = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut heard).await;
        assert!(heard.starts_with(b"{\"valise\":1}"));
    }
    is_answered(&owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_never_reads_is_shed_and_the_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let owner = made(&home).await;
    let mut deaf = UnixStream::connect(home.join("core.sock")).await.unwrap();
    let line = b"{\"id\":1,\"what\":{\"ask\":{\"start\":{\"utc_offset_minutes\":0}}}}\n";
    let mut sent = 0;
    // It asks and asks and never listens; at the end nobody takes what it says.
    while deaf.write_all(&line.repeat(64)).await.is_ok() {
        sent += 64;
        assert!(sent < 1_000_000, "it is still listened to");
    }
    is_answered(&owner).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_lies_as_deep_as_one_likes() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("a".repeat(120)).join("home");
    let owner = made(&home).await;
    let guest = opened(&home).await.unwrap();
    is_answered(&guest).await;
    assert_eq!(guest.role(), Role::Guest);
    owner.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_in_a_home_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let core = made(&home).await;
    is_answered(&core).await;
    assert_eq!(fs::metadata(&home).unwrap().mode() & 0o777, 0o700);
    for entry in fs::read_dir(&home).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().mode() & 0o077, 0, "{}", entry.path().display());
    }
    core.close().await;
    fs::set_permissions(&home, fs::Permissions::from_mode(0o722)).unwrap();
    assert!(matches!(trouble(&home).await, OpenTrouble::OthersWrite(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_without_an_account_is_not_made_by_looking_at_it() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    assert!(matches!(trouble(&home).await, OpenTrouble::NoHome(_)));
    assert!(!home.exists());
    fs::create_dir(&home).unwrap();
    assert!(matches!(trouble(&home).await, OpenTrouble::NoHome(_)));
    assert_eq!(fs::read_dir(&home).unwrap().count(), 0);
}

/// Each of them says what to do, and leaves everything as it was.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_said_and_never_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    made(&home).await.close().await;
    let broken: [(&str, Option<&[u8]>); 5] = [
        ("valise.db", Some(&[7; 8_192])),
        ("key", Some(&[9; 32])),
        ("key", Some(b"{}")),
        ("key", None),
        ("server.json", Some(b"{")),
    ];
    for (file, bytes) in broken {
        let path = home.join(file);
        let before = fs::read(&path).unwrap();
        match bytes {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let trouble = trouble(&home).await;
        let sentence = trouble.to_string();
        assert!(sentence.contains("Nothing was deleted."), "{file}: {sentence}");
        assert_eq!(fs::read(&path).ok().as_deref(), bytes, "{file}");
        fs::write(&path, before).unwrap();
    }
    is_answered(&opened(&home).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_home_may_change_its_server_and_is_reached_by_its_own_address_only() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    made(&home).await.close().await;
    let elsewhere = || Options::new(&home, ServerAddress::parse("http://127.0.0.1:10").unwrap());
    let owner = Core::open(elsewhere()).await.unwrap();
    let guest = Core::open(Options::new(&home, nowhere())).await;
    assert!(matches!(guest, Err(OpenTrouble::OtherServer { .. })));
    owner.close().await;
}
