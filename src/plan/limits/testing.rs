//! A small host for tests of limits, and what a plan makes of it when each of its steps does what it says.

use super::*;
use crate::analysis::testing::{HOST, Lab, every_mode};
use crate::analysis::{Analyst, Report};
use crate::model::*;
use crate::plan::{KernelOp, LedgerOp, Op, Session};
use std::sync::Arc;

/// A host with what is needed to plan on it.
pub(super) struct Stage {
    pub lab: Lab,
    pub tc: Tc,
    pub wanted: Vec<Wanted>,
    pub session: Session,
}

impl Stage {
    /// Every network mode, on a kernel that has all parts.
    pub fn new() -> Self {
        let mut tc = Tc::default();
        for part in
            ["sch_tbf", "sch_netem", "sch_ingress", "cls_u32", "cls_matchall", "act_mirred", "act_police", "ifb"]
        {
            tc.parts.insert(part.into(), Fact::Known(true));
        }
        let mut lab = every_mode();
        lab.host.rights.capabilities = u64::MAX;
        lab.host.kernel = "6.18.1".into();
        Stage { lab, tc, wanted: vec![], session: Session::default() }
    }

    pub fn lacks(mut self, parts: &[&str]) -> Self {
        for part in parts {
            self.tc.parts.insert((*part).into(), Fact::Known(false));
        }
        self
    }

    pub fn snapshot(&self) -> Snapshot {
        let mut tc = self.tc.clone();
        tc.qdiscs.sort_by_key(|q| (q.netns, q.ifindex, q.parent, q.handle));
        Snapshot { tc: Fact::Known(Arc::new(tc)), wanted: Arc::new(self.wanted.clone()), ..self.lab.snapshot() }
    }

