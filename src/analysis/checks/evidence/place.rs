//! Where the engine's networks are: its network namespace, and what was read there. "The host" of a container is the
//! namespace of the daemon, which is neither that of process 1 nor that of bridgewatch of necessity.

use super::super::resolve::links;
use super::super::verdict::{Undecided, need};
use super::super::{Reason, Verdict};
use super::Evidence;
use crate::model::{Fact, Firewall, GapKind, Link, NsInode};
use std::collections::BTreeSet;

impl<'a> Evidence<'a> {
    /// Value of a sysctl of the engine's network namespace or of the kernel.
    ///
    /// # Errors
    /// Unknown when it could not be read, or when it is one of another namespace than the engine's.
    pub fn sysctl(&self, name: &str) -> Result<&'a str, Verdict> {
        if name.starts_with("net.") {
            self.in_engine_ns()?;
        }
        match self.snapshot.host.sysctls.get(name) {
            Some(value) => Ok(need(value)?.trim()),
            None => Err(Verdict::unknown(Reason::NotRead, format!("sysctl {name} was not read"))),
        }
    }

    /// True for a sysctl that the kernel does not have (its module is not loaded).
    pub fn sysctl_is_absent(&self, name: &str) -> bool {
        let gap = self.snapshot.host.sysctls.get(name).and_then(Fact::why);
        gap.is_some_and(|gap| matches!(gap.kind, GapKind::Gone | GapKind::Unsupported))
    }

    /// The network namespace of the engine's daemon: what "the host" means for its networks.
    ///
    /// # Errors
    /// Unknown when nothing proves which it is.
    pub fn engine_ns(&self) -> Result<NsInode, Verdict> {
        self.engine_ns.get_or_init(|| self.find_engine_ns()).clone()
    }

    fn find_engine_ns(&self) -> Result<NsInode, Verdict> {
        let snapshot = self.snapshot;
        if let Some(inode) = snapshot.host.daemon.known().and_then(|daemon| daemon.net_ns.get()) {
            return Ok(inode);
        }
        if let Some(netns) = snapshot.netns.iter().find(|netns| netns.is_engine == Some(true)) {
            return Ok(netns.inode);
        }
        // Without the right to look: the gateway addresses of the engine's bridges are on bridges of that name here.
        if let Some(ours) = snapshot.our_netns() {
            let links = snapshot.links_in(ours);
            let proven = snapshot.networks.iter().filter(|network| network.driver == "bridge").any(|network| {
                let device = network.device().unwrap_or_default();
                links.iter().filter(|link| link.name.raw() == device).any(|link| {
                    network
                        .pools
                        .iter()
                        .filter_map(|pool| pool.gateway)
                        .any(|gateway| link.addresses.iter().any(|address| address.cidr.addr == gateway))
                })
            });
            if proven {
                return Ok(ours);
            }
        }
        Err(Verdict::Unknown(Box::new(Undecided {
            code: Reason::Netns,
            reason: "the network namespace of the engine's daemon is not known".to_owned(),
            lift: Some("run as root or grant CAP_SYS_PTRACE".to_owned()),
        })))
    }

    /// Asks that bridgewatch runs in the engine's network namespace, as firewall, routes and sysctls are read there.
    ///
    /// # Errors
    /// Unknown when it does not, or when that can't be told.
    pub fn in_engine_ns(&self) -> Result<NsInode, Verdict> {
        let engine = self.engine_ns()?;
        match self.snapshot.our_netns() {
            Some(ours) if ours == engine => Ok(ours),
            Some(ours) => Err(Verdict::unknown(
                Reason::Netns,
                format!(
                    "the engine is in network namespace {engine}, bridgewatch in {ours}: run it there with nsenter"
                ),
            )),
            None => Err(Verdict::unknown(Reason::Netns, "the own network namespace could not be read")),
        }
    }

    /// The packet filter of the engine's namespace.
    ///
    /// # Errors
    /// Unknown when it could not be read or is another namespace's.
    pub fn firewall(&self) -> Result<&'a Firewall, Verdict> {
        self.in_engine_ns()?;
        Ok(need(&self.snapshot.firewall)?)
    }

    /// The packet filter, read without gaps, so that "there is no such rule" is a fact.
    ///
    /// # Errors
    /// As [`Evidence::firewall`]; unknown also when a part could not be read.
    pub fn whole_firewall(&self) -> Result<&'a Firewall, Verdict> {
        let firewall = self.firewall()?;
        match firewall.gaps.first() {
            Some(gap) => Err(Verdict::from_gap(gap)),
            None => Ok(firewall),
        }
    }

    /// Interfaces of the engine's namespace.
    ///
    /// # Errors
    /// Unknown when the namespace is not known or its interfaces were not read.
    pub fn engine_links(&self) -> Result<&'a [Link], Verdict> {
        let inode = self.engine_ns()?;
        let links = self.snapshot.links_in(inode);
        if links.is_empty() {
            let gap = self.snapshot.netns.iter().find(|n| n.inode == inode).and_then(|n| n.links_gap.as_ref());
            return Err(gap.map_or_else(
                || Verdict::unknown(Reason::NotRead, "the interfaces of the engine's namespace were not read"),
                |gap| Verdict::from_gap(gap),
            ));
        }
        Ok(links)
    }

    /// Interfaces that lead out of the engine's namespace.
    ///
    /// # Errors
    /// As [`Evidence::engine_links`].
    pub fn uplinks(&self) -> Result<Vec<&'a Link>, Verdict> {
        Ok(links::uplinks(self.engine_links()?, self.engine_bridges()))
    }

    /// Names of the engine's bridges.
    pub fn engine_bridges(&self) -> &BTreeSet<String> {
        self.bridges.get_or_init(|| links::engine_bridges(&self.snapshot.networks))
    }
}
