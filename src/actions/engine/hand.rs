//! The engine's hand: checks identities, calls the engine once, reads back.

use super::client::{Answer, EngineWriter};
use super::told::{failure, lost};
use super::{call, check, read_back};
use crate::actions::{Difference, Hand, HandError, Made, Moved};
use crate::model::{ContainerId, NetworkId};
use crate::plan::{EngineOp, Identity, NetworkRef, Op, Warrant};
use crate::sources::engine::{EngineError, EngineReader, EngineTarget};
use crate::text::clean_line;
use std::io;

/// Changes containers and networks. Its calls block, with deadlines of their own.
#[derive(Debug)]
pub struct EngineHand {
    runtime: tokio::runtime::Runtime,
    reader: EngineReader,
    writer: EngineWriter,
}

impl EngineHand {
    /// A hand for the engine at `target`. Connections are made when something is asked.
    ///
    /// # Errors
    /// [`EngineError`] for a missing socket, unusable certificates, or no descriptors for the runtime.
    pub fn connect(target: &EngineTarget, _warrant: &Warrant) -> Result<Self, EngineError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error: io::Error| EngineError::Unreachable {
            endpoint: target.endpoint.url.clone(),
            detail: error.to_string(),
        })?;
        let reader = {
            // What it connects with looks for the runtime.
            let _inside = runtime.enter();
            EngineReader::connect(target)?
        };
        Ok(EngineHand { runtime, reader, writer: EngineWriter::new(target) })
    }
}

impl Hand for EngineHand {
    fn check(&mut self, identity: &Identity) -> Result<(), Moved> {
        self.runtime.block_on(check::check(&self.reader, identity))
    }

    fn apply(&mut self, op: &Op) -> Result<Made, HandError> {
        let what = op.words();
        match op {
            Op::Engine(op) => self.runtime.block_on(apply(&self.reader, &self.writer, op, what)),
            Op::Kernel(_) | Op::Ledger(_) => {
                Err(HandError::Refused { what, reason: "the engine does not do this".into(), way_out: String::new() })
            }
        }
    }

    fn read_back(&mut self, op: &Op, made: &Made) -> Result<(), Difference> {
        match op {
            Op::Engine(op) => self.runtime.block_on(read_back::read_back(&self.reader, op, made)),
            Op::Kernel(_) | Op::Ledger(_) => {
                Err(Difference { wanted: op.words(), found: "the engine does not know".into(), is_unknown: true })
            }
        }
    }
}

async fn apply(reader: &EngineReader, writer: &EngineWriter, op: &EngineOp, what: String) -> Result<Made, HandError> {
    let refused = |error: EngineError| HandError::Refused {
        what: what.clone(),
        reason: error.to_string(),
        way_out: String::new(),
    };
    let network = match op {
        EngineOp::RemoveNetwork { network }
        | EngineOp::Connect { network, .. }
        | EngineOp::Disconnect { network, .. } => match resolve(reader, network).await.map_err(refused)? {
            Some(id) => Some(id),
            None if matches!(op, EngineOp::Connect { .. }) => {
                let reason = format!("there is no network {}", network.name.shown());
                return Err(HandError::Refused { what, reason, way_out: String::new() });
            }
            None => return Err(HandError::Gone { what }),
        },
        _ => None,
    };
    let network = network.as_ref().map(NetworkId::as_str);
    let op = stale(reader, op).await;
    let answer = ask(writer, &op, network, &what).await?;
    if let (EngineOp::Connect { endpoint, .. }, true) = (&op, gives_no_address(&answer))
        && endpoint.any_address_will_do
    {
        // The engine refused it, nothing was changed: it is not the same question again.
        let mut op = op.clone();
        if let EngineOp::Connect { endpoint, .. } = &mut op {
            (endpoint.ipv4, endpoint.ipv6, endpoint.mac) = (None, None, None);
        }
        let said = answer.sentence();
        let mut made = success(&op, &what, ask(writer, &op, network, &what).await?)?;
        made.words.push(format!("it got another address: {said}"));
        return Ok(made);
    }
    success(&op, &what, answer)
}

async fn ask(writer: &EngineWriter, op: &EngineOp, network: Option<&str>, what: &str) -> Result<Answer, HandError> {
    let ask = call::ask(op, network, what).map_err(|error| HandError::Refused {
        what: what.to_owned(),
        reason: error.to_string(),
        way_out: String::new(),
    })?;
    writer.ask(ask).await.map_err(|error| lost(what.to_owned(), error))
}

/// A refusal that is about the addresses asked for.
fn gives_no_address(answer: &Answer) -> bool {
    let said = answer.sentence().to_ascii_lowercase();
    answer.code >= 400
        && ["user specified ip", "address already in use", "user configured subnets"]
            .iter()
            .any(|words| said.contains(words))
}

fn success(op: &EngineOp, what: &str, answer: Answer) -> Result<Made, HandError> {
    match answer.code {
        304 => Ok(Made { already: true, ..Made::default() }),
        200..=299 => {
            let json = answer.json();
            let mut made = Made::default();
            if let EngineOp::CreateNetwork { .. } = op {
                made.network = json.get("Id").and_then(|id| id.as_str()).map(NetworkId::from);
            }
            let warnings = json.get("Warnings").and_then(|list| list.as_array()).into_iter().flatten();
            let warning = json.get("Warning").into_iter().chain(warnings).filter_map(|text| text.as_str());
            made.words.extend(warning.filter(|text| !text.is_empty()).map(|text| clean_line(text).into_owned()));
            Ok(made)
        }
        _ => Err(failure(op, what.to_owned(), &answer)),
    }
}

/// The network's id; by name for one that was made by a step before. None when there is none.
pub(super) async fn resolve(reader: &EngineReader, network: &NetworkRef) -> Result<Option<NetworkId>, EngineError> {
    if let Some(id) = &network.id {
        return Ok(Some(id.clone()));
    }
    let all = reader.networks().await?;
    let mut found = all.items.into_iter().filter(|n| n.name == network.name).map(|n| n.id);
    match (found.next(), found.next()) {
        (Some(_), Some(_)) => Err(EngineError::Unparsable {
            what: format!("network {}", network.name.shown()),
            detail: "several have that name".into(),
        }),
        (found, _) => Ok(found),
    }
}

/// An endpoint without a container is named as its network lists it: the engine looks in vain for the container's id.
async fn stale(reader: &EngineReader, op: &EngineOp) -> EngineOp {
    let mut op = op.clone();
    if let EngineOp::Disconnect { container, force: true, .. } = &mut op
        && matches!(reader.container(&container.id).await, Err(EngineError::Gone { .. }))
    {
        container.id = ContainerId::from(container.name.raw());
    }
    op
}
