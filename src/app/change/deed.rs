//! What each changing action begins: a plan, a form, or an order; and why it can't, in words.

use super::target::Targets;
use crate::app::forms::{self, FormSpec};
use crate::app::keymap::Action;
use crate::app::state::App;
use crate::model::{Container, IfIndex, State};
use crate::plan::{ContainerChange, LimitTarget, LimitWish, Prune, ShellWish, Wish};
use std::sync::Arc;

/// What an action begins.
#[allow(clippy::large_enum_variant)] // There is one at a time, and it is taken apart at once.
pub enum Begin {
    /// A plan.
    Plan(Wish),
    /// The engine has to be asked first what would go.
    Preview(Prune),
    /// A form.
    Form(&'static FormSpec),
    /// A terminal inside a container.
    Shell(ShellWish),
}

const NOBODY: &str = "select or mark a container first";

/// What `action` begins for `targets`; or why it can't.
pub fn deed(app: &App, action: Action, targets: &Targets) -> Result<Begin, String> {
    use Action as A;
    let snapshot = app.world.newest();
    let all: Vec<&Arc<Container>> = targets.of(snapshot).collect();
    let change = |change: ContainerChange| {
        let of: Vec<_> = all.iter().map(|c| c.id.clone()).collect();
        if of.is_empty() { Err(NOBODY.to_owned()) } else { Ok(Begin::Plan(Wish::Containers { of, change })) }
    };
    if let Some(form) = forms::of(action) {
        return (form.fits)(&app.ground(), targets).map(|()| Begin::Form(form));
    }
    let runs = |c: &&Arc<Container>| c.state.has_processes() || c.state == State::Restarting;
    match action {
        A::Start => change(ContainerChange::Start),
        A::Stop => change(ContainerChange::Stop { timeout_s: None }),
        A::StartStop if all.iter().all(runs) => change(ContainerChange::Stop { timeout_s: None }),
        A::StartStop if !all.iter().any(runs) => change(ContainerChange::Start),
        A::StartStop => Err("some of them run and some do not: x offers start and stop".to_owned()),
        A::Restart => change(ContainerChange::Restart { timeout_s: None }),
        A::Pause if !all.is_empty() && all.iter().all(|c| c.state == State::Paused) => change(ContainerChange::Unpause),
        A::Pause => change(ContainerChange::Pause),
        A::Unpause => change(ContainerChange::Unpause),
        A::Delete => Ok(Begin::Plan(Wish::RemoveNetworks { of: networks(targets)? })),
        A::ClearLimit => Ok(Begin::Plan(Wish::Limit(LimitWish {
            targets: limit_targets(targets)?,
            down: None,
            up: None,
            clear: true,
            keep: false,
        }))),
        A::Unplumb => unplumb(app, targets),
        A::DropStale => drop_stale(app, targets),
        A::Attach => match &all[..] {
            [one] => Ok(Begin::Shell(ShellWish {
                container: one.id.clone(),
                attach: true,
                command: Vec::new(),
                user: String::new(),
            })),
            _ => Err("select one container".to_owned()),
        },
        A::PruneContainers => Ok(Begin::Plan(Wish::Prune(Prune::Containers))),
        A::PruneNetworks => Ok(Begin::Plan(Wish::Prune(Prune::Networks))),
        A::PruneVolumes => Ok(Begin::Preview(Prune::Volumes)),
        A::PruneImages => Ok(Begin::Preview(Prune::Images)),
        _ => Err("nothing to be done here".to_owned()),
    }
}

fn networks(targets: &Targets) -> Result<Vec<crate::model::NetworkId>, String> {
    match targets.networks.is_empty() {
        true => Err("select or mark a container or a network first".to_owned()),
        false => Ok(targets.networks.clone()),
    }
}

/// What a traffic limit is for.
pub fn limit_targets(targets: &Targets) -> Result<Vec<LimitTarget>, String> {
    let containers = targets.containers.iter().map(|id| LimitTarget::Container { id: id.clone(), network: None });
    let links = targets.links.iter().map(|(netns, ifindex)| LimitTarget::Link { netns: *netns, ifindex: *ifindex });
    let all: Vec<LimitTarget> = containers.chain(links).collect();
    if all.is_empty() { Err("select a container, a bridge or an interface first".to_owned()) } else { Ok(all) }
}

/// Host ends of interfaces that bridgewatch made for a container, told by their alias.
fn unplumb(app: &App, targets: &Targets) -> Result<Begin, String> {
    let [id] = &targets.containers[..] else { return Err("select one container".to_owned()) };
    let scene = app.newest_scene();
    let ours = scene.snapshot.our_netns();
    let plumbed = |key: &(crate::model::NsInode, IfIndex)| {
        scene
            .snapshot
            .link(key.0, key.1)
            .is_some_and(|l| l.alias.as_ref().is_some_and(|a| a.raw().starts_with("bridgewatch")))
    };
    let mut ends = scene.report.wiring.attachments_of(id).filter_map(|a| a.outer).filter(|k| Some(k.0) == ours);
    match ends.find(plumbed) {
        Some((_, host_end)) => Ok(Begin::Plan(Wish::Unplumb { container: id.clone(), host_end })),
        None => Err("it has no interface that bridgewatch gave it".to_owned()),
    }
}

/// Endpoints of a network whose container does not exist.
fn drop_stale(app: &App, targets: &Targets) -> Result<Begin, String> {
    let snapshot = app.world.newest();
    for network in targets.networks_of(snapshot) {
        let members = network.members.known().into_iter().flatten();
        let mut dead = members.filter(|m| snapshot.container(&m.container).is_none());
        if let Some(member) = dead.next() {
            let endpoint = member.name.raw().to_owned();
            return Ok(Begin::Plan(Wish::DropStaleEndpoint { network: network.id.clone(), endpoint }));
        }
    }
    Err("select a network with an endpoint whose container is gone".to_owned())
}
