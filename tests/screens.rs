//! Golden screens: every view on every recorded host at three sizes, every detail tab, every overlay; and what no host,
//! however hostile, may do to the terminal.

mod support {
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod driver;
    #[allow(dead_code)]
    pub mod hosts;
}

use bridgewatch::app::Prefs;
use bridgewatch::theme::ColorDepth;
use bridgewatch::views::registry::registry;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use support::driver::Driver;
use support::hosts::{self, Host, RECORDED};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn host(name: &str) -> Host {
    match RECORDED.iter().find(|n| **n == name) {
        Some(name) => hosts::recorded(name),
        None => hosts::hostile(),
    }
}

fn view_keys() -> Vec<(&'static str, char)> {
    registry().iter().map(|slot| (slot.id, slot.key)).collect()
}

/// A screen that is compared: its name, the host, the size and the keys that lead there.
struct Golden {
    name: String,
    host: &'static str,
    size: (u16, u16),
    keys: String,
    prefs: Prefs,
    face: Face,
}

#[derive(Clone, Copy, PartialEq)]
enum Face {
    Text,
    Styled,
    Mono,
}

fn screen(name: impl Into<String>, host: &'static str, size: (u16, u16), keys: impl Into<String>) -> Golden {
    Golden { name: name.into(), host, size, keys: keys.into(), prefs: Prefs::default(), face: Face::Text }
}

/// All of them but the detail tabs, which follow from the host.
fn goldens() -> Vec<Golden> {
    let mut all = Vec::new();
    for (view, key) in view_keys() {
        for host in RECORDED {
            all.extend(SIZES.map(|size| screen(format!("{view}@{}x{}@{host}", size.0, size.1), host, size, key)));
        }
        all.extend(
            [SIZES[0], SIZES[2]]
                .map(|size| screen(format!("{view}@{}x{}@hostile", size.0, size.1), "hostile", size, key)),
        );
    }
    for (name, keys) in OVERLAYS {
        all.push(screen(format!("{name}@120x40@lab"), "lab", SIZES[1], *keys));
    }
    let ascii = Prefs { ascii: true, ..Prefs::default() };
    for key in ["containers", "topology"] {
        let keys = view_keys().iter().find(|v| v.0 == key).expect("a view").1;
        all.push(Golden { prefs: ascii, ..screen(format!("{key}@120x40@lab@ascii"), "lab", SIZES[1], keys) });
        all.push(Golden { face: Face::Mono, ..screen(format!("{key}@80x24@lab@mono"), "lab", SIZES[0], keys) });
        all.push(Golden { face: Face::Styled, ..screen(format!("{key}@80x24@lab@styles"), "lab", SIZES[0], keys) });
    }
    all.push(Golden { face: Face::Styled, ..screen("security@80x24@lab@styles", "lab", SIZES[0], "8") });
    all.push(screen("too-small@19x4@lab", "lab", (19, 4), ""));
    all.push(screen("narrow@40x12@lab", "lab", (40, 12), ""));
    all
}

const OVERLAYS: &[(&str, &str)] = &[
    ("help", "?"),
    ("sources", "i"),
    ("palette", ": \"we\""),
    ("sort", "s"),
    ("filter", "/ \"state:running !web\""),
    ("columns", "o"),
    ("copy", "f \"web\" enter c"),
    ("related", "f \"web\" enter b"),
    ("logs", "f \"logger\" enter l z"),
    ("logs-of-a-trickster", "f \"trickster\" enter l z"),
    ("findings-only", "!"),
    ("nothing-found", "/ \"nothing-is-called-so\" enter"),
];

