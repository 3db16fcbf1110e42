//! Limits of traffic: a wish becomes qdiscs, filters and intermediate blocks of our own namespace.
//!
//! ```text
//! download   host ─► [root qdisc b1d6:] vethX ─► eth0 of the container
//! upload     eth0 ─► vethX [ingress ffff: ─ filter ─► mirred] ─► bwiN [root qdisc b1d6:] ─► back into the host
//! ```
//!
//! Both are on the host's side, where the container can't undo them. What is not ours is never replaced.
//!
//! - `target`: which interfaces; `standing`: what is on them now; `parts`: what the kernel has
//! - `rule`: rate → bucket, queue; `units`: what people type
//! - `egress`, `ingress`: the steps; `keep`: the state file; `orphans`: what was left behind

pub(in crate::plan) mod draft;
mod egress;
mod ingress;
mod keep;
mod orphans;
mod parts;
pub mod rule;
mod standing;
mod target;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod units;

pub use orphans::{orphans, sweep};

use super::{Ground, Identity, LeftOut, LimitTarget, LimitWish, Plan, Refusal, Wish, cutoff};
use crate::analysis::scope;
use crate::model::{ContainerId, NetworkId};
use draft::Draft;
use parts::Parts;
use target::Port;

/// Number of the capability that changes interfaces and traffic control.
const CAP_NET_ADMIN: u32 = 12;

/// Plans a limit: set, changed or taken off, for one or several targets.
///
/// # Errors
/// [`Refusal`] when no target can be limited; when some can, the others are left out of the plan with their reason.
pub fn plan_limit(ground: &Ground<'_>, wish: &LimitWish) -> Result<Plan, Refusal> {
    let title = title(ground, wish);
    let refuse = |why: String| Refusal::new(title.clone(), why);
    let ours = ground.snapshot.our_netns().ok_or_else(|| {
        refuse("the network namespace that bridgewatch runs in is not known".into()).instead("run as root")
    })?;
    let tc = ground.snapshot.tc.known().ok_or_else(|| {
        let gap = ground.snapshot.tc.why();
        let lift = gap.and_then(|g| g.lift.clone()).unwrap_or_default();
        refuse(format!("what is limited now is not known: {}", gap.map(|g| g.reason.clone()).unwrap_or_default()))
            .instead(lift)
    })?;
    let parts = Parts { tc, kernel: &ground.snapshot.host.kernel };
    let mut draft = Draft::default();
    let mut refusals = vec![];
    for target in &wish.targets {
        let mut one = Draft { row: draft.rows.len(), ..Draft::default() };
        match plan_target(&mut one, ground, &parts, ours, wish, target) {
            Ok(()) => absorb(&mut draft, one),
            Err(refusal) => refusals.push((target::label(ground, target), refusal)),
        }
    }
    if draft.rows.is_empty() {
        let first = refusals.into_iter().next().map(|(_, refusal)| refusal);
        return Err(first.unwrap_or_else(|| refuse("no container and no interface is chosen".into())));
    }
    for (row, refusal) in refusals {
        let way_out = if refusal.way_out.is_empty() { String::new() } else { format!("; {}", refusal.way_out) };
        draft.left_out.push(LeftOut { row, why: format!("{}{way_out}", refusal.why) });
    }
    draft.expect_boot(ground);
    if !ground.snapshot.host.rights.has(CAP_NET_ADMIN) {
        draft.note("this process lacks CAP_NET_ADMIN, so the kernel will refuse: run as root");
    }
    Ok(draft.finish(title, Some(Wish::Limit(wish.clone()))))
}

fn plan_target(
    draft: &mut Draft,
    ground: &Ground<'_>,
    parts: &Parts<'_>,
    ours: crate::model::NsInode,
    wish: &LimitWish,
    target: &LimitTarget,
) -> Result<(), Refusal> {
    if let LimitTarget::Container { id, network } = target
        && wish.down.is_none()
        && wish.up.is_none()
        && !ground.snapshot.container(id).is_some_and(|container| scope::is_alive(ground.snapshot, container))
    {
        return forget_absent(draft, ground, id, network.as_ref(), target::label(ground, target));
    }
    let aim = target::aim(ground, ours, target)?;
    let what = format!("limit {}", aim.row);
    for port in &aim.ports {
        plan_port(draft, ground, parts, wish, *port, &what)?;
    }
    draft.left_out.extend(aim.without.into_iter().map(|(row, why)| LeftOut { row, why }));
    match (target, aim.ports.first().and_then(|p| p.container)) {
        (LimitTarget::Container { network, .. }, Some(container)) => {
            expect_container(draft, container, ours, ground);
            orphans::sweep_of(draft, ground.snapshot, &container.id);
            keep::steps(draft, ground.snapshot, wish, container, network.as_ref());
        }
        _ if wish.keep => {
            draft.note("only limits of containers are kept: an interface of the host stays as long as its limit")
        }
        _ => {}
    }
    if draft.steps.is_empty() {
        let cleared = wish.down.is_none() && wish.up.is_none();
        let why = if cleared { "there is no limit of ours on it" } else { "it is so already" };
        return Err(Refusal::new(what, why));
    }
    draft.rows.push(aim.row);
    Ok(())
}

