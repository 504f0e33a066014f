use std::io::Cursor;

use super::*;
use crate::bytes::find;

const CAMERA_MP4: &[u8] = include_bytes!("../../testdata/camera.mp4");
const CAMERA_MOV: &[u8] = include_bytes!("../../testdata/camera.mov");
const FRAGMENTED: &[u8] = include_bytes!("../../testdata/fragmented.mp4");
const FILM_WEBM: &[u8] = include_bytes!("../../testdata/film.webm");
const LIVE_WEBM: &[u8] = include_bytes!("../../testdata/live.webm");

fn look(bytes: &[u8]) -> Result<Video, VideoError> {
    inspect(&mut Cursor::new(bytes), &Limits::default())
}

fn sent(bytes: &[u8]) -> (Video, Vec<u8>) {
    let prepared = prepare(&mut Cursor::new(bytes), &Limits::default()).unwrap();
    let mut out = Vec::new();
    prepared.rewrite.reader(Cursor::new(bytes)).read_to_end(&mut out).unwrap();
    assert_eq!(out.len() as u64, prepared.rewrite.bytes());
    (prepared.video, out)
}

/// The samples of the tracks that are seen and heard, chunk after chunk.
fn samples(bytes: &[u8]) -> Vec<Vec<u8>> {
    let film = mp4::read(&mut Cursor::new(bytes), Kind::Mp4, &Limits::default()).unwrap();
    let tracks = film.tracks.iter().filter(|track| [*b"vide", *b"soun"].contains(&track.handler));
    let chunks = tracks.flat_map(|track| clean::chunks(&film.moov, track));
    chunks.map(|(at, size)| bytes[at as usize..(at + size) as usize].to_vec()).collect()
}

#[test]
fn a_film_says_what_it_is() {
    let film = look(CAMERA_MP4).unwrap();
    assert_eq!((film.kind, film.duration_ms), (Kind::Mp4, 1_000));
    // Held on its side.
    assert_eq!((film.width, film.height, film.rotation), (48, 64, Rotation::Quarter));
    assert_eq!((film.video_codec.as_deref(), film.audio_codec.as_deref()), (Some("avc1"), Some("mp4a")));
    assert!(!film.is_streamable);
    let film = look(CAMERA_MOV).unwrap();
    assert_eq!((film.kind, film.duration_ms, film.rotation), (Kind::QuickTime, 1_000, Rotation::None));
}

#[test]
fn a_film_in_fragments_is_as_long_as_they_are() {
    let film = look(FRAGMENTED).unwrap();
    // What ffprobe says too: the sound of the last fragment goes on.
    assert_eq!(film.duration_ms, 1_200);
    assert!(film.is_streamable);
}

#[test]
fn a_webm_says_what_it_is_and_how_long_even_while_it_was_recorded() {
    for bytes in [FILM_WEBM, LIVE_WEBM] {
        let film = look(bytes).unwrap();
        assert_eq!((film.kind, film.width, film.height, film.is_streamable), (Kind::WebM, 64, 48, true));
        assert_eq!(
            (film.video_codec.as_deref(), film.audio_codec.as_deref()),
            (Some("V_VP9"), Some("A_OPUS"))
        );
        assert!((900..=1_050).contains(&film.duration_ms), "{}", film.duration_ms);
    }
}

#[test]
fn a_film_is_sent_without_place_time_and_maker() {
    for (bytes, place) in [(CAMERA_MP4, &b"+48.1234+008.5678/"[..]), (CAMERA_MOV, b"+48.1234+008.5678/")] {
        let (_, out) = sent(bytes);
        for trace in [place, b"TRACEMAKER", b"TRACECOMMENT", b"Lavf", b"SoundHandler", b"xyz"] {
            assert_eq!(find(&out, trace), None, "{}", String::from_utf8_lossy(trace));
        }
        // Seconds since 1904: the sixth of May 2024.
        assert!(find(bytes, &3_797_824_089_u32.to_be_bytes()).is_some());
        assert_eq!(find(&out, &3_797_824_089_u32.to_be_bytes()), None);
    }
    let (_, out) = sent(FILM_WEBM);
    for trace in [&b"TRACETITLE"[..], b"TRACECOMMENT"] {
        assert!(find(FILM_WEBM, trace).is_some() && find(&out, trace).is_none());
    }
}

