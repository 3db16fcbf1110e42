//! Traffic control in words: short ones for a mark, and the lines that tc would print. The text is clean: kind words are
//! the kernel's, names of interfaces are cleaned.

use super::{Shaping, Standing};
use crate::analysis::LinkKey;
use crate::model::{Netem, Qdisc, QdiscSetup, Shape, Snapshot, TcAction, TcClass, TcFilter, TcHandle};
use crate::text::clean_line;

/// A rate for people: `10 Mbit/s`, `1.5 Mbit/s`, `950 kbit/s`.
pub fn bit_rate(bps: f64) -> String {
    let (value, unit) = match bps {
        _ if bps >= 999_950_000.0 => (bps / 1e9, "Gbit/s"),
        _ if bps >= 999_950.0 => (bps / 1e6, "Mbit/s"),
        _ if bps >= 999.5 => (bps / 1e3, "kbit/s"),
        _ => (bps, "bit/s"),
    };
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} {unit}")
}

/// The same in few columns: `10M`, `1.5M`, `950k`, in bits per second.
pub fn short_bit_rate(bps: f64) -> String {
    bit_rate(bps).replace(" bit/s", "").replace("bit/s", "").replace(' ', "")
}

/// What a direction is limited to, short: `10 Mbit/s`, `10 Mbit/s +100ms`, `loss 1%`, `htb`.
pub fn limit(shaping: &Shaping) -> String {
    let mut words = Vec::new();
    words.extend(shaping.rate_bps.map(|bps| bit_rate(bps as f64)));
    words.extend(shaping.netem.as_ref().map(disorder).filter(|w| !w.is_empty()));
    if words.is_empty() {
        words.push(clean_line(&shaping.kind).into_owned());
    }
    words.join(" ")
}

/// A wanted limit, short.
pub fn shape(shape: &Shape) -> String {
    let mut words: Vec<String> = shape.rate_bps.map(|bps| bit_rate(bps as f64)).into_iter().collect();
    words.extend(shape.netem.as_ref().map(disorder).filter(|w| !w.is_empty()));
    words.join(" ")
}

/// What became of a wanted limit, in a sentence's part.
pub fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Holds => "holds".to_owned(),
        Standing::Gone { restarted: Some(at) } => format!("limit gone: restarted {}", at.strftime("%H:%M UTC")),
        Standing::Gone { restarted: None } => "limit gone: it was taken off".to_owned(),
        Standing::Differs => "another limit is set than the one that is wanted".to_owned(),
        Standing::Away { exists: true } => "waits for the container to run".to_owned(),
        Standing::Away { exists: false } => "the container does not exist any more".to_owned(),
        Standing::Unknown { why } => format!("can't be told: {}", clean_line(why)),
    }
}

/// Delay, loss and disorder, short: `+100ms±10ms loss 1%`.
pub fn disorder(netem: &Netem) -> String {
    let mut words = Vec::new();
    if netem.delay_us > 0 {
        let jitter = if netem.jitter_us > 0 { format!("±{}", time(netem.jitter_us)) } else { String::new() };
        words.push(format!("+{}{jitter}", time(netem.delay_us)));
    }
    let shares =
        [("loss", netem.loss_percent), ("duplicate", netem.duplicate_percent), ("reorder", netem.reorder_percent)];
    words.extend(
        shares.iter().filter(|(_, share)| *share > 0.0).map(|(word, share)| format!("{word} {}", percent(*share))),
    );
    words.join(" ")
}

