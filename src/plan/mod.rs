//! What may be done, as data: wishes become plans, plans are shown, and only then carried out by [`crate::actions`].
//!
//! ```text
//! Wish (form, key, subcommand) ─► plan() ─► Plan: identities, steps, what it affects, what takes it back
//!                                             │ shown, confirmed
//!                                             ▼
//!                                actions: check ─► apply ─► read back ─► journal ─► Entry ─► undo() ─► Plan
//! ```
//!
//! Everything here is a pure function of a [`Ground`]: the snapshot and its report, and how the operator is connected.
//! A plan says each step in the words of the tool that an operator would have typed. Nothing in this room can change
//! anything; it knows neither the engine's client nor netlink, neither the console nor the clock.

mod bind;
pub mod containers;
pub mod cutoff;
mod draft;
mod entry;
mod ground;
pub mod limits;
pub mod networks;
mod op;
mod plumb;
#[cfg(test)]
mod plumb_tests;
mod progress;
mod prune;
mod refusal;
mod session;
mod steps;
mod undo;
mod warrant;
mod wish;
mod words;

pub use bind::Bound;
pub use entry::{Entry, EntryId, EntryState, OVERTIME_S, StepResult, StepState, Who};
pub use ground::{Ground, Session, SshSession};
pub use op::{
    Classifier, ContainerRef, EngineOp, KernelOp, LedgerOp, LimitsUpdate, LinkRef, NetworkRef, NewLink, Op, Place,
    RouteRef,
};
pub use progress::{OnFailure, Order, Progress};
pub use refusal::Refusal;
pub use steps::{Cutoff, Identity, LeftOut, Plan, Risk, Step};
pub use undo::{follow_heirs, straight, undo, undo_forced};
pub use warrant::{Mode, Permit, Warrant};
pub use wish::{
    ContainerChange, EndpointSpec, Joining, LimitTarget, LimitWish, NetworkSpec, PlumbWish, PoolSpec, Prune, ShellWish,
    Wish,
};
pub use words::quote;

/// Turns a wish into a plan: what would be done to what exactly, what it affects, what takes it back.
///
/// # Errors
/// [`Refusal`] when it can be known beforehand that it can't be, with the reason and the way out.
pub fn plan(ground: &Ground<'_>, wish: &Wish) -> Result<Plan, Refusal> {
    let mut plan = match wish {
        Wish::Limit(wish) => limits::plan_limit(ground, wish),
        Wish::Plumb(wish) => plumb::plan_plumb(ground, wish),
        Wish::Unplumb { container, host_end } => plumb::plan_unplumb(ground, container, *host_end),
        Wish::Containers { of, change } => containers::plan(ground, of, change),
        Wish::CreateNetwork(spec) => networks::create(ground, spec),
        Wish::RemoveNetworks { of } => networks::remove(ground, of),
        Wish::Connect { network, members } => networks::connect(ground, network, members),
        Wish::Disconnect { of, networks, force } => networks::disconnect(ground, of, networks, *force),
        Wish::DropStaleEndpoint { network, endpoint } => networks::drop_stale(ground, network, endpoint),
        Wish::Prune(what) => prune::plan(ground, *what),
        Wish::PruneShown { what, preview } => prune::shown(ground, *what, preview),
    }?;
    cutoff::judge(ground, &mut plan);
    Ok(plan)
}