/// What stands for a view in the pictures of its detail tabs: the host, the keys that select it.
const DETAILS: &[(&str, &str, &str)] = &[
    ("containers", "lab", "1 f \"api\" enter 1"),
    ("networks", "lab", "2 / \"back\" enter"),
    ("topology", "lab", "1 f \"api\" enter t"),
    ("ports", "lab", "4 / \"8080\" enter"),
    ("traffic", "lab", "5"),
    ("namespaces", "lab", "7 / \"sidecar\" enter"),
    ("security", "lab", "8 down"),
    ("events", "lab", "0"),
    ("containers", "vm", "1 f \"king\" enter 1"),
    ("containers", "no-engine", "1"),
    ("containers", "no-root", "1"),
    ("containers", "hostile", "1 G"),
];

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn opened(golden: &Golden) -> Driver {
    let mut driver = Driver::open_with(host(golden.host), golden.size, golden.prefs);
    driver.press(&golden.keys);
    if golden.face == Face::Mono {
        driver.theme = driver.theme.clone().at_depth(ColorDepth::Mono);
    }
    driver
}

fn compare(host: &str) {
    for golden in goldens().iter().filter(|g| g.host == host) {
        let driver = opened(golden);
        let picture = match golden.face {
            Face::Text => driver.text(),
            Face::Styled | Face::Mono => driver.styles(),
        };
        settings().bind(|| insta::assert_snapshot!(golden.name.as_str(), picture));
    }
    for (n, (view, ..)) in DETAILS.iter().enumerate().filter(|(_, d)| d.1 == host) {
        for (name, tab) in tabs_of(n) {
            let driver = detail(n, tab);
            assert_eq!(driver.app.slot().map(|s| s.id), Some(*view), "{name}");
            settings().bind(|| insta::assert_snapshot!(name.as_str(), driver.text()));
        }
    }
}

/// The console on a detail tab of [`DETAILS`], the pane on the whole screen.
fn detail(n: usize, tab: usize) -> Driver {
    let (_, name, keys) = DETAILS[n];
    let mut driver = Driver::open(host(name), SIZES[1]);
    driver.press(keys).press("enter");
    if !driver.app.zoom {
        driver.press("z");
    }
    for _ in 0..tab {
        driver.press("]");
    }
    driver
}

/// Names and numbers of the tabs of one of [`DETAILS`].
fn tabs_of(n: usize) -> Vec<(String, usize)> {
    let (view, host, _) = DETAILS[n];
    let driver = detail(n, 0);
    let tabs = driver.app.detail.tabs.iter().enumerate();
    tabs.map(|(tab, t)| (format!("{view}-{}@120x40@{host}", t.id), tab)).collect()
}

#[test]
fn the_lab() {
    compare("lab");
}

#[test]
fn a_machine_with_systemd() {
    compare("vm");
}

#[test]
fn no_engine() {
    compare("no-engine");
}

#[test]
fn no_rights() {
    compare("no-root");
}

#[test]
fn a_hostile_host() {
    compare("hostile");
}

#[test]
fn no_golden_screen_is_left_over() {
    let mut wanted: BTreeSet<String> = goldens().into_iter().map(|g| g.name).collect();
    (0..DETAILS.len()).for_each(|n| wanted.extend(tabs_of(n).into_iter().map(|(name, _)| name)));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let found: BTreeSet<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .filter_map(|entry| entry.expect("an entry").file_name().to_str()?.strip_suffix(".snap").map(str::to_owned))
        // These are the console's own, checked where they are made.
        .filter(|name| !name.starts_with("console@"))
        .collect();
    assert_eq!(found, wanted);
}

/// What a terminal was made to do besides showing text.
#[derive(Default)]
struct Effects(Vec<String>);

impl vt100::Callbacks for Effects {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("bell".into());
    }
    fn visual_bell(&mut self, _: &mut vt100::Screen) {
        self.0.push("flash".into());
    }
    fn resize(&mut self, _: &mut vt100::Screen, size: (u16, u16)) {
        self.0.push(format!("resize {size:?}"));
    }
    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        self.0.push(format!("icon {name:?}"));
    }
    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.0.push(format!("title {title:?}"));
    }
    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.0.push(format!("clipboard {data:?}"));
    }
    fn paste_from_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8]) {
        self.0.push("clipboard read".into());
    }
    fn unhandled_char(&mut self, _: &mut vt100::Screen, c: char) {
        self.0.push(format!("character {c:?}"));
    }
    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.0.push(format!("control {byte:#x}"));
    }
}

