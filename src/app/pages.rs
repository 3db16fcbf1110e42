//! Pages the console itself has: help printed from the key map, host and sources, messages; and the banner.

use super::change;
use super::keymap::{Action, Context, RESERVED, TABLE};
use super::overlay::PageKind;
use super::state::App;
use crate::model::{CgroupVersion, Fact, SourceState};
use crate::text::clean_line;
use crate::theme::Role;
use crate::views::{Line, Span};

/// Numbers of the capabilities that the kernel's half needs (`linux/capability.h`).
const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_PTRACE: u32 = 19;

/// The lines of a page.
pub fn lines(app: &App, kind: PageKind) -> Vec<Line> {
    match kind {
        PageKind::Help => help(app),
        PageKind::Sources => sources(app),
        PageKind::Messages => messages(app),
    }
}

/// The title of a page.
pub fn title(kind: PageKind) -> &'static str {
    match kind {
        PageKind::Help => "Help",
        PageKind::Sources => "Host and sources",
        PageKind::Messages => "Messages",
    }
}

fn help(app: &App) -> Vec<Line> {
    let mut out = Vec::new();
    let mut contexts = app.contexts_below();
    contexts.extend(Context::ALL.into_iter().filter(|c| *c != Context::Playback || app.options.is_recording));
    // What reads comes first, as in the footer.
    contexts.sort_by_key(|context| *context == Context::Change);
    let mut done: Vec<Context> = Vec::new();
    for context in contexts {
        if done.contains(&context) {
            continue;
        }
        done.push(context);
        out.push(Line::heading(context.title()));
        if let Some(why) = app.why_no_change().filter(|_| context == Context::Change) {
            out.push(Line::of([Span::new(format!("  none of them now: {why}"), Role::Notice)]));
        }
        for (entry, keys) in app.options.keymap.rows().filter(|(e, _)| e.context == context) {
            let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
            let words = match view_words(app, entry.action.id()) {
                Some(words) => words,
                None if entry.action.id().starts_with("view-") => continue,
                None => entry.words.to_owned(),
            };
            out.push(key_line(&keys.join(" "), words));
        }
        out.push(Line::blank());
    }
    out.extend(filter_help(app));
    let menu = app.options.keymap.key_of(Action::Actions).map(|k| k.to_string()).unwrap_or_default();
    out.push(Line::heading(format!("Changes without a key of their own: {menu} lists those that fit, : finds all")));
    let keyless =
        TABLE.iter().filter(|e| e.context == Context::Change && app.options.keymap.key_of(e.action).is_none());
    out.extend(keyless.map(|e| key_line(e.action.id(), e.words.to_owned())));
    out.push(Line::heading("Capitals kept for changes to come"));
    for (capital, words) in RESERVED {
        out.push(key_line(&capital.to_string(), (*words).to_owned()));
    }
    out
}

fn key_line(keys: &str, words: String) -> Line {
    let pad = 18usize.saturating_sub(crate::text::width(keys));
    Line::of([Span::new(format!("  {keys}{}", " ".repeat(pad.max(1))), Role::Key), Span::plain(words)])
}

fn view_words(app: &App, id: &str) -> Option<String> {
    let digit = id.strip_prefix("view-")?.chars().next()?;
    app.slots.iter().find(|s| s.key == digit).map(|s| format!("view {}", s.title))
}

fn filter_help(app: &App) -> Vec<Line> {
    let Some(slot) = app.slot() else { return Vec::new() };
    let mut out = vec![Line::heading(format!("Columns and filter fields of {}", slot.title))];
    for column in slot.screen.all_columns() {
        out.push(Line::of([Span::new(format!("  {:<18}", column.id), Role::Name), Span::plain(column.help)]));
    }
    let more: Vec<&str> = slot.screen.fields().to_vec();
    if !more.is_empty() {
        out.push(Line::of([Span::new(format!("  {:<18}", "also"), Role::Dim), Span::plain(more.join(", "))]));
    }
    out.push(Line::of([
        Span::new(format!("  {:<18}", "e.g."), Role::Dim),
        Span::plain("web  state:running  cpu:>50  mem:>=1.5Gi  !image:nginx  \"two words\""),
    ]));
    out.push(Line::blank());
    out
}

/// The role and the sign of a source's state.
pub fn state_sign(state: SourceState) -> (Role, &'static str) {
    match state {
        SourceState::Ok => (Role::Good, "●"),
        SourceState::Starting => (Role::Dim, "○"),
        SourceState::Partial => (Role::Notice, "◐"),
        SourceState::Stale => (Role::Bad, "◌"),
        SourceState::Down => (Role::Bad, "✗"),
    }
}