#[test]
fn what_is_seen_and_heard_stays_byte_for_byte() {
    for bytes in [CAMERA_MP4, CAMERA_MOV] {
        let (_, out) = sent(bytes);
        assert_eq!(samples(&out), samples(bytes));
        assert_eq!(out.len(), bytes.len());
    }
}

#[test]
fn the_index_comes_in_front() {
    for bytes in [CAMERA_MP4, CAMERA_MOV, FRAGMENTED, FILM_WEBM, LIVE_WEBM] {
        let (video, out) = sent(bytes);
        assert!(video.is_streamable);
        assert_eq!(look(&out).unwrap(), video);
        // What was cleaned has nothing more to clean.
        assert_eq!(sent(&out).1, out);
    }
}

#[test]
fn a_track_of_times_of_day_is_emptied() {
    let film = mp4::read(&mut Cursor::new(CAMERA_MOV), Kind::QuickTime, &Limits::default()).unwrap();
    let clock = film.tracks.iter().find(|track| &track.handler == b"tmcd").unwrap();
    let [(at, 4)] = clean::chunks(&film.moov, clock)[..] else { panic!("one sample of four bytes") };
    let frames = u32::from_be_bytes(CAMERA_MOV[at as usize..at as usize + 4].try_into().unwrap());
    assert_eq!(frames, ((10 * 60 + 11) * 60 + 12) * 10, "the time of day, in frames");
    let (_, out) = sent(CAMERA_MOV);
    let after = mp4::read(&mut Cursor::new(&out[..]), Kind::QuickTime, &Limits::default()).unwrap();
    assert_eq!(after.tracks.len(), 2);
    assert_eq!(find(&out, &frames.to_be_bytes()), None);
}

#[test]
fn a_film_that_lies_about_its_length_is_found_out() {
    // The head of the film says eleven days; its samples are counted.
    let head = find(CAMERA_MP4, b"mvhd").unwrap();
    let mut lies = CAMERA_MP4.to_vec();
    lies[head + 20..head + 24].copy_from_slice(&1_000_000_000_u32.to_be_bytes());
    assert_eq!(look(&lies).unwrap().duration_ms, 1_000);
    // Its samples say it, and there are not as many.
    let times = find(CAMERA_MP4, b"stts").unwrap();
    let mut lies = CAMERA_MP4.to_vec();
    lies[times + 12..times + 16].copy_from_slice(&1_000_000_u32.to_be_bytes());
    assert_eq!(look(&lies), Err(VideoError::Damaged));
    // Each sample says that it lasts for hours; so it does, and that is too long.
    let mut lies = CAMERA_MP4.to_vec();
    lies[times + 16..times + 20].copy_from_slice(&u32::MAX.to_be_bytes());
    let edits = find(&lies, b"edts").unwrap();
    lies[edits..edits + 4].copy_from_slice(b"free");
    assert_eq!(look(&lies), Err(VideoError::TooLong));
    // A WebM that announces a day and ends after a second.
    let announced = find(FILM_WEBM, &[0x44, 0x89, 0x88]).unwrap();
    let mut lies = FILM_WEBM.to_vec();
    lies[announced + 3..announced + 11].copy_from_slice(&86_000_000_f64.to_be_bytes());
    assert!(look(&lies).unwrap().duration_ms < 1_100);
}

