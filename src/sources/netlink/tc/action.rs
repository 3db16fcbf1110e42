//! Actions of filters: redirection, policing, and the plain verdicts.

use super::super::wire::{attributes, i32_at, text, u32_at};
use super::attribute;
use super::units::{rate_at, ticks_to_bytes};
use crate::model::{IfIndex, TcAction};

/// As many actions as the kernel chains (`TCA_ACT_MAX_PRIO`).
const MOST: usize = 32;
const ACT_KIND: u16 = 1;
const ACT_OPTIONS: u16 = 2;
/// `TC_ACT_SHOT`.
const SHOT: i32 = 2;

/// The actions of a filter, in their order: a nest of nests numbered from 1.
pub(super) fn actions(nest: &[u8]) -> Vec<TcAction> {
    attributes(nest).take(MOST).filter_map(|(_, value)| action(value)).collect()
}

fn action(nest: &[u8]) -> Option<TcAction> {
    let name = text(attribute(nest, ACT_KIND)?).into_owned();
    let options = attribute(nest, ACT_OPTIONS).unwrap_or_default();
    let known = match name.as_str() {
        "mirred" => mirred(options),
        "police" => police(options),
        "gact" => gact(options),
        _ => None,
    };
    Some(known.unwrap_or(TcAction::Other { name }))
}

/// `TCA_MIRRED_PARMS` is `struct tc_mirred`: five words that all actions have, the kind of redirection, the interface.
fn mirred(options: &[u8]) -> Option<TcAction> {
    const PARMS: u16 = 2;
    let parms = attribute(options, PARMS)?;
    let to = IfIndex(u32_at(parms, 24)?);
    Some(match i32_at(parms, 20)? {
        1 | 3 => TcAction::Redirect { to },
        2 | 4 => TcAction::Other { name: format!("mirred mirror to if{to}") },
        _ => return None,
    })
}

/// `TCA_POLICE_TBF` is `struct tc_police`: u32 index, i32 action, u32 limit, burst (ticks), mtu, then the rate. The
/// same nest is an action of its own and the old attribute of a filter. It only limits when what exceeds is dropped.
pub(super) fn police(options: &[u8]) -> Option<TcAction> {
    const TBF: u16 = 1;
    const RATE64: u16 = 8;
    let parms = attribute(options, TBF)?;
    let rate = rate_at(parms, 20, attribute(options, RATE64))?;
    if i32_at(parms, 4)? != SHOT {
        return Some(TcAction::Other { name: format!("police exceed {}", verdict(i32_at(parms, 4)?)) });
    }
    let burst_bytes = ticks_to_bytes(u32_at(parms, 12)?, rate);
    Some(TcAction::Police { rate_bps: rate.saturating_mul(8), burst_bytes })
}

/// `TCA_GACT_PARMS` is the five words that all actions have; the third is the verdict.
fn gact(options: &[u8]) -> Option<TcAction> {
    const PARMS: u16 = 2;
    let code = i32_at(attribute(options, PARMS)?, 8)?;
    Some(TcAction::Other { name: format!("gact {}", verdict(code)) })
}

/// The word of tc for a verdict (`TC_ACT_*`).
fn verdict(code: i32) -> String {
    match code {
        -1 => "continue".to_owned(),
        0 => "pass".to_owned(),
        1 => "reclassify".to_owned(),
        SHOT => "drop".to_owned(),
        3 => "pipe".to_owned(),
        4 => "stolen".to_owned(),
        8 => "trap".to_owned(),
        other => format!("verdict {other}"),
    }
}
