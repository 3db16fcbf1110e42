//! The one table of keys: what each does, where, and in which words. The help overlay, the footer, the menu of actions
//! and `docs/keys.md` are printed from it.

/// Where a key works. A context that has the keys comes before `Anywhere`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// While a recording is shown.
    Playback,
    /// In the list.
    List,
    /// In the detail pane.
    Detail,
    /// In the log pane.
    Logs,
    /// In an overlay.
    Overlay,
    /// On the sheet of a plan or its result.
    Plan,
    /// In a form.
    Form,
    /// What changes something; everywhere but in text fields and overlays.
    Change,
    /// Everywhere but in text fields and overlays.
    Anywhere,
}

impl Context {
    /// Words for the help.
    pub fn title(self) -> &'static str {
        match self {
            Context::Playback => "Recording",
            Context::List => "List",
            Context::Detail => "Detail",
            Context::Logs => "Logs",
            Context::Overlay => "Overlays and menus",
            Context::Plan => "Plans and results",
            Context::Form => "Forms",
            Context::Change => "Changes (each is shown as a plan first)",
            Context::Anywhere => "Anywhere",
        }
    }

    /// All contexts.
    pub const ALL: [Context; 9] = [
        Context::Anywhere,
        Context::List,
        Context::Detail,
        Context::Logs,
        Context::Change,
        Context::Plan,
        Context::Form,
        Context::Overlay,
        Context::Playback,
    ];
}

macro_rules! actions {
    ($($name:ident = $id:literal),* $(,)?) => {
        /// What a key does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $id] $name),* }
        impl Action {
            /// All actions.
            pub const ALL: &'static [Action] = &[$(Action::$name),*];
            /// Its id in settings.
            pub fn id(self) -> &'static str {
                match self { $(Action::$name => $id),* }
            }
        }
    };
}

actions! {
    Up = "up", Down = "down", PageUp = "page-up", PageDown = "page-down", Top = "top", Bottom = "bottom",
    Open = "open", Back = "back", NextPane = "next-pane", PreviousPane = "previous-pane", NextTab = "next-tab",
    PreviousTab = "previous-tab", Left = "left", Right = "right", ToggleFold = "toggle-fold", FoldAll = "fold-all",
    UnfoldAll = "unfold-all", Filter = "filter", Find = "find", Sort = "sort", Reverse = "reverse",
    ShowAll = "show-all", FindingsOnly = "findings-only", Columns = "columns", Copy = "copy", Related = "related",
    Describe = "describe", Logs = "logs", Raw = "raw", InTopology = "in-topology", Palette = "palette",
    LastView = "last-view", View0 = "view-0", View1 = "view-1", View2 = "view-2", View3 = "view-3",
    View4 = "view-4", View5 = "view-5", View6 = "view-6", View7 = "view-7", View8 = "view-8", View9 = "view-9",
    Freeze = "freeze", Zoom = "zoom", Mouse = "mouse", Refresh = "refresh", Redraw = "redraw", Help = "help",
    Sources = "sources", Messages = "messages", Record = "record", Reveal = "reveal", Quit = "quit",
    QuitNow = "quit-now", Suspend = "suspend", Search = "search", NextMatch = "next-match",
    PreviousMatch = "previous-match", Wrap = "wrap", Follow = "follow", Times = "times", MatchesOnly = "matches-only",
    LogRange = "log-range", ShorterSpan = "shorter-span", LongerSpan = "longer-span", Choose = "choose",
    PlayPause = "play-pause", StepBack = "step-back", StepForward = "step-forward", SeekBack = "seek-back",
    SeekForward = "seek-forward", Slower = "slower", Faster = "faster",
    Mark = "mark", MarkRange = "mark-range", Actions = "actions", Journal = "journal",
    NewNetwork = "new-network", Connect = "connect", Disconnect = "disconnect", Limit = "limit",
    StartStop = "start-stop", Restart = "restart", Pause = "pause", Kill = "kill", Delete = "delete",
    Limits = "limits", Shell = "shell", Undo = "undo", Keep = "keep", Arm = "arm", Start = "start", Stop = "stop",
    StopWithin = "stop-within", RestartWithin = "restart-within", Unpause = "unpause", Rename = "rename",
    RestartPolicy = "restart-policy", Attach = "attach", ClearLimit = "clear-limit", Plumb = "plumb",
    Unplumb = "unplumb", DropStale = "drop-stale", Commit = "commit", Checkpoint = "checkpoint", Restore = "restore",
    PruneContainers = "prune-containers", PruneNetworks = "prune-networks", PruneVolumes = "prune-volumes",
    PruneImages = "prune-images", Yes = "yes", No = "no", CopyPlan = "copy-plan", OnFailure = "on-failure",
    Window = "window", Force = "force", NextField = "next-field", PreviousField = "previous-field",
    ShowPlan = "show-plan", CopyForm = "copy-form", CloseForm = "close-form",
}