#[test]
fn sizes_are_held_against_the_file() {
    let sizes = find(CAMERA_MP4, b"stsz").unwrap();
    let mut lies = CAMERA_MP4.to_vec();
    lies[sizes + 16..sizes + 20].copy_from_slice(&u32::MAX.to_be_bytes());
    assert_eq!(look(&lies), Err(VideoError::Damaged));
    assert_eq!(look(&CAMERA_MP4[..CAMERA_MP4.len() - 100]), Err(VideoError::Damaged), "cut off");
    let small = Limits { video_head_bytes: 100, ..Limits::default() };
    assert_eq!(inspect(&mut Cursor::new(CAMERA_MP4), &small), Err(VideoError::TooMuchMemory));
    assert_eq!(look(b"%PDF-1.4"), Err(VideoError::NotAVideo));
    let sound = include_bytes!("../../testdata/sound.m4a");
    assert_eq!(look(sound).unwrap().video_codec, None);
}

#[test]
fn an_index_whose_places_would_not_fit_stays_behind() {
    // A chunk that would be moved over the end of what four bytes can say: there is none in a file this small, but a table may say so.
    let mut film = mp4::read(&mut Cursor::new(CAMERA_MP4), Kind::Mp4, &Limits::default()).unwrap();
    assert!(clean::in_front(&film.moov, &film).is_some());
    film.index.at = u64::from(u32::MAX) + 1;
    let table = find(&film.moov, b"stco").unwrap();
    film.moov[table + 12..table + 16].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(clean::in_front(&film.moov, &film).is_none());
}

#[test]
fn any_part_can_be_read_for_itself() {
    let prepared = prepare(&mut Cursor::new(CAMERA_MP4), &Limits::default()).unwrap();
    let (_, whole) = sent(CAMERA_MP4);
    let mut reader = prepared.rewrite.reader(Cursor::new(CAMERA_MP4));
    for at in (0..whole.len()).step_by(97) {
        let mut part = vec![0; 100.min(whole.len() - at)];
        reader.seek(std::io::SeekFrom::Start(at as u64)).unwrap();
        reader.read_exact(&mut part).unwrap();
        assert_eq!(part, whole[at..at + part.len()]);
    }
    assert_eq!(reader.seek(std::io::SeekFrom::End(0)).unwrap(), whole.len() as u64);
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn a_file_that_became_shorter_is_an_error_and_no_other_film() {
    let prepared = prepare(&mut Cursor::new(CAMERA_MP4), &Limits::default()).unwrap();
    let short = &CAMERA_MP4[..200];
    assert!(prepared.rewrite.reader(Cursor::new(short)).read_to_end(&mut Vec::new()).is_err());
}

#[test]
fn unknown_boxes_are_emptied_and_keep_their_sizes() {
    let extra = [&30_u32.to_be_bytes()[..], b"sefd", b"TRACE of the telephone"].concat();
    // The same with a size of eight bytes, which stays as it is.
    let long = [&1_u32.to_be_bytes()[..], b"sefd", &38_u64.to_be_bytes(), b"TRACE of the telephone"].concat();
    let (_, out) = sent(&[CAMERA_MP4, &extra, &long, &extra].concat());
    assert_eq!(find(&out, b"TRACE"), None);
    let tops = boxes::tops(&mut Cursor::new(&out[..]), out.len() as u64).unwrap();
    assert_eq!(tops.iter().rev().take(3).map(|top| top.bytes).collect::<Vec<_>>(), [30, 38, 30]);
}

#[test]
fn no_cut_and_no_flipped_byte_makes_a_panic() {
    for whole in [CAMERA_MP4, CAMERA_MOV, FRAGMENTED, FILM_WEBM, LIVE_WEBM] {
        for at in 0..whole.len() {
            let _ = prepare(&mut Cursor::new(&whole[..at]), &Limits::default());
            for with in [0, 0xff, whole[at] ^ 0x80] {
                let mut flipped = whole.to_vec();
                flipped[at] = with;
                if let Ok(prepared) = prepare(&mut Cursor::new(&flipped), &Limits::default()) {
                    let mut out = Vec::new();
                    prepared.rewrite.reader(Cursor::new(&flipped)).read_to_end(&mut out).unwrap();
                    assert_eq!(out.len(), flipped.len());
                }
            }
        }
    }
}
