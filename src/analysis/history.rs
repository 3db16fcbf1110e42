//! A bounded past: figures of each container over one hour, coarser with age.

use super::{LinkKey, Rates, Traffic};
use crate::model::ContainerId;
use std::collections::{BTreeMap, VecDeque};

/// Figures that are kept over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// CPU, percent of one CPU.
    Cpu,
    /// Memory, bytes.
    Memory,
    /// Received, bytes per second.
    Rx,
    /// Sent, bytes per second.
    Tx,
    /// Read from block devices, bytes per second.
    IoRead,
    /// Written to block devices, bytes per second.
    IoWrite,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Metric; 6] = [Metric::Cpu, Metric::Memory, Metric::Rx, Metric::Tx, Metric::IoRead, Metric::IoWrite];
}

/// Directions of an interface, from its own side, in bytes per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkMetric {
    /// Received.
    Rx,
    /// Sent.
    Tx,
}

/// Points kept of each interface, one a refresh.
const LINK_POINTS: usize = 120;

/// Seconds a point of each tier stands for, and how many are kept: 2 minutes, 12 minutes, 1 hour.
const TIERS: [(u32, usize); 3] = [(1, 120), (6, 120), (30, 120)];

/// A figure in two bytes, as good as a chart can show: 10 bits of it and a power of two from 2⁻¹⁹ to 2⁴³. An hour of two
/// hundred containers is four hundred thousand figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Figure(u16);

impl Figure {
    const GAP: Figure = Figure(u16::MAX);
    const LARGEST: Figure = Figure(u16::MAX - 1);
    /// What the power of two of an `f32` is more than that of a figure.
    const BIAS: u32 = 127 - 20;

    fn of(value: f32) -> Self {
        if value.is_nan() {
            return Figure::GAP;
        }
        // Rounded to the nearest: half of what is cut off is added.
        let bits = value.max(0.0).to_bits().saturating_add(1 << 12) >> 13;
        match u16::try_from(bits.saturating_sub(Figure::BIAS << 10)) {
            Ok(bits) if bits < u16::MAX => Figure(bits),
            _ => Figure::LARGEST,
        }
    }

    fn value(self) -> f32 {
        match self.0 {
            0 => 0.0,
            u16::MAX => f32::NAN,
            bits => f32::from_bits((u32::from(bits) + (Figure::BIAS << 10)) << 13),
        }
    }
}

/// One metric's past. A point that is not known is a gap in the chart, never a zero.
#[derive(Debug, Clone, Default)]
struct Series {
    tiers: [Tier; 3],
}

#[derive(Debug, Clone, Default)]
struct Tier {
    points: Vec<Figure>,
    next: usize,
    sum: f64,
    known: u32,
    seconds: f64,
}

impl Tier {
    fn add(&mut self, value: f32, seconds: f64, span: u32, keep: usize) {
        if !value.is_nan() {
            self.sum += f64::from(value);
            self.known += 1;
        }
        self.seconds += seconds;
        // Half a second of slack, so that a beat that comes early by jitter does not skip a point.
        if self.seconds + 0.5 < f64::from(span) {
            return;
        }
        let mean = if self.known == 0 { f32::NAN } else { (self.sum / f64::from(self.known)) as f32 };
        let point = Figure::of(mean);
        if self.points.len() < keep {
            self.points.push(point);
        } else {
            self.points[self.next] = point;
        }
        self.next = (self.next + 1) % keep;
        (self.sum, self.known, self.seconds) = (0.0, 0, 0.0);
    }

    /// Oldest first.
    fn ordered(&self, keep: usize) -> impl DoubleEndedIterator<Item = f32> + '_ {
        let split = if self.points.len() < keep { 0 } else { self.next };
        self.points[split..].iter().chain(&self.points[..split]).map(|point| point.value())
    }
}

/// The past of every container that is shown.
#[derive(Debug, Clone, Default)]
pub struct History {
    series: BTreeMap<ContainerId, [Series; 6]>,
    host: [Series; 6],
    links: BTreeMap<LinkKey, VecDeque<[f32; 2]>>,
}