impl Action {
    /// True for what changes something, or opens the way to it.
    pub fn changes(self) -> bool {
        TABLE.iter().any(|e| e.action == self && e.context == Context::Change)
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Where it works.
    pub context: Context,
    /// What it does.
    pub action: Action,
    /// The keys, as [`super::keys::Key::parse`] reads them, the one to show first.
    pub keys: &'static [&'static str],
    /// What it does, in words for the help.
    pub words: &'static str,
    /// A short word for the footer; empty keeps it out.
    pub short: &'static str,
}

const fn e(
    context: Context,
    action: Action,
    keys: &'static [&'static str],
    words: &'static str,
    short: &'static str,
) -> Entry {
    Entry { context, action, keys, words, short }
}

use Action as A;
use Context::{Anywhere, Change, Detail, Form, List, Logs, Overlay, Plan, Playback};

/// The table, in the order of the footer and the help.
pub const TABLE: &[Entry] = &[
    e(Playback, A::PlayPause, &["space"], "play or pause the recording", "play"),
    e(Playback, A::StepBack, &["left", ","], "one step back", "step"),
    e(Playback, A::StepForward, &["right", "."], "one step forward", ""),
    e(Playback, A::SeekBack, &["("], "ten seconds back", "seek"),
    e(Playback, A::SeekForward, &[")"], "ten seconds forward", ""),
    e(Playback, A::Slower, &["{"], "half the speed", ""),
    e(Playback, A::Faster, &["}"], "twice the speed", ""),
    e(List, A::Open, &["enter"], "details of the selected row", "detail"),
    e(List, A::Filter, &["/"], "filter: words, field:value, field:>50, !not; all must hold", "filter"),
    e(List, A::Sort, &["s"], "choose what to sort by", "sort"),
    e(List, A::Reverse, &["r"], "reverse the order", ""),
    e(List, A::Logs, &["l"], "logs of the container", "logs"),
    e(List, A::Describe, &["d"], "describe: the first detail tab", ""),
    e(List, A::ShowAll, &["a"], "all, or only what runs", "all"),
    e(List, A::FindingsOnly, &["!"], "only rows with findings", "findings"),
    e(List, A::Columns, &["o"], "choose columns", ""),
    e(List, A::ToggleFold, &["+"], "fold or unfold the group", ""),
    e(List, A::FoldAll, &["<"], "fold all groups", ""),
    e(List, A::UnfoldAll, &[">"], "unfold all groups", ""),
    e(List, A::Mark, &["space"], "mark the row, or all rows of the group, for one plan", "mark"),
    e(List, A::MarkRange, &["ctrl+space"], "mark all rows from the last mark to this one", ""),
    e(List, A::Left, &["left", "h"], "fold the group, or go to its head", ""),
    e(List, A::Right, &["right"], "unfold the group, or go to the detail pane", ""),
    e(List, A::Up, &["up", "k"], "up", ""),
    e(List, A::Down, &["down", "j"], "down", ""),
    e(List, A::PageUp, &["pgup", "ctrl+u", "ctrl+b"], "a page up", ""),
    e(List, A::PageDown, &["pgdn", "ctrl+d", "ctrl+f"], "a page down", ""),
    e(List, A::Top, &["g", "home"], "first row", ""),
    e(List, A::Bottom, &["G", "end"], "last row", ""),
    e(Logs, A::Search, &["/"], "search", "search"),
    e(Logs, A::NextMatch, &["n"], "next match", "next"),
    e(Logs, A::PreviousMatch, &["N"], "previous match", ""),
    e(Logs, A::Follow, &["f"], "follow what comes", "follow"),
    e(Logs, A::Times, &["t"], "times", "times"),
    e(Logs, A::Wrap, &["w"], "wrap long lines", "wrap"),
    e(Logs, A::MatchesOnly, &["&"], "only lines that match", "matches"),
    e(Logs, A::LogRange, &["s"], "how far back the log is read", "range"),
    e(Detail, A::Open, &["enter"], "go to what the line names", "go"),
    e(Detail, A::Search, &["/"], "search in the page", "search"),
    e(Detail, A::NextMatch, &["n"], "next match", ""),
    e(Detail, A::PreviousMatch, &["N"], "previous match", ""),
    e(Detail, A::Wrap, &["w"], "wrap long lines", "wrap"),
    e(Detail, A::ShorterSpan, &["<"], "charts over a shorter time", ""),
    e(Detail, A::LongerSpan, &[">"], "charts over a longer time", ""),
    e(Detail, A::Left, &["left", "h"], "left, when lines are not wrapped", ""),
    e(Detail, A::Right, &["right", "l"], "right, when lines are not wrapped", ""),
    e(Detail, A::Up, &["up", "k"], "up", ""),
    e(Detail, A::Down, &["down", "j"], "down", ""),
    e(Detail, A::PageUp, &["pgup", "ctrl+u", "ctrl+b"], "a page up", ""),
    e(Detail, A::PageDown, &["pgdn", "ctrl+d", "ctrl+f", "space"], "a page down", ""),
    e(Detail, A::Top, &["g", "home"], "beginning", ""),
    e(Detail, A::Bottom, &["G", "end"], "end", ""),
    e(Overlay, A::Choose, &["enter"], "choose", "choose"),
    e(Overlay, A::Up, &["up", "k", "backtab"], "up", ""),
    e(Overlay, A::Down, &["down", "j", "tab"], "down", ""),
    e(Overlay, A::PageUp, &["pgup", "ctrl+u"], "a page up", ""),
    e(Overlay, A::PageDown, &["pgdn", "ctrl+d"], "a page down", ""),
    e(Overlay, A::Top, &["home", "g"], "first", ""),
    e(Overlay, A::Bottom, &["end", "G"], "last", ""),
    e(Overlay, A::Back, &["esc", "q", "backspace"], "close", "close"),
    e(Anywhere, A::Actions, &["x"], "all that can be done with the selection", "actions"),
    e(Anywhere, A::NextTab, &["]", "ctrl+right"], "next detail tab", "tabs"),
    e(Anywhere, A::PreviousTab, &["[", "ctrl+left"], "previous detail tab", ""),
    e(Anywhere, A::NextPane, &["tab"], "the other pane", ""),
    e(Anywhere, A::PreviousPane, &["backtab"], "the other pane", ""),
    e(Anywhere, A::Palette, &[":"], "commands, and any container, link or network by name", "command"),
    e(Anywhere, A::Find, &["f"], "find any container, link, network or address", "find"),
    e(Anywhere, A::Related, &["b"], "go to what belongs to the selected row", "related"),
    e(Anywhere, A::Back, &["esc", "backspace"], "back: leave the pane, clear the filter; never quits", "back"),
    e(Anywhere, A::InTopology, &["t"], "show it in the topology", "topology"),
    e(Anywhere, A::Copy, &["c"], "copy id, name, address, veth …", "copy"),
    e(Anywhere, A::Raw, &["y"], "the engine's raw answer", ""),
    e(Anywhere, A::Sources, &["i"], "host, rights, and health of every source", "host"),
    e(Anywhere, A::Freeze, &["p"], "freeze the picture", "freeze"),
    e(Anywhere, A::Zoom, &["z"], "the pane on the whole screen", "zoom"),
    e(Anywhere, A::LastView, &["-"], "the view before", ""),
    e(Anywhere, A::Journal, &["u"], "what was changed: the journal", "journal"),
    e(Anywhere, A::View1, &["1"], "view 1", ""),
    e(Anywhere, A::View2, &["2"], "view 2", ""),
    e(Anywhere, A::View3, &["3"], "view 3", ""),
    e(Anywhere, A::View4, &["4"], "view 4", ""),
    e(Anywhere, A::View5, &["5"], "view 5", ""),
    e(Anywhere, A::View6, &["6"], "view 6", ""),
    e(Anywhere, A::View7, &["7"], "view 7", ""),
    e(Anywhere, A::View8, &["8"], "view 8", ""),
    e(Anywhere, A::View9, &["9"], "view 9", ""),
    e(Anywhere, A::View0, &["0"], "view 0", ""),
    e(Anywhere, A::Record, &["w"], "record to a file, or stop recording", ""),
    e(Anywhere, A::Reveal, &["*"], "show or mask secret-looking values", ""),
    e(Anywhere, A::Messages, &["f2"], "messages so far", ""),
    e(Anywhere, A::Mouse, &["m"], "mouse on or off (off lets the terminal select text)", ""),
    e(Anywhere, A::Refresh, &["f5", "ctrl+r"], "read all again now", ""),
    e(Anywhere, A::Redraw, &["ctrl+l"], "draw the screen anew", ""),
    e(Anywhere, A::Help, &["?", "f1"], "this help", "help"),
    e(Anywhere, A::Quit, &["q"], "clear the filter, else quit", "quit"),
    e(Anywhere, A::QuitNow, &["ctrl+c"], "quit at once", ""),
    e(Anywhere, A::Suspend, &["ctrl+z"], "suspend to the shell", ""),
    e(Change, A::StartStop, &["S"], "start or stop", "start/stop"),
    e(Change, A::Restart, &["R"], "restart", "restart"),
    e(Change, A::Pause, &["P"], "pause or go on", "pause"),
    e(Change, A::Connect, &["C"], "connect to a network", "connect"),
    e(Change, A::Disconnect, &["X"], "disconnect from networks", "disconnect"),
    e(Change, A::NewNetwork, &["N"], "create a network", "new network"),
    e(Change, A::Limit, &["T"], "set a traffic limit", "limit"),
    e(Change, A::Limits, &["L"], "change limits of CPU, memory, tasks and I/O", "limits"),
    e(Change, A::Kill, &["K"], "send a signal", "kill"),
    e(Change, A::Delete, &["D"], "delete", "delete"),
    e(Change, A::Shell, &["e"], "a shell, or a command, inside the container", "shell"),
    e(Change, A::Undo, &["U"], "undo the last change, or the selected one of the journal", "undo"),
    e(Change, A::Keep, &["Y"], "keep a change that would be taken back", ""),
    e(Change, A::Arm, &["W"], "disarm changes for this session, or arm them again", ""),
    e(Change, A::Start, &[], "start", ""),
    e(Change, A::Stop, &[], "stop", ""),
    e(Change, A::StopWithin, &[], "stop within a time", ""),
    e(Change, A::RestartWithin, &[], "restart, stopping within a time", ""),
    e(Change, A::Unpause, &[], "let a paused container go on", ""),
    e(Change, A::Rename, &[], "rename", ""),
    e(Change, A::RestartPolicy, &[], "when the engine starts it again", ""),
    e(Change, A::Attach, &[], "attach to its own terminal", ""),
    e(Change, A::ClearLimit, &[], "take the traffic limit off", ""),
    e(Change, A::Plumb, &[], "give a container in mode none an interface", ""),
    e(Change, A::Unplumb, &[], "take a plumbed interface out again", ""),
    e(Change, A::DropStale, &[], "take a dead endpoint off its network", ""),
    e(Change, A::Commit, &[], "make an image of its file system", ""),
    e(Change, A::Checkpoint, &[], "write its processes to disk", ""),
    e(Change, A::Restore, &[], "start it from a checkpoint", ""),
    e(Change, A::PruneContainers, &[], "prune containers that do not run", ""),
    e(Change, A::PruneNetworks, &[], "prune networks without containers", ""),
    e(Change, A::PruneVolumes, &[], "prune volumes that nobody mounts", ""),
    e(Change, A::PruneImages, &[], "prune images without a name that nobody uses", ""),
    e(Plan, A::Yes, &["y"], "do it", "do it"),
    e(Plan, A::No, &["n"], "do not; while it runs: begin no further step", "no"),
    e(Plan, A::CopyPlan, &["c", "f3"], "copy its lines", "copy"),
    e(Plan, A::OnFailure, &["s", "f4"], "stop, or go on with the other rows, when one fails", "on failure"),
    e(Plan, A::Window, &["w", "f6"], "take it back unless it is confirmed in time", "window"),
    e(Plan, A::Force, &["f", "f7"], "undo although it was changed since", ""),
    e(Plan, A::Undo, &["U"], "undo what was done", "undo"),
    e(Plan, A::Keep, &["Y"], "keep it", ""),
    e(Form, A::NextField, &["tab", "down"], "next field", "next"),
    e(Form, A::PreviousField, &["backtab", "up"], "previous field", ""),
    e(Form, A::ShowPlan, &["enter"], "show the plan", "plan"),
    e(Form, A::CopyForm, &["f3"], "copy the lines of the plan", "copy"),
    e(Form, A::CloseForm, &["esc"], "close the form", "close"),
];

