//! The hand for the state file of wanted limits.

use super::{Difference, Hand, HandError, Made, Moved};
use crate::journal::wanted;
use crate::model::{ContainerId, NetworkId, Wanted};
use crate::plan::{Identity, LedgerOp, Op};
use std::path::PathBuf;

/// Changes the file of wanted limits.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
}

impl Ledger {
    pub(super) fn new(state_dir: &std::path::Path) -> Self {
        Ledger { path: wanted::path(state_dir) }
    }

    fn find(&self, container: &ContainerId, network: Option<&NetworkId>) -> Result<Option<Wanted>, String> {
        let all = wanted::read(&self.path).map_err(|e| e.to_string())?;
        Ok(all.into_iter().find(|w| (&w.container, w.network.as_ref()) == (container, network)))
    }
}

fn refused(what: &str, reason: String) -> HandError {
    HandError::Refused { what: what.to_owned(), reason, way_out: String::new() }
}

impl Hand for Ledger {
    fn check(&mut self, _: &Identity) -> Result<(), Moved> {
        Ok(())
    }

    fn apply(&mut self, op: &Op) -> Result<Made, HandError> {
        match op {
            Op::Ledger(LedgerOp::Keep { wanted }) => {
                let known = self.find(&wanted.container, wanted.network.as_ref());
                let already = known.is_ok_and(|known| known.as_ref() == Some(wanted));
                wanted::keep(&self.path, wanted).map_err(|e| refused("keep the limit", e.to_string()))?;
                Ok(Made { already, ..Made::default() })
            }
            Op::Ledger(LedgerOp::Forget { container, network }) => {
                let what = "forget the limit";
                let known = self.find(&container.id, network.as_ref()).map_err(|e| refused(what, e))?;
                if known.is_none() {
                    return Err(HandError::Gone { what: what.into() });
                }
                wanted::forget(&self.path, &container.id, network.as_ref())
                    .map_err(|e| refused(what, e.to_string()))?;
                Ok(Made::default())
            }
            _ => Err(refused("this", "it is nothing for the state file".into())),
        }
    }

    fn read_back(&mut self, op: &Op, _: &Made) -> Result<(), Difference> {
        let (container, network, wanted) = match op {
            Op::Ledger(LedgerOp::Keep { wanted }) => (&wanted.container, wanted.network.as_ref(), Some(wanted)),
            Op::Ledger(LedgerOp::Forget { container, network }) => (&container.id, network.as_ref(), None),
            _ => return Ok(()),
        };
        let words = |is_kept: bool| if is_kept { "a kept limit" } else { "no kept limit" }.to_owned();
        let wanted_words = words(wanted.is_some());
        match self.find(container, network) {
            Ok(found) if found.as_ref() == wanted => Ok(()),
            Ok(found) => Err(Difference { wanted: wanted_words, found: words(found.is_some()), is_unknown: false }),
            Err(found) => Err(Difference { wanted: wanted_words, found, is_unknown: true }),
        }
    }
}
