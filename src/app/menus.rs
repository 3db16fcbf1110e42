//! Menus: sorting, columns, copying, related things, how far back a log is read; and what choosing an entry does.

use super::message::Effect;
use super::overlay::{Command, Entry, Menu, Overlay, Palette};
use super::palette;
use super::state::{App, Focus};
use crate::feed::{Ask, LogQuery};
use crate::text::clean_line;

const VANISHED: &str = "no view has a row for it now; it may have vanished";

fn entry(label: impl Into<String>, detail: impl Into<String>, marked: bool, command: Command) -> Entry {
    Entry { label: label.into(), detail: detail.into(), marked, command }
}

impl App {
    pub(super) fn open_menu(&mut self, title: impl Into<String>, entries: Vec<Entry>, stays: bool) {
        let cursor = entries.iter().position(|e| e.marked && !stays).unwrap_or(0);
        self.overlays.push(Overlay::Menu(Menu { title: title.into(), entries, cursor, stays }));
    }

    pub(super) fn open_sort_menu(&mut self) {
        let Some(slot) = self.slot() else { return };
        let sort = slot.screen.state().sort;
        let mut entries = vec![entry("view's own order", "", sort.is_none(), Command::SortBy(None))];
        for c in slot.screen.all_columns() {
            let chosen = sort.is_some_and(|(id, _)| id == c.id);
            let title = if c.title.is_empty() { c.id } else { c.title };
            entries.push(entry(title, c.help, chosen, Command::SortBy(Some(c.id))));
        }
        self.open_menu("Sort by", entries, false);
    }

    pub(super) fn open_columns_menu(&mut self) {
        let Some(slot) = self.slot() else { return };
        let chosen = &slot.screen.state().columns;
        let entries = slot
            .screen
            .all_columns()
            .iter()
            .map(|c| {
                let shown = chosen.as_ref().is_none_or(|ids| ids.contains(&c.id));
                let title = if c.title.is_empty() { c.id } else { c.title };
                entry(title, c.help, shown, Command::ToggleColumn(c.id))
            })
            .collect();
        self.open_menu("Columns", entries, true);
    }

    pub(super) fn open_copy_menu(&mut self) {
        let scene = self.scene();
        let Some(slot) = self.slot() else { return };
        let entries: Vec<Entry> = slot
            .screen
            .copyables(&scene)
            .into_iter()
            .map(|c| {
                let shown = clean_line(&c.text).into_owned();
                entry(c.what, shown, false, Command::Copy(c.what.to_owned(), c.text))
            })
            .collect();
        if entries.is_empty() {
            return self.say("there is nothing to copy here");
        }
        self.open_menu("Copy", entries, false);
    }

    pub(super) fn open_related_menu(&mut self) {
        let scene = self.scene();
        let Some(slot) = self.slot() else { return };
        let relations = slot.screen.relations(&scene);
        let entries: Vec<Entry> = relations
            .into_iter()
            .map(|(words, subject)| entry(clean_line(&words).replace("\\\\", "\\"), "", false, Command::GoTo(subject)))
            .collect();
        if entries.is_empty() {
            return self.say("nothing is related to this row");
        }
        self.open_menu("Go to", entries, false);
    }

