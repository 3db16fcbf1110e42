//! Reading a namespace from the inside, for those that have no id here.
//!
//! A thread is made, enters the namespace, reads and ends: no thread that does anything else is ever in a foreign
//! namespace, whatever fails. Nothing stays open, because a kept socket would keep a dead container's namespace alive.

use super::links::{LinkFacts, Other};
use super::netns::Found;
use super::socket::{RouteSocket, Steadiness};
use super::{NetlinkError, dump, netns};
use crate::model::{Fact, GapKind, NsInode};
use nix::sched::{CloneFlags, setns};
use std::collections::HashMap;
use std::fs::File;

/// Lists the interfaces of `wanted` by entering it. Blocks until the thread has ended.
///
/// # Errors
/// When it can't be entered (`CAP_SYS_ADMIN` is needed) or does not answer.
pub(super) fn links(
    file: File,
    wanted: NsInode,
    others: &[Found],
) -> Result<(Vec<LinkFacts>, Steadiness), NetlinkError> {
    const THREAD: &str = "start a thread to enter a network namespace";
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("netns-visit".to_owned())
            .spawn_scoped(scope, move || visit(&file, wanted, others))
            .map_err(|error| NetlinkError::system(THREAD, error))?
            .join()
            .map_err(|_| NetlinkError::Stopped)?
    })
}

fn visit(file: &File, wanted: NsInode, others: &[Found]) -> Result<(Vec<LinkFacts>, Steadiness), NetlinkError> {
    setns(file, CloneFlags::CLONE_NEWNET)
        .map_err(|errno| NetlinkError::system("enter a network namespace (setns)", errno))?;
    let here = netns::of_this_thread()?;
    if here != wanted {
        return Err(NetlinkError::WrongNamespace { wanted: wanted.0, found: here.0 });
    }
    let mut socket = RouteSocket::open()?;
    let (mut found, steadiness) = dump::links(&mut socket, wanted, None)?;
    resolve(&mut socket, &mut found, others);
    Ok((found, steadiness))
}

/// Ids seen in here are numbered by this namespace, so they are mapped before leaving it.
fn resolve(socket: &mut RouteSocket, found: &mut [LinkFacts], others: &[Found]) {
    if !found.iter().any(|facts| matches!(facts.other, Other::There(..))) {
        return;
    }
    let mut inodes = HashMap::new();
    for other in others {
        if let Ok(Some(id)) = other.open().and_then(|file| dump::nsid(socket, &file)) {
            inodes.insert(id, other.inode);
        }
    }
    for facts in found {
        if let Other::There(ifindex, id) = facts.other {
            let netns = inodes.get(&id).copied().map_or_else(
                || {
                    Fact::unknown(
                        GapKind::Unsupported,
                        format!("no namespace seen here has id {id} in {}", facts.link.netns),
                    )
                },
                Fact::Known,
            );
            facts.other = Other::Found(ifindex, netns);
        }
    }
}
