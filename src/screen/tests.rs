//! The console as a whole: keys in, frames out.

use super::sample::{SMALL, console, host, picture};
use crate::app::keymap::{Context, RESERVED, TABLE};
use crate::app::keys::{Code, Key};
use crate::app::{App, Effect, Msg, update};
use crate::feed::{Ask, LogBatch, LogLine, Playback, Update};
use crate::model::{Snapshot, SourceState, Subject};
use crate::terminal::encode::{Pen, encode};
use crate::text::Outside;
use crate::theme::{Theme, built_in};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use std::sync::Arc;

pub(super) fn theme() -> Theme {
    built_in("default").expect("default theme")
}

pub(super) fn frame(app: &App) -> Buffer {
    let mut frame = Buffer::empty(Rect::new(0, 0, app.size.0, app.size.1));
    super::draw(app, &theme(), &mut frame);
    frame
}

fn parser_of(lines: u16, columns: u16) -> vt100::Parser {
    let size = |n: u16| std::num::NonZeroU16::new(n.max(1)).expect("not zero");
    vt100::Parser::new(size(lines), size(columns), 0)
}

/// The screen as a terminal shows it.
pub(super) fn screen(app: &App) -> String {
    let mut parser = parser_of(app.size.1, app.size.0);
    let mut bytes = Vec::new();
    encode(&mut bytes, &mut Pen::default(), None, &frame(app), None);
    parser.process(&bytes);
    let rows: Vec<String> = parser.screen().rows(0, app.size.0).map(|r| r.trim_end().to_owned()).collect();
    rows.join("\n")
}

/// Types keys written as in settings, separated by blanks; `"text"` types a text.
pub(super) fn press(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (n, part) in keys.split('"').enumerate() {
        if n % 2 == 1 {
            effects.extend(update(app, part.chars().map(|c| Msg::Key(Key::char(c)))));
            continue;
        }
        for key in part.split_whitespace() {
            effects.extend(update(app, [Msg::Key(Key::parse(key).expect("key"))]));
        }
    }
    effects
}

fn selected(app: &App) -> String {
    app.slot().map(|s| s.screen.title(&app.scene())).unwrap_or_default()
}

pub(super) fn golden(name: &str, app: &App) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("console@{name}"), screen(app)));
}

#[test]
fn golden_screens() {
    for (width, height) in [(80, 24), (120, 40), (200, 60), (60, 15), (19, 4)] {
        golden(&format!("list@{width}x{height}"), &console(host(SMALL), width, height));
    }
    for (name, keys) in [
        ("detail", "enter"),
        ("charts", "down enter ]"),
        ("help", "?"),
        ("sort", "s"),
        ("columns", "o"),
        ("palette", ": \"work\""),
        ("filter", "/ \"state:run cpu:>10\""),
        ("sources", "i"),
        ("copy", "down c"),
        ("folded", "+"),
        ("refused", "R"),
        ("frozen", "p"),
    ] {
        let mut app = console(host(SMALL), 80, 24);
        press(&mut app, keys);
        golden(&format!("{name}@80x24"), &app);
    }
}

#[test]
fn t11_an_ascii_console_is_ascii() {
    let mut app = console(host(&[("käse", "日本", true), ("x", "", false)]), 140, 40);
    app.prefs.ascii = true;
    press(&mut app, "down l");
    for cell in &frame(&app).content {
        assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
    }
}

#[test]
fn a_name_typed_is_a_row_selected() {
    for keys in [": \"db\" enter", "f \"db\" enter", "/ \"db\" enter down"] {
        let mut app = console(host(SMALL), 80, 24);
        press(&mut app, keys);
        assert_eq!(selected(&app), "db", "{keys}");
    }
    // Also when a fold, a filter and the other view hide it.
    let mut app = console(host(SMALL), 80, 24);
    press(&mut app, "+ / \"agent\" enter 2 : \"worker-with-a-rather-long-name-1\" enter");
    assert_eq!(selected(&app), "worker-with-a-rather-long-name-1");
    assert_eq!(app.slot().map(|s| s.id), Some("containers"));
}

#[test]
fn the_selection_goes_along_from_view_to_view() {
    let mut app = console(host(SMALL), 80, 24);
    press(&mut app, "G k 2");
    assert_eq!(selected(&app), "agent");
    press(&mut app, "k -");
    assert_eq!(app.slot().map(|s| s.id), Some("containers"));
    assert_eq!(selected(&app), "worker-with-a-rather-long-name-2");
}

