//! A small view and a small host, for tests of the console itself.

use crate::app::{App, Desk, ListScreen, Msg, Options, Scene, Slot, update};
use crate::feed::Update;
use crate::model::{
    CgroupVersion, Compose, Container, Engine, Fact, Host, HostSample, Rights, Snapshot, SourceState, SourceStatus,
    State, Subject,
};
use crate::text::Outside;
use crate::theme::Role;
use crate::views::{Cell, Chart, Column, Content, Copyable, Line, ListView, Row, SortKey, Span, Tab};
use std::sync::Arc;

pub(crate) struct Things;

const fn column(id: &'static str, title: &'static str, min: u16, max: u16, rank: u8, right: bool) -> Column {
    Column { id, title, min, max, rank, right, descending: right, help: "what it is, in its unit" }
}

const COLUMNS: [Column; 4] = [
    column("name", "NAME", 10, 40, 0, false),
    column("cpu", "CPU%", 6, 6, 1, true),
    column("state", "STATE", 8, 10, 2, false),
    column("image", "IMAGE", 8, 30, 3, false),
];

#[derive(Clone)]
pub(crate) enum Item {
    Project(Outside),
    One(usize),
}

impl Things {
    fn one<'a>(scene: &Scene<'a>, item: &Item) -> Option<&'a Arc<Container>> {
        match item {
            Item::One(n) => scene.snapshot.containers.get(*n),
            Item::Project(_) => None,
        }
    }

    fn cpu(c: &Container) -> Option<f64> {
        (c.state == State::Running).then(|| c.name.raw().len() as f64 * 7.0)
    }
}

impl ListView for Things {
    type Item = Item;

    fn columns(&self) -> &'static [Column] {
        &COLUMNS
    }

    fn rows(&self, scene: &Scene<'_>) -> Vec<Row<Item>> {
        let mut out = Vec::new();
        let all = &scene.snapshot.containers;
        let mut projects: Vec<&Outside> = all.iter().filter_map(|c| c.compose.as_ref()).map(|c| &c.project).collect();
        projects.sort();
        projects.dedup();
        let row = |n: usize, depth| Row {
            item: Item::One(n),
            subject: Subject::Container { id: all[n].id.clone() },
            depth,
            is_group: false,
        };
        let member = |n: &usize| scene.prefs.show_all || all[*n].state == State::Running;
        for name in projects {
            let subject = Subject::Project { name: name.clone() };
            out.push(Row { item: Item::Project(name.clone()), subject, depth: 0, is_group: true });
            let of = |n: &usize| all[*n].compose.as_ref().is_some_and(|c| c.project == *name);
            out.extend((0..all.len()).filter(of).filter(member).map(|n| row(n, 1)));
        }
        out.extend((0..all.len()).filter(|n| all[*n].compose.is_none()).filter(member).map(|n| row(n, 0)));
        out
    }

    fn cell(&self, scene: &Scene<'_>, item: &Item, column: &Column) -> Cell {
        let Some(c) = Self::one(scene, item) else {
            let Item::Project(name) = item else { return Cell::none() };
            return if column.id == "name" { Cell::outside(name, Role::Heading) } else { Cell::none() };
        };
        match column.id {
            "name" => Cell::outside(&c.name, Role::Name),
            "cpu" => Self::cpu(c).map_or_else(Cell::unknown, |v| Cell::new(format!("{v:.1}"), Role::Cpu)),
            "state" if c.state == State::Exited => Cell::new("✗ exited", Role::Bad),
            "state" => Cell::new(format!("● {}", c.state.as_str()), Role::Good),
            _ => Cell::outside(&c.image, Role::Dim),
        }
    }

    fn sort_key(&self, scene: &Scene<'_>, item: &Item, column: &Column) -> SortKey {
        match (Self::one(scene, item), column.id) {
            (Some(c), "cpu") => Self::cpu(c).map_or(SortKey::Unknown, SortKey::Number),
            (Some(c), "name") => SortKey::Text(c.name.raw().to_owned()),
            (Some(c), _) => SortKey::Text(c.image.raw().to_owned()),
            (None, _) => SortKey::Unknown,
        }
    }

    fn field(&self, scene: &Scene<'_>, item: &Item, field: &str) -> Option<String> {
        let c = Self::one(scene, item)?;
        (field == "state").then(|| c.state.as_str().to_owned())
    }

    fn fields(&self) -> &'static [&'static str] {
        &["label", "network"]
    }

    fn haystack(&self, scene: &Scene<'_>, item: &Item) -> String {
        match item {
            Item::Project(name) => name.raw().to_owned(),
            Item::One(_) => {
                Self::one(scene, item).map(|c| format!("{} {}", c.name.raw(), c.image.raw())).unwrap_or_default()
            }
        }
    }

    fn tabs(&self, _scene: &Scene<'_>, item: &Item) -> Vec<Tab> {
        let tab = |id, title, key| Tab { id, title, key };
        match item {
            Item::Project(_) => Vec::new(),
            Item::One(_) => vec![
                tab("summary", "Summary", None),
                tab("charts", "Charts", Some('g')),
                tab("logs", "Logs", Some('l')),
                tab("processes", "Processes", Some('e')),
                tab("raw", "Raw", Some('y')),
            ],
        }
    }

    fn tab(&self, scene: &Scene<'_>, item: &Item, tab: &Tab, _width: u16) -> Content {
        let Some(c) = Self::one(scene, item) else { return Content::Page(Vec::new()) };
        let subject = Subject::Container { id: c.id.clone() };
        match tab.id {
            "logs" => Content::Logs(c.id.clone()),
            "raw" => Content::Raw(subject),
            "charts" => Content::Charts(
                vec![Line::heading("use over time")],
                vec![Chart {
                    title: "cpu %".into(),
                    role: Role::Cpu,
                    points: (0..60).map(|n| (n % 20) as f32).collect(),
                    second: None,
                    seconds_per_point: 1,
                    limit: Some(15.0),
                    format: |v| format!("{v:.0}"),
                }],
            ),
            _ => {
                let mut lines = vec![
                    Line::field("name", 10, [Span::outside(&c.name, Role::Name)]),
                    Line::field("image", 10, [Span::outside(&c.image, Role::Text)]),
                    Line::field("network", 10, [Span::plain("another one")]).leading_to(first(scene)),
                ];
                lines.extend((0..40).map(|n| Line::field("line", 10, [Span::plain(format!("number {n} of a page"))])));
                Content::Page(lines)
            }
        }
    }

    fn relations(&self, scene: &Scene<'_>, _item: &Item) -> Vec<(String, Subject)> {
        vec![("the first container".into(), first(scene))]
    }

    fn copyables(&self, scene: &Scene<'_>, item: &Item) -> Vec<Copyable> {
        let name = Self::one(scene, item).map(|c| c.name.raw().to_owned()).unwrap_or_default();
        vec![Copyable { what: "name", text: name }]
    }

    fn empty(&self, _scene: &Scene<'_>) -> Vec<Line> {
        vec![Line::of([Span::plain("there is no container")])]
    }

    fn full_text(&self, scene: &Scene<'_>, item: &Item) -> String {
        Self::one(scene, item).map(|c| format!("{} {}", c.name.shown(), c.image.shown())).unwrap_or_default()
    }

    fn locate(&self, scene: &Scene<'_>, subject: &Subject) -> Option<Subject> {
        match subject {
            Subject::Container { id } => scene.snapshot.container(id).map(|_| subject.clone()),
            Subject::Project { .. } => Some(subject.clone()),
            _ => None,
        }
    }
}

