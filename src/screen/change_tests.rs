//! Changes on the console: what keys lead to, what confirms and what does not, and how it looks.

use super::sample::{SMALL, console, host, picture};
use super::tests::{any_message, frame, golden, press, screen};
use crate::app::change::Stage;
use crate::app::keys::Key;
use crate::app::overlay::Overlay;
use crate::app::{App, Effect, Msg, update};
use crate::model::State;
use crate::plan::{
    Entry, EntryId, EntryState, Mode, OnFailure, Order, Plan, Progress, Refusal, Risk, StepResult, StepState, Who,
};
use proptest::prelude::*;
use std::sync::Arc;

/// A console that may change things.
fn armed(width: u16, height: u16) -> App {
    let mut app = console(host(SMALL), width, height);
    let Mode::Operate(warrant) = Mode::settle(false) else { panic!("it was not asked to be read-only") };
    app.options.permit = Some(warrant.permit());
    app
}

/// Presses keys, each after the frame before it was seen.
fn seeing(app: &mut App, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (n, part) in keys.split('"').enumerate() {
        let all: Vec<Key> = match n % 2 {
            1 => part.chars().map(Key::char).collect(),
            _ => part.split_whitespace().map(|k| Key::parse(k).expect("key")).collect(),
        };
        for key in all {
            effects.extend(update(app, [Msg::Painted, Msg::Key(key)]));
        }
    }
    effects
}

fn orders(effects: &[Effect]) -> Vec<&Order> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Order(order, _) => Some(order.as_ref()),
            _ => None,
        })
        .collect()
}

fn sheet(app: &App) -> &Stage {
    match app.overlays.last() {
        Some(Overlay::Sheet(sheet)) => &sheet.stage,
        other => panic!("no sheet: {other:?}"),
    }
}

/// What the hands would tell of a plan: each step with its state.
fn entry(plan: &Plan, state: EntryState, steps: &[(StepState, &str)]) -> Entry {
    let result = |(state, detail): &(StepState, &str)| StepResult {
        state: *state,
        detail: (*detail).to_owned(),
        undo: Vec::new(),
    };
    Entry {
        id: EntryId("20260301-123306-00ff".into()),
        at: "2026-03-01T12:33:06Z".parse().expect("time"),
        ended_at: None,
        who: Who::default(),
        plan: plan.clone(),
        results: steps.iter().map(result).collect(),
        state,
        reason: String::new(),
        confirm_by: None,
        undone_by: None,
    }
}

fn confirmed(effects: &[Effect]) -> (Plan, OnFailure) {
    match orders(effects)[..] {
        [Order::Apply { plan, on_failure }] => ((**plan).clone(), *on_failure),
        _ => panic!("{effects:?}"),
    }
}

#[test]
fn a_restart_is_shown_confirmed_ordered_and_its_result_told() {
    let mut app = armed(80, 24);
    assert!(orders(&seeing(&mut app, "G k R")).is_empty());
    golden("plan@80x24", &app);
    let effects = seeing(&mut app, "y");
    let (plan, _) = confirmed(&effects);
    assert_eq!(plan.rows, ["agent"]);
    assert!(matches!(sheet(&app), Stage::Running));
    let done = entry(&plan, EntryState::Done, &[(StepState::Done, "")]);
    update(&mut app, [Msg::Progress(Progress::Begun(done.id.clone()))]);
    golden("under-way@80x24", &app);
    update(&mut app, [Msg::Progress(Progress::Ended(Box::new(done)))]);
    golden("result@80x24", &app);
    seeing(&mut app, "esc");
    assert!(app.overlays.is_empty() && app.changes.run.is_none());
}

