//! One list of containers from two witnesses: the engine's, and what the cgroup tree shows beside them.

use crate::model::{
    Config, Container, ContainerId, Fact, GapKind, KernelFacts, NetworkMode, Owner, Pid, Process, State,
};
use crate::sources::cgroup::{CgroupPaths, Found, Layout, Target};
use crate::sources::proc::ProcRoot;
use crate::text::Outside;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A cgroup that was found, with its place in every hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// As found.
    pub found: Found,
    /// The id its container has in the model.
    pub id: ContainerId,
    /// Its cgroup by controller.
    pub paths: Arc<CgroupPaths>,
}

/// How often a process that vanished is replaced by another of its cgroup.
const LOOKS: usize = 4;

/// Finds the containers in the cgroup tree and where they sit in each hierarchy.
///
/// # Errors
/// The tree can't be listed.
pub fn seats(layout: &Layout, root: &ProcRoot, before: &[Seat]) -> std::io::Result<Vec<Seat>> {
    let known: BTreeMap<&str, &Seat> = before.iter().map(|s| (s.found.path.as_str(), s)).collect();
    let mut seats = Vec::new();
    for found in crate::sources::cgroup::discover(layout)? {
        if let Some(seat) = known.get(found.path.as_str()).filter(|s| s.found == found) {
            seats.push((*seat).clone());
            continue;
        }
        // An empty cgroup is a leftover of a container that ended, or one that is just being made.
        let Some((pid, mut paths)) = paths_of(layout, root, &found) else { continue };
        climb(&mut paths, &found.shape.id);
        let found = Found { pid: Some(pid), ..found };
        seats.push(Seat { id: id_of(&found), found, paths: Arc::new(paths) });
    }
    Ok(seats)
}

/// Where the processes of a cgroup sit in every hierarchy. The one that was found may have been a shell's short-lived
/// child: then another one is looked for.
fn paths_of(layout: &Layout, root: &ProcRoot, found: &Found) -> Option<(i32, CgroupPaths)> {
    let mut pid = found.pid;
    for _ in 0..LOOKS {
        let paths = layout.paths_of(root, Pid(pid?));
        match paths {
            Ok(paths) => return Some((pid?, paths)),
            Err(gap) if gap.kind == GapKind::Gone => pid = crate::sources::cgroup::first_process_of(layout, found),
            Err(_) => return None,
        }
    }
    None
}

/// The process may sit in a child that the runtime or an init system inside made: the container's own cgroup is the
/// component that carries its id.
fn climb(paths: &mut CgroupPaths, id: &str) {
    for path in paths.values_mut() {
        if let Some(at) = path.find(id) {
            let end = path[at..].find('/').map_or(path.len(), |slash| at + slash);
            *path = path[..end].into();
        }
    }
}

fn id_of(found: &Found) -> ContainerId {
    if found.shape.id.len() == 64 {
        ContainerId::from(found.shape.id.as_str())
    } else {
        ContainerId::from(format!("cgroup:{}", found.path))
    }
}

/// Joins the engine's containers with those that only the cgroup tree shows. `remembered` are containers that the
/// engine once knew: they keep their names while it is away.
pub fn join(engine: &[Arc<Container>], seats: &[Seat]) -> Arc<Vec<Arc<Container>>> {
    let mut all: Vec<Arc<Container>> = engine.to_vec();
    let ids: BTreeSet<&ContainerId> = engine.iter().map(|c| &c.id).collect();
    let mut seen = BTreeSet::new();
    for seat in seats {
        if !ids.contains(&seat.id) && seen.insert(&seat.id) {
            all.push(Arc::new(unowned(seat)));
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Arc::new(all)
}

fn unowned(seat: &Seat) -> Container {
    let like = seat.found.shape.looks_like;
    let short = if seat.found.shape.id.len() == 64 { &seat.found.shape.id[..12] } else { &seat.found.shape.id };
    let mut container = Container::named(seat.id.clone(), format!("{like}:{short}"));
    container.owner = Owner::Unowned { looks_like: like.to_owned() };
    container.state = State::Running;
    container.pid = seat.found.pid.map(Pid);
    container.network_mode = NetworkMode::Unknown;
    container.restart_count = Fact::unknown(GapKind::EngineDown, "no engine answers for this container");
    container.config = Fact::<Arc<Config>>::unknown(GapKind::EngineDown, "no engine answers for this container");
    container.status = Outside::from(format!("found by its cgroup {}", seat.found.path));
    container
}

/// Where the samplers read: every container with processes that the tree shows.
pub fn targets(seats: &[Seat]) -> Vec<Target> {
    seats.iter().map(|s| Target { id: s.id.clone(), paths: s.paths.clone() }).collect()
}

/// The process to read kernel facts from: the engine's main process, or the first one found in the cgroup.
pub fn main_pids(containers: &[Arc<Container>], seats: &[Seat]) -> Vec<(ContainerId, Pid)> {
    let found: BTreeMap<&ContainerId, i32> = seats.iter().filter_map(|s| Some((&s.id, s.found.pid?))).collect();
    containers
        .iter()
        .filter(|c| c.state.has_processes() || found.contains_key(&c.id))
        .filter_map(|c| Some((c.id.clone(), c.pid.or_else(|| found.get(&c.id).map(|p| Pid(*p)))?)))
        .collect()
}

/// True when a runtime's process is among those of the container that was not there before: of a start, an exec, a
/// health check.
pub fn has_passing(facts: &KernelFacts, before: Option<&KernelFacts>) -> bool {
    let known = before.and_then(|facts| facts.processes.known()).map_or(&[][..], Vec::as_slice);
    let is_new = |p: &Process| !known.iter().any(|b| (b.pid, b.start_ticks) == (p.pid, p.start_ticks));
    facts.processes.known().is_some_and(|all| all.iter().any(|p| p.is_in_passing() && is_new(p)))
}