#[test]
fn sorting_keeps_groups_together_and_unknown_last() {
    let mut app = console(host(SMALL), 80, 24);
    press(&mut app, "s down down enter");
    let names = |app: &App| -> Vec<String> {
        let slot = app.slot().expect("view");
        let column = &slot.screen.all_columns()[0];
        (0..slot.screen.state().shown.len()).map(|n| slot.screen.cell(&app.scene(), n, column).text()).collect()
    };
    let (long1, long2) = ("worker-with-a-rather-long-name-1", "worker-with-a-rather-long-name-2");
    assert_eq!(names(&app), ["agent", "shop", long2, "web", "db", long1, "intruder"]);
    press(&mut app, "r");
    assert_eq!(names(&app), ["agent", "shop", "db", "web", long2, long1, "intruder"]);
    press(&mut app, "! ");
    assert_eq!(names(&app), ["shop", long1, "intruder"], "findings only");
    press(&mut app, "esc / \"!worker\" enter");
    assert_eq!(names(&app), ["agent", "shop", "db", "web", "intruder"]);
    press(&mut app, "esc / \"shop !db\" enter");
    assert_eq!(names(&app), ["shop", "web", long2, long1]);
}

#[test]
fn escape_never_quits_and_q_closes_before_it_quits() {
    let mut app = console(host(SMALL), 80, 24);
    for keys in ["esc esc esc", "? q", ": esc", "/ \"x\" enter q", "down enter q", "s q", "enter esc esc"] {
        let effects = press(&mut app, keys);
        assert!(!effects.contains(&Effect::Quit), "{keys}");
    }
    assert!(press(&mut app, "q").contains(&Effect::Quit));
    for before in ["", "?", ":", "/", "down enter"] {
        let mut app = console(host(SMALL), 80, 24);
        press(&mut app, before);
        assert!(press(&mut app, "ctrl+c").contains(&Effect::Quit), "{before}");
    }
}

#[test]
fn every_capital_is_refused_with_a_sentence() {
    for read_only in [true, false] {
        for capital in ('A'..='Z').filter(|c| *c != 'G') {
            let mut app = console(host(SMALL), 80, 24);
            app.options.read_only = read_only;
            let before = app.slot().map(|s| s.screen.state().shown.clone());
            let effects = update(&mut app, [Msg::Key(Key::char(capital))]);
            assert_eq!(effects, [], "{capital}");
            assert!(app.overlays.is_empty(), "{capital}");
            let note = app.open_note().expect("a sentence").text.clone();
            assert!(note.starts_with(capital) && note.contains("read-only"), "{note}");
            assert_eq!(app.slot().map(|s| s.screen.state().shown.clone()), before);
        }
    }
}

#[test]
fn the_help_is_the_key_map() {
    let app = console(host(SMALL), 80, 24);
    let lines = crate::app::pages::lines(&app, crate::app::overlay::PageKind::Help);
    let text: Vec<String> = lines.iter().map(crate::views::Line::text).collect();
    for entry in TABLE.iter().filter(|e| e.context != Context::Playback && !e.action.id().starts_with("view-")) {
        let keys: Vec<String> = entry.keys.iter().filter_map(|k| Key::parse(k)).map(|k| k.to_string()).collect();
        let keys = if keys.is_empty() { entry.action.id().to_owned() } else { keys.join(" ") };
        assert!(text.iter().any(|l| l.contains(&keys) && l.ends_with(entry.words)), "{:?}", entry.action);
    }
    for (capital, words) in RESERVED {
        assert!(text.iter().any(|l| l.trim_start().starts_with(*capital) && l.contains(words)), "{capital}");
    }
}

#[test]
fn logs_are_asked_for_when_seen_and_given_up_when_left() {
    let mut app = console(host(SMALL), 80, 24);
    let effects = press(&mut app, "down l");
    let [Effect::Ask(Ask::Logs(request, id, _))] = &effects[..] else { panic!("{effects:?}") };
    let line = |text: &str| LogLine { at: None, is_stderr: false, text: text.into(), is_mark: false };
    let lines = vec![line("one"), line("two \u{1b}[31merror\u{1b}[0m"), line("three")];
    let batch = LogBatch { request: *request, container: id.clone(), lines, skipped: 7, ended: None };
    update(&mut app, [Msg::Update(Update::Logs(batch))]);
    press(&mut app, "/ \"error\" enter");
    let shown = screen(&app);
    assert!(shown.contains("two error") && shown.contains("7 not shown") && shown.contains("1 lines match"), "{shown}");
    assert_eq!(press(&mut app, "esc esc"), [Effect::Ask(Ask::StopLogs)]);
}

