//! State of the console, and how its parts are brought in line after each message.

use super::change::Changes;
use super::input::Input;
use super::keymap::{Context, Keymap};
use super::layout::{Layout, Panes};
use super::list::Screen;
use super::logs::LogPane;
use super::message::Effect;
use super::overlay::Overlay;
use super::pane::{DetailPane, Stamp};
use super::raw::RawPane;
use super::world::World;
use super::{Prefs, Scene};
use crate::feed::{Ask, Interest, Playback};
use crate::model::Subject;
use crate::plan::{Permit, Session};
use crate::theme::Role;
use crate::views::Content;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, VecDeque};

/// Most messages that are kept.
pub const MAX_NOTES: usize = 200;

/// A view as the console lists it.
pub struct Slot {
    /// Its id: `containers`.
    pub id: &'static str,
    /// Title.
    pub title: &'static str,
    /// The digit, or the letter of the key map, that opens it.
    pub key: char,
    /// Its list.
    pub screen: Box<dyn Screen>,
    /// Generation of the world it was built for.
    pub built: Option<u64>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Slot {
    /// A view with its list.
    pub fn new(id: &'static str, title: &'static str, key: char, screen: Box<dyn Screen>) -> Self {
        Slot { id, title, key, screen, built: None }
    }
}

/// Counts findings by severity, gravest first; a severity without findings is left out.
pub type FindingCounts = fn(&Scene<'_>) -> Vec<(Role, &'static str, usize)>;

/// How a console is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Pinned for the run.
    pub read_only: bool,
    /// What lets changes be ordered; none when nothing can be changed.
    pub permit: Option<Permit>,
    /// How the operator is connected.
    pub session: Session,
    /// `live`, `replay FILE`, `demo`.
    pub label: String,
    /// The feed is a recording.
    pub is_recording: bool,
    /// Zone that times are shown in, unless UTC is asked for.
    pub zone: TimeZone,
    /// Keys.
    pub keymap: Keymap,
    /// How things are shown.
    pub prefs: Prefs,
    /// Mouse reports are on from the start.
    pub mouse: bool,
    /// View to begin with, `containers` or `containers/logs`.
    pub view: String,
    /// Filter to open that view with.
    pub filter: Option<String>,
    /// Columns by view.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Sort column by view; `-` before it for the largest first.
    pub sort: BTreeMap<String, String>,
    /// Things to say at the start: problems with settings and themes.
    pub problems: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            read_only: false,
            permit: None,
            session: Session::default(),
            label: "live".to_owned(),
            is_recording: false,
            zone: TimeZone::UTC,
            keymap: Keymap::default(),
            prefs: Prefs::default(),
            mouse: true,
            view: "containers".to_owned(),
            filter: None,
            columns: BTreeMap::new(),
            sort: BTreeMap::new(),
            problems: Vec::new(),
        }
    }
}

/// Which pane has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The list.
    List,
    /// The detail pane.
    Detail,
}

/// What a text field on the message line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Filter of the list.
    Filter,
    /// Search in the page or the log.
    Search,
    /// File to record to.
    RecordTo,
}

/// A text field on the message line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What for.
    pub purpose: Purpose,
    /// The text.
    pub input: Input,
    /// What stood there before.
    pub before: String,
}

/// A message to the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Time of the picture when it came.
    pub at: Timestamp,
    /// It says that something failed: it stays until it is dismissed.
    pub is_error: bool,
    /// Clean text.
    pub text: String,
}

