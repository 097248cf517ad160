use super::*;

/// Everything fed, and what was to be done on the way.
fn scan(pieces: &[&[u8]]) -> (Vec<u8>, Vec<Then>) {
    let (mut scanner, mut fed, mut thens) = (Scanner::default(), Vec::new(), Vec::new());
    for mut bytes in pieces.iter().copied() {
        while !bytes.is_empty() {
            let step = scanner.step(bytes, 80);
            assert!(step.taken > 0, "a step takes something");
            fed.extend_from_slice(step.feed);
            thens.extend((step.then != Then::Nothing).then_some(step.then));
            bytes = &bytes[step.taken..];
        }
    }
    (fed, thens)
}

#[test]
fn ordinary_output_passes_untouched() {
    let text =
        "plain \x1b[1;31mred\x1b[0m \x1b]0;title\x07 \x1bP+q\x1b\\ \x1b(0lqk\x1b(B 日本\x1b[3b";
    assert_eq!(scan(&[text.as_bytes()]), (text.as_bytes().to_vec(), vec![]));
    let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(scan(&single), (text.as_bytes().to_vec(), vec![]));
}

#[test]
fn the_question_for_the_version_is_noticed() {
    for question in ["\x1b[>q", "\x1b[>0q", "\x1b\x1b[>q", "\x1b[\r>q"] {
        assert_eq!(scan(&[question.as_bytes()]).1, [Then::AnswerVersion], "{question:?}");
    }
    for other in ["\x1b[q", "\x1b[ q", "\x1b[>1q", "\x1b[0>q", "\x1b[?q", "\x1b(>q", "[>q"] {
        assert_eq!(scan(&[other.as_bytes()]).1, [], "{other:?}");
    }
}

#[test]
fn other_dropped_sequences_are_noticed() {
    let cases: [(&[u8], &[Then]); 7] = [
        (b"\x1b[x", &[Then::AnswerParameters(0)]),
        (b"\x1b[1x", &[Then::AnswerParameters(1)]),
        (b"\x1b[2x", &[]),
        (b"\x1b[*x", &[]),
        (b"\x1b[!p", &[Then::SoftReset]),
        (b"\x1b[?!p", &[]),
        (b"\x1b[!1p", &[]),
    ];
    for (sequence, expected) in cases {
        assert_eq!(scan(&[sequence]).1, expected, "{sequence:?}");
    }
}

#[test]
fn a_long_repeat_is_cut_to_a_line() {
    assert_eq!(scan(&[b"=\x1b[80b."]), (b"=\x1b[80b.".to_vec(), vec![]));
    assert_eq!(scan(&[b"=\x1b[81b."]), (b"=\x1b[81.".to_vec(), vec![Then::RepeatLine]));
    assert_eq!(scan(&[b"\x1b[99999999", b"9b"]).1, [Then::RepeatLine]);
    assert_eq!(scan(&[b"\x1b[?99999b"]).1, [], "another sequence");
}

#[test]
fn commands_are_cut_at_their_length() {
    let title = [b"\x1b]0;".as_slice(), &vec![b'x'; 100_000], b"\x07after"].concat();
    let (fed, _) = scan(&[&title]);
    assert_eq!(fed.len(), 2 + MAX_COMMAND + 1 + 5);
    assert!(fed.ends_with(b"x\x07after"));
    let single: Vec<&[u8]> = title.chunks(1).collect();
    assert_eq!(scan(&single).0, fed, "whatever the pieces");
}

#[test]
fn a_field_is_cut_and_the_next_begins_anew() {
    let fields = [b"\x1b]4;1;#".as_slice(), &[b'0'; 90], b";2;?\x1b\\"].concat();
    let expected = [b"\x1b]4;1;#".as_slice(), &[b'0'; MAX_FIELD - 1], b";2;?\x1b\\"].concat();
    assert_eq!(scan(&[&fields]).0, expected);
}

#[test]
fn a_copy_is_taken_whole_or_not_at_all() {
    let fits = [b"\x1b]52;c;".as_slice(), &vec![b'A'; MAX_COPY - 5], b"\x07"].concat();
    assert_eq!(scan(&[&fits]), (fits.clone(), vec![]));
    let long = [b"\x1b]52;c;".as_slice(), &vec![b'A'; MAX_COPY], b"\x07"].concat();
    assert_eq!(scan(&[&long]).1, [Then::SpoilCopy]);
    let pieces: Vec<&[u8]> = long.chunks(1000).collect();
    assert_eq!(scan(&pieces).1, [Then::SpoilCopy], "once");
}

/// The notes of one stream.
fn notes(pieces: &[&[u8]]) -> Vec<String> {
    let (mut scanner, mut notes) = (Scanner::default(), Vec::new());
    for mut bytes in pieces.iter().copied() {
        while !bytes.is_empty() {
            let step = scanner.step(bytes, 80);
            bytes = &bytes[step.taken..];
            if step.then == Then::TakeNote {
                notes.push(String::from_utf8_lossy(scanner.note()).into_owned());
            }
        }
    }
    notes
}

#[test]
fn a_shells_notes_are_taken() {
    let text = "\x1b]133;A;k=s\x07$ \x1b]133;B\x1b\\ls\x1b]0;x\x07\x1b]7;file://h/a\x07\x1b]7;\x07";
    let expected = ["133;A;k=s", "133;B", "7;file://h/a", "7;"];
    assert_eq!(notes(&[text.as_bytes()]), expected);
    let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    assert_eq!(notes(&single), expected);
    for other in
        ["\x1b]133\x07", "\x1b]1337;A\x07", "\x1b]7\x07", "\x1b]133;A\x18", "\x1b]77;a\x07"]
    {
        assert_eq!(notes(&[other.as_bytes()]), [""; 0], "{other:?}");
    }
}

#[test]
fn a_note_is_bounded_and_the_parser_is_spared_it() {
    let longest = format!("\x1b]7;{}\x07", "x".repeat(MAX_COMMAND - 2));
    assert_eq!(notes(&[longest.as_bytes()])[0].len(), MAX_COMMAND);
    assert_eq!(scan(&[longest.as_bytes()]).0, b"\x1b]7;xx\x07");
    let longer = format!("\x1b]7;{}\x07\x1b]133;D\x07", "x".repeat(1_000_000));
    assert_eq!(notes(&[longer.as_bytes()]), ["133;D"], "not even a part");
}

#[test]
fn a_character_cut_in_two_is_completed_on_its_own() {
    let mut scanner = Scanner::default();
    assert_eq!(scanner.step(b"a\xf0\x9f", 80).taken, 3);
    assert_eq!(scanner.step(b"\x98", 80).feed, b"\x98");
    assert_eq!(scanner.step(b"\x80bc", 80).feed, b"\x80");
    assert_eq!(scanner.step(b"bc\xc3", 80).feed, b"bc\xc3");
    assert_eq!(scanner.step(b"broken off", 80).feed, b"broken off");
}

#[test]
fn what_lacks_is_counted() {
    let cases: [(&[u8], usize); 8] = [
        (b"", 0),
        (b"a", 0),
        (b"\xc3", 1),
        (b"\xe2\x82", 1),
        (b"\xe2", 2),
        (b"\xf0\x9f\x98", 1),
        (b"\xf0\x9f\x98\x80", 0),
        (b"\x80\x80\x80\x80", 0),
    ];
    for (bytes, expected) in cases {
        assert_eq!(missing(bytes), expected, "{bytes:x?}");
    }
}
