use super::*;

/// A local header of a ZIP entry that is not compressed.
fn entry(name: &str, data: &str) -> Vec<u8> {
    let mut out = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
    out.extend([0, 0]);
    out.extend(name.bytes());
    out.extend(data.bytes());
    out
}

#[test]
fn a_kind_is_told_by_its_content() {
    let office = |folder: &str| {
        [entry("[Content_Types].xml", "<Types/>"), entry("_rels/.rels", "x"), entry(folder, "y")].concat()
    };
    let cases: [(Vec<u8>, Kind); 33] = [
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0".to_vec(), Kind::Jpeg),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), Kind::Png),
        (b"RIFF\x10\0\0\0WEBPVP8 ".to_vec(), Kind::WebP),
        (b"RIFF\x10\0\0\0WAVEfmt ".to_vec(), Kind::Wav),
        (b"RIFF\x10\0\0\0AVI LIST".to_vec(), Kind::Other),
        (b"GIF89a\x01\0\x01\0".to_vec(), Kind::Gif),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avifmiaf".to_vec(), Kind::Avif),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf".to_vec(), Kind::Avif),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec(), Kind::Heic),
        (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2".to_vec(), Kind::Mp4),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ".to_vec(), Kind::QuickTime),
        (b"\0\0\0\x08wide\0\0\0\x10mdat".to_vec(), Kind::QuickTime),
        (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42".to_vec(), Kind::M4a),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm".to_vec(), Kind::WebM),
        (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\x01\x42\x82\x88matroska".to_vec(), Kind::Matroska),
        ([b"OggS\0\x02".as_slice(), &[0; 20], b"\x01\x13OpusHead"].concat(), Kind::OggOpus),
        ([b"OggS\0\x02".as_slice(), &[0; 20], b"\x01\x1e\x01vorbis"].concat(), Kind::OggVorbis),
        (b"ID3\x04\0\0".to_vec(), Kind::Mp3),
        (b"\xff\xfb\x90\x64\0\0\0\0".to_vec(), Kind::Mp3),
        (b"\xff\xf1\x50\x80\x02\x1f\xfc".to_vec(), Kind::Aac),
        (b"fLaC\0\0\0\x22".to_vec(), Kind::Flac),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3".to_vec(), Kind::Pdf),
        (office("word/document.xml"), Kind::Docx),
        (office("xl/workbook.xml"), Kind::Xlsx),
        (office("ppt/presentation.xml"), Kind::Pptx),
        (entry("mimetype", "application/vnd.oasis.opendocument.text"), Kind::Odt),
        (entry("mimetype", "application/epub+zip"), Kind::Epub),
        (entry("word/document.xml", "no office file has this first"), Kind::Zip),
        (b"BEGIN:VCARD\r\nVERSION:4.0\r\n".to_vec(), Kind::VCard),
        ("naïve text, <b>even</b> with markup".into(), Kind::Text),
        (b"text with a \0 in it".to_vec(), Kind::Other),
        (b"MZ\x90\0\x03".to_vec(), Kind::Other),
        (Vec::new(), Kind::Other),
    ];
    for (first, kind) in cases {
        assert_eq!(Kind::of(&first), kind, "{:?}", String::from_utf8_lossy(&first));
    }
}

#[test]
fn a_text_is_one_wherever_its_beginning_is_cut() {
    let long = "ä€😀".repeat(KIND_BYTES);
    for shift in 0..9 {
        let text = format!("{}{long}", "x".repeat(shift));
        assert_eq!(Kind::of(text.as_bytes()), Kind::Text);
    }
}

#[test]
fn a_claim_is_held_against_the_content() {
    assert_eq!(Kind::Jpeg.claim("image/jpeg"), Claim::Agrees);
    assert_eq!(Kind::Jpeg.claim("IMAGE/JPG; q=1"), Claim::Agrees);
    assert_eq!(Kind::Jpeg.claim("image/png"), Claim::Differs);
    assert_eq!(Kind::Pdf.claim("image/jpeg"), Claim::Differs);
    // What says it is a picture and is nothing that is known is no picture of that kind.
    assert_eq!(Kind::Other.claim("image/jpeg"), Claim::Differs);
    assert_eq!(Kind::Other.claim("application/x-blender"), Claim::Unknown);
    assert_eq!(Kind::Jpeg.claim("application/octet-stream"), Claim::Unknown);
    assert_eq!(Kind::Text.claim("text/x-rust; charset=utf-8"), Claim::Agrees);
    assert_eq!(Kind::Text.claim("image/png"), Claim::Differs);
    assert_eq!(Kind::WebM.claim("audio/webm;codecs=opus"), Claim::Agrees);
    assert_eq!(Kind::Mp4.claim("video/3gpp"), Claim::Agrees);
    for kind in KINDS {
        assert_eq!(kind.claim(kind.media_type()) == Claim::Agrees, kind != Kind::Other);
    }
}

#[test]
fn the_first_bytes_of_anything_are_looked_at_without_a_panic() {
    // Every beginning of every magic number there is above, and what may stand behind it.
    for first in [
        &b"RIFF"[..],
        b"OggS\0",
        b"PK\x03\x04",
        b"\xff\xf1\x50",
        b"\xff\xfb\x90",
        b"\0\0\0\xffftyp",
        b"\x1a\x45\xdf\xa3",
    ] {
        for fill in [0, 0x7f, 0xff] {
            for length in 0..80 {
                let mut bytes = first.to_vec();
                bytes.resize(first.len() + length, fill);
                let kind = Kind::of(&bytes);
                assert!(kind.class() != Class::Picture, "{kind:?}");
            }
        }
    }
}
