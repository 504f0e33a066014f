//! One suite over every store.

use std::sync::Arc;

use super::*;

/// A store, what it is called, and what has to live as long.
pub type Kind = (&'static str, Arc<dyn BlobStore>, Box<dyn std::any::Any>);

/// Every store there is, empty.
pub fn all() -> Vec<Kind> {
    let folder = tempfile::tempdir().unwrap();
    let in_folder: Arc<dyn BlobStore> = Arc::new(FolderStore::open(&folder.path().join("blobs")).unwrap());
    let bucket = bucket::Bucket::start();
    let in_bucket: Arc<dyn BlobStore> = Arc::new(bucket.store());
    vec![
        ("memory", Arc::new(MemoryStore::default()), Box::new(())),
        ("folder", in_folder, Box::new(folder)),
        ("S3", in_bucket, Box::new(bucket)),
    ]
}

fn name(n: u8) -> Name {
    // Spread over several folders, in the order of `n`.
    let mut name = [n; 16];
    name[0] = n.wrapping_mul(16);
    Name(name)
}

#[test]
fn what_was_written_is_read_until_it_is_deleted() {
    for (kind, store, _life) in all() {
        assert_eq!(store.read(&name(1)), Ok(None), "{kind}");
        store.write(&name(1), &[7; 300_000]).unwrap();
        store.write(&name(2), b"").unwrap();
        assert_eq!(store.read(&name(1)), Ok(Some(vec![7; 300_000])), "{kind}");
        assert_eq!(store.read(&name(2)), Ok(Some(vec![])), "{kind}");
        store.write(&name(1), b"the same name again").unwrap();
        assert_eq!(store.read(&name(1)), Ok(Some(b"the same name again".to_vec())), "{kind}");
        store.delete(&name(1)).unwrap();
        assert_eq!(store.read(&name(1)), Ok(None), "{kind}");
        assert_eq!(store.delete(&name(1)), Ok(()), "{kind}: there is none any more");
    }
}

#[test]
fn names_are_listed_in_order_piece_by_piece() {
    for (kind, store, _life) in all() {
        assert_eq!(store.list(None, 4), Ok(Listing { names: vec![], more: false }), "{kind}");
        for n in [9, 2, 5, 1, 7] {
            store.write(&name(n), &[n]).unwrap();
        }
        let mut listed: Vec<Name> = Vec::new();
        let mut after = None;
        loop {
            let piece = store.list(after.as_ref(), 2).unwrap();
            assert!(piece.names.len() <= 2, "{kind}");
            listed.extend(&piece.names);
            after = piece.names.last().copied();
            if !piece.more {
                break;
            }
        }
        assert_eq!(listed, [1, 2, 5, 7, 9].map(name), "{kind}");
        assert_eq!(store.list(Some(&name(9)), 2), Ok(Listing { names: vec![], more: false }), "{kind}");
    }
}

#[test]
fn names_tell_nothing_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(&folder.path().join("blobs")).unwrap();
    store.write(&Name([0xA5; 16]), b"sealed").unwrap();
    let fan = folder.path().join("blobs/a5");
    let file = fan.join("a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5");
    assert_eq!(std::fs::read(&file).unwrap(), b"sealed");
    for (path, mode) in [(&folder.path().join("blobs"), 0o700), (&fan, 0o700), (&file, 0o600)] {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, mode);
    }
    // What others have laid there is none of ours.
    std::fs::write(fan.join("notes.txt"), b"").unwrap();
    std::fs::create_dir(folder.path().join("blobs/lost+found")).unwrap();
    assert_eq!(store.list(None, 9).unwrap().names, [Name([0xA5; 16])]);
}

#[test]
fn a_folder_that_is_gone_is_an_error_and_no_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("blobs");
    let store = FolderStore::open(&root).unwrap();
    std::fs::remove_dir(&root).unwrap();
    let said = store.list(None, 9).unwrap_err().to_string();
    assert!(said.contains("Is the disk of the blob folder") && said.contains("blobs"), "{said}");
    assert!(store.write(&name(1), b"x").is_err());
}

#[test]
fn a_bucket_that_is_missing_a_wrong_key_and_nobody_there_each_say_what_to_do() {
    let bucket = bucket::Bucket::start();
    let said = |store: S3Store| store.list(None, 1).unwrap_err().to_string();
    assert!(said(bucket.store_of("no-such-bucket", "secret")).contains("there is no such bucket"));
    assert!(said(bucket.store_of("valise", "wrong")).contains("do not let this server do that"));
    let nobody = "http://127.0.0.1:1/valise".parse().unwrap();
    let access = Access { key: "key".into(), secret: "secret".into(), region: "us-east-1".into() };
    assert!(
        said(S3Store::new(&nobody, access).unwrap())
            .contains("cannot list in the bucket http://127.0.0.1:1/valise")
    );
}

#[test]
fn a_name_reads_back_and_nothing_else_does() {
    let known = Name([0x0F; 16]);
    assert_eq!(Name::parse(&known.to_string()), Some(known));
    let long = format!("{known}0");
    let upper = known.to_string().to_uppercase();
    for bad in ["", "0f", &long, &upper, "+f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f", "é0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"]
    {
        assert_eq!(Name::parse(bad), None, "{bad}");
    }
}
