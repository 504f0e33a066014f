use std::io::Cursor;

use super::*;

fn pages(bytes: &[u8]) -> Result<Option<u32>, DocumentError> {
    pdf_pages(&mut Cursor::new(bytes), &Limits::default())
}

/// A PDF of two levels of pages, whose root stands in its midst.
fn plain(count: u32) -> Vec<u8> {
    format!(
        "%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R /Names << /Dests 9 0 R >> >>\nendobj\n\
         4 0 obj\n<< /Type /Pages /Parent 2 0 R /Kids [5 0 R] /Count 1 >>\nendobj\n\
         2 0 obj\n<< /Kids [4 0 R] /Resources << /Font << /F1 7 0 R >> >> /Count {count} /Type /Pages >>\nendobj\n\
         trailer << /Root 1 0 R >>\n%%EOF"
    )
    .into_bytes()
}

/// The same tree in a stream of objects.
fn in_stream(count: u32) -> Vec<u8> {
    let objects = format!("1 0 2 33 <</Type/Catalog/Pages 2 0 R>><</Type/Pages/Count {count}/Kids[3 0 R]>>");
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(objects.as_bytes(), 6);
    let head = format!(
        "%PDF-1.7\n8 0 obj\n<</Type/ObjStm/N 2/First 9/Filter/FlateDecode/Length {}>>stream\r\n",
        packed.len()
    );
    [head.as_bytes(), &packed, b"\nendstream\nendobj\n%%EOF"].concat()
}

#[test]
fn pages_are_counted_at_the_root() {
    assert_eq!(pages(&plain(12)), Ok(Some(12)));
    assert_eq!(pages(&in_stream(345)), Ok(Some(345)));
    assert_eq!(pages(include_bytes!("../../testdata/packed.pdf")), Ok(Some(3)));
    let linear = b"%PDF-1.6\n7 0 obj\n<</Linearized 1/L 9/H [ 1 2 ]/O 9/E 1/N 33/T 1>>\nendobj";
    assert_eq!(pages(linear), Ok(Some(33)));
}

#[test]
fn what_was_written_last_counts() {
    assert_eq!(pages(&[plain(3), plain(4)[9..].to_vec()].concat()), Ok(Some(4)));
}

#[test]
fn what_cannot_be_told_is_not_guessed() {
    assert_eq!(pages(b"%PDF-1.4\nnothing here"), Ok(None));
    assert_eq!(pages(&plain(4_000_000)), Ok(None));
    assert_eq!(pages(b"PK\x03\x04"), Err(DocumentError::NotADocument));
}

#[test]
fn a_bomb_is_not_inflated() {
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; 64 << 20], 6);
    let bomb = [b"%PDF-1.7\n8 0 obj<</Type/ObjStm/Filter/FlateDecode>>stream\n", &packed[..], b"\nendstream"]
        .concat();
    assert_eq!(pages(&bomb), Ok(None));
    // Ever deeper brackets, and ever more places to begin at.
    let nested = [b"%PDF-1.7 ".to_vec(), b"<<".repeat(1 << 20), b"/Type /Pages ".repeat(1 << 16)].concat();
    assert_eq!(pages(&nested), Ok(None));
}

#[test]
fn no_cut_and_no_flipped_byte_makes_a_panic() {
    for whole in [plain(3), in_stream(4)] {
        for at in 0..whole.len() {
            let _ = pages(&whole[..at]);
            let mut flipped = whole.clone();
            flipped[at] ^= 0xff;
            let _ = pages(&flipped);
        }
    }
}