#[test]
fn raw_answers_come_once_and_late_ones_are_dropped() {
    let mut app = console(host(SMALL), 80, 24);
    let effects = press(&mut app, "down y");
    let [Effect::Ask(Ask::Raw(subject))] = &effects[..] else { panic!("{effects:?}") };
    let answer = |text: &str| Ok(Outside::from(text));
    update(&mut app, [Msg::Update(Update::Raw(Subject::Host, answer("late")))]);
    assert!(screen(&app).contains("asking"));
    update(&mut app, [Msg::Update(Update::Raw(subject.clone(), answer("{\n  \"Id\": \"\u{1b}]0;x\"\n}")))]);
    let shown = screen(&app);
    assert!(shown.contains("\"Id\": \"\\x1b]0;x\""), "{shown}");
    assert_eq!(update(&mut app, [picture(host(SMALL))]), []);
}

#[test]
fn t14_a_paste_outside_a_text_field_is_counted_not_obeyed() {
    let mut app = console(host(SMALL), 80, 24);
    assert_eq!(update(&mut app, [Msg::Paste("q\nq".into(), 10_000_000)]), []);
    assert!(screen(&app).contains("10000000 pasted bytes ignored"));
    press(&mut app, "/");
    update(&mut app, [Msg::Paste("db".into(), 2)]);
    assert!(screen(&app).contains("filter: db"));
}

#[test]
fn a_stale_engine_is_told_above_everything() {
    let mut snapshot = host(SMALL);
    let sources = Arc::make_mut(&mut snapshot.sources);
    sources[0].state = SourceState::Stale;
    sources[0].reason = "does not answer".into();
    sources[0].age_ms = Some(14_000);
    let app = console(snapshot, 80, 24);
    assert!(screen(&app).contains("engine stale, its half is 14 s old: does not answer"));
}

#[test]
fn errors_stay_until_they_are_dismissed() {
    let mut app = console(host(SMALL), 80, 24);
    update(&mut app, [Msg::Say("it failed".into(), true)]);
    press(&mut app, "down up 2 1");
    assert!(screen(&app).contains("it failed"));
    press(&mut app, "esc");
    assert!(!screen(&app).contains("it failed"));
    press(&mut app, "f2");
    assert!(screen(&app).contains("it failed"));
}

#[test]
fn a_recording_has_its_own_keys() {
    let mut app = console(host(SMALL), 100, 24);
    app.options.is_recording = true;
    let at = "2026-03-01T12:00:00Z".parse().expect("time");
    let playback =
        Playback { is_playing: false, speed_percent: 100, frame: 3, frames: 10, from: at, at, to: at, damage: None };
    update(&mut app, [Msg::Update(Update::Playback(playback))]);
    let asks = |e: &[Effect]| e.iter().map(|e| format!("{e:?}")).collect::<Vec<_>>().join(" ");
    assert!(asks(&press(&mut app, "space")).contains("TogglePlay"));
    assert!(asks(&press(&mut app, "left")).contains("Step(-1)"));
    assert!(asks(&press(&mut app, "}")).contains("Speed(200)"));
    assert!(asks(&press(&mut app, ": \"50%\" enter")).contains("SeekTo(500)"));
    assert!(asks(&press(&mut app, ": \"12:01\" enter")).contains("Seek(60)"));
    assert!(screen(&app).contains("4/10"));
}

/// Strings that steer, reorder, hide or break.
const HOSTILE: &[&str] = &[
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]52;c;eA==\u{7}",
    "\u{1b}]0;t\u{7}",
    "\u{9b}2J",
    "a\r\nb\tc\u{8}\u{7f}",
    "\u{202e}gnp.exe",
    "z\u{200b}w\u{feff}",
    "e\u{301}\u{301}\u{301}",
    "日本語の名前",
    "👩‍👩‍👧‍👦",
    "🇦🇹🇩",
    "\u{1b}[?1049l",
    "\u{1b}P$q\u{1b}\\",
    "[READ-ONLY]",
    "\\x1b",
    "\u{e0041}",
    "%s{0}",
    "\0",
    "x\u{85}y",
    "ﷺ",
    "\u{0e33}",
];

