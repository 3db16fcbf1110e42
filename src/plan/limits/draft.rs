//! A plan in the making: steps with what takes them back, and what has to be as it was shown.

use crate::model::{IfIndex, Link, NsInode, Pid, Qdisc, TcHandle};
use crate::plan::{Cutoff, Ground, Identity, KernelOp, LeftOut, LinkRef, Op, Place, Plan, Risk, Step, Wish};
use crate::text::Outside;

/// A plan in the making. What is said twice is kept once.
#[derive(Debug, Default)]
pub(in crate::plan) struct Draft {
    pub row: usize,
    pub rows: Vec<String>,
    pub identities: Vec<Identity>,
    pub steps: Vec<Step>,
    pub affects: Vec<String>,
    pub notes: Vec<String>,
    pub left_out: Vec<LeftOut>,
    pub cutoff: Option<Cutoff>,
}

impl Draft {
    /// Adds a step for the row that is being planned; gives its number.
    pub fn step(&mut self, op: Op, undo: Vec<Op>) -> usize {
        self.steps.push(Step { row: self.row, op, undo, gone_with: None, lasting: None });
        self.steps.len() - 1
    }

    /// Adds a kernel step with what takes it back.
    pub fn kernel(&mut self, op: KernelOp, undo: Vec<KernelOp>) -> usize {
        self.step(Op::Kernel(op), undo.into_iter().map(Op::Kernel).collect())
    }

    /// Adds a step that goes by itself when an earlier one is taken back.
    pub fn within(&mut self, with: usize, op: KernelOp) -> usize {
        let n = self.kernel(op, vec![]);
        self.steps[n].gone_with = Some(with);
        n
    }

    /// Something has to be as it was shown.
    pub fn expect(&mut self, identity: Identity) {
        if !self.identities.contains(&identity) {
            self.identities.push(identity);
        }
    }

    /// The host has to be in the same boot: numbers of interfaces and processes mean nothing after another.
    pub fn expect_boot(&mut self, ground: &Ground<'_>) {
        let id = &ground.snapshot.host.boot_id;
        if !id.is_empty() {
            self.expect(Identity::Boot { id: id.clone() });
        }
    }

    /// An interface of our namespace has to be the one that was shown.
    pub fn expect_link(&mut self, link: &Link) {
        let peer = link.peer.as_ref().filter(|_| link.kind == "veth").map(|p| p.ifindex);
        let (netns, ifindex, name) = (link.netns, link.ifindex, link.name.clone());
        self.expect(Identity::Link { netns, by: None, ifindex, name, peer });
    }

    /// The qdisc at a place has to be the one that was shown, or none as was shown.
    pub fn expect_qdisc(&mut self, ifindex: IfIndex, parent: TcHandle, qdisc: Option<&Qdisc>) {
        let qdisc = qdisc.map(|q| (q.name.clone(), q.handle));
        self.expect(Identity::Qdisc { ifindex, parent, qdisc });
    }

    /// A note, once.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The plan.
    pub fn finish(self, title: String, wish: Option<Wish>) -> Plan {
        Plan {
            title,
            wish,
            undoes: None,
            rows: self.rows,
            identities: self.identities,
            steps: self.steps,
            affects: self.affects,
            lasting: vec![],
            notes: self.notes,
            risk: Risk::Change,
            cutoff: self.cutoff,
            left_out: self.left_out,
        }
    }
}

/// An interface of our namespace that is there.
pub(in crate::plan) fn here(link: &Link) -> LinkRef {
    LinkRef { place: Place { netns: link.netns, by: None }, ifindex: Some(link.ifindex), name: link.name.clone() }
}

/// An interface that a step before makes.
pub(in crate::plan) fn made(netns: NsInode, by: Option<Pid>, name: &str) -> LinkRef {
    LinkRef { place: Place { netns, by }, ifindex: None, name: Outside::from(name) }
}