impl History {
    /// Adds the figures of one refresh that covers `seconds`. Containers that are gone are forgotten.
    /// Nothing is added for no time: the same figures come again when only the structure has changed.
    pub fn push(&mut self, rates: &Rates, seconds: f64) {
        if seconds <= 0.0 {
            return;
        }
        // Both are in the order of ids: they are walked side by side, and only who came or went is looked up.
        let same = self.series.len() == rates.containers.len()
            && self.series.keys().zip(&rates.containers).all(|(id, c)| *id == c.id);
        if !same {
            self.series.retain(|id, _| rates.container(id).is_some());
            for container in &rates.containers {
                self.series.entry(container.id.clone()).or_default();
            }
        }
        for (container, (id, series)) in rates.containers.iter().zip(self.series.iter_mut()) {
            // Rates that are out of order (a damaged recording) must not end up in another's past.
            if *id != container.id {
                continue;
            }
            let values = [
                container.cpu_percent,
                container.memory_bytes.map(|b| b as f64),
                container.rx_rate,
                container.tx_rate,
                container.io_read_rate,
                container.io_write_rate,
            ];
            push(series, values, seconds);
        }
        push(
            &mut self.host,
            [rates.host.cpu_percent, None, rates.host.rx_rate, rates.host.tx_rate, None, None],
            seconds,
        );
    }

    /// Adds the rates of interfaces at one refresh; under a limit what its qdisc counted. Those that are gone are
    /// forgotten. Nothing is added for no time.
    pub fn push_links(&mut self, rates: &Rates, traffic: &Traffic, seconds: f64) {
        if seconds <= 0.0 {
            return;
        }
        let keys = || rates.links.iter().map(|l| (l.netns, l.ifindex));
        if self.links.len() != rates.links.len() || !self.links.keys().copied().eq(keys()) {
            self.links.retain(|key, _| rates.link(key.0, key.1).is_some());
            for key in keys() {
                self.links.entry(key).or_default();
            }
        }
        let point = |rate: Option<f64>| rate.map_or(f32::NAN, |rate| rate as f32);
        for rate in &rates.links {
            let key = (rate.netns, rate.ifindex);
            let Some(points) = self.links.get_mut(&key) else { continue };
            if points.len() == LINK_POINTS {
                points.pop_front();
            }
            let shaped = traffic.of(key);
            let held =
                |shaping: Option<&super::Shaping>| shaping.and_then(|s| s.figures.reached_bps).map(|bps| bps / 8.0);
            let rx = held(shaped.and_then(|s| s.ingress.as_ref())).or(rate.rx_rate);
            let tx = held(shaped.and_then(|s| s.egress.as_ref())).or(rate.tx_rate);
            points.push_back([point(rx), point(tx)]);
        }
    }

    /// The newest `count` points of an interface, oldest first; gaps are `NaN`.
    pub fn recent_link(&self, key: LinkKey, metric: LinkMetric, count: usize) -> Vec<f32> {
        let Some(points) = self.links.get(&key) else { return Vec::new() };
        points.iter().skip(points.len().saturating_sub(count)).map(|point| point[metric as usize]).collect()
    }

    /// The newest `count` points of a container, one a second, oldest first; gaps are `NaN`.
    pub fn recent(&self, id: &ContainerId, metric: Metric, count: usize) -> Vec<f32> {
        self.series.get(id).map(|s| newest(&s[metric as usize].tiers[0], TIERS[0].1, count)).unwrap_or_default()
    }

    /// The newest `count` points of the machine (CPU, received and sent only).
    pub fn recent_host(&self, metric: Metric, count: usize) -> Vec<f32> {
        newest(&self.host[metric as usize].tiers[0], TIERS[0].1, count)
    }

    /// Points over the last `minutes`, oldest first, with the seconds each stands for: the finest tier that reaches
    /// back that far.
    pub fn span(&self, id: &ContainerId, metric: Metric, minutes: u32) -> (Vec<f32>, u32) {
        let tier = TIERS.iter().position(|(span, keep)| *span as usize * keep >= minutes as usize * 60).unwrap_or(2);
        let (span, keep) = TIERS[tier];
        let count = (minutes as usize * 60 / span as usize).min(keep);
        let points =
            self.series.get(id).map(|s| newest(&s[metric as usize].tiers[tier], keep, count)).unwrap_or_default();
        (points, span)
    }

