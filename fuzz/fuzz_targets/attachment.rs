//! What a sender says of a file, and attachments in a body: what is read can be written, and reads back the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wire::content::{MediaInfo, MimiContent, NestedPart};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut told) = MediaInfo::decode(bytes) {
        // It stands beside, where the file's name does.
        told.content_type = "image/jpeg".to_owned();
        let again = told.encode().and_then(|again| MediaInfo::decode(&again));
        assert!(again.is_ok_and(|again| MediaInfo { content_type: told.content_type.clone(), ..again } == told));
    }
    if let Ok(content) = MimiContent::decode(bytes)
        && let Some((words, attachments)) = content.nested_part.as_attachments()
        && attachments.iter().all(|attachment| !attachment.about.content_type.is_empty())
    {
        let again = NestedPart::attachments(words.cloned(), &attachments).expect("what was read can be written");
        assert!(again.as_attachments() == Some((words, attachments)));
    }
});
