//! Line charts over time in braille dots, with an axis, a limit, and gaps where nothing is known.

use super::Ink;
use crate::text;
use crate::theme::Role;
use crate::views::Chart;
use ratatui::layout::Rect;

/// Braille dots of a cell by (column, row), bits of U+2800.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Height of each of `count` charts in `height` lines; 0 when there is no room for even one.
pub fn height_each(height: u16, count: usize) -> u16 {
    let each = height / u16::try_from(count.max(1)).unwrap_or(u16::MAX);
    if each < 4 { height.min(6) } else { each.min(12) }
}

/// Draws a chart: title, plot, time axis.
pub fn draw(ink: &mut Ink<'_>, area: Rect, chart: &Chart) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    ink.say(area.x, area.y, area.width, &text::ellipsis_end(&chart.title, usize::from(area.width)), chart.role);
    if area.height < 3 || area.width < 12 {
        return;
    }
    let top = ceiling(chart);
    let labels = [(chart.format)(top), (chart.format)(top / 2.0), (chart.format)(0.0)];
    let margin = labels.iter().map(|l| text::width(l)).max().unwrap_or(0).min(usize::from(area.width) / 3) as u16;
    let plot = Rect::new(area.x + margin + 1, area.y + 1, area.width - margin - 1, area.height - 2);
    for (n, label) in labels.iter().enumerate() {
        let row = [0, (plot.height - 1) / 2, plot.height - 1][n];
        if n == 1 && plot.height < 5 || n == 2 && plot.height < 2 {
            continue;
        }
        let label = text::pad(label, usize::from(margin), true);
        ink.say(area.x, plot.y + row, margin, &label, Role::Dim);
    }
    for y in 0..plot.height {
        ink.say(plot.x - 1, plot.y + y, 1, "│", Role::Border);
    }
    if let Some(limit) = chart.limit.filter(|l| l.is_finite() && f64::from(*l) <= top) {
        let y = level(f64::from(limit), top, plot.height) / 4;
        for x in (0..plot.width).step_by(2) {
            ink.say(plot.x + x, plot.y + y, 1, "╌", Role::Notice);
        }
    }
    if let Some((points, role)) = &chart.second {
        series(ink, plot, points, *role, top);
    }
    series(ink, plot, &chart.points, chart.role, top);
    time_axis(ink, Rect::new(plot.x, area.bottom() - 1, plot.width, 1), chart);
}

/// The top of the axis: the largest known value, rounded up to 1, 2 or 5 times a power of ten, or the limit when the
/// values come near it.
fn ceiling(chart: &Chart) -> f64 {
    let second = chart.second.iter().flat_map(|(p, _)| p);
    let largest = chart.points.iter().chain(second).copied().filter(|p| p.is_finite()).fold(0.0f32, f32::max);
    let largest = f64::from(largest);
    if let Some(limit) = chart.limit.map(f64::from)
        && limit.is_finite()
        && limit > 0.0
        && largest >= limit * 0.5
        && largest <= limit * 1.05
    {
        return limit * 1.05;
    }
    if largest <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(largest.log10().floor());
    let step = [1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0].into_iter().find(|s| s * power >= largest).unwrap_or(10.0);
    step * power
}

/// Dot row of a value, from the top.
fn level(value: f64, top: f64, height: u16) -> u16 {
    let dots = f64::from(height.max(1)) * 4.0 - 1.0;
    let up = (value.max(0.0) / top).min(1.0) * dots;
    (dots - up).round() as u16
}

fn series(ink: &mut Ink<'_>, plot: Rect, points: &[f32], role: Role, top: f64) {
    let plot = plot.intersection(*ink.frame.area());
    if plot.width == 0 || plot.height == 0 || points.is_empty() {
        return;
    }
    let columns = usize::from(plot.width) * 2;
    let mut cells = vec![0u8; usize::from(plot.width) * usize::from(plot.height)];
    let mut last: Option<u16> = None;
    for x in 0..columns {
        // Every point is seen: several points in one dot column show the largest of them.
        let (from, to) = (x * points.len() / columns, ((x + 1) * points.len()).div_ceil(columns));
        let value = points[from..to.min(points.len())].iter().copied().filter(|p| p.is_finite()).reduce(f32::max);
        let Some(value) = value else {
            last = None;
            continue;
        };
        let y = level(f64::from(value), top, plot.height);
        let (low, high) = last.map_or((y, y), |l| (l.min(y), l.max(y)));
        for dot in low..=high {
            let cell = usize::from(dot / 4) * usize::from(plot.width) + x / 2;
            if let Some(bits) = cells.get_mut(cell) {
                *bits |= DOTS[x % 2][usize::from(dot % 4)];
            }
        }
        last = Some(y);
    }
    let style = ink.style(role);
    for (n, bits) in cells.into_iter().enumerate().filter(|(_, bits)| *bits != 0) {
        let (x, y) = (plot.x + (n % usize::from(plot.width)) as u16, plot.y + (n / usize::from(plot.width)) as u16);
        let cell = &mut ink.frame[(x, y)];
        let before = match cell.symbol().chars().next() {
            Some(c @ '\u{2800}'..='\u{28ff}') => (c as u32 - 0x2800) as u8,
            _ => 0,
        };
        let c = char::from_u32(0x2800 + u32::from(bits | before)).unwrap_or('*');
        cell.set_char(c).set_style(style);
    }
}

fn time_axis(ink: &mut Ink<'_>, area: Rect, chart: &Chart) {
    let seconds = chart.points.len() as u64 * u64::from(chart.seconds_per_point);
    let ago = match seconds {
        0..=120 => format!("−{seconds} s"),
        _ => format!("−{} min", seconds / 60),
    };
    ink.say(area.x, area.y, area.width, &ago, Role::Dim);
    if area.width > 16 {
        ink.say(area.x + area.width - 3, area.y, 3, "now", Role::Dim);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Theme;
    use ratatui::buffer::Buffer;

    fn chart(points: Vec<f32>, limit: Option<f32>) -> Chart {
        Chart {
            title: "cpu %".into(),
            role: Role::Cpu,
            points,
            second: None,
            seconds_per_point: 1,
            limit,
            format: |v| format!("{v:.0}"),
        }
    }

    #[test]
    fn t01_any_size_and_any_points() {
        let theme = Theme::default();
        let wild = vec![f32::NAN, f32::INFINITY, -1.0, 0.0, f32::MAX, 1e-30, f32::NEG_INFINITY];
        for points in [vec![], wild, vec![1.0; 500]] {
            for (w, h) in [(0, 0), (1, 1), (12, 3), (13, 4), (80, 24), (300, 2)] {
                let mut frame = Buffer::empty(Rect::new(0, 0, w, h));
                let area = *frame.area();
                draw(&mut Ink { frame: &mut frame, theme: &theme }, area, &chart(points.clone(), Some(7.0)));
            }
        }
    }

    #[test]
    fn a_gap_stays_empty() {
        let theme = Theme::default();
        let mut frame = Buffer::empty(Rect::new(0, 0, 24, 5));
        let mut points = vec![10.0; 40];
        points[10..30].fill(f32::NAN);
        let area = *frame.area();
        draw(&mut Ink { frame: &mut frame, theme: &theme }, area, &chart(points, None));
        let row: String = (3..24).map(|x| frame[(x, 1)].symbol().to_owned()).collect();
        assert!(row.contains("     "), "{row}");
        assert!(row.trim_end().ends_with(|c: char| ('\u{2801}'..='\u{28ff}').contains(&c)), "{row}");
    }
}
