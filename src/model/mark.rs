//! How bridgewatch marks the interfaces that it makes, so that it knows its own and nobody has to guess who made them:
//! in their alias, which `ip link` shows.

use super::{ContainerId, IfIndex, NsInode};

/// Begin of the names of our own intermediate blocks (ifb).
pub const IFB_PREFIX: &str = "bwi";
/// Begin of the names of host ends of plumbed interfaces.
pub const PLUMB_PREFIX: &str = "bwp";

/// What the alias of an interface of ours says. Its text is what `Display` writes and [`Mark::read`] reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// An ifb that queues what comes in by an interface: `bridgewatch ifb for 13 in 4026532281 of 3f2a9c81d04e`.
    Ifb {
        /// The interface whose ingress it queues.
        link: IfIndex,
        /// Their namespace.
        netns: NsInode,
        /// Short id of the container behind that interface, or the interface's name.
        owner: String,
    },
    /// The host's end of an interface given to a container: `bridgewatch plumb in 4026532300 of 3f2a9c81d04e`.
    Plumb {
        /// The container's namespace.
        netns: NsInode,
        /// Short id of the container.
        owner: String,
    },
}

impl Mark {
    /// Reads the text of an alias; none for that of anybody else.
    pub fn read(alias: &str) -> Option<Self> {
        let mut words = alias.strip_prefix("bridgewatch ")?.split(' ');
        let kind = words.next()?;
        let mut after = |word: &str| words.next().filter(|w| *w == word).and_then(|_| words.next());
        let mark = match kind {
            "ifb" => Mark::Ifb {
                link: IfIndex(after("for")?.parse().ok()?),
                netns: NsInode(after("in")?.parse().ok()?),
                owner: after("of")?.to_owned(),
            },
            "plumb" => Mark::Plumb { netns: NsInode(after("in")?.parse().ok()?), owner: after("of")?.to_owned() },
            _ => return None,
        };
        words.next().is_none().then_some(mark)
    }

    /// True when it names this container.
    pub fn is_of(&self, container: &ContainerId) -> bool {
        let (Mark::Ifb { owner, .. } | Mark::Plumb { owner, .. }) = self;
        owner == container.short()
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Mark::Ifb { link, netns, owner } => write!(f, "bridgewatch ifb for {link} in {netns} of {owner}"),
            Mark::Plumb { netns, owner } => write!(f, "bridgewatch plumb in {netns} of {owner}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_mark_reads_back_and_nothing_else_does(
            link: u32,
            netns: u64,
            owner in "[a-z0-9.-]{1,15}",
            other in ".{0,60}",
        ) {
            let (link, netns) = (IfIndex(link), NsInode(netns));
            for mark in [Mark::Ifb { link, netns, owner: owner.clone() }, Mark::Plumb { netns, owner: owner.clone() }] {
                prop_assert_eq!(Mark::read(&mark.to_string()), Some(mark.clone()));
                let longer = format!("{mark} {other}");
                prop_assert_eq!(Mark::read(&longer), None);
            }
            let read = Mark::read(&other);
            prop_assert!(read.is_none_or(|mark| mark.to_string() == other));
        }
    }
}