#[test]
fn j16_nothing_typed_before_the_plan_was_seen_confirms_it() {
    for burst in [vec!['R', 'y'], vec!['R', 'y', 'y', 'y']] {
        let mut app = armed(80, 24);
        seeing(&mut app, "G k");
        let keys = burst.iter().map(|c| Msg::Key(Key::char(*c)));
        assert!(orders(&update(&mut app, keys)).is_empty());
        assert!(matches!(sheet(&app), Stage::Asking(_)));
        assert!(screen(&app).contains("before the plan was on the screen"));
    }
    let mut app = armed(80, 24);
    seeing(&mut app, "G k R");
    update(&mut app, [Msg::Painted]);
    assert!(orders(&update(&mut app, [Msg::Paste("y".into(), 1)])).is_empty());
    assert!(matches!(sheet(&app), Stage::Asking(_)));
    assert_eq!(orders(&seeing(&mut app, "y")).len(), 1);
    // Holding the key down orders nothing more.
    assert!(orders(&seeing(&mut app, "y y y y")).is_empty());
}

#[test]
fn j02_what_moves_under_the_plan_has_to_be_seen_again() {
    let mut app = armed(80, 24);
    seeing(&mut app, "G k R");
    let mut snapshot = host(SMALL);
    for c in Arc::make_mut(&mut snapshot.containers).iter_mut().filter(|c| c.name.raw() == "agent") {
        Arc::make_mut(c).started_at = Some("2026-03-01T12:33:05Z".parse().expect("time"));
    }
    let moved = picture(snapshot);
    assert!(orders(&update(&mut app, [Msg::Painted, moved, Msg::Key(Key::char('y'))])).is_empty());
    assert!(orders(&update(&mut app, [Msg::Key(Key::char('y'))])).is_empty());
    assert!(screen(&app).contains("container agent has changed since you looked"));
    assert_eq!(orders(&seeing(&mut app, "y")).len(), 1);
    // It is gone: the plan is, too.
    let mut app = armed(80, 24);
    seeing(&mut app, "G k R");
    update(&mut app, [picture(host(&[("web", "shop", true)]))]);
    assert!(matches!(sheet(&app), Stage::Refused(_)), "{:?}", sheet(&app));
    assert!(orders(&seeing(&mut app, "y")).is_empty());
}

#[test]
fn marked_rows_are_one_plan_with_a_result_for_each() {
    let mut app = armed(80, 24);
    seeing(&mut app, "space");
    golden("marks@80x24", &app);
    assert_eq!(app.targets().containers.len(), 4, "the head of a group stands for its rows");
    seeing(&mut app, "R s");
    golden("plan-of-many@80x24", &app);
    let (plan, on_failure) = confirmed(&seeing(&mut app, "y"));
    assert_eq!((plan.rows.len(), on_failure), (4, OnFailure::GoOn));
    let states = [
        (StepState::Done, ""),
        (StepState::Failed, "cannot restart: driver failed programming external connectivity"),
        (StepState::Done, ""),
        (StepState::Unknown, "no answer within 10 s"),
    ];
    let ended = entry(&plan, EntryState::PartlyDone, &states);
    update(&mut app, [Msg::Progress(Progress::Ended(Box::new(ended)))]);
    golden("result-of-many@80x24", &app);
    assert!(app.slot().is_some_and(|s| s.screen.state().marked.is_empty()), "marks have served");
}

#[test]
fn ranges_are_marked_and_escape_takes_marks_off() {
    let mut app = armed(80, 24);
    seeing(&mut app, "down space down ctrl+space");
    assert_eq!(app.targets().containers.len(), 3);
    seeing(&mut app, "esc");
    assert_eq!(app.slot().map(|s| s.screen.state().marked.len()), Some(0));
}

#[test]
fn a_refusal_says_why_and_nothing_is_ordered() {
    let mut app = armed(80, 24);
    seeing(&mut app, "G k R y");
    let refusal = Refusal::new("restart agent", "another bridgewatch is at it").instead("try again when it has ended");
    update(&mut app, [Msg::Progress(Progress::NotBegun(refusal))]);
    golden("not-begun@80x24", &app);
    assert!(orders(&seeing(&mut app, "y")).is_empty());
}

