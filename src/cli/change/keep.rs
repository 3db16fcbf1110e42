//! Kept limits, applied again whenever their container comes back: a command fit for a service unit, and a thread beside
//! the console.

use super::flow::{Operator, desk};
use super::text;
use crate::actions::{Manner, Worker, carry_out, who};
use crate::analysis::Analyst;
use crate::cli::args::Global;
use crate::cli::source::live_options;
use crate::cli::{CommandError, code};
use crate::journal::{self, Journal};
use crate::live;
use crate::model::{ContainerId, NetworkId, Snapshot};
use crate::plan::limits::{orphans, sweep};
use crate::plan::{Ground, LimitTarget, LimitWish, OnFailure, Order, Permit, Plan, Refusal, Session, Wish, plan};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// How long one that was just wanted, applied or refused is left alone: what is read of it is older than that.
const PAUSE: Duration = Duration::from_secs(3);

/// A kept limit: of a container, on a network or all.
type Key = (ContainerId, Option<NetworkId>);

/// Decides which kept limits are to be applied again.
#[derive(Debug, Default)]
pub struct Keeper {
    analyst: Analyst,
    tried: BTreeMap<Key, (Instant, String)>,
    swept: Option<Instant>,
}

/// False on most hosts, which keep no limit and have nothing left of one: then a keeper has nothing to look at.
pub fn is_kept(snapshot: &Snapshot) -> bool {
    !(snapshot.wanted.is_empty() && orphans(snapshot).is_empty())
}

impl Keeper {
    /// Plans for what is wanted on containers that run and does not hold, each of them not more often than it is worth.
    /// What is refused is told once. What stopped containers left of their limits is removed.
    pub fn look(&mut self, snapshot: &Arc<Snapshot>, session: &Session, at: Instant) -> Vec<Result<Plan, Refusal>> {
        if !is_kept(snapshot) {
            return Vec::new();
        }
        let report = self.analyst.update(snapshot).clone();
        let ground = Ground { snapshot, report: &report, session };
        let mut plans = Vec::new();
        for lost in report.traffic.wanted.iter().filter(|wanted| wanted.is_lost()) {
            let wanted = &lost.wanted;
            let key = (wanted.container.clone(), wanted.network.clone());
            // Whoever wants it has just set it, too.
            if snapshot.taken_at.duration_since(wanted.since).unsigned_abs() < PAUSE {
                continue;
            }
            let before = self.tried.get(&key);
            if before.is_some_and(|(when, _)| at.duration_since(*when) < PAUSE) {
                continue;
            }
            let target = LimitTarget::Container { id: wanted.container.clone(), network: wanted.network.clone() };
            let (down, up) = (wanted.down.clone(), wanted.up.clone());
            let wish = LimitWish { targets: vec![target], down, up, clear: false, keep: false };
            let made = plan(&ground, &Wish::Limit(wish));
            let reason = made.as_ref().err().map_or_else(String::new, ToString::to_string);
            let is_known = made.is_err() && before.is_some_and(|(_, known)| *known == reason);
            self.tried.insert(key, (at, reason));
            if !is_known {
                plans.push(made);
            }
        }
        // What a container's earlier run left behind leads nowhere.
        if self.swept.is_none_or(|when| at.duration_since(when) >= PAUSE)
            && let Some(sweep) = sweep(&ground)
        {
            self.swept = Some(at);
            plans.push(Ok(sweep));
        }
        plans
    }
}