/// Capitals kept for changes to come.
pub const RESERVED: &[(char, &str)] = &[('B', "block or allow traffic")];

/// What a capital without a meaning is told; `none` says why nothing can be changed, when nothing can.
pub fn unbound(capital: char, none: Option<&str>) -> String {
    let what = RESERVED.iter().find(|(c, _)| *c == capital).map(|(_, words)| *words);
    match (what, none) {
        (Some(what), None) => format!("{capital} ({what}): this version has no hand for it"),
        (None, None) => format!("{capital} is not bound; capitals only change things, and x lists all that they can"),
        (_, Some(why)) => format!("{capital} is not bound; capitals are kept for changes, and {why}"),
    }
}

/// Keys that differ from the table in a preset.
pub(super) type Remap = &'static [(Context, Action, &'static [&'static str])];

/// Presets by name: habits of users of other consoles. What changes something keeps its plan and confirmation,
/// whichever key it is on, and is never on Ctrl and a letter.
pub const PRESETS: &[(&str, Remap)] = &[
    ("bridgewatch", &[]),
    (
        "lazydocker",
        &[
            (List, A::ShowAll, &["a"]),
            (Change, A::Shell, &["E"]),
            (List, A::Logs, &["m", "l"]),
            (Anywhere, A::Mouse, &["ctrl+o"]),
            (Anywhere, A::Zoom, &["+", "z"]),
            (List, A::ToggleFold, &["="]),
        ],
    ),
    (
        "k9s",
        &[
            (Anywhere, A::Refresh, &["ctrl+r", "f5"]),
            (List, A::Columns, &["ctrl+w", "o"]),
            (Anywhere, A::Help, &["?", "f1"]),
        ],
    ),
    (
        "ctop",
        &[
            (List, A::Filter, &["f", "/"]),
            (Anywhere, A::Find, &["f3"]),
            (Anywhere, A::Help, &["?", "h", "f1"]),
            (List, A::Left, &["left"]),
            (List, A::Columns, &["c"]),
            (Anywhere, A::Copy, &["ctrl+y"]),
            (List, A::Describe, &["o", "d"]),
        ],
    ),
];
