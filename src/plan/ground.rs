//! What plans are made from.

use crate::analysis::Report;
use crate::model::Snapshot;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The host as it is known, and how the operator is connected to it.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// The host.
    pub snapshot: &'a Snapshot,
    /// What follows from it.
    pub report: &'a Report,
    /// The operator's connection.
    pub session: &'a Session,
}

/// How the operator is connected, from the environment of the process.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Session {
    /// The SSH session, when there is one.
    pub ssh: Option<SshSession>,
    /// Address of the engine when it is reached over TCP.
    pub engine_address: Option<IpAddr>,
}

/// The two ends of an SSH session (`SSH_CONNECTION`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshSession {
    /// The operator's end.
    pub client: IpAddr,
    /// This host's end.
    pub server: IpAddr,
    /// Port on this host.
    pub port: u16,
}

impl Session {
    /// Reads `SSH_CONNECTION` (`client port server port`), as sshd sets it. Anything else is no session.
    pub fn read(ssh_connection: Option<&str>, engine_address: Option<IpAddr>) -> Self {
        let ssh = ssh_connection.and_then(|text| {
            let mut words = text.split_whitespace();
            let client = words.next()?.parse().ok()?;
            let server = words.nth(1)?.parse().ok()?;
            Some(SshSession { client, server, port: words.next()?.parse().ok()? })
        });
        Session { ssh, engine_address }
    }
}
