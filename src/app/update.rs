//! What each message does to the state. Keys are looked up in the key map; everything else is here.

use super::desk::News;
use super::input::Input;
use super::keymap::{Action, Context, unbound};
use super::keys::{Code, Key};
use super::message::{Effect, Msg, Target};
use super::overlay::{Overlay, PageKind};
use super::palette;
use super::state::{App, Field, Focus, Purpose};
use crate::feed::{Ask, Update};
use crate::views::Content;

/// Takes messages that came together and brings the state in line once. Gives what is to be done outside.
pub fn update(app: &mut App, messages: impl IntoIterator<Item = Msg>) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut acted = false;
    for message in messages {
        // A key acts on what the keys before it have done: on the new rows, and on the page that one of them opened.
        if matches!(message, Msg::Key(_) | Msg::Click(_)) {
            // An answer is to the plan as it would be now, not to one of a picture that has gone.
            app.replan();
            if acted && app.focus == Focus::Detail {
                app.settle(&mut effects);
            } else {
                app.build_rows();
            }
            acted = true;
        }
        app.take(message, &mut effects);
    }
    app.settle(&mut effects);
    effects
}

impl App {
    fn take(&mut self, message: Msg, effects: &mut Vec<Effect>) {
        match message {
            Msg::Key(key) => self.key(key, effects),
            Msg::Paste(text, bytes) => self.paste(&text, bytes),
            Msg::Click(target) => self.click(target, effects),
            Msg::Wheel(detail, lines) => self.wheel(detail, lines),
            Msg::Resize(width, height) => self.size = (width, height),
            Msg::Update(Update::DiskUse(answer)) => self.previewed(answer, effects),
            Msg::Update(update) => self.arrive(update),
            Msg::Resumed(seconds) if seconds > 2 => {
                self.say(format!("was stopped for {}", super::pages::duration(seconds)));
                effects.push(Effect::Ask(Ask::Refresh));
            }
            Msg::Resumed(_) => {}
            Msg::Progress(progress) => self.progress(progress),
            Msg::Painted => self.painted(),
            Msg::Say(text, true) => self.error(text),
            Msg::Say(text, false) => self.say(text),
        }
    }

    fn arrive(&mut self, news: News) {
        match news {
            Update::Snapshot(next) => self.world.take(next),
            Update::Jump => self.world.forget(),
            Update::Logs(batch) => drop(self.logs.take(batch)),
            Update::Raw(subject, answer) => self.raw.take(&subject, answer),
            Update::Playback(playback) => self.playback = Some(playback),
            // Taken where plans are proposed.
            Update::DiskUse(_) => {}
            Update::Ended(why) => {
                self.error(format!("the feed has ended: {why}"));
                self.ended = Some(why);
            }
        }
    }

