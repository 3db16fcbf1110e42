//! A recording as a feed: questions of the console and the answers of that time.

use super::*;
use crate::feed::{LogLine, LogQuery, Playback};
use crate::model::{ContainerId, Snapshot, Subject};
use crate::recording::tests::story::{SECOND_NS, meta, open, story};
use crate::recording::{Detail, Scrubber, WriteOptions, Writer};
use crate::text::Outside;
use jiff::Timestamp;

fn line(text: &str) -> LogLine {
    LogLine { at: Some(Timestamp::UNIX_EPOCH), is_stderr: true, text: text.into(), is_mark: false }
}

/// Five frames, a second apart; the log of `abc` gets a line with each, inspect is written with the first.
fn replay() -> Replay {
    let mut writer =
        Writer::over(Vec::new(), "memory".to_owned(), &meta(), WriteOptions::default()).expect("memory takes all");
    for (n, snapshot) in story().iter().enumerate() {
        writer.append(snapshot).expect("memory takes all");
        let text = format!("{n}: a\u{1b}[2J\r\"b\"\nc");
        writer.append_detail(&Detail::of_log("abc".into(), &[line(&text)])).expect("memory takes all");
        if n == 0 {
            writer.append_detail(&Detail::of_inspect("abc".into(), "{}")).expect("memory takes all");
        }
    }
    Replay::new(Player::new(open(&writer.into_inner()).expect("opens")))
}

fn lines(updates: &[Update]) -> Vec<String> {
    let batches = updates.iter().filter_map(|update| match update {
        Update::Logs(batch) => Some(batch),
        _ => None,
    });
    batches.flat_map(|batch| batch.lines.iter().map(|line| line.text.raw().chars().take(2).collect())).collect()
}

fn playback(updates: &[Update]) -> Option<&Playback> {
    updates.iter().rev().find_map(|update| match update {
        Update::Playback(playback) => Some(playback),
        _ => None,
    })
}

fn ask_log(container: &str, tail: u32) -> Ask {
    Ask::Logs(7, container.into(), LogQuery { tail, since: None, follow: true })
}

#[test]
fn logs_are_those_of_the_time_shown_and_follow_it() {
    let mut replay = replay();
    replay.wake(0);
    replay.answer(Ask::Seek(2));
    replay.wake(0);
    let batch = replay.answer(ask_log("abc", 2));
    assert_eq!(lines(&batch), ["1:", "2:"]);
    assert!(matches!(&batch[0], Update::Logs(batch) if batch.skipped == 1 && batch.ended.is_none()));
    assert_eq!(lines(&replay.wake(2 * SECOND_NS)), ["3:", "4:"]);
    replay.answer(Ask::Step(-2));
    assert_eq!(lines(&replay.wake(2 * SECOND_NS)), ["th"], "a mark says that the recording went back");
    replay.answer(Ask::StopLogs);
    replay.answer(Ask::Step(1));
    assert!(lines(&replay.wake(2 * SECOND_NS)).is_empty());
    let none = replay.answer(ask_log("nobody", 9));
    assert!(
        matches!(&none[0], Update::Logs(batch) if batch.ended.as_deref().is_some_and(|why| why.contains("no log")))
    );
}

#[test]
fn a_log_line_comes_back_byte_for_byte_and_without_secrets() {
    let mut odd = line("a\u{1b}[2J\r\"b\"\nc");
    odd.is_mark = true;
    let detail = Detail::of_log("abc".into(), &[odd.clone(), line("--token hunter2 {\"a\":1}")]);
    assert_eq!(detail.log_lines()[0], odd);
    let scrubbed = Scrubber::default().detail(&detail).log_lines();
    assert_eq!(scrubbed, [odd, line("--token ****** {\"a\":1}")]);
}

#[test]
fn raw_answers_are_given_or_said_to_be_missing() {
    let mut replay = replay();
    let raw =
        |replay: &mut Replay, id: &str| match replay.answer(Ask::Raw(Subject::Container { id: id.into() })).remove(0) {
            Update::Raw(_, answer) => answer,
            other => panic!("{other:?}"),
        };
    assert_eq!(raw(&mut replay, "abc"), Ok(Outside::from("{}")));
    assert!(raw(&mut replay, "nobody").is_err());
}

#[test]
fn the_transport_is_told_when_it_changes_and_only_then() {
    let mut replay = replay();
    let first = replay.wake(0);
    let told = playback(&first).expect("told").clone();
    assert_eq!((told.frame, told.frames, told.speed_percent, told.is_playing), (0, 5, 100, true));
    assert_eq!((told.to - told.from).get_seconds(), 4);
    assert!(replay.wake(1).is_empty());
    replay.answer(Ask::SeekTo(1_000));
    replay.answer(Ask::Speed(400));
    replay.answer(Ask::TogglePlay);
    let told = playback(&replay.wake(1)).expect("told").clone();
    assert_eq!((told.frame, told.speed_percent, told.is_playing), (4, 400, false));
    assert_eq!(replay.due_in(), None);
}

#[test]
fn a_jump_is_told_before_the_snapshot_it_leads_to() {
    let mut replay = replay();
    assert!(!replay.wake(0).iter().any(|update| matches!(update, Update::Jump)));
    replay.answer(Ask::Step(1));
    assert!(!replay.wake(0).iter().any(|update| matches!(update, Update::Jump)), "the next frame continues");
    replay.answer(Ask::Seek(2));
    assert!(matches!(replay.wake(0)[..], [Update::Jump, Update::Snapshot(_), Update::Playback(_)]));
}

#[tokio::test]
async fn the_feed_serves_until_the_console_quits() {
    let (asks, inbox) = tokio::sync::mpsc::unbounded_channel();
    let (updates, mut outbox) = tokio::sync::mpsc::unbounded_channel();
    asks.send(Ask::Step(1)).expect("listens");
    asks.send(Ask::Quit).expect("listens");
    play(replay(), inbox, |update| updates.send(update).is_ok()).await;
    drop(updates);
    let mut shown: Vec<Snapshot> = Vec::new();
    while let Some(update) = outbox.recv().await {
        if let Update::Snapshot(snapshot) = update {
            shown.push((*snapshot).clone());
        }
    }
    assert_eq!(shown, story()[..2]);
    let ids: Vec<&ContainerId> = shown[1].containers.iter().map(|c| &c.id).collect();
    assert_eq!(ids.len(), 3);
}