#[test]
fn disarmed_changes_nothing() {
    let mut app = armed(80, 24);
    assert!(screen(&app).contains("read-write"));
    seeing(&mut app, "W R");
    assert!(app.overlays.is_empty() && screen(&app).contains("disarmed"));
    seeing(&mut app, "W R");
    assert!(matches!(sheet(&app), Stage::Asking(_)));
    // Disarmed elsewhere meanwhile: the answer counts when it is given.
    app.changes.is_disarmed = true;
    assert!(orders(&seeing(&mut app, "y")).is_empty());
}

#[test]
fn menus_forms_and_journal_as_they_look() {
    let sizes = [(80, 24), (120, 40), (200, 60)];
    for (name, keys) in [
        ("actions", "G k x"),
        ("form-network", "down space space N \"iso\" tab space"),
        ("form-connect", "G k C"),
        ("form-disconnect", "G k X"),
        ("form-limit", "G k T \"10mbit\""),
        ("form-limit-wrong", "G k T \"10 parsecs\""),
        ("form-limits", "G k L"),
        ("form-kill", "G k K"),
        ("form-remove", "G k D"),
        ("form-shell", "G k e"),
        ("journal-empty", "u"),
    ] {
        for (width, height) in sizes {
            let mut app = armed(width, height);
            seeing(&mut app, keys);
            golden(&format!("{name}@{width}x{height}"), &app);
        }
    }
}

#[test]
fn a_grave_plan_wants_its_word() {
    let mut app = armed(80, 24);
    seeing(&mut app, "G k R");
    let Some(Overlay::Sheet(sheet)) = app.overlays.last_mut() else { panic!("a sheet") };
    let Stage::Asking(plan) = &mut sheet.stage else { panic!("it asks") };
    plan.risk = Risk::Grave { word: "agent".into(), why: "its data goes with it".into() };
    sheet.is_seen = false;
    update(&mut app, "agent".chars().map(|c| Msg::Key(Key::char(c))));
    assert!(orders(&press(&mut app, "enter y")).is_empty(), "typed before it was seen");
    assert!(orders(&seeing(&mut app, "\"agen\" enter")).is_empty());
    golden("plan-grave@80x24", &app);
    assert_eq!(orders(&seeing(&mut app, "\"t\" enter")).len(), 1);
}

#[test]
fn a_recording_has_no_hands() {
    let mut app = armed(80, 24);
    app.options.is_recording = true;
    for keys in ["R", "N", "U", "x", "e", "W"] {
        seeing(&mut app, keys);
        assert!(app.overlays.is_empty(), "{keys}");
        assert!(screen(&app).contains("this is a recording"), "{keys}: {}", screen(&app));
    }
}

#[test]
fn start_and_stop_follow_the_state() {
    let mut app = armed(80, 24);
    seeing(&mut app, "G");
    assert_eq!(app.newest_scene().snapshot.containers.iter().filter(|c| c.state == State::Exited).count(), 2);
    seeing(&mut app, "S");
    let Stage::Asking(plan) = sheet(&app) else { panic!("it asks") };
    assert!(plan.steps[0].op.words().starts_with("docker start"), "{:?}", plan.steps);
    seeing(&mut app, "n k S");
    let Stage::Asking(plan) = sheet(&app) else { panic!("it asks") };
    assert!(plan.steps[0].op.words().starts_with("docker stop"));
}

#[test]
fn an_unconfirmed_change_is_counted_down_and_kept_or_taken_back() {
    let mut app = armed(80, 24);
    seeing(&mut app, "G k P");
    let Stage::Asking(plan) = sheet(&app) else { panic!("it asks: {:?}", sheet(&app)) };
    let mut waiting = entry(&plan.clone(), EntryState::Unconfirmed, &[(StepState::Done, "")]);
    waiting.confirm_by = Some("2026-03-01T12:33:35Z".parse().expect("time"));
    seeing(&mut app, "n");
    update(&mut app, [Msg::Progress(Progress::Journal(Ok(Arc::new(vec![waiting.clone()]))))]);
    assert!(screen(&app).contains("taken back in 30 s; Y keeps it, U takes it back now"), "{}", screen(&app));
    assert_eq!(orders(&seeing(&mut app, "Y")), [&Order::Confirm(waiting.id.clone())]);
    assert_eq!(orders(&seeing(&mut app, "U")), [&Order::TakeBack(waiting.id.clone())]);
    // Nobody is left to take it back: nothing promises that.
    waiting.confirm_by = Some("2026-03-01T12:30:00Z".parse().expect("time"));
    update(&mut app, [Msg::Progress(Progress::Journal(Ok(Arc::new(vec![waiting.clone()]))))]);
    assert!(screen(&app).contains("neither kept nor taken back in time; U takes it back now"), "{}", screen(&app));
    assert_eq!(orders(&seeing(&mut app, "U")), [&Order::TakeBack(waiting.id.clone())]);
    // Kept: the banner goes.
    waiting.state = EntryState::Done;
    update(&mut app, [Msg::Progress(Progress::Journal(Ok(Arc::new(vec![waiting]))))]);
    assert!(!screen(&app).contains("taken back"));
}

