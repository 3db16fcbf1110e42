//! Sparklines: a run of figures in one line of text.

/// Draws the newest `width` points as blocks of height relative to the largest point, or to `ceiling` when that is
/// larger. A gap (`NaN`) is a blank; a known zero is the lowest block, so that the two differ.
pub fn sparkline(points: &[f32], width: usize, ceiling: f32) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let points = &points[points.len().saturating_sub(width)..];
    let top = points.iter().copied().filter(|p| p.is_finite()).fold(ceiling, f32::max);
    let mut out = " ".repeat(width - points.len());
    for point in points {
        if !point.is_finite() {
            out.push(' ');
        } else if top <= 0.0 {
            out.push(BLOCKS[0]);
        } else {
            let level = (point.max(0.0) / top * 7.0).round() as usize;
            out.push(BLOCKS[level.min(7)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_not_a_zero() {
        assert_eq!(sparkline(&[0.0, f32::NAN, 50.0, 100.0], 5, 0.0), " ▁ ▅█");
        assert_eq!(sparkline(&[], 3, 0.0), "   ");
        assert_eq!(sparkline(&[0.0, 0.0], 2, 0.0), "▁▁");
        assert_eq!(sparkline(&[f32::INFINITY, -3.0], 2, 1.0), " ▁");
    }
}