fn sources(app: &App) -> Vec<Line> {
    const WIDTH: usize = 14;
    let scene = app.scene();
    let host = &scene.snapshot.host;
    let unknown = |f: &dyn Fn() -> Option<String>| f().unwrap_or_else(|| "?".to_owned());
    let mut out = vec![Line::heading("Host")];
    let mut field = |label: &str, value: String| out.push(Line::field(label, WIDTH, [Span::plain(value)]));
    field("name", host.name.shown().into_owned());
    field("system", format!("{}, kernel {}", host.distribution.shown(), clean_line(&host.kernel)));
    field("cgroup", unknown(&|| host.cgroup_version.get().map(|v: CgroupVersion| v.as_str().to_owned())));
    field("rights", rights(app));
    field("engine", engine(app));
    field("endpoint", format!("{} ({})", clean_line(&host.endpoint.url), clean_line(&host.endpoint.origin)));
    field("feed", clean_line(&app.options.label).into_owned());
    field("mode", app.why_no_change().unwrap_or("read-write: each change is shown as a plan first").to_owned());
    out.push(Line::blank());
    out.push(Line::heading("Sources"));
    for source in scene.snapshot.sources.iter() {
        let (role, sign) = state_sign(source.state);
        let mut spans = vec![Span::new(format!("{sign} {:<9}", source.state.as_str()), role)];
        if let Some(age) = source.age_ms.filter(|_| source.state != SourceState::Ok) {
            spans.push(Span::new(format!("what is shown is {} old  ", duration(age / 1000)), Role::Stale));
        }
        if source.resyncs > 0 {
            spans.push(Span::new(format!("{} resyncs  ", source.resyncs), Role::Notice));
        }
        out.push(Line::field(&clean_line(&source.name), WIDTH, spans));
        if !source.reason.is_empty() {
            out.push(Line::field("", WIDTH, [Span::plain(clean_line(&source.reason).into_owned())]));
        }
    }
    if scene.snapshot.sources.is_empty() {
        out.push(Line::of([Span::new("no source has answered yet", Role::Unknown)]));
    }
    let gaps = [("engine", host.engine.why()), ("firewall", scene.snapshot.firewall.why())];
    for (what, gap) in gaps.into_iter().filter_map(|(w, g)| Some((w, g?))) {
        out.push(Line::blank());
        out.push(Line::field(
            what,
            WIDTH,
            [Span::new("? ", Role::Unknown), Span::plain(clean_line(&gap.reason).into_owned())],
        ));
        if let Some(lift) = &gap.lift {
            out.push(Line::field(
                "",
                WIDTH,
                [Span::new("would show it: ", Role::Dim), Span::plain(clean_line(lift).into_owned())],
            ));
        }
    }
    out
}

/// `root`, or the user with the capabilities that matter here.
pub fn rights(app: &App) -> String {
    let rights = &app.scene().snapshot.host.rights;
    // Numbers of linux/capability.h.
    const CAPS: [(u32, &str); 4] =
        [(12, "CAP_NET_ADMIN"), (19, "CAP_SYS_PTRACE"), (21, "CAP_SYS_ADMIN"), (2, "CAP_DAC_READ_SEARCH")];
    let missing: Vec<&str> = CAPS.iter().filter(|(bit, _)| !rights.has(*bit)).map(|(_, name)| *name).collect();
    let who = rights.user.shown();
    match missing.len() {
        0 => format!("{who}, all that is needed"),
        n if n == CAPS.len() => format!("{who}, no capabilities"),
        _ => format!("{who}, without {}", missing.join(", ")),
    }
}

/// `Docker 20.10.24, API 1.41`, or why there is none.
pub fn engine(app: &App) -> String {
    match &app.scene().snapshot.host.engine {
        Fact::Known(e) => {
            format!("{} {}, API {}", clean_line(&e.product), clean_line(&e.version), clean_line(&e.api_version))
        }
        Fact::Unknown { unknown } => format!("? {}", clean_line(&unknown.reason)),
    }
}

/// The mode in words: what the feed is, when it is not the live host, and whether anything can be changed.
pub fn mode(app: &App) -> String {
    match (app.options.is_recording, app.options.permit.is_some() && !app.options.read_only) {
        (true, _) => clean_line(&app.options.label).into_owned(),
        (false, false) => "read-only".to_owned(),
        (false, true) if app.changes.is_disarmed => "disarmed".to_owned(),
        (false, true) => "read-write".to_owned(),
    }
}

