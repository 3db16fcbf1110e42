//! Reading back: equal, found by time, and safe with files that are cut, edited, newer or hostile (F04).

use super::super::*;
use super::story::*;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Duration;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_written_is_read(steps in proptest::collection::vec(step(), 1..8), key_every in 1u32..5) {
        let written: Vec<_> = steps.iter().enumerate().map(|(n, step)| snapshot_of(n, step)).collect();
        let mut reader = open(&record(&written, key_every)).expect("opens");
        prop_assert_eq!(reader.ending(), &Ending::Whole);
        let read: Vec<_> = reader.frames().map(|frame| (*frame.expect("reads")).clone()).collect();
        prop_assert_eq!(&read, &written);
        // Backwards, so that every frame is reached by another way.
        for n in (0..written.len()).rev() {
            prop_assert_eq!(&*reader.frame(n).expect("reads"), &written[n]);
        }
    }

    #[test]
    fn f04_random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
        let _ = open(&bytes);
        // Behind a good beginning, too.
        let mut good = record(&story(), 2);
        good.truncate(at.index(good.len()));
        good.extend(bytes);
        if let Ok(reader) = open(&good) {
            assert_no_wrong_frame(reader, &story());
        }
    }
}

#[test]
fn f04_a_cut_at_any_byte_plays_all_whole_frames_before_it() {
    let written = &story()[..3];
    let bytes = record(written, 2);
    let mut last_good = 0;
    for cut in 0..bytes.len() {
        let Ok(reader) = open(&bytes[..cut]) else { continue };
        let whole = *reader.ending() == Ending::Whole;
        assert_eq!(reader.ending().complaint().is_none(), whole);
        let frames = reader.len();
        let good = assert_no_wrong_frame(reader, written);
        assert_eq!(good, frames, "cut at {cut}: every indexed frame is whole");
        assert!(good >= last_good, "cut at {cut}");
        last_good = good;
    }
    assert_eq!(last_good, written.len() - 1);
}

#[test]
fn f04_a_flipped_bit_is_noticed() {
    let written = &story()[..2];
    let bytes = record(written, 2);
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 0x10;
        let Ok(mut reader) = open(&bad) else { continue };
        let details_damaged = reader.detail(&"abc".into(), Detail::LOGS, Duration::MAX).map_or(true, |d| d.is_none());
        let complains = reader.ending().complaint().is_some();
        let good = assert_no_wrong_frame(reader, written);
        assert!(complains || details_damaged || good < written.len(), "byte {at}");
    }
}

#[test]
fn f04_a_damaged_frame_costs_only_what_builds_on_it() {
    let written = story();
    let mut bytes = record(&written, 2);
    let second_key = record(&written[..2], 2).len() + 45;
    bytes[second_key] ^= 1;
    let mut reader = open(&bytes).expect("opens");
    let readable: Vec<bool> = (0..reader.len()).map(|n| reader.frame(n).is_ok()).collect();
    assert_eq!(readable, [true, true, false, false, true]);
}

#[test]
fn f04_a_newer_version_says_so() {
    let mut bytes = record(&story(), 2);
    bytes[8] = 99;
    let error = open(&bytes).expect_err("refused").to_string();
    assert!(error.contains("newer bridgewatch") && error.contains("99"), "{error}");

    let newer = Meta { schema_version: SCHEMA_VERSION + 1, ..meta() };
    let writer = Writer::over(Vec::new(), "memory".to_owned(), &newer, WriteOptions::default()).expect("writes");
    let error = open(&writer.into_inner()).expect_err("refused");
    assert!(matches!(error, RecordingError::Newer { what: "schema", .. }), "{error}");
}

#[test]
fn f04_a_length_is_not_believed() {
    // A payload of 4 KiB that unpacks to 64 MiB and says it is 10 bytes long.
    let plain = vec![b' '; 64 << 20];
    let frame = format::frame(format::FrameKind::Key, 0, 0, &plain).expect("fits");
    let mut head = [0; format::FRAME_HEAD];
    head.copy_from_slice(&frame[..format::FRAME_HEAD]);
    let mut head = format::FrameHead::parse(&head).expect("good head");
    head.plain_len = 10;
    assert!(format::unpack(&head, &frame[format::FRAME_HEAD..]).is_err());
}

#[test]
fn times_and_details_are_found() {
    let written = story();
    let mut reader = open(&record(&written, 2)).expect("opens");
    assert_eq!(reader.duration(), Duration::from_secs(4));
    assert_eq!(reader.index_at(Duration::from_millis(2_999)), Some(2));
    assert_eq!(reader.index_at(Duration::MAX), Some(4));
    assert_eq!(reader.index_at_time(written[3].taken_at), Some(3));
    assert_eq!(reader.index_at_time(Timestamp::UNIX_EPOCH), Some(0));
    assert_eq!(*reader.at(Duration::from_secs(1)).expect("reads"), written[1]);
    let detail = reader.detail(&"abc".into(), Detail::LOGS, Duration::ZERO).expect("reads");
    assert_eq!(detail.expect("is there").text, "one\ntwo");
    assert_eq!(reader.detail(&"abc".into(), Detail::INSPECT, Duration::ZERO).expect("reads"), None);
    assert!(matches!(reader.frame(5), Err(RecordingError::NoFrame { index: 5, frames: 5 })));
}

#[test]
fn a_clock_that_jumps_back_does_not_turn_time_around() {
    let mut written = story();
    written[2].at_ns = 0;
    let mut reader = open(&record(&written, 60)).expect("opens");
    assert_eq!(reader.ending(), &Ending::Whole);
    assert_eq!(*reader.frame(2).expect("reads"), written[2]);
}

#[test]
fn parts_that_did_not_change_are_shared() {
    let first = story().remove(0);
    let mut second = first.clone();
    second.at_ns += SECOND_NS;
    let mut reader = open(&record(&[first, second], 60)).expect("opens");
    let frames: Vec<_> = reader.frames().map(|frame| frame.expect("reads")).collect();
    assert!(Arc::ptr_eq(&frames[0].containers, &frames[1].containers));
    assert!(Arc::ptr_eq(&frames[0].host, &frames[1].host));
}
