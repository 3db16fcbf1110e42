//! What each action of the key map does.

use super::input::Input;
use super::keymap::Action;
use super::message::Effect;
use super::overlay::PageKind;
use super::state::{App, Field, Focus, Purpose};
use crate::feed::Ask;
use crate::views::Content;

/// Spans of charts, in minutes.
const SPANS: [u32; 3] = [2, 12, 60];

impl App {
    /// Does what a key says.
    pub(super) fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        use Action as A;
        let ask = |effects: &mut Vec<Effect>, ask: Ask| effects.push(Effect::Ask(ask));
        match action {
            A::Up | A::Down | A::PageUp | A::PageDown | A::Top | A::Bottom => self.walk(action),
            A::Left | A::Right => self.sideways(action == A::Right),
            A::Open | A::Choose => self.open(),
            A::Back => self.back(),
            A::NextPane | A::PreviousPane => {
                let in_list = self.focus == Focus::List;
                self.focus = if in_list { Focus::Detail } else { Focus::List };
            }
            A::NextTab => self.turn_tab(1),
            A::PreviousTab => self.turn_tab(-1),
            A::ToggleFold | A::FoldAll | A::UnfoldAll => self.fold(action),
            A::Filter => self.begin_field(Purpose::Filter),
            A::Search => self.begin_field(Purpose::Search),
            A::Find => self.open_palette(true),
            A::Palette => self.open_palette(false),
            A::Sort => self.open_sort_menu(),
            A::Columns => self.open_columns_menu(),
            A::Copy => self.open_copy_menu(),
            A::Related => self.open_related_menu(),
            A::Actions => self.open_action_menu(),
            A::Journal => match self.slots.iter().position(|s| s.id == "journal") {
                Some(n) => self.open_view(n),
                None => self.say("there is no journal here"),
            },
            A::Mark | A::MarkRange => self.mark(action),
            action if action.changes() => self.change(action, effects),
            A::LogRange => self.open_range_menu(),
            A::Reverse => self.reverse(),
            A::ShowAll => {
                self.prefs.show_all = !self.prefs.show_all;
                self.world.generation += 1;
                self.say(if self.prefs.show_all { "all containers" } else { "only what runs" });
            }
            A::FindingsOnly => {
                if let Some(slot) = self.slot_mut() {
                    let state = slot.screen.state_mut();
                    (state.notable_only, state.is_stale) = (!state.notable_only, true);
                }
            }
            A::Describe => {
                let first = self.slot().and_then(|s| s.screen.tabs(&self.scene()).first().map(|t| t.id));
                match first {
                    Some(id) => self.open_tab(id),
                    None => self.say("there is nothing to describe"),
                }
            }
            A::Logs => self.open_tab("logs"),
            A::Raw => self.open_tab("raw"),
            A::InTopology => self.show_in_topology(),
            A::LastView => self.open_view(self.last),
            A::Freeze => drop(self.world.toggle_frozen()),
            A::Zoom => self.zoom = !self.zoom,
            A::Mouse => {
                self.mouse = !self.mouse;
                self.say(if self.mouse { "mouse on" } else { "mouse off: the terminal selects text" });
                effects.push(Effect::Mouse(self.mouse));
            }
            A::Refresh => {
                self.raw.forget();
                self.detail.stamp = super::pane::Stamp::default();
                self.log_again |= self.logs.ended.is_some();
                ask(effects, Ask::Refresh);
            }
            A::Redraw => effects.push(Effect::Redraw),
            A::Help => self.open_page(PageKind::Help),
            A::Sources => self.open_page(PageKind::Sources),
            A::Messages => self.open_page(PageKind::Messages),
            A::Record => self.record(effects),
            A::Reveal => {
                self.prefs.reveal_secrets = !self.prefs.reveal_secrets;
                self.world.generation += 1;
                self.say(if self.prefs.reveal_secrets {
                    "secret-looking values are shown"
                } else {
                    "secret-looking values are masked"
                });
            }
            A::Quit => self.quit(effects),
            A::QuitNow => effects.push(Effect::Quit),
            A::Suspend => effects.push(Effect::Suspend),
            A::NextMatch => self.seek_match(true),
            A::PreviousMatch => self.seek_match(false),
            A::Wrap | A::Follow | A::Times | A::MatchesOnly => self.log_switch(action),
            A::ShorterSpan => self.turn_span(-1),
            A::LongerSpan => self.turn_span(1),
            A::PlayPause => ask(effects, Ask::TogglePlay),
            A::StepBack => ask(effects, Ask::Step(-1)),
            A::StepForward => ask(effects, Ask::Step(1)),
            A::SeekBack => ask(effects, Ask::Seek(-10)),
            A::SeekForward => ask(effects, Ask::Seek(10)),
            A::Slower => ask(effects, Ask::Speed(self.speed(1, 2))),
            A::Faster => ask(effects, Ask::Speed(self.speed(2, 1))),
            A::View0
            | A::View1
            | A::View2
            | A::View3
            | A::View4
            | A::View5
            | A::View6
            | A::View7
            | A::View8
            | A::View9 => {
                let digit = action.id().chars().last();
                match self.slots.iter().position(|s| Some(s.key) == digit) {
                    Some(n) => self.open_view(n),
                    None => self.say(format!("there is no view {} yet", digit.unwrap_or('?'))),
                }
            }
            // Keys of sheets and forms have no meaning here.
            _ => {}
        }
    }

    fn mark(&mut self, action: Action) {
        let Some(slot) = self.slot_mut() else { return };
        let state = slot.screen.state_mut();
        if action == Action::Mark {
            state.toggle_mark()
        } else {
            state.mark_range()
        }
        let count = state.marked.len();
        self.say(match count {
            0 => "no row is marked".to_owned(),
            1 => "1 row is marked".to_owned(),
            n => format!("{n} rows are marked"),
        });
    }

    fn speed(&self, times: u32, by: u32) -> u32 {
        let now = self.playback.as_ref().map_or(100, |p| p.speed_percent);
        (now.saturating_mul(times) / by).clamp(25, 6400)
    }

    fn in_logs(&self) -> bool {
        self.focus == Focus::Detail && matches!(self.detail.content, Some(Content::Logs(_)))
    }

    fn walk(&mut self, action: Action) {
        let height = usize::from(self.layout.detail_page().height).max(1);
        let rows = self.layout.list_rows().max(1);
        let page = if self.focus == Focus::List { rows } else { height } as isize;
        let by = match action {
            Action::Up => -1,
            Action::Down => 1,
            Action::PageUp => -(page - 1).max(1),
            Action::PageDown => (page - 1).max(1),
            Action::Top => isize::MIN,
            _ => isize::MAX,
        };
        if self.in_logs() {
            match action {
                Action::Top | Action::Bottom => self.logs.to_edge(action == Action::Bottom, height),
                _ => self.logs.scroll(by as i64),
            }
        } else if self.focus == Focus::Detail {
            match by {
                1 | -1 => self.detail.step(by > 0, height),
                _ => {
                    self.detail.cursor = None;
                    self.detail.scroll(by, height);
                }
            }
        } else if let Some(slot) = self.slot_mut() {
            slot.screen.state_mut().move_by(by);
        }
    }

    fn sideways(&mut self, right: bool) {
        if self.focus == Focus::Detail {
            let step = 8;
            if !self.detail.no_wrap && !right {
                self.focus = Focus::List;
            } else if self.detail.no_wrap {
                self.detail.skip =
                    if right { self.detail.skip + step } else { self.detail.skip.saturating_sub(step) }.min(10_000);
                self.detail.lay_out();
            }
            return;
        }
        let Some(slot) = self.slot_mut() else { return };
        let state = slot.screen.state_mut();
        if right && !state.set_fold(false) {
            self.focus = Focus::Detail;
        } else if !right && !state.set_fold(true) {
            state.to_head();
        }
    }

    fn open(&mut self) {
        if self.focus == Focus::Detail {
            match self.detail.link().cloned() {
                Some(subject) => {
                    if !self.go_to(&subject) {
                        self.error("no view has a row for it now; it may have vanished");
                    }
                }
                None => self.say("this line leads nowhere; ↑↓ stop at lines that do"),
            }
            return;
        }
        let has_tabs = self.slot().is_some_and(|s| !s.screen.tabs(&self.scene()).is_empty());
        if has_tabs {
            self.focus = Focus::Detail;
        } else if let Some(slot) = self.slot_mut() {
            let state = slot.screen.state_mut();
            let _ = state.set_fold(false) || state.set_fold(true);
        }
    }

    /// One step back; never quits.
    fn back(&mut self) {
        if self.note_open && self.open_note().is_some_and(|n| n.is_error) {
            self.note_open = false;
        } else if self.focus == Focus::Detail {
            let needle = if self.in_logs() { &mut self.logs.needle } else { &mut self.detail.needle };
            if needle.is_empty() {
                (self.focus, self.zoom) = (Focus::List, false);
            } else {
                needle.clear();
                self.logs.matches_only = false;
            }
        } else if self.zoom {
            self.zoom = false;
        } else if self.slot_mut().is_some_and(|s| s.screen.state_mut().unmark()) {
        } else {
            self.clear_filter();
        }
    }

    fn clear_filter(&mut self) -> bool {
        let Some(slot) = self.slot_mut() else { return false };
        let state = slot.screen.state_mut();
        let had = !state.filter.is_empty() || state.notable_only;
        if had {
            state.filter.clear();
            (state.notable_only, state.is_stale) = (false, true);
        }
        had
    }

    fn quit(&mut self, effects: &mut Vec<Effect>) {
        let small_detail = self.focus == Focus::Detail && self.layout.list.height == 0;
        if small_detail {
            self.focus = Focus::List;
        } else if !self.clear_filter() {
            effects.push(Effect::Quit);
        }
    }

    fn turn_tab(&mut self, by: isize) {
        let tabs = self.slot().map(|s| s.screen.tabs(&self.scene())).unwrap_or_default();
        let count = tabs.len() as isize;
        if count == 0 {
            return;
        }
        let now = self.tab_of.get(&self.active).and_then(|id| tabs.iter().position(|t| t.id == *id)).unwrap_or(0);
        let next = (now as isize + by).rem_euclid(count) as usize;
        self.tab_of.insert(self.active, tabs[next].id);
        if self.layout.detail.height == 0 {
            self.focus = Focus::Detail;
        }
    }

    fn fold(&mut self, action: Action) {
        let Some(slot) = self.slot_mut() else { return };
        let state = slot.screen.state_mut();
        match action {
            Action::FoldAll => state.fold_all(),
            Action::UnfoldAll => state.unfold_all(),
            _ => {
                if state.shown.get(state.cursor()).is_none_or(|s| s.fold.is_none()) {
                    state.to_head();
                }
                let _ = state.set_fold(true) || state.set_fold(false);
            }
        }
    }

    fn begin_field(&mut self, purpose: Purpose) {
        let before = match purpose {
            Purpose::Filter => self.slot().map(|s| s.screen.state().filter.clone()).unwrap_or_default(),
            Purpose::Search if self.in_logs() => self.logs.needle.clone(),
            Purpose::Search => self.detail.needle.clone(),
            Purpose::RecordTo => String::new(),
        };
        // A search begins empty; a filter goes on from what it is.
        let text = if purpose == Purpose::Filter { before.as_str() } else { "" };
        self.field = Some(Field { purpose, input: Input::with(text), before });
    }

    fn reverse(&mut self) {
        let Some(slot) = self.slot_mut() else { return };
        let state = slot.screen.state_mut();
        match &mut state.sort {
            Some((_, reversed)) => *reversed = !*reversed,
            None => state.reversed_own = !state.reversed_own,
        }
        state.is_stale = true;
    }

    fn show_in_topology(&mut self) {
        let Some(number) = self.slots.iter().position(|s| s.id == "topology") else {
            return self.say("there is no topology view");
        };
        let shown = self.selected.clone().is_some_and(|subject| self.go_to_in(number, &subject));
        if !shown {
            self.say("the topology has no place for this row");
        }
    }

    fn record(&mut self, effects: &mut Vec<Effect>) {
        if self.options.is_recording {
            return self.say("this is a recording already");
        }
        if self.recording {
            self.recording = false;
            self.say("recording stopped");
            return effects.push(Effect::Ask(Ask::Record(None)));
        }
        let now = self.world.newest();
        let stamp = now.taken_at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
        // The host chose its name: only what is harmless in a file name is taken from it.
        let host: String =
            now.host.name.raw().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
        let name = format!("bridgewatch-{host}-{stamp}.bwrec");
        self.field = Some(Field { purpose: Purpose::RecordTo, input: Input::with(&name), before: String::new() });
    }

    fn log_switch(&mut self, action: Action) {
        let logs = self.in_logs();
        match action {
            Action::Follow => self.logs.toggle_follow(),
            Action::Times => self.logs.times = !self.logs.times,
            Action::MatchesOnly if self.logs.needle.is_empty() => {
                self.say("nothing is searched for; / begins a search")
            }
            Action::MatchesOnly => self.logs.matches_only = !self.logs.matches_only,
            _ if logs => self.logs.wrap = !self.logs.wrap,
            _ => {
                (self.detail.no_wrap, self.detail.skip) = (!self.detail.no_wrap, 0);
                self.detail.lay_out();
            }
        }
    }

    fn turn_span(&mut self, by: isize) {
        let now = SPANS.iter().position(|s| *s == self.prefs.chart_minutes).unwrap_or(0);
        let next = now.saturating_add_signed(by).min(SPANS.len() - 1);
        self.prefs.chart_minutes = SPANS[next];
        self.world.generation += 1;
        self.say(format!("charts span {} minutes", SPANS[next]));
    }
}