/// The console.
#[derive(Debug)]
pub struct App {
    /// The views.
    pub slots: Vec<Slot>,
    /// Number of the view that is shown.
    pub active: usize,
    /// Number of the one before.
    pub last: usize,
    /// The host.
    pub world: World,
    /// How things are shown.
    pub prefs: Prefs,
    /// How it was started.
    pub options: Options,
    /// Counts findings for the header.
    pub findings: FindingCounts,
    /// Columns and lines of the terminal.
    pub size: (u16, u16),
    /// Where things stand.
    pub layout: Layout,
    /// Which pane has the keys.
    pub focus: Focus,
    /// The pane that has the keys fills the screen.
    pub zoom: bool,
    /// The detail pane.
    pub detail: DetailPane,
    /// The log pane.
    pub logs: LogPane,
    /// The engine's raw answers.
    pub raw: RawPane,
    /// Layers over the screen, the top one last.
    pub overlays: Vec<Overlay>,
    /// The text field that has the keys.
    pub field: Option<Field>,
    /// Messages, oldest first.
    pub notes: VecDeque<Note>,
    /// The newest message is still shown.
    pub note_open: bool,
    /// State of the recording.
    pub playback: Option<Playback>,
    /// Why the feed has ended.
    pub ended: Option<String>,
    /// Mouse reports are on.
    pub mouse: bool,
    /// A recording is being written.
    pub recording: bool,
    /// What goes on with changes.
    pub changes: Changes,
    /// Bytes pasted and not taken.
    pub paste_ignored: usize,
    /// What is selected: goes along from view to view.
    pub selected: Option<Subject>,
    pub(super) tab_of: BTreeMap<usize, &'static str>,
    pub(super) interest: Interest,
    pub(super) log_of: Option<crate::model::ContainerId>,
    pub(super) log_again: bool,
}

impl App {
    /// A console over these views, without a picture yet.
    pub fn new(options: Options, slots: Vec<Slot>, findings: FindingCounts) -> Self {
        let mut app = App {
            slots,
            active: 0,
            last: 0,
            world: World::default(),
            prefs: options.prefs,
            mouse: options.mouse,
            findings,
            size: (0, 0),
            layout: Layout::default(),
            focus: Focus::List,
            zoom: false,
            detail: DetailPane::default(),
            logs: LogPane::default(),
            raw: RawPane::default(),
            overlays: Vec::new(),
            field: None,
            notes: VecDeque::new(),
            note_open: false,
            playback: None,
            ended: None,
            recording: false,
            changes: Changes::default(),
            paste_ignored: 0,
            selected: None,
            tab_of: BTreeMap::new(),
            interest: Interest::default(),
            log_of: None,
            log_again: false,
            options,
        };
        app.begin();
        app
    }

    /// Takes the view, tab, columns and sorting of the options.
    fn begin(&mut self) {
        let wanted = self.options.view.clone();
        let (view, tab) = wanted.split_once('/').unwrap_or((&wanted, ""));
        match self.slots.iter().position(|s| s.id == view) {
            Some(n) => (self.active, self.last) = (n, n),
            None if !self.slots.is_empty() => self.error(format!("there is no view {}", crate::text::clean_line(view))),
            None => {}
        }
        if !tab.is_empty() {
            self.focus = Focus::Detail;
            // Tabs are known once there is a row: the wish is matched by id then.
            let known = ["logs", "raw", "charts", "processes", "network", "summary"];
            if let Some(id) = known.into_iter().find(|k| *k == tab) {
                self.tab_of.insert(self.active, id);
            }
        }
        if let (Some(filter), Some(slot)) = (self.options.filter.clone(), self.slots.get_mut(self.active)) {
            slot.screen.state_mut().filter = filter;
        }
        let (columns, sort) = (self.options.columns.clone(), self.options.sort.clone());
        for (view, ids) in columns {
            self.set_columns(&view, &ids);
        }
        for (view, column) in sort {
            self.set_sort(&view, &column);
        }
        for problem in self.options.problems.clone() {
            self.error(problem);
        }
    }

    fn set_columns(&mut self, view: &str, ids: &[String]) {
        let Some(slot) = self.slots.iter_mut().find(|s| s.id == view) else {
            return self.error(format!("settings: there is no view {}", crate::text::clean_line(view)));
        };
        let all = slot.screen.all_columns();
        let mut chosen = Vec::new();
        let mut wrong = Vec::new();
        for id in ids {
            match all.iter().find(|c| c.id == id) {
                Some(column) => chosen.push(column.id),
                None => wrong.push(crate::text::clean_line(id).into_owned()),
            }
        }
        if !chosen.is_empty() {
            slot.screen.state_mut().columns = Some(chosen);
        }
        if !wrong.is_empty() {
            let known: Vec<&str> = all.iter().map(|c| c.id).collect();
            self.error(format!("settings: {view} has no column {}; it has {}", wrong.join(", "), known.join(", ")));
        }
    }

