//! A compose project as a row: sums over its containers, and a page about them.

use super::{cells, figures, rows};
use crate::app::Scene;
use crate::model::Container;
use crate::text::Outside;
use crate::theme::Role;
use crate::views::content::{Cell, Content, SortKey, Span};
use crate::views::parts::{Grid, Page, event, figure::Sum, format};

/// Sum of a column over the containers that count something; shared network figures are left out.
fn sum(scene: &Scene, project: &Outside, column: &str) -> Sum {
    let mut sum = Sum::default();
    for container in rows::members(scene, project) {
        let is_traffic = matches!(column, "rx" | "tx" | "rx-total" | "tx-total");
        let counts = column == "restarts" || figures::is_live(scene, container);
        if counts && !(is_traffic && figures::is_network_shared(scene, container)) {
            sum.add(figures::number(scene, container, column));
        }
    }
    sum
}

/// How many of the project's listed containers run, and how many there are.
pub fn running(scene: &Scene, project: &Outside) -> (usize, usize) {
    let members = rows::members(scene, project);
    (members.iter().filter(|c| c.state.has_processes()).count(), members.len())
}

/// A cell of a project.
pub fn cell(scene: &Scene, project: &Outside, column: &str) -> Cell {
    match column {
        "name" => {
            let (up, all) = running(scene, project);
            let role = if up == all { Role::Good } else { Role::Notice };
            Cell::of([Span::outside(project, Role::Heading), Span::new(format!(" {up}/{all}"), role)])
        }
        "cpu" => sum(scene, project, column).cell(Role::Cpu, |v| format!("{v:.1}")),
        "memory" | "cache" => sum(scene, project, column).cell(Role::Memory, format::short_memory),
        "rx" | "rx-total" => sum(scene, project, column).cell(Role::Rx, format::short_traffic),
        "tx" | "tx-total" => sum(scene, project, column).cell(Role::Tx, format::short_traffic),
        "read" | "write" => sum(scene, project, column).cell(Role::Io, format::short_traffic),
        "pids" => sum(scene, project, column).cell(Role::Text, |v| format!("{v:.0}")),
        "restarts" => sum(scene, project, column).cell(Role::Notice, |v| format!("{v:.0}")),
        "oom" => sum(scene, project, column).cell(Role::Bad, |v| format!("{v:.0}")),
        "project" => Cell::outside(project, Role::Text),
        _ => Cell::none(),
    }
}

/// What a project sorts by.
pub fn sort_key(scene: &Scene, project: &Outside, column: &str) -> SortKey {
    match column {
        "name" | "project" => SortKey::Text(project.raw().to_lowercase()),
        "cpu" | "cpu-graph" => sum(scene, project, "cpu").key(),
        "memory" | "cache" | "rx" | "tx" | "rx-total" | "tx-total" | "read" | "write" | "pids" | "restarts" | "oom" => {
            sum(scene, project, column).key()
        }
        _ => best(scene, project, column),
    }
}

/// For columns without a sum: the project stands where its first container would.
fn best(scene: &Scene, project: &Outside, column: &str) -> SortKey {
    let keys = rows::members(scene, project).into_iter().map(|c| cells::sort_key(scene, c, column));
    keys.filter(|key| *key != SortKey::Unknown)
        .max_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal))
        .unwrap_or(SortKey::Unknown)
}

/// The page of a project: its containers with their figures.
pub fn summary(scene: &Scene, project: &Outside, width: u16) -> Content {
    let mut page = Page::new(width);
    let (up, all) = running(scene, project);
    page.field("project", [Span::outside(project, Role::Name)]);
    page.text("containers", format!("{up} running of {all}"));
    page.heading("containers");
    let mut grid = Grid::new(&["name", "state", ">cpu%", ">mem", "networks"]);
    for container in rows::members(scene, project) {
        let subject = crate::model::Subject::Container { id: container.id.clone() };
        grid.row_to(subject, ["name", "state", "cpu", "memory", "networks"].map(|c| cells::cell(scene, container, c)));
    }
    let columns = page.width();
    page.lines(grid.lines(columns));
    page.note("CPU in percent of one CPU; memory less inactive file cache.");
    page.finish()
}

/// The page of a project's events.
pub fn events(scene: &Scene, project: &Outside, width: u16) -> Content {
    let mut page = Page::new(width);
    let is_member = |c: &&std::sync::Arc<Container>| c.compose.as_ref().is_some_and(|p| p.project == *project);
    let ids: Vec<_> = scene.snapshot.containers.iter().filter(is_member).map(|c| &c.id).collect();
    let columns = page.width();
    let lines = event::lines(scene, columns, 200, |e| e.container.as_ref().is_some_and(|id| ids.contains(&id)));
    if lines.is_empty() {
        page.note("No event of this project is held. Events are kept from the start of bridgewatch, bounded.");
    }
    page.lines(lines);
    page.finish()
}