fn messages(app: &App) -> Vec<Line> {
    let zone = app.zone();
    let mut out: Vec<Line> = app
        .notes
        .iter()
        .rev()
        .map(|note| {
            let at = note.at.to_zoned(zone.clone()).strftime("%H:%M:%S  ").to_string();
            let role = if note.is_error { Role::Alert } else { Role::Text };
            Line::of([Span::new(at, Role::Dim), Span::new(note.text.clone(), role)])
        })
        .collect();
    if out.is_empty() {
        out.push(Line::of([Span::new("no messages so far", Role::Dim)]));
    }
    out
}

/// What must be known about the whole picture; none when all is well.
pub fn banner(app: &App) -> Option<Vec<Span>> {
    let snapshot = app.scene().snapshot;
    let alert = |text: String| Some(vec![Span::new(format!(" {text} "), Role::Alert)]);
    if let Some(waiting) = change::unconfirmed(&app.world.journal().entries) {
        let words = change::page::countdown(app, waiting.until);
        return alert(format!("{}: {words}", clean_line(&waiting.entry.plan.title)));
    }
    if let Some(run) = &app.changes.run {
        let (done, all) = run.share();
        let text = format!(" under way: {} ({done}/{all})", clean_line(&run.plan.title));
        return Some(vec![Span::new(text, Role::Notice)]);
    }
    if let Some(playback) = &app.playback {
        return Some(playback_bar(app, playback));
    }
    if let Some(why) = &app.ended {
        return alert(format!("the feed has ended: {}", clean_line(why)));
    }
    if app.world.is_frozen() {
        let at = snapshot.taken_at.to_zoned(app.zone()).strftime("%H:%M:%S").to_string();
        let key = app.options.keymap.key_of(super::keymap::Action::Freeze).map(|k| k.to_string()).unwrap_or_default();
        return alert(format!("frozen at {at}; {key} goes on"));
    }
    if !app.world.has_snapshot {
        return Some(vec![Span::new(" reading the host …", Role::Dim)]);
    }
    let grave = snapshot.sources.iter().filter(|s| matches!(s.state, SourceState::Stale | SourceState::Down));
    let worst = grave.max_by_key(|s| (s.name == "engine", s.state == SourceState::Stale));
    if let Some(source) = worst {
        let age = source.age_ms.map(|ms| format!(", its half is {} old", duration(ms / 1000)));
        let reason = clean_line(&source.reason);
        return alert(format!(
            "{} {}{}: {reason}",
            clean_line(&source.name),
            source.state.as_str(),
            age.unwrap_or_default()
        ));
    }
    let partial: Vec<&str> =
        snapshot.sources.iter().filter(|s| s.state == SourceState::Partial).map(|s| s.name.as_str()).collect();
    // With all rights only odds and ends are missing: the sign in the header is enough.
    let rights = &snapshot.host.rights;
    let has_rights = rights.has(CAP_NET_ADMIN) && rights.has(CAP_SYS_PTRACE);
    if partial.is_empty() || has_rights {
        return None;
    }
    let text = format!(" seen in part: {} (i tells what is missing)", clean_line(&partial.join(", ")));
    Some(vec![Span::new(text, Role::Notice)])
}

fn playback_bar(app: &App, p: &crate::feed::Playback) -> Vec<Span> {
    let zone = app.zone();
    let clock = |at: jiff::Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string();
    let (span, at) = (p.to.as_second() - p.from.as_second(), p.at.as_second() - p.from.as_second());
    let width = usize::from(app.size.0).saturating_sub(64).clamp(8, 60);
    let share = if span > 0 { (at.clamp(0, span) as f64) / span as f64 } else { 0.0 };
    let done = ((share * width as f64).round() as usize).min(width);
    let sign = if p.is_playing { "▶" } else { "‖" };
    let mut out = vec![
        Span::new(format!(" {sign} {} ", clock(p.at)), Role::Notice),
        Span::new("━".repeat(done), Role::BorderFocus),
        Span::new("─".repeat(width - done), Role::Border),
        Span::plain(format!(" {} … {}  ", clock(p.from), clock(p.to))),
        Span::new(format!("{}/{}  {}×", p.frame + 1, p.frames, f64::from(p.speed_percent) / 100.0), Role::Dim),
    ];
    if let Some(damage) = &p.damage {
        out.push(Span::new(format!("  {}", clean_line(damage)), Role::Alert));
    }
    out
}

/// Seconds as people read them: `12 s`, `4 min`, `3 h`.
pub fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
