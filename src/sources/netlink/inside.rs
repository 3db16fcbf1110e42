//! Reading a namespace from the inside, for those that have no id here.
//!
//! A thread is made, enters one namespace after the other, reads and ends: no thread that does anything else is ever
//! in a foreign namespace, whatever fails. Where it is it sees for itself before it reads. Nothing stays open, because
//! a kept socket would keep a dead container's namespace alive.

use super::links::{LinkFacts, Other};
use super::netns::Found;
use super::picture::ids;
use super::socket::{RouteSocket, Steadiness};
use super::{NetlinkError, dump, netns};
use crate::model::{Fact, GapKind, NsInode};
use nix::sched::{CloneFlags, setns};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;

/// What one visit gave.
pub(super) type Visit = Result<(Vec<LinkFacts>, Steadiness), NetlinkError>;

/// Lists the interfaces of each namespace by entering it, with their peers in one of `others`. Blocks until the
/// thread has ended.
///
/// # Errors
/// Of a visit: when the namespace can't be entered (`CAP_SYS_ADMIN` is needed) or does not answer. Of the whole: when
/// there can be no thread.
pub(super) fn visit_all(wanted: &[(NsInode, File)], others: &[&Found]) -> Result<Vec<Visit>, NetlinkError> {
    const THREAD: &str = "start a thread to enter network namespaces";
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("netns-visit".to_owned())
            .spawn_scoped(scope, || wanted.iter().map(|(inode, file)| visit(file, *inode, others)).collect())
            .map_err(|error| NetlinkError::system(THREAD, error))?
            .join()
            .map_err(|_| NetlinkError::Stopped)
    })
}

fn visit(file: &File, wanted: NsInode, others: &[&Found]) -> Visit {
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

/// Ids seen in here are numbered by this namespace, so they are mapped before leaving it. Nearly always they are of
/// the first few of `others`.
fn resolve(socket: &mut RouteSocket, found: &mut [LinkFacts], others: &[&Found]) {
    let mut wanted: BTreeSet<i32> = ids(found.iter()).collect();
    let mut inodes = HashMap::new();
    for other in others {
        if wanted.is_empty() {
            break;
        }
        if let Ok(Some(id)) = other.open().and_then(|file| dump::nsid(socket, &file)) {
            wanted.remove(&id);
            inodes.insert(id, other.inode);
        }
    }
    for facts in found {
        if let Other::There(ifindex, id) = facts.other {
            let netns = inodes.get(&id).copied().map_or_else(
                || {
                    let reason = format!("no namespace seen here has id {id} in {}", facts.link.netns);
                    Fact::unknown(GapKind::Gone, reason)
                },
                Fact::Known,
            );
            facts.other = Other::Found(ifindex, netns);
        }
    }
}