/// Every cell stands where it was drawn, and nothing else happens.
fn check_bytes(driver: &Driver, what: &str) {
    let (width, height) = driver.app.size;
    let size = |n: u16| std::num::NonZeroU16::new(n).expect("not zero");
    // The parser leaves out the sign for what could not be decoded; here a question mark takes its place.
    let bytes = String::from_utf8(driver.bytes()).expect("text").replace('\u{fffd}', "?").into_bytes();
    assert!(bytes.iter().all(|b| *b == 0x1b || !b.is_ascii_control()), "{what}: a control character");
    let mut parser = vt100::Parser::new_with_callbacks(size(height), size(width), 0, Effects::default());
    parser.process(&bytes);
    assert_eq!(parser.callbacks().0, Vec::<String>::new(), "{what}");
    let frame = driver.frame();
    for y in 0..height {
        let mut x = 0;
        while x < width {
            let drawn = frame[(x, y)].symbol().replace('\u{fffd}', "?");
            // Some terminals show a cluster as one wide cell, some as two; it must end where it was meant to.
            let cells = bridgewatch::text::width(&drawn).max(1) as u16;
            let shown: String =
                (x..x + cells).filter_map(|x| parser.screen().cell(y, x)).map(|cell| cell.contents()).collect();
            assert_eq!(shown.trim_end(), drawn.trim_end(), "{what}: column {x} of line {y}");
            x += cells;
        }
    }
}

#[test]
fn s01_to_s10_a_hostile_host_draws_text_and_nothing_else() {
    for size in [SIZES[0], SIZES[2]] {
        let mut driver = Driver::open(hosts::hostile(), size);
        for (view, key) in view_keys() {
            driver.press(&key.to_string());
            for down in 0..6 {
                check_bytes(&driver, &format!("{view} row {down}"));
                driver.press("down down down");
            }
            driver.press("enter");
            for tab in 0..driver.app.detail.tabs.len() {
                check_bytes(&driver, &format!("{view} tab {tab}"));
                driver.press("]");
            }
            driver.press("esc esc");
            for overlay in ["c", "b", ":", "i", "s", "f"] {
                driver.press(overlay);
                check_bytes(&driver, &format!("{view} overlay {overlay}"));
                driver.press("esc");
            }
        }
        assert_eq!(driver.clipboard, Vec::<String>::new(), "nothing was copied");
    }
}

#[test]
fn s05_what_is_copied_of_a_hostile_row_is_clean() {
    let mut driver = Driver::open(hosts::hostile(), SIZES[0]);
    for _ in 0..20 {
        driver.press("c enter esc down");
    }
    assert!(!driver.clipboard.is_empty());
    for text in &driver.clipboard {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}

#[test]
fn a_thousand_hostile_containers_are_drawn() {
    let begin = Instant::now();
    let mut driver = Driver::open(hosts::thousand(), SIZES[2]);
    for (view, key) in view_keys() {
        driver.press(&key.to_string()).press("G");
        check_bytes(&driver, view);
    }
    // Unoptimised and on a busy machine; a square of the number of containers would take minutes.
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}

#[test]
fn the_recorded_hosts_are_small_and_name_no_other_machine() {
    for name in RECORDED {
        let bytes = std::fs::metadata(hosts::path(name)).expect("a file").len();
        assert!(bytes < 150_000, "{name}: {bytes} bytes");
        for frame in hosts::recorded(name).frames {
            let text = serde_json::to_string(&*frame).expect("json");
            for word in ["/tmp/bridgewatch", &["/wo", "rk/"].concat(), "/root/", "/home/", "-real"] {
                let at = text.find(word);
                assert!(at.is_none(), "{name}: {}", &text[at.unwrap_or(0)..][..80]);
            }
        }
    }
}
