//! `limit …`: from flags to wishes.

use super::find;
use super::flow::Operator;
use crate::cli::args::change::{LimitCommand, LimitOn, ShapeFlags};
use crate::cli::args::{From, Global, ListFormat};
use crate::cli::source::take;
use crate::cli::{CommandError, code, json, limits};
use crate::live::Patience;
use crate::model::{Netem, Shape, Snapshot};
use crate::plan::limits::units::{NotAUnit, parse_percent, parse_rate, parse_size, parse_time};
use crate::plan::{LimitTarget, LimitWish, Wish, plan};
use std::io::Write;

pub(super) fn run(global: &Global, command: LimitCommand, out: &mut impl Write) -> Result<u8, CommandError> {
    let (on, down, up, clear, keep, how) = match command {
        LimitCommand::Show { container, format } => return show(global, container.as_deref(), format, out),
        LimitCommand::Set { on, shape, once, how } => {
            let (down, up) = shapes(&shape)?;
            (on, down, up, false, !once, how)
        }
        LimitCommand::Clear { on, how } => (on, None, None, true, false, how),
    };
    let operator = Operator::new(global, "limit")?;
    let snapshot = operator.taken.snapshot.clone();
    let target = target(&snapshot, &on)?;
    let wish = LimitWish { targets: vec![target], down, up, clear, keep };
    let made = plan(&operator.ground(), &Wish::Limit(wish));
    operator.carry(made, &how, out)
}

fn target(snapshot: &Snapshot, on: &LimitOn) -> Result<LimitTarget, CommandError> {
    if let Some(name) = &on.link {
        let link = find::link(snapshot, name)?;
        return Ok(LimitTarget::Link { netns: link.netns, ifindex: link.ifindex });
    }
    let word = on.container.as_deref().unwrap_or_default();
    // What is kept for a container that was removed still goes by its name.
    let kept = || snapshot.wanted.iter().find(|w| w.name.raw() == word || w.container.short() == word);
    let id = match (find::container(snapshot, word), kept()) {
        (Ok(container), _) => container.id.clone(),
        (Err(_), Some(wanted)) => wanted.container.clone(),
        (Err(error), None) => return Err(error),
    };
    let network = on.network.as_deref().map(|word| find::network(snapshot, word)).transpose()?;
    Ok(LimitTarget::Container { id, network: network.map(|n| n.id.clone()) })
}

/// Download and upload that the flags ask for.
fn shapes(flags: &ShapeFlags) -> Result<(Option<Shape>, Option<Shape>), CommandError> {
    let usage = |e: NotAUnit| CommandError::Usage(e.to_string());
    let rate = |text: &Option<String>| -> Result<Option<u64>, CommandError> {
        text.as_deref().map(parse_rate).transpose().map(|m| m.map(|m| m.value)).map_err(usage)
    };
    let time = |text: &Option<String>| -> Result<Option<u64>, CommandError> {
        text.as_deref().map(parse_time).transpose().map(|m| m.map(|m| m.value)).map_err(usage)
    };
    let share = |text: &Option<String>| -> Result<f64, CommandError> {
        Ok(text.as_deref().map(parse_percent).transpose().map_err(usage)?.unwrap_or_default())
    };
    let burst = flags.burst.as_deref().map(parse_size).transpose().map_err(usage)?.map(|m| m.value);
    let netem = Netem {
        delay_us: time(&flags.delay)?.unwrap_or_default(),
        jitter_us: time(&flags.jitter)?.unwrap_or_default(),
        loss_percent: share(&flags.loss)?,
        duplicate_percent: share(&flags.duplicate)?,
        reorder_percent: share(&flags.reorder)?,
        ..Netem::default()
    };
    let netem = (netem != Netem::default()).then_some(netem);
    let latency = time(&flags.latency)?;
    let shape =
        |rate_bps, police| Shape { rate_bps, burst_bytes: burst, latency_us: latency, netem: netem.clone(), police };
    match (rate(&flags.down)?, rate(&flags.up)?) {
        (None, None) if netem.is_some() => Ok((Some(shape(None, false)), None)),
        (None, None) => Err(CommandError::Usage("say --down RATE, --up RATE, or a --delay or --loss".into())),
        (down, up) => Ok((down.map(|rate| shape(Some(rate), false)), up.map(|rate| shape(Some(rate), flags.police)))),
    }
}

fn show(
    global: &Global,
    container: Option<&str>,
    format: ListFormat,
    out: &mut impl Write,
) -> Result<u8, CommandError> {
    let taken = take(global, &From::default(), Patience { rates: true, ..Patience::default() })?;
    let id = container.map(|word| find::container(&taken.snapshot, word)).transpose()?.map(|c| c.id.clone());
    let document = limits::document(&taken.snapshot, &taken.report, id.as_ref());
    match format {
        ListFormat::Json => json::write(out, &document, true)?,
        ListFormat::Table => out.write_all(limits::table(&document).text().as_bytes())?,
    }
    Ok(code::OK)
}