    fn set_sort(&mut self, view: &str, wanted: &str) {
        let (id, largest_first) = wanted.strip_prefix('-').map_or((wanted, false), |id| (id, true));
        let Some(slot) = self.slots.iter_mut().find(|s| s.id == view) else {
            return self.error(format!("settings: there is no view {}", crate::text::clean_line(view)));
        };
        match slot.screen.all_columns().iter().find(|c| c.id == id) {
            Some(column) => slot.screen.state_mut().sort = Some((column.id, column.descending != largest_first)),
            None => self.error(format!("settings: {view} has no column {}", crate::text::clean_line(id))),
        }
    }

    /// The scene that is shown.
    pub fn scene(&self) -> Scene<'_> {
        self.world.scene(&self.prefs)
    }

    /// The view that is shown; none when there are no views at all.
    pub fn slot(&self) -> Option<&Slot> {
        self.slots.get(self.active)
    }

    pub(super) fn slot_mut(&mut self) -> Option<&mut Slot> {
        self.slots.get_mut(self.active)
    }

    /// The zone times are shown in.
    pub fn zone(&self) -> TimeZone {
        if self.prefs.utc { TimeZone::UTC } else { self.options.zone.clone() }
    }

    /// Contexts whose keys work now, the first wins.
    pub fn contexts(&self) -> Vec<Context> {
        match self.overlays.last() {
            Some(Overlay::Sheet(_)) => return vec![Context::Plan, Context::Overlay],
            Some(Overlay::Form(_)) => return vec![Context::Form],
            Some(_) => return vec![Context::Overlay],
            None => {}
        }
        let mut out = Vec::with_capacity(5);
        if self.options.is_recording {
            out.push(Context::Playback);
        }
        match self.focus {
            Focus::List => out.push(Context::List),
            Focus::Detail => {
                if matches!(self.detail.content, Some(Content::Logs(_))) {
                    out.push(Context::Logs);
                }
                out.push(Context::Detail);
            }
        }
        out.extend([Context::Change, Context::Anywhere]);
        out
    }

    /// Says that something failed. It stays until it is dismissed.
    pub fn error(&mut self, text: impl Into<String>) {
        self.note(text.into(), true);
    }

    /// Says something that needs no answer. It goes with the next key.
    pub fn say(&mut self, text: impl Into<String>) {
        self.note(text.into(), false);
    }

    fn note(&mut self, text: String, is_error: bool) {
        if self.notes.len() == MAX_NOTES {
            self.notes.pop_front();
        }
        let at = self.world.newest().taken_at;
        self.notes.push_back(Note { at, is_error, text: crate::text::clean_line(&text).replace("\\\\", "\\") });
        self.note_open = true;
    }

    /// The message that is shown.
    pub fn open_note(&self) -> Option<&Note> {
        self.notes.back().filter(|_| self.note_open)
    }

    /// One line above the list, when something about the whole picture must be known.
    pub fn has_banner(&self) -> bool {
        super::pages::banner(self).is_some()
    }

    /// The terminal has room for the detail pane beside or below the list.
    pub fn has_detail_beside(&self) -> bool {
        Layout::divide(self.size.0, self.size.1, self.has_banner(), Panes::Auto).detail.height > 0
    }

    /// Letters that choose the entries of the menu on top at once.
    pub fn menu_letters(&self) -> Vec<Option<char>> {
        let is_taken = |c: char| {
            let key = super::keys::Key::plain(super::keys::Code::Char(c));
            self.options.keymap.action(&[Context::Overlay], key).is_some()
        };
        match self.overlays.last() {
            Some(Overlay::Menu(menu)) => menu.letters(is_taken),
            _ => Vec::new(),
        }
    }

    /// Brings everything in line after messages: rows, layout, scrolling, detail content, and what is asked of the
    /// feed because of it.
    pub fn settle(&mut self, effects: &mut Vec<Effect>) {
        self.replan();
        self.build_rows();
        let (width, height) = self.size;
        let banner = self.has_banner();
        let auto = Layout::divide(width, height, banner, Panes::Auto);
        let panes = match self.focus {
            Focus::Detail if self.zoom || auto.detail.height == 0 => Panes::Detail,
            Focus::List if self.zoom => Panes::List,
            _ => Panes::Auto,
        };
        self.layout = Layout::divide(width, height, banner, panes);
        let rows = self.layout.list_rows();
        if let Some(slot) = self.slot_mut() {
            slot.screen.state_mut().scroll(rows);
        }
        let in_detail = self.focus == Focus::Detail;
        if let Some(slot) = self.slot_mut().filter(|_| in_detail) {
            // Who reads the details of a row has chosen it.
            slot.screen.state_mut().choose();
        }
        self.selected = self.slot().and_then(|s| s.screen.state().chosen().cloned()).or(self.selected.take());
        self.fill_detail();
        self.ask(effects);
    }

    /// Builds the rows of the active view when the world or its own state has changed.
    pub(super) fn build_rows(&mut self) {
        let generation = self.world.generation;
        let scene = self.world.scene(&self.prefs);
        let Some(slot) = self.slots.get_mut(self.active) else { return };
        if slot.built != Some(generation) || slot.screen.state().is_stale {
            slot.screen.refresh(&scene);
            slot.built = Some(generation);
        }
    }

    fn fill_detail(&mut self) {
        if self.layout.detail.height == 0 {
            // The context of the keys must not depend on what was shown before.
            self.detail.content = None;
            self.detail.stamp = Stamp::default();
            return;
        }
        let page = self.layout.detail_page();
        let scene = self.world.scene(&self.prefs);
        let Some(slot) = self.slots.get(self.active) else { return };
        self.detail.tabs = slot.screen.tabs(&scene);
        let wanted = self.tab_of.get(&self.active);
        self.detail.tab = self.detail.tabs.iter().position(|t| Some(&t.id) == wanted).unwrap_or(0);
        let Some(tab) = self.detail.tabs.get(self.detail.tab).copied() else {
            self.detail.show(None, Stamp::default());
            return;
        };
        let mut stamp = Stamp {
            generation: self.world.generation,
            view: self.active,
            subject: slot.screen.state().selected().cloned(),
            width: page.width,
            tab: tab.id,
        };
        if self.detail.stamp == stamp && self.detail.content.is_some() {
            self.detail.clamp(usize::from(page.height));
            return;
        }
        let content = match slot.screen.content(&scene, &tab, page.width) {
            Some(Content::Raw(subject)) => {
                self.raw.want(subject);
                // An answer does not change with the world; counted from the other end, so that the two never meet.
                stamp.generation = u64::MAX - self.raw.version;
                if self.detail.stamp == stamp && self.detail.content.is_some() {
                    return;
                }
                Some(Content::Page(self.raw.lines()))
            }
            other => other,
        };
        self.detail.show(content, stamp);
        self.detail.clamp(usize::from(page.height));
    }

    fn ask(&mut self, effects: &mut Vec<Effect>) {
        let log = match &self.detail.content {
            Some(Content::Logs(id)) => Some(id.clone()),
            _ => None,
        };
        if log != self.log_of || self.log_again && log.is_some() {
            self.log_again = false;
            match &log {
                Some(id) => {
                    self.logs.begin(id.clone());
                    effects.push(Effect::Ask(Ask::Logs(self.logs.request, id.clone(), self.logs.query.clone())));
                }
                None => effects.push(Effect::Ask(Ask::StopLogs)),
            }
            self.log_of = log;
        }
        if let Some(subject) = self.raw.question() {
            effects.push(Effect::Ask(Ask::Raw(subject)));
        }
        let interest = self.wanted_interest();
        if interest != self.interest {
            self.interest = interest.clone();
            effects.push(Effect::Ask(Ask::Interest(interest)));
        }
    }

    fn wanted_interest(&self) -> Interest {
        let view = self.slot().map_or("", |s| s.id);
        let tab = self.detail.current().filter(|_| self.layout.detail.height > 0).map_or("", |t| t.id);
        let container = match self.slot().and_then(|s| s.screen.state().selected()) {
            Some(Subject::Container { id }) => Some(id.clone()),
            _ => None,
        };
        Interest {
            processes_of: container.filter(|_| tab == "processes"),
            sockets: view == "ports" || matches!(tab, "ports" | "network" | "path"),
            fdb: view == "networks" || matches!(tab, "fdb" | "bridge"),
            traffic: view == "traffic" || tab == "shaping",
        }
    }
}
