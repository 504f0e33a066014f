use super::*;

fn one(text: &str) -> Card {
    read(text.as_bytes()).into_iter().next().unwrap().unwrap()
}

#[test]
fn what_is_written_reads_back_and_no_line_is_longer_than_it_may_be() {
    let name = "Inês; „die, Ältere“\\ ".repeat(12);
    let card = Card::new("urn:uuid:1", &name).with("TEL", &["VALUE=uri"], "tel:+351912345678");
    let text = card.to_string();
    assert!(text.starts_with("BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:1\r\nFN:"));
    assert!(text.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')));
    let read = one(&text);
    assert!(read == card);
    assert_eq!(read.name(), name);
    assert_eq!(read.handles(), ["+351912345678"]);
}

#[test]
fn lines_that_nobody_knows_stay() {
    let text = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\r\nitem1.X-ABC;X-Y=\"a;b:c\":d\\,e\r\nEND:VCARD\r\n";
    assert_eq!(one(text).to_string(), text);
}

#[test]
fn old_cards_are_read() {
    let old = "begin:vcard\nversion:2.1\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FCller;J=\n=F6rg;;Dr.;\n\
               TEL;CELL;HOME:+49 30 1234\nNOTE;QUOTED-PRINTABLE:a=0D=0Ab\nPHOTO;JPEG;BASE64:\n /9j/\n AAA\n\nend:vcard\n";
    let card = one(old);
    assert_eq!(card.name(), "Dr. Jörg Müller");
    assert_eq!(card.handles(), ["+49 30 1234"]);
    assert_eq!(card.value("NOTE"), Some("a\\nb"));
    assert_eq!(card.value("PHOTO"), Some("data:image/jpeg;base64,/9j/AAA"));
    assert!(card.to_string().contains("TEL;TYPE=CELL;TYPE=HOME:+49 30 1234\r\n"));
    let three = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bo\r\n ris\r\nEMAIL;TYPE=INTERNET:b@example.org\r\n\
                 PHOTO;ENCODING=b;TYPE=PNG:iVBO\r\nEND:VCARD\r\n";
    let card = one(three);
    assert_eq!(card.name(), "Boris");
    assert_eq!(card.handles(), ["b@example.org"]);
    assert_eq!(card.value("PHOTO"), Some("data:image/png;base64,iVBO"));
}

#[test]
fn groups_say_who_is_in_them() {
    let group = Card::new("urn:uuid:9", "House").with("KIND", &[], "group").with("MEMBER", &[], "urn:uuid:1");
    let read = one(&group.to_string());
    assert!(read.is_group());
    assert_eq!(read.members().collect::<Vec<_>>(), ["urn:uuid:1"]);
    assert_eq!(read.uid(), Some("urn:uuid:9"));
}

#[test]
fn a_broken_card_takes_no_other_with_it() {
    let good = "BEGIN:VCARD\nFN:A\nEND:VCARD\n";
    let long = format!("BEGIN:VCARD\nFN:A\nNOTE:{}\nEND:VCARD\n", "x".repeat(CARD_BYTES_MAX));
    let many = format!("BEGIN:VCARD\nFN:A\n{}END:VCARD\n", "X-A:1\n".repeat(LINES_MAX));
    let file = [
        good,
        "BEGIN:VCARD\nno colon\nEND:VCARD\n",
        "BEGIN:VCARD\nFN:  \nEND:VCARD\n",
        &long,
        &many,
        "BEGIN:VCARD\nFN:A\n",
        good,
        "BEGIN:VCARD\nFN:B\n",
    ]
    .concat();
    let read: Vec<_> = read(file.as_bytes()).into_iter().map(|card| card.map(|card| card.name())).collect();
    let a = || Ok("A".to_owned());
    use CardError::{Malformed, Nameless, TooLarge};
    let expected = [
        a(),
        Err(Malformed),
        Err(Nameless),
        Err(TooLarge),
        Err(TooLarge),
        Err(Malformed),
        a(),
        Err(Malformed),
    ];
    assert_eq!(read, expected);
}
