//! Log bytes in, lines out.

use super::*;
use proptest::prelude::*;

const T1: &str = "2026-01-02T03:04:05.000000001Z";
const T2: &str = "2026-01-02T03:04:06.000000000Z";

fn frame(stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![stream, 0, 0, 0];
    out.extend_from_slice(&u32::try_from(payload.len()).expect("a frame").to_be_bytes());
    out.extend_from_slice(payload);
    out
}

fn lines(framing: Framing, bytes: &[u8], step: usize) -> Vec<LogLine> {
    let mut assembler = Assembler::new(framing);
    let mut found = Vec::new();
    for chunk in bytes.chunks(step.max(1)) {
        assembler.push(chunk, &mut found);
    }
    assembler.finish(&mut found);
    found
}

fn texts(found: &[LogLine]) -> Vec<&str> {
    found.iter().map(|line| line.text.raw()).collect()
}

#[test]
fn frames_are_lines_with_their_stream_and_time() {
    let mut bytes = frame(1, format!("{T1} hello world\n").as_bytes());
    bytes.extend(frame(2, format!("{T2} 12:00 oh\n").as_bytes()));
    bytes.extend(frame(1, format!("{T2} \n").as_bytes()));
    for step in [1, 3, 7, 1000] {
        let found = lines(Framing::Frames, &bytes, step);
        assert_eq!(texts(&found), ["hello world", "12:00 oh", ""]);
        assert_eq!(
            found.iter().map(|l| l.stream).collect::<Vec<_>>(),
            [Stream::Stdout, Stream::Stderr, Stream::Stdout]
        );
        assert_eq!(found[0].at, T1.parse().ok());
        assert!(!found[0].partial);
    }
}

#[test]
fn l01_a_line_of_a_mebibyte_is_one_line() {
    let mut bytes = Vec::new();
    for n in 0..64 {
        let mut payload = format!("{T1} ").into_bytes();
        payload.extend(std::iter::repeat_n(b'a', 16 << 10));
        bytes.extend(frame(1, &payload));
        if n == 30 {
            bytes.extend(frame(2, format!("{T1} between\n").as_bytes()));
        }
    }
    bytes.extend(frame(1, format!("{T1} \n").as_bytes()));
    let found = lines(Framing::Frames, &bytes, 1000);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].text, "between");
    assert_eq!(found[1].cut_bytes, (1 << 20) - (16 << 10));
    assert!(found[1].text.raw().ends_with("a … 1032192 bytes"));
}

#[test]
fn l01_a_line_cut_in_pieces_is_joined_with_a_terminal_too() {
    let mut bytes = format!("{T1} ").into_bytes();
    bytes.extend(std::iter::repeat_n(b'a', 16 << 10));
    bytes.extend_from_slice(format!("{T1} tail\r\n{T2} next\r\n").as_bytes());
    let found = lines(Framing::Raw, &bytes, 333);
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].cut_bytes, found[1].text.raw()), (4, "next"));
}

#[test]
fn an_unended_line_does_not_swallow_the_next() {
    let mut bytes = frame(1, format!("{T1} no end").as_bytes());
    bytes.extend(frame(1, format!("{T2} new\n").as_bytes()));
    assert_eq!(texts(&lines(Framing::Frames, &bytes, 5)), ["no end", "new"]);
}

#[test]
fn l02_a_progress_bar_shows_what_stands_there_last() {
    let mut assembler = Assembler::new(Framing::Raw);
    let mut found = Vec::new();
    assembler.push(format!("{T1} 10%\r20%\r30%").as_bytes(), &mut found);
    assert!(found.is_empty());
    assembler.preview(&mut found);
    assembler.preview(&mut found);
    assert_eq!(found.len(), 1, "given once while nothing changes");
    assert_eq!((found[0].text.raw(), found[0].overwritten, found[0].partial), ("30%", 2, true));
    found.clear();
    assembler.push(b"\r100%\r\n", &mut found);
    assert_eq!((found[0].text.raw(), found[0].overwritten, found[0].partial), ("100%", 3, false));
}

#[test]
fn l03_bytes_that_are_no_text_do_not_stop_the_line() {
    let mut payload = format!("{T1} a").into_bytes();
    payload.extend_from_slice(b"\xff\x00\x1b[31mb\n");
    let found = lines(Framing::Frames, &frame(1, &payload), 1);
    assert_eq!(found[0].text, "a\u{fffd}\0\u{1b}[31mb");
    assert!(!found[0].text.shown().contains('\u{1b}'));
}

#[test]
fn l04_a_terminals_bytes_are_never_taken_for_frames() {
    let bytes = [&[1u8, 0, 0, 0, 0, 0, 0, 5][..], b"hello\r\n"].concat();
    let found = lines(Framing::Raw, &bytes, 3);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].stream, Stream::Tty);
    assert!(found[0].text.raw().ends_with("hello"));
}

#[test]
fn l05_damaged_frames_give_what_is_readable_and_say_so() {
    let mut bytes = frame(1, format!("{T1} ok\n").as_bytes());
    bytes.extend(frame(1, b""));
    bytes.extend_from_slice(b"<html>oops");
    let found = lines(Framing::Frames, &bytes, 2);
    assert_eq!(found[0].text, "ok");
    assert_eq!(found[1].stream, Stream::Mark);
    assert_eq!(found.len(), 2);

    let huge = [&[1u8, 0, 0, 0, 255, 255, 255, 255][..], format!("{T1} begun").as_bytes()].concat();
    let found = lines(Framing::Frames, &huge, 4);
    assert_eq!((found[0].text.raw(), found[1].stream), ("begun", Stream::Mark));
    let header = lines(Framing::Frames, &[1, 0, 0], 1);
    assert_eq!(header[0].stream, Stream::Mark);
}

#[test]
fn l06_the_engines_own_words_are_told_apart() {
    let found = lines(Framing::Frames, &frame(3, b"Error grabbing logs: no such file\n"), 4);
    assert_eq!((found[0].stream, found[0].text.raw()), (Stream::Engine, "Error grabbing logs: no such file"));
}

#[test]
fn l09_odd_times_keep_their_order() {
    let mut bytes = Vec::new();
    for time in ["2999-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "not-a-time"] {
        bytes.extend(frame(1, format!("{time} x\n").as_bytes()));
    }
    let found = lines(Framing::Frames, &bytes, 9);
    assert_eq!(texts(&found), ["x", "x", "not-a-time x"]);
    assert_eq!(found[2].at, None);
}

proptest! {
    #[test]
    fn any_bytes_give_bounded_lines_however_they_arrive(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(1), Just(b'\n'), Just(b'\r'), Just(b' ')], 0..400),
        step in 1usize..50,
        raw in any::<bool>(),
    ) {
        let framing = if raw { Framing::Raw } else { Framing::Frames };
        let found = lines(framing, &bytes, step);
        prop_assert_eq!(&found, &lines(framing, &bytes, 1000));
        prop_assert!(found.iter().all(|line| line.text.raw().len() <= 3 * LINE + 64));
    }

    #[test]
    fn lines_come_back_as_written(texts in proptest::collection::vec("[a-z 0-9:]{1,40}", 1..10), step in 1usize..60) {
        let bytes: Vec<u8> = texts.iter().flat_map(|text| frame(1, format!("{T1} {text}\n").as_bytes())).collect();
        let found = lines(Framing::Frames, &bytes, step);
        prop_assert_eq!(found.iter().map(|l| l.text.raw().to_owned()).collect::<Vec<_>>(), texts);
    }
}