    pub(super) fn open_range_menu(&mut self) {
        let ranges: [(u32, Option<i64>, &'static str); 7] = [
            (100, None, "last 100 lines"),
            (500, None, "last 500 lines"),
            (2000, None, "last 2,000 lines"),
            (10_000, None, "last 10,000 lines"),
            (10_000, Some(300), "last 5 minutes"),
            (10_000, Some(3600), "last hour"),
            (10_000, Some(86_400), "last day"),
        ];
        let entries = ranges
            .into_iter()
            .map(|(tail, back, words)| entry(words, "", self.logs.range == words, Command::LogRange(tail, back, words)))
            .collect();
        self.open_menu("Read the log from", entries, false);
    }

    pub(super) fn open_palette(&mut self, subjects_only: bool) {
        let mut palette =
            Palette { input: super::input::Input::default(), subjects_only, found: Vec::new(), more: 0, cursor: 0 };
        palette::search(self, &mut palette);
        self.overlays.push(Overlay::Palette(palette));
    }

    /// Does what a chosen entry says.
    pub(super) fn run(&mut self, command: Command, effects: &mut Vec<Effect>) {
        match command {
            Command::Do(action) => self.act(action, effects),
            Command::View(n) => self.open_view(n),
            Command::GoTo(subject) => {
                let was_open = self.focus == Focus::Detail;
                if !self.go_to(&subject) {
                    self.error(VANISHED);
                } else if !self.has_detail_beside() {
                    // Its row alone says too little on a small terminal.
                    if !was_open {
                        self.tab_of.remove(&self.active);
                    }
                    self.focus = Focus::Detail;
                }
            }
            Command::Show(view, subject, tab) => {
                let number = self.slots.iter().position(|s| s.id == view);
                if number.is_some_and(|n| self.go_to_in(n, &subject)) {
                    self.open_tab(tab);
                } else {
                    self.error(VANISHED);
                }
            }
            Command::SortBy(id) => {
                if let Some(slot) = self.slot_mut() {
                    let state = slot.screen.state_mut();
                    let reversed = matches!((state.sort, id), (Some((old, r)), Some(new)) if old == new && !r);
                    state.sort = id.map(|id| (id, reversed));
                    state.reversed_own = false;
                    state.is_stale = true;
                }
            }
            Command::ToggleColumn(id) => self.toggle_column(id),
            Command::Copy(what, text) => self.copy(&what, &text, effects),
            Command::Theme(name) => effects.push(Effect::Theme(name)),
            Command::Seek(seconds) => effects.push(Effect::Ask(Ask::Seek(seconds))),
            Command::SeekTo(share) => effects.push(Effect::Ask(Ask::SeekTo(share))),
            Command::LogRange(tail, back, words) => {
                let since = back.and_then(|s| self.scene().now.checked_sub(jiff::SignedDuration::from_secs(s)).ok());
                self.logs.query = LogQuery { tail, since, follow: true };
                self.logs.range = words.to_owned();
                self.log_again = true;
            }
            Command::Tab(id) => self.open_tab(id),
            Command::ToggleUtc => {
                self.prefs.utc = !self.prefs.utc;
                self.world.generation += 1;
            }
            Command::ToggleAscii => {
                self.prefs.ascii = !self.prefs.ascii;
                self.world.generation += 1;
            }
        }
    }

    fn toggle_column(&mut self, id: &'static str) {
        let Some(slot) = self.slot_mut() else { return };
        let all = slot.screen.all_columns();
        let state = slot.screen.state_mut();
        let mut ids = state.columns.take().unwrap_or_else(|| all.iter().map(|c| c.id).collect());
        match ids.iter().position(|i| *i == id) {
            // The name column stays: a row must be told apart.
            Some(_) if all.first().is_some_and(|c| c.id == id) || ids.len() == 1 => {}
            Some(n) => drop(ids.remove(n)),
            None => {
                let place = |i: &str| all.iter().position(|c| c.id == i);
                let at = ids.iter().position(|i| place(i) > place(id)).unwrap_or(ids.len());
                ids.insert(at, id);
            }
        }
        let shown = |i: &str| ids.contains(&i);
        if let Some(Overlay::Menu(menu)) = self.overlays.last_mut() {
            for e in &mut menu.entries {
                if let Command::ToggleColumn(i) = e.command {
                    e.marked = shown(i);
                }
            }
        }
        if let Some(slot) = self.slot_mut() {
            slot.screen.state_mut().columns = Some(ids);
        }
    }

    pub(super) fn copy(&mut self, what: &str, text: &str, effects: &mut Vec<Effect>) {
        // A line break would run what stands before it when it is pasted into a shell: it is spelled out.
        let clean = clean_line(text).into_owned();
        self.say(format!("{what} sent to the terminal's clipboard ({} characters)", clean.chars().count()));
        effects.push(Effect::Copy(clean));
    }
}