#[test]
fn s01_to_s10_hostile_text_changes_no_other_cell() {
    for (width, height) in [(80, 24), (130, 40)] {
        for bad in HOSTILE {
            let with = |name: &str| -> Vec<String> {
                let name: &str = name;
                let app = {
                    let rows = [("web", "shop", true), (name, "", true), ("zz-last", "", true)];
                    let mut app = console(host(&rows), width, height);
                    press(&mut app, "G");
                    app
                };
                screen(&app).lines().map(str::to_owned).collect()
            };
            let (honest, hostile) = (with("honest"), with(bad));
            assert_eq!(honest.len(), hostile.len(), "{bad:?}");
            for (a, b) in honest.iter().zip(&hostile).filter(|(a, _)| !a.contains("honest")) {
                assert_eq!(a, b, "{bad:?}");
            }
            // The row itself keeps its borders where they were.
            let row = hostile.iter().position(|l| l.contains("zz-last")).expect("next row");
            let edge = |line: &str| {
                let mut parser = parser_of(1, width);
                parser.process(line.as_bytes());
                (0..width)
                    .filter(|x| parser.screen().cell(0, *x).is_some_and(|c| c.contents() == "│"))
                    .collect::<Vec<_>>()
            };
            assert_eq!(edge(&hostile[row - 1]), edge(&hostile[row]), "{bad:?}\n{}", hostile[row - 1]);
        }
    }
}

#[test]
fn t01_every_view_at_every_size() {
    let heights = (0..14).chain([23, 24, 25, 39, 40, 41, 59]);
    for height in heights {
        for width in [0, 1, 2, 3, 19, 20, 21, 40, 61, 80, 119, 120, 200] {
            for keys in ["", "down enter", "down l", "?", ":", "s", "/"] {
                let mut app = console(host(SMALL), width, height);
                press(&mut app, keys);
                let _ = frame(&app);
                // T02: the terminal has shrunk meanwhile.
                let mut small = Buffer::empty(Rect::new(0, 0, width / 2, height / 3));
                super::draw(&app, &theme(), &mut small);
            }
        }
    }
    for (width, height) in [(500, 200), (1000, 30)] {
        let _ = frame(&console(host(SMALL), width, height));
    }
}

pub(super) fn any_message() -> impl Strategy<Value = Msg> {
    let key = prop_oneof![
        proptest::sample::select(
            "abcdefghijklmnopqrstuvwxyz0123456789GNCXTSRPKDULYW/:!?-+<>[]*&(){},. ".chars().collect::<Vec<_>>()
        )
        .prop_map(Key::char),
        proptest::sample::select(vec![
            Code::Enter,
            Code::Esc,
            Code::Up,
            Code::Down,
            Code::Left,
            Code::Right,
            Code::Tab,
            Code::BackTab,
            Code::PageUp,
            Code::PageDown,
            Code::Home,
            Code::End,
            Code::Backspace,
            Code::F(2),
            Code::F(5),
        ])
        .prop_map(Key::plain),
        any::<char>().prop_map(Key::char),
    ];
    let names =
        proptest::collection::vec((proptest::sample::select(HOSTILE.to_vec()), any::<bool>(), any::<bool>()), 0..6);
    let snapshot = names.prop_map(|rows| -> Snapshot {
        let rows: Vec<(&str, &str, bool)> =
            rows.into_iter().map(|(name, grouped, runs)| (name, if grouped { "group" } else { "" }, runs)).collect();
        host(&rows)
    });
    let lines = proptest::collection::vec("\\PC{0,60}", 0..5);
    prop_oneof![
        12 => key.prop_map(Msg::Key),
        2 => (0..220u16, 0..70u16).prop_map(|(w, h)| Msg::Resize(w, h)),
        2 => snapshot.prop_map(picture),
        1 => ("\\PC{0,20}", 0..100usize).prop_map(|(t, n)| Msg::Paste(t, n)),
        1 => (any::<bool>(), -5..5i32).prop_map(|(d, n)| Msg::Wheel(d, n)),
        1 => (1..4u64, lines).prop_map(|(request, lines)| {
            let line = |t: String| LogLine { at: None, is_stderr: false, text: t.into(), is_mark: false };
            let lines = lines.into_iter().map(line).collect();
            Msg::Update(Update::Logs(LogBatch { request, container: "0".into(), lines, skipped: 0, ended: None }))
        }),
        1 => (0..5u64).prop_map(Msg::Resumed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_messages_at_any_size_draw(
        messages in proptest::collection::vec(any_message(), 0..60),
        (width, height) in (0..220u16, 0..70u16),
        clicks in proptest::collection::vec((any::<u16>(), any::<u16>()), 0..6),
    ) {
        let mut app = console(host(SMALL), width, height);
        for message in messages {
            update(&mut app, [message]);
            let _ = frame(&app);
        }
        for (x, y) in clicks {
            for (x, y) in [(x, y), (x % app.size.0.max(1), y % app.size.1.max(1))] {
                if let Some(target) = super::hit(&app, x, y) {
                    update(&mut app, [Msg::Click(target)]);
                    let _ = frame(&app);
                }
            }
        }
    }
}
