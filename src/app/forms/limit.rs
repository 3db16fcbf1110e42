//! A traffic limit: of containers, a bridge, or an interface.

use super::{Field, Form, FormSpec, Request};
use crate::analysis::traffic::words::bit_rate;
use crate::app::change::{Targets, limit_targets};
use crate::app::keymap::Action;
use crate::model::{ContainerId, Netem, Shape};
use crate::plan::limits::units::{self, Meant, NotAUnit};
use crate::plan::{Ground, LimitTarget, LimitWish, Refusal, Wish};

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Limit,
    title: |ground, targets| format!("Limit the traffic of {}", targets.words(ground.snapshot)),
    fits: |_, targets| limit_targets(targets).map(drop),
    fields,
    says,
    request,
};

const RATE_HELP: &str = "10mbit, 1.5MB/s, 200kbit; kbps and mbps are bytes per second, as in tc";

const ALL: &str = "every network";
const OFF: &str = "off";

/// Rates of the one target now, in words.
fn now(ground: &Ground<'_>, targets: &Targets) -> (String, String) {
    let rates = &ground.report.rates;
    let (down, up) = match (&targets.containers[..], &targets.links[..]) {
        ([id], []) => rates.container(id).map_or((None, None), |r| (r.rx_rate, r.tx_rate)),
        ([], [(netns, ifindex)]) => rates.link(*netns, *ifindex).map_or((None, None), |r| (r.tx_rate, r.rx_rate)),
        _ => (None, None),
    };
    let words = |rate: Option<f64>| rate.map(|r| format!("{} now", bit_rate(r * 8.0))).unwrap_or_default();
    (words(down), words(up))
}

/// The limit that is kept for the one container.
fn kept(ground: &Ground<'_>, targets: &Targets, of: fn(&crate::model::Wanted) -> Option<&Shape>) -> String {
    let is = |w: &&crate::model::Wanted| targets.containers.len() == 1 && targets.containers[0] == w.container;
    let rate = ground.snapshot.wanted.iter().filter(is).filter_map(of).find_map(|s| s.rate_bps);
    rate.map(|r| format!("limited to {}, ", bit_rate(r as f64))).unwrap_or_default()
}

fn networks_of(ground: &Ground<'_>, id: &ContainerId) -> Vec<String> {
    let endpoints = ground.snapshot.container(id).map(|c| &c.endpoints[..]).unwrap_or_default();
    endpoints.iter().map(|e| e.network.raw().to_owned()).collect()
}

fn fields(ground: &Ground<'_>, targets: &Targets) -> Vec<Field> {
    let (down, up) = now(ground, targets);
    let mut out = vec![
        Field::text("rate", "both ways", RATE_HELP),
        Field::text("down", "download", "as the container sees it; `off` takes it off; as `both ways` when empty")
            .beside(format!("{}{down}", kept(ground, targets, |w| w.down.as_ref()))),
        Field::text("up", "upload", "`off` takes it off; as `both ways` when empty")
            .beside(format!("{}{up}", kept(ground, targets, |w| w.up.as_ref()))),
    ];
    if let [id] = &targets.containers[..]
        && let names = networks_of(ground, id)
        && names.len() > 1
    {
        let mut options = vec![ALL.to_owned()];
        options.extend(names);
        out.push(Field::choice("network", "on", options, "←→ or a letter"));
    }
    out.extend([
        Field::switch("keep", "keep", false, "set again when the container comes back (state file)"),
        Field::text("burst", "burst", "bucket, bytes: 32k; the right one for the rate when empty"),
        Field::text("latency", "latency", "longest wait in the queue: 50ms"),
        Field::text("delay", "delay", "added to each packet: 50ms (needs sch_netem)"),
        Field::text("jitter", "jitter", "variation of the delay: 10ms"),
        Field::text("loss", "loss", "packets lost: 0.1%"),
        Field::text("duplicate", "duplicate", "packets doubled: 1%"),
        Field::text("reorder", "reorder", "packets sent ahead of delayed ones: 5%"),
        Field::switch(
            "police",
            "police upload",
            false,
            "drop what exceeds it instead of queueing it (needs act_police)",
        ),
    ]);
    out
}

fn given<T>(form: &Form, id: &'static str, read: impl Fn(&str) -> Result<T, NotAUnit>) -> Result<Option<T>, Refusal> {
    let refuse =
        |e: NotAUnit| Refusal::new("limit traffic", format!("`{}` {}", e.text, e.why)).instead(e.way_out).at(id);
    match form.text(id) {
        "" => Ok(None),
        text => read(text).map(Some).map_err(refuse),
    }
}

fn rate(text: &str) -> Result<u64, NotAUnit> {
    units::parse_rate(text).map(|m: Meant| m.value)
}

fn size(text: &str) -> Result<u64, NotAUnit> {
    units::parse_size(text).map(|m| m.value)
}

fn time(text: &str) -> Result<u64, NotAUnit> {
    units::parse_time(text).map(|m| m.value)
}

fn says(form: &Form) -> Vec<String> {
    let fields = ["rate", "down", "up"];
    fields.into_iter().filter_map(|id| units::parse_rate(form.text(id)).ok()).map(|m| m.words).collect()
}

fn netem(form: &Form) -> Result<Option<Netem>, Refusal> {
    let netem = Netem {
        delay_us: given(form, "delay", time)?.unwrap_or(0),
        jitter_us: given(form, "jitter", time)?.unwrap_or(0),
        loss_percent: given(form, "loss", units::parse_percent)?.unwrap_or(0.0),
        duplicate_percent: given(form, "duplicate", units::parse_percent)?.unwrap_or(0.0),
        reorder_percent: given(form, "reorder", units::parse_percent)?.unwrap_or(0.0),
        ..Netem::default()
    };
    Ok((netem != Netem::default()).then_some(netem))
}

fn request(ground: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let off = |id| form.text(id) == OFF;
    let one = |id: &'static str| if off(id) { Ok(None) } else { given(form, id, rate) };
    let both = if off("rate") { None } else { given(form, "rate", rate)? };
    let (down, up) = (one("down")?, one("up")?);
    let base = Shape {
        rate_bps: None,
        burst_bytes: given(form, "burst", size)?,
        latency_us: given(form, "latency", time)?,
        netem: netem(form)?,
        police: false,
    };
    let is_extra = base.netem.is_some();
    let clear = off("rate") || off("down") || off("up");
    let shape = |rate: Option<u64>, id: &str, police: bool| {
        let wanted = !(form.text(id) == OFF || off("rate")) && (rate.is_some() || both.is_some() || is_extra);
        wanted.then(|| Shape { rate_bps: rate.or(both), police, ..base.clone() })
    };
    let (down, up) = (shape(down, "down", false), shape(up, "up", form.is_on("police")));
    if down.is_none() && up.is_none() && !clear {
        return Err(Refusal::new("limit traffic", "give a rate").at("rate"));
    }
    let mut targets = limit_targets(&form.targets).map_err(|why| Refusal::new("limit traffic", why))?;
    let chosen = form.text("network");
    if let ([LimitTarget::Container { network, .. }], false) = (&mut targets[..], chosen.is_empty() || chosen == ALL) {
        *network = ground.snapshot.networks.iter().find(|n| n.name.raw() == chosen).map(|n| n.id.clone());
    }
    Ok(Request::Wish(Wish::Limit(LimitWish { targets, down, up, clear, keep: form.is_on("keep") })))
}
