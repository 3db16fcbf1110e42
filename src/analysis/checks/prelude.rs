//! What every file of a check needs.

pub(super) use super::known;
pub(super) use super::resolve;
pub(super) use super::verdict::need;
pub(super) use super::{Check, Decide, Decision, Evidence, Grade, Hit, Inputs, Patience, Reason, Severity, Verdict};
pub(super) use crate::model::{
    CgroupVersion, Cidr, Config, Container, Fact, Family, IfIndex, Link, Listener, Mac, Network, NetworkMode, NsInode,
    NsKind, Owner, Process, Proto, Rule, Subject, Table, Target,
};
