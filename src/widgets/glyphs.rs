//! Glyphs for terminals that can't show more than ASCII: a finished frame is translated, so that no view has to care.

use ratatui::buffer::Buffer;

/// Translates every cell of a frame to ASCII of the same width. What has no likeness becomes `?`.
pub fn degrade(frame: &mut Buffer) {
    for cell in &mut frame.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let c = cell.symbol().chars().next().map_or('?', ascii_of);
        cell.set_char(c);
    }
}

/// The ASCII likeness of a glyph.
pub fn ascii_of(c: char) -> char {
    match c {
        c if c.is_ascii() => c,
        '─' | '━' | '╌' | '–' | '—' | '−' => '-',
        '│' | '┃' | '╎' | '┊' => '|',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '╭' | '╮' | '╰' | '╯' => '+',
        '…' => '~',
        '▾' | '▼' | '↓' | '⬇' => 'v',
        '▸' | '▶' | '→' | '›' | '»' => '>',
        '◂' | '◀' | '←' | '‹' | '«' => '<',
        '▲' | '△' | '↑' | '⬆' | '▴' => '^',
        '⇄' | '⇅' | '↔' | '⇆' => '=',
        '●' | '⬤' | '◉' | '•' | '◆' | '■' | '✚' => '*',
        '○' | '◌' | '◇' | '□' | '◦' | '°' => 'o',
        '✓' | '✔' => '+',
        '✗' | '✘' | '×' | '✕' => 'x',
        '·' | '∙' => '.',
        '⏎' | '↵' => '<',
        'µ' | 'μ' => 'u',
        '▁' | '▂' => '.',
        '▃' | '▄' => ':',
        '▅' | '▆' => '=',
        '▇' | '█' | '▓' | '▒' | '░' => '#',
        '⏸' | '‖' => '|',
        '\u{2800}' => ' ',
        '\u{2801}'..='\u{28ff}' => '*',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;

    #[test]
    fn t11_a_degraded_frame_is_ascii_and_as_wide() {
        let mut frame = Buffer::with_lines(["┌─ wéb 日本 ▲2 ⣿ …"]);
        let area = *frame.area();
        degrade(&mut frame);
        assert_eq!(*frame.area(), area);
        let text: String = (0..area.width).map(|x| frame[(x, 0)].symbol()).collect();
        assert!(text.is_ascii(), "{text}");
        assert!(text.starts_with("+- w?b ? ? "), "{text}");
        degrade(&mut Buffer::empty(Rect::ZERO));
    }
}