    /// Forgets everything, as after a jump in a recording or when another engine answers.
    pub fn clear(&mut self) {
        *self = History::default();
    }
}

fn push(series: &mut [Series; 6], values: [Option<f64>; 6], seconds: f64) {
    for (series, value) in series.iter_mut().zip(values) {
        let value = value.map_or(f32::NAN, |v| v as f32);
        for (tier, (span, keep)) in series.tiers.iter_mut().zip(TIERS) {
            tier.add(value, seconds, span, keep);
        }
    }
}

fn newest(tier: &Tier, keep: usize, count: usize) -> Vec<f32> {
    let mut points: Vec<f32> = tier.ordered(keep).rev().take(count).collect();
    points.reverse();
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_is_bounded_and_averages() {
        let mut tier = Tier::default();
        for n in 0..1000 {
            tier.add(n as f32, 1.0, 6, 120);
        }
        assert_eq!(tier.points.len(), 120);
        let last = tier.ordered(120).next_back().expect("a point");
        assert_eq!(last, 992.5);
        let mut gap = Tier::default();
        gap.add(f32::NAN, 1.0, 1, 120);
        assert!(gap.ordered(120).next().is_some_and(f32::is_nan));
    }

    #[test]
    fn two_bytes_hold_a_figure_to_a_twentieth_of_a_percent() {
        for value in [0.0, 0.01, 1.0, 99.9, 3.0, 992.5, 12_345.0, 1.7e9, 4.2e12_f32] {
            let found = Figure::of(value).value();
            assert!((found - value).abs() <= value * 0.0005, "{value} came back as {found}");
        }
        assert!(Figure::of(f32::NAN).value().is_nan());
        assert_eq!((Figure::of(-1.0).value(), Figure::of(1e-9).value()), (0.0, 0.0));
        let most = [f32::MAX, f32::INFINITY].map(|value| Figure::of(value).value());
        assert!(most.iter().all(|value| value.is_finite() && *value > 1e13), "{most:?}");
    }

    fn tick(history: &mut History, id: &str, cpu: Option<f64>) {
        let container = crate::analysis::ContainerRates {
            id: id.into(),
            cpu_percent: cpu,
            throttled_percent: None,
            memory_bytes: None,
            memory_limit_bytes: None,
            is_memory_limited: false,
            rx_bytes: None,
            tx_bytes: None,
            rx_rate: None,
            tx_rate: None,
            is_network_shared: false,
            io_read_rate: None,
            io_write_rate: None,
        };
        history.push(&Rates { containers: vec![container], ..Rates::default() }, 1.0);
    }

    #[test]
    fn what_was_not_known_is_a_gap_and_what_is_gone_is_forgotten() {
        let mut history = History::default();
        for cpu in [Some(1.0), None, Some(3.0)] {
            tick(&mut history, "a", cpu);
        }
        let points = history.recent(&"a".into(), Metric::Cpu, 10);
        assert_eq!((points.len(), points[0], points[1].is_nan(), points[2]), (3, 1.0, true, 3.0));
        assert_eq!(history.recent(&"a".into(), Metric::Cpu, 2).len(), 2);
        tick(&mut history, "b", Some(1.0));
        tick(&mut history, "b", Some(1.0));
        assert!(history.recent(&"a".into(), Metric::Cpu, 10).is_empty());
    }

    #[test]
    fn an_hour_is_kept_and_no_more_however_long_it_runs() {
        let mut history = History::default();
        for n in 0..8000 {
            tick(&mut history, "a", Some(f64::from(n)));
        }
        assert_eq!(history.recent(&"a".into(), Metric::Cpu, usize::MAX).len(), 120);
        for (minutes, seconds, points) in [(2, 1, 120), (12, 6, 120), (60, 30, 120), (600, 30, 120)] {
            let (found, each) = history.span(&"a".into(), Metric::Cpu, minutes);
            assert_eq!((each, found.len()), (seconds, points), "{minutes} minutes");
        }
    }
}