#[test]
fn an_undo_is_planned_from_a_picture_after_the_change() {
    let mut app = armed(80, 24);
    seeing(&mut app, "G k P");
    let Stage::Asking(plan) = sheet(&app) else { panic!("it asks: {:?}", sheet(&app)) };
    let mut done = entry(&plan.clone(), EntryState::Done, &[(StepState::Done, "")]);
    done.results[0].undo = done.plan.steps[0].undo.clone();
    seeing(&mut app, "n");
    update(&mut app, [Msg::Progress(Progress::Journal(Ok(Arc::new(vec![done]))))]);
    seeing(&mut app, "U");
    assert!(matches!(sheet(&app), Stage::Refused(_)) && screen(&app).contains("being read again"), "{}", screen(&app));
    let mut later = host(SMALL);
    later.taken_at = "2026-03-01T12:33:09Z".parse().expect("time");
    for c in Arc::make_mut(&mut later.containers).iter_mut().filter(|c| c.name.raw() == "agent") {
        Arc::make_mut(c).state = State::Paused;
    }
    update(&mut app, [picture(later)]);
    assert!(matches!(sheet(&app), Stage::Asking(_)), "{:?}", sheet(&app));
    let (plan, _) = confirmed(&seeing(&mut app, "y"));
    assert!(plan.undoes.is_some());
    assert!(plan.steps[0].op.words().starts_with("docker unpause"));
}

fn any_progress() -> impl Strategy<Value = Msg> {
    let state = proptest::sample::select(vec![StepState::Begun, StepState::Done, StepState::Failed]);
    prop_oneof![
        (0..5usize, state, "\\PC{0,12}").prop_map(|(step, state, detail)| Progress::Step { step, state, detail }),
        Just(Progress::Begun(EntryId("1".into()))),
        Just(Progress::NotBegun(Refusal::new("a", "b"))),
        ("\\PC{0,12}", any::<bool>()).prop_map(|(text, is_error)| Progress::Say(text, is_error)),
        Just(Progress::Journal(Ok(Arc::default()))),
        Just(Progress::Journal(Err("no".into()))),
    ]
    .prop_map(Msg::Progress)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_messages_panic_or_order_what_was_not_confirmed(
        messages in proptest::collection::vec(
            prop_oneof![8 => any_message(), 2 => any_progress(), 3 => Just(Msg::Painted)], 0..80),
        may in any::<bool>(),
    ) {
        let mut app = armed(80, 24);
        if !may {
            app.options.permit = None;
        }
        for message in messages {
            // What was on the screen when the key came.
            let asked = match app.overlays.last() {
                Some(Overlay::Sheet(sheet)) if sheet.is_seen => sheet.ordered(),
                _ => None,
            };
            let is_key = matches!(message, Msg::Key(_));
            let effects = update(&mut app, [message]);
            for order in orders(&effects) {
                prop_assert!(may && is_key);
                if let Order::Apply { plan, .. } = order {
                    let is_trifle = plan.risk == Risk::Trifle && plan.cutoff.is_none();
                    prop_assert!(is_trifle || asked.as_ref() == Some(&**plan), "{plan:?}");
                }
            }
            let _ = frame(&app);
        }
    }
}
