//! Limits of CPU, memory, tasks and I/O, changed while the container runs. An empty field stays as it is.

use super::{Field, Form, FormSpec, Request};
use crate::app::change::Targets;
use crate::app::keymap::Action;
use crate::plan::containers::amounts::{parse_cpus, parse_size};
use crate::plan::{ContainerChange, Ground, LimitsUpdate, Refusal, Wish};
use crate::views::parts::format::memory;

/// The form.
pub const FORM: FormSpec = FormSpec {
    action: Action::Limits,
    title: |ground, targets| format!("Limits of {}", targets.words(ground.snapshot)),
    fits: super::some_container,
    fields,
    says: super::nothing,
    request,
};

/// What holds now and what is used, of one container.
struct Now {
    memory: String,
    swap: String,
    cpus: String,
    shares: String,
    cpuset: String,
    pids: String,
    blkio: String,
    quota: String,
}

fn now(ground: &Ground<'_>, targets: &Targets) -> Option<Now> {
    let [id] = &targets.containers[..] else { return None };
    let container = super::the_container(ground, targets)?;
    let config = container.config.known()?;
    let sample = ground.snapshot.sample(id);
    let bytes = |limit: i64| if limit > 0 { memory(limit as u64) } else { "none".to_owned() };
    let used =
        sample.and_then(|s| Some((*s.memory_bytes.known()?, s.inactive_file_bytes.known().copied().unwrap_or(0))));
    let used = used.map_or("?".to_owned(), |(all, file)| memory(all.saturating_sub(file)));
    let tasks = sample.and_then(|s| s.pids.known()).map_or("?".to_owned(), ToString::to_string);
    let cpu = ground.report.rates.container(id).and_then(|r| r.cpu_percent);
    let cpu = cpu.map_or("?".to_owned(), |p| format!("{:.2}", p / 100.0));
    let or_default = |n: i64, word: &str| if n > 0 { n.to_string() } else { word.to_owned() };
    let cpus = match (config.nano_cpus, config.cpu_quota_us) {
        (n, _) if n > 0 => format!("{}", n as f64 / 1e9),
        (_, q) if q > 0 => format!("quota {q} µs"),
        _ => "none".to_owned(),
    };
    Some(Now {
        memory: format!("limit {}, uses {used}", bytes(config.memory_bytes)),
        swap: match config.memory_swap_bytes {
            -1 => "without bound".to_owned(),
            n => format!("limit {}", bytes(n)),
        },
        cpus: format!("limit {cpus}, uses {cpu}"),
        shares: or_default(config.cpu_shares, "1024"),
        cpuset: if config.cpuset_cpus.is_empty() { "all".to_owned() } else { config.cpuset_cpus.clone() },
        pids: format!(
            "limit {}, {tasks} now",
            config.pids_limit.filter(|p| *p > 0).map_or("none".to_owned(), |p| p.to_string())
        ),
        blkio: or_default(i64::from(config.blkio_weight), "none"),
        quota: format!(
            "{} of {} µs",
            or_default(config.cpu_quota_us, "none"),
            or_default(config.cpu_period_us, "100000")
        ),
    })
}

fn fields(ground: &Ground<'_>, targets: &Targets) -> Vec<Field> {
    let now = now(ground, targets);
    let say = |of: fn(&Now) -> &String| now.as_ref().map(|n| of(n).clone()).unwrap_or_default();
    vec![
        Field::text("memory", "memory", "64m, 1.5g; 0 is no limit").beside(say(|n| &n.memory)),
        Field::text("memory-swap", "memory and swap", "both together: 128m; -1 is no limit").beside(say(|n| &n.swap)),
        Field::text("cpus", "CPUs", "0.5, 2; 0 is no limit").beside(say(|n| &n.cpus)),
        Field::text("pids-limit", "tasks", "100; -1 is no limit").beside(say(|n| &n.pids)),
        Field::text("cpu-shares", "CPU shares", "relative weight, 2 to 262144").beside(say(|n| &n.shares)),
        Field::text("cpuset-cpus", "processors", "0-1,3").beside(say(|n| &n.cpuset)),
        Field::text("blkio-weight", "I/O weight", "10 to 1000").beside(say(|n| &n.blkio)),
        Field::text("cpu-quota", "CPU quota", "µs in each period, instead of CPUs").beside(say(|n| &n.quota)),
        Field::text("cpu-period", "CPU period", "µs"),
    ]
}

const WHAT: &str = "change limits";

fn bytes(form: &Form, id: &'static str) -> Result<Option<i64>, Refusal> {
    match form.text(id) {
        "" => Ok(None),
        "-1" => Ok(Some(-1)),
        text => {
            let value = parse_size(text).map_err(|why| Refusal::new(WHAT, why.to_string()).at(id))?;
            i64::try_from(value).map(Some).map_err(|_| Refusal::new(WHAT, "it is too large").at(id))
        }
    }
}

fn request(_: &Ground<'_>, form: &Form) -> Result<Request, Refusal> {
    let cpus = match form.text("cpus") {
        "" => None,
        text => Some(parse_cpus(text).map_err(|why| Refusal::new(WHAT, why.to_string()).at("cpus"))?),
    };
    let limits = LimitsUpdate {
        nano_cpus: cpus,
        cpu_quota_us: super::number(form, "cpu-quota", WHAT)?,
        cpu_period_us: super::number(form, "cpu-period", WHAT)?,
        cpu_shares: super::number(form, "cpu-shares", WHAT)?,
        cpuset_cpus: (!form.text("cpuset-cpus").is_empty()).then(|| form.text("cpuset-cpus").to_owned()),
        memory_bytes: bytes(form, "memory")?,
        memory_swap_bytes: bytes(form, "memory-swap")?,
        pids_limit: super::number(form, "pids-limit", WHAT)?,
        blkio_weight: super::number(form, "blkio-weight", WHAT)?,
    };
    if limits == LimitsUpdate::default() {
        return Err(Refusal::new(WHAT, "give at least one limit; empty fields stay as they are").at("memory"));
    }
    let change = ContainerChange::Limits(Box::new(limits));
    Ok(Request::Wish(Wish::Containers { of: form.targets.containers.clone(), change }))
}