/// What a qdisc does, in a sentence's part: `token bucket 10 Mbit/s, burst 16 KiB, waits up to 87 ms`.
pub fn explain(shaping: &Shaping) -> String {
    let mut words = vec![match shaping.kind.as_str() {
        "tbf" => "token bucket (tbf)".to_owned(),
        "netem" => "network emulator (netem)".to_owned(),
        "htb" => "hierarchy of token buckets (htb)".to_owned(),
        "police" => "policer: what exceeds the rate is dropped".to_owned(),
        other => clean_line(other).into_owned(),
    }];
    words.extend(shaping.rate_bps.map(|bps| bit_rate(bps as f64)));
    words.extend(shaping.burst_bytes.map(|bytes| format!("burst {}", size(bytes))));
    words.extend(shaping.latency_us.map(|us| format!("waits up to {}", time(us))));
    words.extend(shaping.netem.as_ref().map(disorder).filter(|w| !w.is_empty()));
    words.extend(shaping.netem.as_ref().map(|n| n.more.clone()).filter(|w| !w.is_empty()));
    if shaping.is_partial {
        words.push("only what its filter picks".to_owned());
    }
    words.join(", ")
}

/// A line of `tc qdisc show`, without the counters.
pub fn qdisc(snapshot: &Snapshot, qdisc: &Qdisc) -> String {
    let place = match qdisc.parent {
        TcHandle::ROOT => "root".to_owned(),
        parent => format!("parent {}", handle(parent)),
    };
    let setup = match &qdisc.setup {
        QdiscSetup::Tbf { rate_bps, burst_bytes, limit_bytes } => {
            let beyond = limit_bytes.saturating_sub(*burst_bytes) as f64 * 8e6 / (*rate_bps).max(1) as f64;
            format!("rate {} burst {} lat {}", rate(*rate_bps), size_word(*burst_bytes), time(beyond as u64))
        }
        QdiscSetup::Netem(netem) => netem_words(netem),
        QdiscSetup::Htb { default_class } => format!("default {default_class:#x}"),
        QdiscSetup::Other { words } => clean_line(words).into_owned(),
    };
    let name = clean_line(&qdisc.name);
    let dev = dev(snapshot, (qdisc.netns, qdisc.ifindex));
    let line = format!("qdisc {name} {} dev {dev} {place} {setup}", own_handle(qdisc.handle));
    line.trim_end().to_owned()
}

fn netem_words(netem: &Netem) -> String {
    let mut words = vec![format!("limit {}", netem.limit_packets)];
    if netem.delay_us > 0 {
        words.push(format!("delay {}", time(netem.delay_us)));
    }
    if netem.jitter_us > 0 {
        words.push(format!(" {}", time(netem.jitter_us)));
    }
    let shares =
        [("loss", netem.loss_percent), ("duplicate", netem.duplicate_percent), ("reorder", netem.reorder_percent)];
    words.extend(
        shares.iter().filter(|(_, share)| *share > 0.0).map(|(word, share)| format!("{word} {}", percent(*share))),
    );
    if netem.rate_bps > 0 {
        words.push(format!("rate {}", rate(netem.rate_bps)));
    }
    words.extend(Some(clean_line(&netem.more).into_owned()).filter(|more| !more.is_empty()));
    words.join(" ")
}

/// A line of `tc class show`, without the counters.
pub fn class(class: &TcClass) -> String {
    let mut words = vec![format!("class {} {}", clean_line(&class.name), handle(class.handle))];
    words.push(match class.parent {
        TcHandle::ROOT => "root".to_owned(),
        parent => format!("parent {}", handle(parent)),
    });
    words.extend(class.leaf.map(|leaf| format!("leaf {}", handle(leaf))));
    words.extend(class.priority.map(|priority| format!("prio {priority}")));
    words.extend(class.rate_bps.map(|bps| format!("rate {}", rate(bps))));
    words.extend(class.ceil_bps.map(|bps| format!("ceil {}", rate(bps))));
    words.extend(class.burst_bytes.map(|bytes| format!("burst {}", size_word(bytes))));
    words.extend(class.ceil_burst_bytes.map(|bytes| format!("cburst {}", size_word(bytes))));
    words.join(" ")
}

