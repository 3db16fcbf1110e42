//! Filters: where they stand, what they take, and what they do with it.

use super::super::wire::{attributes, be16, ip, text, u16_at, u32_at};
use super::action::{actions, police};
use super::{TcMessage, attribute};
use crate::model::{NsInode, TcFilter, TcHandle};

/// As many keys of one selector as are told.
const KEYS: usize = 16;

/// A filter from the payload of an `RTM_NEWTFILTER`; none when it is not one, or only the head of a list of filters or
/// a hash table of them. `netns` is what it is filed under.
pub fn parse_filter(netns: NsInode, payload: &[u8]) -> Option<TcFilter> {
    let message = TcMessage::read(payload)?;
    let options = message.options?;
    let name = message.name();
    let places = places(&name);
    if name == "u32" && attribute(options, U32_SELECTOR).is_none() {
        return None;
    }
    let of = |place: Option<u16>| place.and_then(|kind| attribute(options, kind));
    let mut done = of(places.actions).map(actions).unwrap_or_default();
    // The old way to police, from before there were actions.
    done.extend(of(places.police).and_then(police));
    let takes = match name.as_str() {
        "u32" => u32_words(options),
        "matchall" => Some("everything".to_owned()),
        "flower" => Some(flower_words(options)),
        "bpf" => of(Some(BPF_NAME)).map(|name| text(name).into_owned()),
        "fw" => Some(format!("mark {:#x}", message.handle.0)),
        _ => None,
    };
    Some(TcFilter {
        netns,
        ifindex: message.ifindex,
        parent: message.parent,
        preference: (message.info >> 16) as u16,
        // In network order in the lower half.
        protocol: be16(&((message.info & 0xffff) as u16).to_ne_bytes()).unwrap_or_default(),
        chain: message.chain.unwrap_or_default(),
        handle: message.handle.0,
        class: of(places.class).and_then(|value| u32_at(value, 0)).map(TcHandle),
        takes: takes.unwrap_or_default(),
        actions: done,
        name,
    })
}

const U32_SELECTOR: u16 = 5;
const BPF_NAME: u16 = 7;

/// Attribute types that mean the same in each kind and have another number in each.
struct Places {
    class: Option<u16>,
    actions: Option<u16>,
    police: Option<u16>,
}

fn places(name: &str) -> Places {
    let (class, actions, police) = match name {
        "u32" => (Some(1), Some(7), Some(6)),
        "matchall" => (Some(1), Some(2), None),
        "flower" => (Some(1), Some(3), None),
        "bpf" => (Some(3), Some(1), Some(2)),
        "basic" => (Some(1), Some(3), Some(4)),
        "fw" => (Some(1), Some(4), Some(2)),
        "cgroup" => (None, Some(1), Some(2)),
        "flow" => (None, Some(9), Some(10)),
        "route" => (Some(1), Some(6), Some(5)),
        _ => (None, None, None),
    };
    Places { class, actions, police }
}

/// `struct tc_u32_sel` of 16 bytes, its third byte the number of keys; a key is mask, value (both as on the wire), offset.
fn u32_words(options: &[u8]) -> Option<String> {
    let selector = attribute(options, U32_SELECTOR)?;
    let keys = usize::from(*selector.get(2)?);
    let key = |n: usize| {
        let at = 16 + n * 16;
        let word = |at: usize| selector.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let (mask, value, offset) = (word(at)?, word(at + 4)?, u32_at(selector, at + 8)?);
        Some((mask, value, offset.cast_signed()))
    };
    let keys: Vec<_> = (0..keys.min(KEYS)).filter_map(key).collect();
    if keys.iter().all(|(mask, ..)| *mask == 0) {
        return Some("everything".to_owned());
    }
    let words = keys.iter().map(|(mask, value, offset)| format!("match {value:08x}/{mask:08x} at {offset}"));
    Some(words.collect::<Vec<_>>().join(" "))
}

/// The keys of flower that people write; others are counted.
fn flower_words(options: &[u8]) -> String {
    let mut words = Vec::new();
    let mut others = 0;
    let masks = |kind| attribute(options, kind);
    for (kind, value) in attributes(options).take(128) {
        let address = |name: &str, mask: u16| {
            let prefix = masks(mask).map(|mask| mask.iter().map(|byte| byte.count_ones()).sum::<u32>());
            Some(format!("{name} {}/{}", ip(value)?, prefix?))
        };
        let port = |name: &str| be16(value).map(|port| format!("{name} {port}"));
        let word = match kind {
            2 => Some(format!("indev {}", text(value))),
            8 => None,
            9 => value.first().map(|protocol| match protocol {
                1 => "ip_proto icmp".to_owned(),
                6 => "ip_proto tcp".to_owned(),
                17 => "ip_proto udp".to_owned(),
                other => format!("ip_proto {other}"),
            }),
            10 => address("src_ip", 11),
            12 => address("dst_ip", 13),
            14 => address("src_ip", 15),
            16 => address("dst_ip", 17),
            18 | 20 => port("src_port"),
            19 | 21 => port("dst_port"),
            23 => u16_at(value, 0).map(|id| format!("vlan_id {id}")),
            4 | 6 | 24..=34 | 41..=44 => {
                others += 1;
                None
            }
            _ => None,
        };
        words.extend(word);
    }
    if others > 0 {
        words.push(format!("and {others} other keys"));
    }
    if words.is_empty() { "everything of its protocol".to_owned() } else { words.join(" ") }
}