/// `limit --keep`: until interrupted.
pub(super) fn run(global: &Global, out: &mut impl Write) -> Result<u8, CommandError> {
    let operator = Operator::new(global, "limit --keep")?;
    let refused = |why: String| CommandError::Refused(format!("limit --keep: {why}"));
    let dir = journal::state_dir().map_err(|e| refused(e.to_string()))?;
    let mut journal = Journal::open(&dir).map_err(|e| refused(e.to_string()))?;
    let (mut hands, interrupt, session) = operator.hands(&dir);
    interrupt.is_the_end();
    let guard = desk(global).guard;
    let mut keeper = Keeper::default();
    let mut failed = Ok(());
    writeln!(out, "kept limits are applied again when their containers come back")?;
    out.flush()?;
    live::stream(live_options(global), None, |snapshot| {
        for made in keeper.look(snapshot, &session, Instant::now()) {
            let line = match made {
                Err(refusal) => refusal.to_string(),
                Ok(plan) => {
                    let who = who(session.clone(), &plan);
                    let put_up = &mut |id: &_| guard.put_up(id).map(drop);
                    let cancel = interrupt.acting();
                    let manner = Manner { who, on_failure: OnFailure::GoOn, cancel, guard: put_up };
                    match carry_out(&mut hands, &mut journal, plan, manner, &mut |_| {}) {
                        Ok(entry) => text::outcome(&entry).trim_end().to_owned(),
                        Err(refusal) => refusal.to_string(),
                    }
                }
            };
            failed = writeln!(out, "{}", crate::text::clean_line(&line)).and_then(|()| out.flush());
        }
        interrupt.idle();
        failed.is_ok()
    })?;
    failed?;
    Ok(code::OK)
}

/// The same beside the console: a thread that is shown each snapshot and gives orders like the operator.
///
/// # Errors
/// No thread can be made.
pub fn beside(worker: Arc<Worker>, permit: Permit, session: Session) -> std::io::Result<Sender<Arc<Snapshot>>> {
    let (send, receive): (Sender<Arc<Snapshot>>, Receiver<Arc<Snapshot>>) = channel();
    std::thread::Builder::new().name("bw-keeper".into()).spawn(move || {
        let mut keeper = Keeper::default();
        while let Ok(mut snapshot) = receive.recv() {
            // Only the newest is looked at.
            while let Ok(newer) = receive.try_recv() {
                snapshot = newer;
            }
            for plan in keeper.look(&snapshot, &session, Instant::now()).into_iter().flatten() {
                let order = Order::Apply { plan: Box::new(plan), on_failure: OnFailure::GoOn };
                worker.order(order, permit.clone());
            }
        }
    })?;
    Ok(send)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::testing::every_mode;
    use crate::model::{Fact, Shape, Tc, Wanted};

    #[test]
    fn a_lost_limit_is_applied_again_and_not_at_every_look() {
        let lab = every_mode();
        let mut snapshot = lab.snapshot();
        let parts = ["sch_tbf", "sch_ingress", "cls_u32", "cls_matchall", "act_mirred", "ifb"];
        let parts = parts.map(|part| (part.to_owned(), Fact::Known(true))).into();
        snapshot.tc = Fact::Known(Arc::new(Tc { parts, ..Tc::default() }));
        let container = lab.containers.iter().find(|c| c.name == "web").expect("web");
        let wanted = Wanted {
            container: container.id.clone(),
            name: container.name.clone(),
            network: None,
            down: Some(Shape { rate_bps: Some(10_000_000), ..Shape::default() }),
            up: None,
            since: snapshot.taken_at - jiff::SignedDuration::from_hours(1),
        };
        let gone = Wanted { container: "nobody".into(), ..wanted.clone() };
        snapshot.wanted = Arc::new(vec![wanted, gone]);
        let (snapshot, session) = (Arc::new(snapshot), Session::default());
        let mut just_set = (*snapshot).clone();
        Arc::make_mut(&mut just_set.wanted)[0].since = snapshot.taken_at - jiff::SignedDuration::from_secs(1);
        let (mut keeper, start) = (Keeper::default(), Instant::now());
        assert_eq!(keeper.look(&Arc::new(just_set), &session, start).len(), 0, "who wants it has just set it");
        let mut look = |after: Duration| keeper.look(&snapshot, &session, start + after);
        let first = look(Duration::ZERO);
        assert_eq!(first.len(), 1, "one is lost, the other has no container");
        let plan = first.into_iter().next().expect("one").expect("a plan");
        assert!(plan.steps[0].op.words().contains("tbf rate 10mbit"), "{}", plan.steps[0].op.words());
        assert_eq!(look(Duration::from_secs(1)).len(), 0, "what is read may be older than that");
        assert_eq!(look(PAUSE).len(), 1, "still lost");
    }
}