/// A filter as tc prints it, on one line.
pub fn filter(snapshot: &Snapshot, filter: &TcFilter) -> String {
    let protocol = match filter.protocol {
        0x0003 => "all".to_owned(),
        0x0800 => "ip".to_owned(),
        0x86dd => "ipv6".to_owned(),
        0x0806 => "arp".to_owned(),
        0x8100 => "802.1Q".to_owned(),
        other => format!("{other:#06x}"),
    };
    let name = clean_line(&filter.name);
    let mut words = vec![format!(
        "filter parent {} protocol {protocol} pref {} {name} chain {}",
        handle(filter.parent),
        filter.preference,
        filter.chain
    )];
    words.extend(filter.class.map(|class| format!("flowid {}", handle(class))));
    words.extend(Some(clean_line(&filter.takes).into_owned()).filter(|takes| !takes.is_empty()));
    words.extend(filter.actions.iter().map(|action| format!("action {}", action_words(snapshot, filter, action))));
    words.join(" ")
}

fn action_words(snapshot: &Snapshot, filter: &TcFilter, action: &TcAction) -> String {
    match action {
        TcAction::Redirect { to } => format!("mirred redirect to {}", dev(snapshot, (filter.netns, *to))),
        TcAction::Police { rate_bps, burst_bytes } => {
            format!("police rate {} burst {} drop", rate(*rate_bps), size_word(*burst_bytes))
        }
        TcAction::Other { name } => clean_line(name).into_owned(),
    }
}

fn dev(snapshot: &Snapshot, link: LinkKey) -> String {
    match snapshot.link(link.0, link.1) {
        Some(found) => found.name.shown().into_owned(),
        None => format!("if{}", link.1),
    }
}

/// As tc prints a handle; a class without a major number has its colon, too.
fn handle(handle: TcHandle) -> String {
    match handle {
        TcHandle::INGRESS => "ffff:fff1".to_owned(),
        other if other.major() == 0 && other.minor() != 0 => format!(":{:x}", other.minor()),
        other => other.to_string(),
    }
}

fn own_handle(handle: TcHandle) -> String {
    format!("{:x}:", handle.major())
}

fn rate(bps: u64) -> String {
    let (mut rate, mut unit) = (bps, 0);
    while unit < 4 && rate >= 1000 && (rate % 1000 == 0 || rate >= 1_000_000) {
        (rate, unit) = (rate / 1000, unit + 1);
    }
    format!("{rate}{}bit", ["", "K", "M", "G", "T"][unit])
}

/// Bytes as tc prints them.
fn size_word(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes % (1 << 20) < 1024 => format!("{}Mb", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes % (1 << 10) < 16 => format!("{}Kb", bytes >> 10),
        _ => format!("{bytes}b"),
    }
}

/// Bytes for people.
pub fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 10 << 20 => format!("{} MiB", bytes >> 20),
        _ if bytes >= 10 << 10 => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} B"),
    }
}

/// A time from microseconds: `87ms`, `1.5s`.
pub fn time(us: u64) -> String {
    let (value, unit) = match us {
        1_000_000.. => (us as f64 / 1e6, "s"),
        1000.. => (us as f64 / 1e3, "ms"),
        _ => (us as f64, "us"),
    };
    let decimals = if value >= 99.95 { 0 } else { 1 };
    let text = format!("{value:.decimals$}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

fn percent(share: f64) -> String {
    let text = format!("{share:.3}");
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_for_people() {
        let cases = [
            (10e6, "10 Mbit/s"),
            (1.5e6, "1.5 Mbit/s"),
            (9.617e6, "9.62 Mbit/s"),
            (999_999.0, "1 Mbit/s"),
            (95.8e6, "95.8 Mbit/s"),
            (100e6, "100 Mbit/s"),
            (0.0, "0 bit/s"),
            (40e9, "40 Gbit/s"),
        ];
        for (bps, words) in cases {
            assert_eq!(bit_rate(bps), words);
        }
        assert_eq!(
            (short_bit_rate(10e6), short_bit_rate(950e3), short_bit_rate(12.0)),
            ("10M".into(), "950k".into(), "12".into())
        );
        assert_eq!((time(86_892), time(1_500_000), time(100_000)), ("86.9ms".into(), "1.5s".into(), "100ms".into()));
    }
}