/// A container that does not run, or is gone, has no interface: what is kept for its return is forgotten, and what its
/// last run left is removed.
fn forget_absent(
    draft: &mut Draft,
    ground: &Ground<'_>,
    id: &ContainerId,
    network: Option<&NetworkId>,
    row: String,
) -> Result<(), Refusal> {
    orphans::sweep_of(draft, ground.snapshot, id);
    keep::forget(draft, ground.snapshot, id, network);
    if draft.steps.is_empty() {
        return Err(Refusal::new(format!("limit {row}"), "it does not run, and no limit is kept for its return"));
    }
    draft.rows.push(row);
    Ok(())
}

/// Both directions of one interface.
fn plan_port(
    draft: &mut Draft,
    ground: &Ground<'_>,
    parts: &Parts<'_>,
    wish: &LimitWish,
    port: Port<'_>,
    what: &str,
) -> Result<(), Refusal> {
    let (link, before) = (port.link, draft.steps.len());
    let clear = wish.clear || wish.down.is_none() && wish.up.is_none();
    match &wish.down {
        Some(shape) => egress::set(draft, parts, link, shape, what)?,
        None if clear => _ = egress::clear(draft, parts, link),
        None => {}
    }
    match &wish.up {
        Some(shape) => ingress::set(draft, ground.snapshot, parts, port, shape, what)?,
        None if clear => _ = ingress::clear(draft, ground.snapshot, parts, link),
        None => {}
    }
    if draft.steps.len() > before {
        draft.affects.push(affects(wish, port));
        if link.kind == "bridge" {
            draft.note("what members of a bridge send to each other does not pass the bridge's own interface");
        }
        if draft.cutoff.is_none() {
            draft.cutoff = cutoff::through(ground, link);
        }
    }
    Ok(())
}

/// What is in the plan of one target becomes part of the plan of all.
fn absorb(draft: &mut Draft, one: Draft) {
    let first = draft.steps.len();
    draft.rows.extend(one.rows);
    draft.steps.extend(one.steps.into_iter().map(|mut step| {
        step.gone_with = step.gone_with.map(|n| n + first);
        step
    }));
    one.identities.into_iter().for_each(|identity| draft.expect(identity));
    one.notes.into_iter().for_each(|note| draft.note(note));
    draft.affects.extend(one.affects);
    draft.left_out.extend(one.left_out);
    draft.cutoff = draft.cutoff.take().or(one.cutoff);
}

/// The container has to be in the same run, and its process in the namespace whose interfaces were found.
pub(in crate::plan) fn expect_container(
    draft: &mut Draft,
    container: &crate::model::Container,
    ours: crate::model::NsInode,
    ground: &Ground<'_>,
) {
    draft.expect(Identity::Container {
        id: container.id.clone(),
        name: container.name.clone(),
        started_at: container.started_at,
        running: true,
    });
    let netns = crate::analysis::scope::netns_of(ground.snapshot, container).filter(|netns| *netns != ours);
    if let (Some(netns), Some(pid)) = (netns, container.pid) {
        draft.expect(Identity::Netns { netns, pid });
    }
}

fn affects(wish: &LimitWish, port: Port<'_>) -> String {
    let who = match port.container {
        Some(container) => format!("{} ({})", container.name.shown(), port.link.name.shown()),
        None => port.link.name.shown().into_owned(),
    };
    if wish.down.is_none() && wish.up.is_none() {
        return format!("{who}: nothing of ours holds it back any more; connections stay");
    }
    let (receives, sends) = if port.container.is_some() {
        ("what it receives", "what it sends")
    } else {
        ("what it sends", "what comes in by it")
    };
    let mut parts = vec![];
    parts.extend(wish.down.as_ref().map(|shape| format!("{receives} is held to {}", egress::in_words(shape))));
    parts.extend(wish.up.as_ref().map(|shape| format!("{sends} is held to {}", egress::in_words(shape))));
    format!("{who}: {}; connections stay", parts.join(", "))
}

fn title(ground: &Ground<'_>, wish: &LimitWish) -> String {
    let whom = match wish.targets.as_slice() {
        [one] => target::label(ground, one),
        several => format!("{} rows", several.len()),
    };
    match (&wish.down, &wish.up) {
        (None, None) => format!("take the limits off {whom}"),
        (Some(down), Some(up)) if down == up => format!("limit {whom} to {} both ways", egress::in_words(down)),
        (Some(down), Some(up)) => {
            format!("limit {whom} to {} down, {} up", egress::in_words(down), egress::in_words(up))
        }
        (Some(down), None) => format!("limit {whom} to {} down", egress::in_words(down)),
        (None, Some(up)) => format!("limit {whom} to {} up", egress::in_words(up)),
    }
}