    fn key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        if key == (Key { code: Code::Char('c'), ctrl: true, alt: false }) {
            return effects.push(Effect::Quit);
        }
        if self.open_note().is_some_and(|n| !n.is_error) {
            self.note_open = false;
        }
        if self.field.is_some() {
            return self.field_key(key, effects);
        }
        if matches!(self.overlays.last(), Some(Overlay::Palette(_))) {
            return self.palette_key(key, effects);
        }
        if self.word_key(key) || self.menu_capital(key, effects) {
            return;
        }
        match self.options.keymap.action(&self.contexts(), key) {
            Some(action) if matches!(self.overlays.last(), Some(Overlay::Form(_))) => self.form_action(action, effects),
            None if matches!(self.overlays.last(), Some(Overlay::Form(_))) => self.type_in_form(key),
            Some(action) if !self.overlays.is_empty() => self.overlay_action(action, effects),
            Some(action) => self.act(action, effects),
            None if key.is_capital() => {
                if let Code::Char(c) = key.code {
                    self.say(unbound(c, self.why_no_change()));
                }
            }
            None if self.overlays.is_empty() => self.tab_key(key),
            None if self.menu_letter(key, effects) => {}
            // The keys that opened a page close it, too.
            None => {
                let below = self.contexts_below();
                if matches!(
                    self.options.keymap.action(&below, key),
                    Some(Action::Help | Action::Sources | Action::Messages)
                ) {
                    self.overlays.pop();
                }
            }
        }
    }

    /// Chooses the entry of a menu that a letter stands for.
    fn menu_letter(&mut self, key: Key, effects: &mut Vec<Effect>) -> bool {
        let Code::Char(c) = key.code else { return false };
        let Some(n) = self.menu_letters().iter().position(|l| *l == Some(c)).filter(|_| !key.ctrl && !key.alt) else {
            return false;
        };
        if let Some(Overlay::Menu(menu)) = self.overlays.last_mut() {
            menu.cursor = n;
        }
        self.choose(effects);
        true
    }

    /// Contexts as they would be without overlays.
    pub fn contexts_below(&self) -> Vec<Context> {
        match self.focus {
            Focus::List => vec![Context::List, Context::Change, Context::Anywhere],
            Focus::Detail if matches!(self.detail.content, Some(Content::Logs(_))) => {
                vec![Context::Logs, Context::Detail, Context::Change, Context::Anywhere]
            }
            Focus::Detail => vec![Context::Detail, Context::Change, Context::Anywhere],
        }
    }

    /// A key that a detail tab names as its own.
    fn tab_key(&mut self, key: Key) {
        let Code::Char(c) = key.code else { return };
        if key.ctrl || key.alt {
            return;
        }
        let tabs = self.slot().map(|s| s.screen.tabs(&self.scene())).unwrap_or_default();
        if let Some(tab) = tabs.iter().find(|t| t.key == Some(c)) {
            self.open_tab(tab.id);
        }
    }

    /// Opens a detail tab by its id and gives it the keys.
    pub(super) fn open_tab(&mut self, id: &'static str) {
        let tabs = self.slot().map(|s| s.screen.tabs(&self.scene())).unwrap_or_default();
        if tabs.iter().any(|t| t.id == id) {
            self.tab_of.insert(self.active, id);
            self.focus = Focus::Detail;
        } else {
            self.say(format!("this row has no {id}"));
        }
    }

    fn field_key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        let Some(mut field) = self.field.take() else { return };
        match key.code {
            Code::Esc => {
                let before = field.before.clone();
                return self.apply_field(field.purpose, &before);
            }
            Code::Enter => return self.finish_field(&field, effects),
            Code::Up | Code::Down if field.purpose == Purpose::Filter => {
                // The list can be walked while the filter is typed.
                if let Some(slot) = self.slot_mut() {
                    slot.screen.state_mut().move_by(if key.code == Code::Up { -1 } else { 1 });
                }
            }
            // Backspace in an empty field leaves it, as in vim and less.
            Code::Backspace if field.input.text().is_empty() => {
                return self.apply_field(field.purpose, "");
            }
            _ => drop(field.input.key(key)),
        }
        self.apply_field(field.purpose, field.input.text());
        self.field = Some(field);
    }

    /// Filters and searches act while they are typed.
    fn apply_field(&mut self, purpose: Purpose, text: &str) {
        match purpose {
            Purpose::Filter => {
                if let Some(slot) = self.slot_mut() {
                    let state = slot.screen.state_mut();
                    if state.filter != text {
                        state.filter = text.to_owned();
                        state.is_stale = true;
                    }
                }
            }
            Purpose::Search => {
                let needle = text.to_ascii_lowercase();
                if matches!(self.detail.content, Some(Content::Logs(_))) {
                    self.logs.needle = needle;
                } else {
                    self.detail.needle = needle;
                }
            }
            Purpose::RecordTo => {}
        }
    }

    fn finish_field(&mut self, field: &Field, effects: &mut Vec<Effect>) {
        match field.purpose {
            Purpose::Filter => {}
            // In a log the newest match is wanted, in a page the first.
            Purpose::Search if matches!(self.detail.content, Some(Content::Logs(_))) => self.seek_match(false),
            Purpose::Search => self.seek_match(true),
            Purpose::RecordTo => {
                let path = field.input.text().trim();
                if !path.is_empty() {
                    self.recording = true;
                    self.say(format!("recording to {path}; the same key stops"));
                    effects.push(Effect::Ask(Ask::Record(Some(path.into()))));
                }
            }
        }
    }

    pub(super) fn seek_match(&mut self, forward: bool) {
        let height = usize::from(self.layout.detail_page().height);
        let (found, needle) = if matches!(self.detail.content, Some(Content::Logs(_))) {
            (self.logs.to_match(forward), self.logs.needle.clone())
        } else {
            (self.detail.to_match(forward, height), self.detail.needle.clone())
        };
        match (found, needle.is_empty()) {
            (true, _) => {}
            (false, true) => self.say("nothing is searched for; / begins a search"),
            (false, false) => {
                self.say(format!("no {} match for {needle}", if forward { "further" } else { "earlier" }))
            }
        }
    }

    fn palette_key(&mut self, key: Key, effects: &mut Vec<Effect>) {
        let Some(Overlay::Palette(mut palette)) = self.overlays.pop() else { return };
        match (key.code, key.ctrl) {
            (Code::Esc, _) => return,
            (Code::Enter, _) => {
                match palette.found.get(palette.cursor).map(|e| e.command.clone()) {
                    Some(command) => self.run(command, effects),
                    None => {
                        let text = palette.input.text().to_owned();
                        self.error(format!("nothing here is called {text}"));
                    }
                }
                return;
            }
            (Code::Up | Code::BackTab, _) | (Code::Char('p'), true) => {
                palette.cursor = palette.cursor.saturating_sub(1)
            }
            (Code::Down, _) | (Code::Char('n'), true) => {
                palette.cursor = (palette.cursor + 1).min(palette.found.len().saturating_sub(1));
            }
            (Code::Tab, _) => {
                // Completion: the label of the chosen entry.
                if let Some(label) = palette.found.get(palette.cursor).map(|e| e.label.clone()) {
                    palette.input = Input::with(&label);
                    palette::search(self, &mut palette);
                }
            }
            (Code::Backspace, _) if palette.input.text().is_empty() => return,
            _ => {
                if palette.input.key(key) {
                    palette::search(self, &mut palette);
                }
            }
        }
        self.overlays.push(Overlay::Palette(palette));
    }

    fn overlay_action(&mut self, action: Action, effects: &mut Vec<Effect>) {
        if matches!(self.overlays.last(), Some(Overlay::Sheet(_)))
            && !matches!(
                action,
                Action::Up | Action::Down | Action::PageUp | Action::PageDown | Action::Top | Action::Bottom
            )
        {
            return self.sheet_action(action, effects);
        }
        let page = isize::from(self.size.1.saturating_sub(6).max(1) as i16);
        let by = match action {
            Action::Up => -1,
            Action::Down => 1,
            Action::PageUp => -page,
            Action::PageDown => page,
            Action::Top => isize::MIN,
            Action::Bottom => isize::MAX,
            Action::Choose => return self.choose(effects),
            _ => {
                self.overlays.pop();
                return;
            }
        };
        if let Some(overlay) = self.overlays.last_mut() {
            overlay.step(by);
        }
        self.clamp_page();
    }

    /// Pages end where their lines end.
    fn clamp_page(&mut self) {
        if let Some(Overlay::Sheet(sheet)) = self.overlays.last() {
            let most = super::change::page::lines(self, sheet).len();
            if let Some(Overlay::Sheet(sheet)) = self.overlays.last_mut() {
                sheet.scroll = sheet.scroll.min(most.saturating_sub(1));
            }
        }
        let Some(Overlay::Page(kind, _)) = self.overlays.last() else { return };
        let most = super::pages::lines(self, *kind).len();
        if let Some(Overlay::Page(_, scroll)) = self.overlays.last_mut() {
            *scroll = (*scroll).min(most.saturating_sub(1));
        }
    }

    fn choose(&mut self, effects: &mut Vec<Effect>) {
        let Some(top) = self.overlays.last() else { return };
        let command = top.chosen().map(|e| e.command.clone());
        let stays = matches!(top, Overlay::Menu(menu) if menu.stays);
        if !stays {
            self.overlays.pop();
        }
        if let Some(command) = command {
            self.run(command, effects);
        }
    }

    fn paste(&mut self, text: &str, bytes: usize) {
        let pasted = if let Some(mut field) = self.field.take() {
            field.input.insert(text);
            self.apply_field(field.purpose, field.input.text());
            self.field = Some(field);
            true
        } else if let Some(Overlay::Palette(mut palette)) = self.overlays.pop_if(|o| matches!(o, Overlay::Palette(_))) {
            palette.input.insert(text);
            palette::search(self, &mut palette);
            self.overlays.push(Overlay::Palette(palette));
            true
        } else {
            self.paste_in_form(text)
        };
        if !pasted {
            self.paste_ignored = self.paste_ignored.saturating_add(bytes);
            self.say(format!("{bytes} pasted bytes ignored: there is no text field here"));
        }
    }

    fn click(&mut self, target: Target, effects: &mut Vec<Effect>) {
        match target {
            Target::Entry(n) => {
                match self.overlays.last_mut() {
                    Some(Overlay::Menu(menu)) => menu.cursor = n,
                    Some(Overlay::Palette(palette)) => palette.cursor = n,
                    _ => return,
                }
                self.choose(effects);
            }
            // What was typed into a form is not lost by a slip of the mouse; a sheet is answered.
            Target::Outside if matches!(self.overlays.last(), Some(Overlay::Form(_) | Overlay::Sheet(_))) => {}
            Target::Outside => drop(self.overlays.pop()),
            Target::Field(n) => {
                if let Some(Overlay::Form(form)) = self.overlays.last_mut() {
                    form.at = n.min(form.fields.len().saturating_sub(1));
                }
            }
            _ if !self.overlays.is_empty() => {}
            Target::ViewTab(n) => self.open_view(n),
            Target::Row(n) => {
                self.focus = Focus::List;
                if let Some(slot) = self.slot_mut() {
                    let state = slot.screen.state_mut();
                    let again = state.cursor() == n;
                    state.move_to(n);
                    if again && state.shown.get(n).is_some_and(|s| s.fold.is_some()) {
                        self.act(Action::ToggleFold, effects);
                    }
                }
            }
            Target::Title(id) => self.run(super::overlay::Command::SortBy(Some(id)), effects),
            Target::DetailTab(n) => {
                if let Some(tab) = self.detail.tabs.get(n) {
                    self.tab_of.insert(self.active, tab.id);
                    self.focus = Focus::Detail;
                }
            }
            Target::DetailLine(row) => {
                self.focus = Focus::Detail;
                let line = self.detail.rows.get(row).map(|r| r.line);
                let linked = line.filter(|l| self.detail.lines().get(*l).is_some_and(|l| l.link.is_some()));
                if let Some(line) = linked {
                    let again = self.detail.cursor == Some(line);
                    self.detail.cursor = Some(line);
                    if again {
                        self.act(Action::Open, effects);
                    }
                }
            }
            Target::Detail => self.focus = Focus::Detail,
            Target::Info => self.note_open = false,
        }
    }

    fn wheel(&mut self, detail: bool, lines: i32) {
        let height = usize::from(self.layout.detail_page().height);
        if let Some(overlay) = self.overlays.last_mut() {
            overlay.step(lines as isize);
            self.clamp_page();
        } else if detail && matches!(self.detail.content, Some(Content::Logs(_))) {
            self.logs.scroll(i64::from(lines));
        } else if detail {
            self.detail.scroll(lines as isize, height);
        } else if let Some(slot) = self.slot_mut() {
            slot.screen.state_mut().move_by(lines as isize);
        }
    }

    pub(super) fn open_page(&mut self, kind: PageKind) {
        self.overlays.push(Overlay::Page(kind, 0));
    }
}
