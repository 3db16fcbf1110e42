//! Matches of `nft -j` (libnftables-json(5)) as the model's matches, and expressions as text. A match that a plain
//! match of the model can't say exactly stays opaque. Must not do I/O.

use super::iptables_rule::protocol;
use crate::model::{Cidr, Family, Match};
use serde_json::Value;

/// The matches that one `match` statement stands for; several when it implies another, as a port implies a transport.
pub(super) fn parse_match(statement: &Value, family: Family) -> Vec<Match> {
    known(statement, family).unwrap_or_else(|| vec![Match::Opaque { text: match_text(statement) }])
}

fn known(statement: &Value, family: Family) -> Option<Vec<Match>> {
    let (left, right) = (statement.get("left")?, statement.get("right")?);
    let not = match statement.get("op")?.as_str()? {
        "==" | "in" => false,
        "!=" => true,
        _ => return None,
    };
    if let Some(key) = left.pointer("/meta/key").and_then(Value::as_str) {
        return meta(key, right, not).map(|known| vec![known]);
    }
    if left.pointer("/ct/key").and_then(Value::as_str) == Some("state") && left.pointer("/ct/dir").is_none() {
        let states: Option<Vec<String>> =
            items(right).iter().map(|word| word.as_str().map(str::to_ascii_uppercase)).collect();
        return Some(vec![Match::CtState { states: states.filter(|states| !states.is_empty())?, not }]);
    }
    if let Some(fib) = left.get("fib") {
        let flags = fib.get("flags").map(items).unwrap_or_default();
        let is_type = fib.get("result").and_then(Value::as_str) == Some("type");
        if is_type && flags.len() == 1 && flags[0].as_str() == Some("daddr") {
            return Some(vec![Match::DestinationType { word: single(right)?.as_str()?.to_ascii_uppercase(), not }]);
        }
        return None;
    }
    payload(left.get("payload")?, right, not, family)
}

fn meta(key: &str, right: &Value, not: bool) -> Option<Match> {
    let word = single(right)?.as_str()?;
    Some(match key {
        "iifname" | "iif" => Match::In { name: interface(word), not },
        "oifname" | "oif" => Match::Out { name: interface(word), not },
        "l4proto" => Match::Protocol { word: protocol(word), not },
        _ => return None,
    })
}

/// nft writes a prefix match as `docker*`, the model as `docker+`; a star that is meant is written `\*`.
fn interface(word: &str) -> String {
    match word.strip_suffix('*') {
        Some(prefix) if !prefix.ends_with('\\') => format!("{prefix}+"),
        _ => word.replace("\\*", "*"),
    }
}

fn payload(payload: &Value, right: &Value, not: bool, family: Family) -> Option<Vec<Match>> {
    let header = payload.get("protocol")?.as_str()?;
    let field = payload.get("field")?.as_str()?;
    match (header, field) {
        ("ip" | "ip6", "saddr" | "daddr") => {
            // In a table of both families the statement also asks for the family, which its negation does not lift.
            if not && !matches!(family, Family::Ip | Family::Ip6) {
                return None;
            }
            let cidr = cidr(single(right)?)?;
            Some(vec![if field == "saddr" { Match::Source { cidr, not } } else { Match::Destination { cidr, not } }])
        }
        ("ip", "protocol") if family == Family::Ip => protocol_match(right, not),
        ("ip6", "nexthdr") if family == Family::Ip6 => protocol_match(right, not),
        ("tcp" | "udp" | "sctp" | "th", "dport" | "sport") => {
            let ranges =
                items(right).into_iter().map(port_range).collect::<Option<Vec<_>>>().filter(|r| !r.is_empty())?;
            let ports = match field {
                "dport" => Match::DestinationPorts { ranges, not },
                _ => Match::SourcePorts { ranges, not },
            };
            let transport = Match::Protocol { word: header.to_owned(), not: false };
            Some(if header == "th" { vec![ports] } else { vec![transport, ports] })
        }
        _ => None,
    }
}

fn protocol_match(right: &Value, not: bool) -> Option<Vec<Match>> {
    Some(vec![Match::Protocol { word: protocol(single(right)?.as_str()?), not }])
}

/// The members of an anonymous set or a list, or the value itself. A named set (`"@name"`) is a string that no
/// parser below takes for a value.
fn items(value: &Value) -> Vec<&Value> {
    let list = value.get("set").unwrap_or(value);
    list.as_array().map_or_else(|| vec![list], |items| items.iter().collect())
}

fn single(value: &Value) -> Option<&Value> {
    let items = items(value);
    let [only] = items[..] else { return None };
    only.as_str().is_none_or(|text| !text.starts_with('@')).then_some(only)
}

fn cidr(value: &Value) -> Option<Cidr> {
    match value.get("prefix") {
        Some(prefix) => {
            let addr = prefix.get("addr")?.as_str()?;
            format!("{addr}/{}", prefix.get("len")?.as_u64()?).parse().ok()
        }
        None => super::iptables_rule::parse_cidr(value.as_str()?),
    }
}

fn port_range(value: &Value) -> Option<(u16, u16)> {
    let port = |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok());
    match value.get("range").and_then(Value::as_array) {
        Some(range) => match range.as_slice() {
            [from, to] => Some((port(from)?, port(to)?)),
            _ => None,
        },
        None => port(value).map(|port| (port, port)),
    }
}

/// A match in nft's own words, as near as its JSON tells them.
pub(super) fn match_text(statement: &Value) -> String {
    let part = |key: &str| statement.get(key).map(expression).unwrap_or_default();
    match statement.get("op").and_then(Value::as_str) {
        Some(op @ ("!=" | "<" | ">" | "<=" | ">=")) => format!("{} {op} {}", part("left"), part("right")),
        _ => format!("{} {}", part("left"), part("right")),
    }
}

/// An expression in nft's own words; JSON where there is no short form.
pub(super) fn expression(value: &Value) -> String {
    let word = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |items: &[Value], by: &str| items.iter().map(expression).collect::<Vec<_>>().join(by);
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => list(items, ","),
        Value::Object(map) => match map.iter().next().map(|(key, value)| (key.as_str(), value)) {
            Some(("meta", meta)) => word(meta.get("key")),
            Some(("ct", ct)) => format!("ct {}", word(ct.get("key"))),
            Some(("fib", fib)) => {
                format!("fib {} {}", fib.get("flags").map(expression).unwrap_or_default(), word(fib.get("result")))
            }
            Some(("payload", p)) if p.get("field").is_some() => {
                format!("{} {}", word(p.get("protocol")), word(p.get("field")))
            }
            Some(("prefix", p)) => format!("{}/{}", word(p.get("addr")), p.get("len").unwrap_or(&Value::Null)),
            Some(("range", Value::Array(items))) => list(items, "-"),
            Some(("set", Value::Array(items))) => format!("{{ {} }}", list(items, ", ")),
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}
