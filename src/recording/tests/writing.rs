//! Writing: private files, full disks, no secrets.

use super::super::*;
use super::story::*;
use crate::model::*;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn files_are_private_and_never_overwritten_unasked() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.bwr");
    let create = |path: &std::path::Path, overwrite| {
        Writer::create(path, &meta(), WriteOptions { overwrite, ..WriteOptions::default() })
    };
    create(&path, false).expect("creates").finish().expect("finishes");
    assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
    assert!(matches!(create(&path, false), Err(RecordingError::Exists { .. })));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("loosens");
    create(&path, true).expect("overwrites").finish().expect("finishes");
    assert_eq!(fs::metadata(&path).expect("is there").permissions().mode() & 0o777, 0o600);
    assert!(Reader::open(&path).expect("opens").is_empty());

    let link = dir.path().join("link.bwr");
    symlink(&path, &link).expect("links");
    assert!(create(&link, true).is_err(), "a symbolic link is not followed for writing");
    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR | nix::sys::stat::Mode::S_IWUSR).expect("a pipe");
    assert!(matches!(Reader::open(&pipe), Err(RecordingError::NotAFile { .. })), "a pipe does not hang");
    assert!(create(&pipe, true).is_err());
}

#[test]
fn a_failing_disk_ends_the_recording_with_whole_frames() {
    /// Takes so many bytes and then fails, half-way into a write, as a full disk does.
    struct Full(Vec<u8>, usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let room = self.1 - self.0.len();
            if room == 0 {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            let taken = room.min(bytes.len());
            self.0.extend(&bytes[..taken]);
            Ok(taken)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let written = story();
    let size = record(&written[..1], 2).len() + 50;
    let sink = Full(Vec::new(), size);
    let mut writer = Writer::over(sink, "disk".to_owned(), &meta(), WriteOptions::default()).expect("fits");
    writer.append(&written[0]).expect("fits");
    assert!(matches!(writer.append(&written[1]), Err(RecordingError::Io { .. })));
    assert!(matches!(writer.append(&written[2]), Err(RecordingError::Stopped)));
    let reader = open(&writer.into_inner().0).expect("opens");
    assert!(matches!(reader.ending(), Ending::Cut { lost_bytes: 50, .. }));
    assert_eq!(assert_no_wrong_frame(reader, &written), 1);

    let options = WriteOptions { max_bytes: Some(size as u64), ..WriteOptions::default() };
    let mut writer = Writer::over(Vec::new(), "disk".to_owned(), &meta(), options).expect("fits");
    writer.append(&written[0]).expect("fits");
    assert!(matches!(writer.append(&written[1]), Err(RecordingError::Full { .. })));
    assert_eq!(open(&writer.into_inner()).expect("opens").ending(), &Ending::Whole);
}

#[test]
fn secrets_are_taken_out_and_sharing_is_kept() {
    let mut snapshot = story().remove(0);
    let mut container = (*snapshot.containers[0]).clone();
    let secret = "hunter2hunter2";
    container.command = format!("app --password={secret}").as_str().into();
    container.labels.insert("my.api-key".to_owned(), secret.into());
    container.config = Fact::Known(Arc::new(Config {
        env: vec![format!("DB_PASSWORD={secret}").into(), format!("URL=db://u:{secret}@h").into(), "LANG=C".into()],
        entrypoint: vec!["mysql".into()],
        cmd: vec![format!("-p{secret}").into(), "-h".into(), "db".into()],
        ..Config::default()
    }));
    snapshot.containers = Arc::new(vec![Arc::new(container), snapshot.containers[1].clone()]);
    let mut odd = (*event(1, "x")).clone();
    odd.action = format!("exec_create: sh -c app --token {secret}").into();
    snapshot.events = Arc::new(vec![Arc::new(odd)]);

    let mut scrubber = Scrubber::default();
    let once = scrubber.snapshot(&snapshot);
    let text = serde_json::to_string(&once).expect("serialises");
    assert!(!text.contains(secret), "{text}");
    assert!(text.contains("LANG=C") && text.contains("\"db\""), "all else stays");
    let twice = scrubber.snapshot(&snapshot);
    assert!(Arc::ptr_eq(&once.containers, &twice.containers) && Arc::ptr_eq(&once.events, &twice.events));

    let inspect =
        format!("{{\"Config\":{{\"Env\":[\"API_TOKEN={secret}\"],\"Cmd\":[\"a\",\"--secret\",\"{secret}\"]}}}}");
    for text in [inspect, format!("starting with --token {secret}\nand http://a:{secret}@h/")] {
        let detail = Detail { container: "abc".into(), kind: Detail::INSPECT.to_owned(), text: text.into() };
        assert!(!scrubber.detail(&detail).text.raw().contains(secret));
    }
}

#[test]
fn the_demo_plays_and_holds_no_secret() {
    let mut reader = demo::open().expect("opens");
    assert_eq!(reader.ending(), &Ending::Whole);
    assert!(reader.len() > 1);
    for frame in reader.frames() {
        let frame = frame.expect("reads");
        assert_eq!(scrub(&frame), *frame, "recorded without --scrub");
    }
}

#[test]
fn a_recorder_scrubs_all_it_writes_and_leaves_repetitions_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.bwr");
    let mut first = story().remove(0);
    let mut container = (*first.containers[0]).clone();
    container.command = "app --token hunter2".into();
    first.containers = Arc::new(vec![Arc::new(container)]);
    let mut recorder =
        Recorder::start(&path, &first, Some(Scrubber::default()), WriteOptions::default()).expect("creates");
    recorder.snapshot(&first).expect("the same instant again");
    recorder.snapshot(&story()[1]).expect("writes");
    let detail = Detail { container: "abc".into(), kind: Detail::LOGS.to_owned(), text: "--token hunter2".into() };
    recorder.detail(&detail).expect("writes");
    assert_eq!(recorder.frames(), 2);
    let bytes = recorder.bytes();
    assert_eq!(recorder.finish().expect("syncs"), bytes);
    assert_eq!(fs::metadata(&path).expect("is there").len(), bytes);

    let mut reader = Reader::open(&path).expect("opens");
    assert!(reader.meta().scrubbed);
    assert_eq!(reader.frame(0).expect("reads").containers[0].command, "app --token ******");
    assert_eq!(*reader.frame(1).expect("reads"), story()[1]);
    let logs = reader.detail(&"abc".into(), Detail::LOGS, Duration::MAX).expect("reads").expect("is there");
    assert_eq!(logs.log_lines()[0].text, "--token ******");
}