fn first(scene: &Scene<'_>) -> Subject {
    scene.snapshot.containers.first().map_or(Subject::Host, |c| Subject::Container { id: c.id.clone() })
}

/// A host with these containers: name, project (empty for none), whether it runs.
pub(crate) fn host(containers: &[(&str, &str, bool)]) -> Snapshot {
    let mut all: Vec<Arc<Container>> = containers
        .iter()
        .enumerate()
        .map(|(n, (name, project, runs))| {
            let mut c = Container::named(format!("{n:012x}").as_str(), *name);
            c.image = "registry.example/team/service:1.2".into();
            c.state = if *runs { State::Running } else { State::Exited };
            c.compose = (!project.is_empty()).then(|| Compose { project: (*project).into(), service: None });
            Arc::new(c)
        })
        .collect();
    all.sort_by(|a, b| a.id.cmp(&b.id));
    let engine = Engine {
        product: "Docker".into(),
        version: "20.10.24".into(),
        api_version: "1.41".into(),
        ..Engine::default()
    };
    let source = |name: &str| SourceStatus {
        name: name.into(),
        state: SourceState::Ok,
        reason: String::new(),
        age_ms: Some(10),
        resyncs: 0,
    };
    Snapshot {
        taken_at: "2026-03-01T12:33:05Z".parse().expect("time"),
        at_ns: 1_000_000_000,
        host: Arc::new(Host {
            name: "web-03".into(),
            engine: Fact::Known(engine),
            cgroup_version: Fact::Known(CgroupVersion::V1),
            rights: Rights { uid: 0, user: "root".into(), capabilities: u64::MAX, hidepid: false },
            ..Host::default()
        }),
        sources: Arc::new(vec![source("engine"), source("netlink"), source("cgroup")]),
        host_sample: HostSample {
            memory_total_bytes: 24 << 30,
            memory_available_bytes: 23 << 30,
            ..HostSample::default()
        },
        containers: Arc::new(all),
        ..Snapshot::default()
    }
}

pub(crate) const SMALL: &[(&str, &str, bool)] = &[
    ("web", "shop", true),
    ("db", "shop", true),
    ("worker-with-a-rather-long-name-1", "shop", false),
    ("worker-with-a-rather-long-name-2", "shop", true),
    ("agent", "", true),
    ("intruder", "", false),
];

/// The message that a snapshot comes in.
pub(crate) fn picture(snapshot: Snapshot) -> Msg {
    Msg::Update(Desk::default().take(Update::Snapshot(Arc::new(snapshot))))
}

/// A console of two views on a host, at a size.
pub(crate) fn console(snapshot: Snapshot, width: u16, height: u16) -> App {
    let slots = vec![
        Slot::new("containers", "Containers", '1', Box::new(ListScreen::new(Things))),
        Slot::new("networks", "Networks", '2', Box::new(ListScreen::new(Things))),
    ];
    let mut app =
        App::new(Options::default(), slots, |_| vec![(Role::Critical, "critical", 2), (Role::High, "high", 5)]);
    update(&mut app, [Msg::Resize(width, height), picture(snapshot)]);
    app
}