    pub fn with<T>(&self, f: impl FnOnce(&Ground<'_>) -> T) -> T {
        let snapshot = Arc::new(self.snapshot());
        let mut analyst = Analyst::new();
        let report: Report = analyst.update(&snapshot).clone();
        f(&Ground { snapshot: &snapshot, report: &report, session: &self.session })
    }

    pub fn plan(&self, wish: &LimitWish) -> Result<Plan, Refusal> {
        self.with(|ground| crate::plan::plan(ground, &Wish::Limit(wish.clone())))
    }

    pub fn id(&self, name: &str) -> ContainerId {
        self.lab.containers.iter().find(|c| c.name == *name).expect("a container").id.clone()
    }

    pub fn of(&self, name: &str, network: Option<&str>) -> LimitTarget {
        let network = network.map(|n| self.lab.networks.iter().find(|x| x.name == *n).expect("a network").id.clone());
        LimitTarget::Container { id: self.id(name), network }
    }

    pub fn qdisc(&mut self, ifindex: u32, name: &str, handle: TcHandle, parent: TcHandle, setup: QdiscSetup) {
        let (netns, ifindex) = (HOST, IfIndex(ifindex));
        self.tc.qdiscs.push(Qdisc { netns, ifindex, name: name.into(), handle, parent, setup });
    }

    /// What a plan leaves behind when each of its steps does what it says.
    pub fn apply(&mut self, plan: &Plan) {
        plan.steps.iter().for_each(|step| self.carry_out(&step.op));
    }

    /// What an undo leaves: the steps from the last to the first.
    pub fn undo(&mut self, plan: &Plan) {
        for step in plan.steps.iter().rev() {
            step.undo.iter().for_each(|op| self.carry_out(op));
        }
    }

    fn index(&self, link: &crate::plan::LinkRef) -> IfIndex {
        let found = self.lab.links.iter().find(|l| l.netns == HOST && l.name == link.name);
        let found = found.unwrap_or_else(|| panic!("{link:?} is there")).ifindex;
        assert!(link.ifindex.is_none_or(|index| index == found));
        found
    }

    fn carry_out(&mut self, op: &Op) {
        let kernel = match op {
            Op::Kernel(kernel) => kernel,
            Op::Ledger(LedgerOp::Keep { wanted }) => {
                self.wanted.retain(|w| (&w.container, &w.network) != (&wanted.container, &wanted.network));
                return self.wanted.push(wanted.clone());
            }
            Op::Ledger(LedgerOp::Forget { container, network }) => {
                return self.wanted.retain(|w| (&w.container, &w.network) != (&container.id, network));
            }
            Op::Engine(_) => panic!("{op:?}"),
        };
        match kernel {
            KernelOp::AddLink { link, new: crate::plan::NewLink::Ifb, alias, .. } => {
                assert!(link.name.raw().len() <= 15);
                let free = self.lab.links.iter().map(|l| l.ifindex.0).max().unwrap_or(0) + 1;
                let made = self.lab.link(HOST, free, link.name.raw(), "ifb");
                made.alias = Some(alias.as_str().into());
                made.is_up = false;
            }
            KernelOp::DeleteLink { link } => {
                let index = self.index(link);
                self.lab.links.retain(|l| (l.netns, l.ifindex) != (HOST, index));
                self.tc.qdiscs.retain(|q| q.ifindex != index);
                self.tc.filters.retain(|f| f.ifindex != index);
            }
            KernelOp::SetUp { link, up } => {
                let index = self.index(link);
                let link = self.lab.links.iter_mut().find(|l| (l.netns, l.ifindex) == (HOST, index)).expect("there");
                link.is_up = *up;
            }
            KernelOp::PutQdisc { link, parent, handle, setup, replace } => {
                let index = self.index(link);
                let old = self.tc.qdiscs.iter_mut().find(|q| (q.ifindex, q.parent) == (index, *parent));
                match old.filter(|q| !q.is_default()) {
                    Some(old) => {
                        assert!(*replace && old.handle == *handle, "{old:?} is in the way of {setup:?}");
                        assert_eq!(std::mem::discriminant(&old.setup), std::mem::discriminant(setup), "kinds differ");
                        old.setup = setup.clone();
                    }
                    None => {
                        assert!(!replace, "nothing to replace");
                        let name = if matches!(setup, QdiscSetup::Netem(_)) { "netem" } else { "tbf" };
                        self.qdisc(index.0, name, *handle, *parent, setup.clone());
                    }
                }
            }
            KernelOp::AddIngress { link } => {
                let index = self.index(link);
                assert!(!self.tc.qdiscs.iter().any(|q| (q.ifindex, q.parent) == (index, TcHandle::INGRESS)));
                let other = QdiscSetup::Other { words: String::new() };
                self.qdisc(index.0, "ingress", TcHandle::INGRESS_QDISC, TcHandle::INGRESS, other);
            }
            KernelOp::DeleteQdisc { link, parent, handle } => {
                let index = self.index(link);
                let before = self.tc.qdiscs.len();
                self.tc.qdiscs.retain(|q| (q.ifindex, q.parent, q.handle) != (index, *parent, *handle));
                assert_eq!(self.tc.qdiscs.len() + 1, before, "one goes");
                if *parent == TcHandle::INGRESS {
                    self.tc.filters.retain(|f| f.ifindex != index);
                }
            }
            KernelOp::AddFilter { link, parent, preference, classifier, action, to } => {
                let action = match (action, to) {
                    (TcAction::Redirect { .. }, Some(to)) => TcAction::Redirect { to: self.index(to) },
                    (action, _) => action.clone(),
                };
                self.tc.filters.push(TcFilter {
                    netns: HOST,
                    ifindex: self.index(link),
                    parent: *parent,
                    name: format!("{classifier:?}").to_lowercase(),
                    preference: *preference,
                    handle: 1,
                    protocol: 3,
                    chain: 0,
                    class: None,
                    takes: "everything".into(),
                    actions: vec![action],
                });
            }
            KernelOp::DeleteFilter { link, preference, .. } => {
                let index = self.index(link);
                self.tc.filters.retain(|f| (f.ifindex, f.preference) != (index, *preference));
            }
            other => panic!("{other:?} is no step of a limit"),
        }
    }

    /// All that a limit touches, without numbers that the kernel hands out.
    pub fn state(&self) -> String {
        let name = |index: IfIndex| {
            let link = self.lab.links.iter().find(|l| (l.netns, l.ifindex) == (HOST, index));
            link.map_or("?", |l| l.name.raw()).to_owned()
        };
        let mut lines: Vec<String> = vec![];
        lines.extend(
            self.lab
                .links
                .iter()
                .filter(|l| l.kind == "ifb")
                .map(|l| format!("{:?} {:?} {}", l.name, l.alias, l.is_up)),
        );
        lines.extend(
            self.tc
                .qdiscs
                .iter()
                .map(|q| format!("{} {} {} {} {:?}", name(q.ifindex), q.name, q.handle, q.parent, q.setup)),
        );
        lines.extend(self.tc.filters.iter().map(|f| {
            let to = f.actions.iter().map(|a| match a {
                TcAction::Redirect { to } => name(*to),
                other => format!("{other:?}"),
            });
            format!("{} {} {} {:?}", name(f.ifindex), f.name, f.preference, to.collect::<Vec<_>>())
        }));
        lines.extend(self.wanted.iter().map(|w| format!("{w:?}")));
        lines.sort();
        lines.join("\n")
    }
}
