//! Identities of what a plan makes are known only once it is made. They are then filled into the steps that follow and
//! into what takes them back, so that nothing is ever found by a name that another could have taken meanwhile.

use super::{EngineOp, KernelOp, LinkRef, NetworkRef, Op, Place};
use crate::model::{IfIndex, NetworkId};
use crate::text::Outside;

/// What the steps so far have made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bound {
    networks: Vec<(Outside, NetworkId)>,
    links: Vec<(Place, Outside, IfIndex)>,
}

impl Bound {
    /// Notes what an operation made.
    pub fn note(&mut self, op: &Op, network: Option<&NetworkId>, link: Option<IfIndex>) {
        match (op, network, link) {
            (Op::Engine(EngineOp::CreateNetwork { spec }), Some(id), _) => {
                self.networks.push((spec.name.as_str().into(), id.clone()));
            }
            (Op::Kernel(KernelOp::AddLink { link, .. }), _, Some(ifindex)) => {
                self.links.push((link.place.clone(), link.name.clone(), ifindex));
            }
            (Op::Kernel(KernelOp::RenameLink { link, to }), _, _) => {
                let known = self.links.iter_mut().find(|(place, name, _)| (place, name) == (&link.place, &link.name));
                if let Some((_, name, _)) = known {
                    *name = to.as_str().into();
                }
            }
            _ => {}
        }
    }

    /// Fills in what is known by now. What was made here goes before an identity of old: of two networks or interfaces
    /// of one name, the other is gone, and taking a removal back makes a successor.
    pub fn fill(&self, op: &mut Op) {
        match op {
            Op::Engine(op) => {
                if let Some(network) = network_of(op) {
                    let known = self.networks.iter().rev().find(|(name, _)| *name == network.name);
                    if let Some((_, id)) = known {
                        network.id = Some(id.clone());
                    }
                }
            }
            Op::Kernel(op) => {
                for link in links_of(op) {
                    let known = self
                        .links
                        .iter()
                        .rev()
                        .find(|(place, name, _)| place.netns == link.place.netns && *name == link.name);
                    if let Some((_, _, ifindex)) = known {
                        link.ifindex = Some(*ifindex);
                    }
                }
            }
            Op::Ledger(_) => {}
        }
    }
}

/// The network that a call names.
pub(super) fn network_of(op: &mut EngineOp) -> Option<&mut NetworkRef> {
    match op {
        EngineOp::RemoveNetwork { network }
        | EngineOp::Connect { network, .. }
        | EngineOp::Disconnect { network, .. } => Some(network),
        _ => None,
    }
}

/// The interfaces that a message names, except one that it makes itself.
pub(super) fn links_of(op: &mut KernelOp) -> Vec<&mut LinkRef> {
    match op {
        KernelOp::AddLink { .. } => Vec::new(),
        KernelOp::DeleteLink { link }
        | KernelOp::SetUp { link, .. }
        | KernelOp::RenameLink { link, .. }
        | KernelOp::AddAddress { link, .. }
        | KernelOp::DeleteAddress { link, .. }
        | KernelOp::PutQdisc { link, .. }
        | KernelOp::AddIngress { link }
        | KernelOp::DeleteQdisc { link, .. }
        | KernelOp::DeleteFilter { link, .. } => vec![link],
        KernelOp::AddRoute { route } | KernelOp::DeleteRoute { route } => vec![&mut route.link],
        KernelOp::SetMaster { link, master } => std::iter::once(link).chain(master).collect(),
        KernelOp::AddFilter { link, to, .. } => std::iter::once(link).chain(to).collect(),
    }
}
