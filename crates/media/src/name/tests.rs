use super::*;

#[test]
fn a_name_is_one_step_of_a_path() {
    assert_eq!(safe_name("../../etc/passwd", Kind::Other), "passwd");
    assert_eq!(safe_name("C:\\Windows\\System32\\cmd.exe", Kind::Other), "cmd.exe");
    assert_eq!(safe_name("a/b/", Kind::Other), "b");
    assert_eq!(safe_name("..", Kind::Other), "file");
    assert_eq!(safe_name("/", Kind::Pdf), "file.pdf");
    assert_eq!(safe_name("", Kind::Jpeg), "file.jpg");
}

#[test]
fn what_is_read_is_what_there_is() {
    // Shown as "photo_exe.jpg" by whatever obeys the override.
    assert_eq!(safe_name("photo_\u{202e}gpj.exe", Kind::Other), "photo_gpj.exe");
    assert_eq!(safe_name("a\u{200b}b\u{feff}\0\u{7}c.txt", Kind::Text), "abc.txt");
    assert_eq!(safe_name("bill.pdf                     .exe", Kind::Other), "bill.pdf.exe");
    assert_eq!(safe_name("two\nlines.txt", Kind::Text), "two lines.txt");
    assert_eq!(safe_name("خطاب سنوي.pdf", Kind::Pdf), "خطاب سنوي.pdf");
}

#[test]
fn no_system_takes_a_name_for_something_else() {
    assert_eq!(safe_name("con", Kind::Other), "_con");
    assert_eq!(safe_name("NUL.txt", Kind::Text), "_NUL.txt");
    assert_eq!(safe_name("com1.tar.gz", Kind::Other), "_com1.tar.gz");
    assert_eq!(safe_name("console.txt", Kind::Text), "console.txt");
    assert_eq!(safe_name("a<b>:\"c|d?e*.txt", Kind::Text), "a_b___c_d_e_.txt");
    assert_eq!(safe_name(".bashrc", Kind::Text), "bashrc.txt");
    assert_eq!(safe_name("-rf", Kind::Other), "rf");
    assert_eq!(safe_name("dots... ", Kind::Other), "dots");
}

#[test]
fn the_ending_fits_the_content() {
    assert_eq!(safe_name("photo.JPG", Kind::Jpeg), "photo.JPG");
    assert_eq!(safe_name("photo.exe", Kind::Jpeg), "photo.exe.jpg");
    assert_eq!(safe_name("photo", Kind::Png), "photo.png");
    assert_eq!(safe_name("main.rs", Kind::Text), "main.rs");
    assert_eq!(safe_name("release.v1.2", Kind::Zip), "release.v1.2");
}

#[test]
fn a_name_is_cut_and_keeps_its_ending() {
    for stem in ["x", "ä", "😀", "a\u{301}"] {
        let name = safe_name(&format!("{}.jpeg", stem.repeat(400)), Kind::Jpeg);
        assert!(name.len() <= NAME_BYTES_MAX && name.ends_with(".jpeg"), "{name}");
    }
    assert!(safe_name(&"con ".repeat(200), Kind::Other).len() <= NAME_BYTES_MAX);
}

#[test]
fn a_safe_name_stays_as_it_is() {
    // Found by fuzzing: cut where an ending seemed to begin, behind a row of dots.
    let cut = format!("{}{}.Ogg and more", "x".repeat(100), ".".repeat(56));
    for name in [&cut, "../x", "con", "photo.exe", "a b .pdf", ". .", "ab\u{202e}c", "_con", "x.", "a:b"] {
        for kind in [Kind::Jpeg, Kind::Other, Kind::Text] {
            let once = safe_name(name, kind);
            assert_eq!(safe_name(&once, kind), once);
        }
    }
}
