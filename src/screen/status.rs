//! The lines around the panes: header, view tabs, banner, message line, keys.

use super::rect;
use crate::app::App;
use crate::app::keymap::{Action, Context};
use crate::app::overlay::Overlay;
use crate::app::pages;
use crate::app::state::Purpose;
use crate::model::{Fact, SourceState};
use crate::text::{clean_line, width};
use crate::theme::Role;
use crate::views::Span;
use crate::widgets::Ink;
use crate::widgets::bar::{self, Piece, TabLabel};
use ratatui::layout::Rect;

fn piece(rank: u8, spans: Vec<Span>) -> Piece {
    Piece { spans, rank }
}

/// The header: who and where, what is wrong, how the host is.
pub(super) fn header(app: &App, ink: &mut Ink<'_>) {
    let area = rect(app.layout.header);
    if area.height == 0 {
        return;
    }
    ink.fill(area, Role::Header);
    let (left, right) = (left_pieces(app), right_pieces(app));
    bar::pieces(ink, area, left, right);
    // Pieces keep their own colours, on the header's ground.
    if let Some(ground) = ink.style(Role::Header).bg {
        for x in area.x..area.right() {
            let Some(cell) = ink.frame.cell_mut((x, area.y)) else { break };
            if cell.bg == ratatui::style::Color::Reset {
                cell.set_bg(ground);
            }
        }
    }
}

fn left_pieces(app: &App) -> Vec<Piece> {
    let snapshot = app.scene().snapshot;
    let host = &snapshot.host;
    let mut left = vec![
        piece(8, vec![Span::new("bridgewatch", Role::Header)]),
        piece(1, vec![Span::new(host.name.shown().into_owned(), Role::Name)]),
    ];
    match &host.engine {
        Fact::Known(e) => {
            let name = format!("{} {}", clean_line(&e.product), clean_line(&e.version));
            left.push(piece(5, vec![Span::new(name, Role::Header)]));
            left.push(piece(10, vec![Span::new(format!("API {}", clean_line(&e.api_version)), Role::Header)]));
        }
        Fact::Unknown { .. } => left.push(piece(4, vec![Span::new("engine ?", Role::Unknown)])),
    }
    let cgroup = host.cgroup_version.get().map_or("cgroup ?".to_owned(), |v| format!("cgroup {}", v.as_str()));
    left.push(piece(9, vec![Span::new(cgroup, Role::Header)]));
    left.push(piece(7, vec![Span::new(host.rights.user.shown().into_owned(), Role::Header)]));
    let mode = pages::mode(app);
    if !mode.is_empty() {
        left.push(piece(2, vec![Span::new(mode, Role::Notice)]));
    }
    left
}

fn right_pieces(app: &App) -> Vec<Piece> {
    let scene = app.scene();
    let mut right = Vec::new();
    if app.recording {
        right.push(piece(3, vec![Span::new("● rec", Role::Bad)]));
    }
    if let Some(unread) = app.open_note().filter(|n| n.is_error) {
        let _ = unread;
        right.push(piece(3, vec![Span::new("! message", Role::Alert)]));
    }
    let counts = (app.findings)(&scene);
    if !counts.is_empty() {
        // What severity colours must not run into the next one.
        let mut spans: Vec<Span> = Vec::new();
        for (role, words, count) in counts {
            let sign = if spans.is_empty() { "▲" } else { " " };
            let lead = Span::new(sign, if spans.is_empty() { role } else { Role::Header });
            spans.extend([lead, Span::new(format!("{count} {words}"), role)]);
        }
        right.push(piece(3, spans));
    }
    let sources = &scene.snapshot.sources;
    if !sources.is_empty() {
        let spans = sources.iter().map(|s| {
            let (role, sign) = pages::state_sign(s.state);
            Span::new(sign, role)
        });
        let all_well = sources.iter().all(|s| s.state == SourceState::Ok);
        right.push(piece(if all_well { 8 } else { 4 }, spans.collect()));
    }
    let host = &scene.report.rates.host;
    let known = |v: Option<String>| v.map_or_else(Span::unknown, Span::plain);
    let cpu = known(host.cpu_percent.map(|p| format!("{p:>3.0}%")));
    right.push(piece(4, vec![Span::new("cpu ", Role::Cpu), cpu]));
    let sample = &scene.snapshot.host_sample;
    let memory = (sample.memory_total_bytes > 0).then(|| {
        let used = sample.memory_total_bytes.saturating_sub(sample.memory_available_bytes);
        format!("{:.1}/{:.1}G", gib(used), gib(sample.memory_total_bytes))
    });
    right.push(piece(5, vec![Span::new("mem ", Role::Memory), known(memory)]));
    let rate = |v: Option<f64>| {
        v.map_or_else(|| Span::new("    ?", Role::Unknown), |v| Span::plain(format!("{:>5}", bytes_rate(v))))
    };
    right.push(piece(
        6,
        vec![Span::new("↓", Role::Rx), rate(host.rx_rate), Span::new(" ↑", Role::Tx), rate(host.tx_rate)],
    ));
    if app.world.has_snapshot {
        let time = scene.now.to_zoned(app.zone()).strftime("%H:%M:%S").to_string();
        right.push(piece(0, vec![Span::new(time, Role::Header)]));
    }
    right
}

fn gib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Bytes per second in five columns: `1.2M`.
fn bytes_rate(rate: f64) -> String {
    match rate {
        r if r < 1000.0 => format!("{r:.0}"),
        r if r < 10_000.0 => format!("{:.1}k", r / 1e3),
        r if r < 1e6 => format!("{:.0}k", r / 1e3),
        r if r < 1e7 => format!("{:.1}M", r / 1e6),
        r if r < 1e9 => format!("{:.0}M", r / 1e6),
        r => format!("{:.1}G", r / 1e9),
    }
}

/// Labels of the view tabs.
pub(super) fn tab_labels(app: &App) -> Vec<TabLabel> {
    let label = |(n, slot): (usize, &crate::app::Slot)| TabLabel {
        key: slot.key.to_string(),
        title: slot.title.to_owned(),
        active: n == app.active,
    };
    app.slots.iter().enumerate().map(label).collect()
}

pub(super) fn view_tabs(app: &App, ink: &mut Ink<'_>) {
    bar::tabs(ink, rect(app.layout.tabs), &tab_labels(app));
}

pub(super) fn banner(app: &App, ink: &mut Ink<'_>) {
    let area = rect(app.layout.banner);
    if area.height > 0
        && let Some(spans) = pages::banner(app)
    {
        ink.spans(area.x, area.y, area.width, &spans);
    }
}

fn field_label(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Filter => " filter: ",
        Purpose::Search => " search: ",
        Purpose::RecordTo => " record to: ",
    }
}

/// The message line: a text field, a message, or the full text of the selected row.
pub(super) fn info(app: &App, ink: &mut Ink<'_>) {
    // On a very low terminal the footer's line serves.
    let area = rect(if app.layout.info.height > 0 { app.layout.info } else { app.layout.footer });
    if area.height == 0 {
        return;
    }
    if let Some(field) = &app.field {
        let used = ink.say(area.x, area.y, area.width, field_label(field.purpose), Role::Key);
        ink.say(area.x + used, area.y, area.width - used, field.input.text(), Role::Text);
        return;
    }
    if let Some(note) = app.open_note() {
        let role = if note.is_error { Role::Alert } else { Role::Notice };
        let used = ink.spans(area.x, area.y, area.width, &[Span::new(format!(" {} ", note.text), role)]);
        let hint = "  esc closes, F2 shows all";
        if note.is_error && usize::from(used) + width(hint) <= usize::from(area.width) {
            ink.say(area.x + used, area.y, area.width - used, hint, Role::Dim);
        }
        return;
    }
    if app.layout.info.height == 0 {
        return;
    }
    let Some(slot) = app.slot() else { return };
    let state = slot.screen.state();
    let mut spans = Vec::new();
    if !state.filter.is_empty() {
        spans.push(Span::new(" filter ", Role::Key));
        spans.push(Span::new(state.filter.clone(), Role::Match));
        spans.push(Span::plain(" "));
    }
    if state.notable_only {
        spans.push(Span::new(" findings only ", Role::Match));
    }
    spans.push(Span::new(format!(" {}", slot.screen.full_text(&app.scene())), Role::Dim));
    ink.spans(area.x, area.y, area.width, &spans);
}

/// The keys that work here, from the key map.
pub(super) fn footer(app: &App, ink: &mut Ink<'_>) {
    let area = rect(app.layout.footer);
    if area.height == 0 || app.layout.info.height == 0 && (app.field.is_some() || app.note_open) {
        return;
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    if app.field.is_some() {
        pairs.extend([("⏎", "keep"), ("esc", "as before")].map(|(k, w)| (k.to_owned(), w.to_owned())));
    } else {
        let map = &app.options.keymap;
        let scene = app.scene();
        let has_logs = app.slot().is_some_and(|s| s.screen.tabs(&scene).iter().any(|t| t.id == "logs"));
        // Forms and sheets have their keys at their own foot.
        let contexts = match app.overlays.last() {
            Some(Overlay::Form(_) | Overlay::Sheet(_)) => Vec::new(),
            _ => app.contexts(),
        };
        // What changes something comes last, and is not offered where nothing can be changed.
        let may_change = app.options.permit.is_some();
        let (changes, reads): (Vec<Context>, Vec<Context>) =
            contexts.into_iter().partition(|context| *context == Context::Change);
        for context in reads.into_iter().chain(changes.into_iter().filter(|_| may_change)) {
            for (entry, keys) in map.rows().filter(|(e, _)| e.context == context && !e.short.is_empty()) {
                // A key that an inner context takes does not work as this entry.
                // A page has nothing to choose.
                let is_page = matches!(app.overlays.last(), Some(Overlay::Page(..)));
                if is_page && entry.action == Action::Choose {
                    continue;
                }
                if entry.action == Action::Logs && !has_logs {
                    continue;
                }
                let for_changes = [Action::Actions, Action::Mark];
                if for_changes.contains(&entry.action) && !may_change {
                    continue;
                }
                let works = keys.iter().find(|k| map.action(&app.contexts(), **k) == Some(entry.action));
                if let Some(key) = works {
                    pairs.push((key.to_string(), entry.short.to_owned()));
                }
            }
        }
        // Help and quit are always among the first that fit.
        let (mut last, first): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(_, w)| w == "help" || w == "quit");
        last.reverse();
        pairs = first;
        let room =
            usize::from(area.width).saturating_sub(last.iter().map(|(k, w)| width(k) + width(w) + 3).sum::<usize>());
        let mut used = 1;
        let fit = pairs.iter().take_while(|(k, w)| {
            used += width(k) + width(w) + 3;
            used <= room
        });
        let fit = fit.count();
        pairs.truncate(fit);
        last.reverse();
        pairs.extend(last);
    }
    bar::keys(ink, area, &pairs);
}

/// The text cursor in the field of the message line.
pub(super) fn cursor(app: &App) -> Option<(u16, u16)> {
    let field = app.field.as_ref()?;
    let area: Rect = rect(if app.layout.info.height > 0 { app.layout.info } else { app.layout.footer });
    let x = width(field_label(field.purpose)) + width(field.input.before());
    let x = area.x + u16::try_from(x).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
    (area.height > 0).then_some((x, area.y))
}
