//! The picture of the README: the console on the recorded lab, drawn as SVG from the same frame as the golden screens.
//! `BLESS=1 cargo test --test picture` writes it anew.

mod support {
    #[allow(dead_code)] // Each test file takes what it needs.
    pub mod driver;
    #[allow(dead_code)]
    pub mod hosts;
}

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use std::fmt::Write;
use support::driver::Driver;
use support::hosts;

/// Size of a cell and of the letters in it, and of the margin, in units of the picture.
const CELL: (f32, f32) = (8.4, 17.0);
const LETTERS: f32 = 14.0;
const MARGIN: f32 = 12.0;
/// What a terminal with a dark ground shows where the theme leaves the colour to it.
const GROUND: &str = "#14161b";
const LETTER: &str = "#d5d9e0";

/// The sixteen colours of a terminal, as most show them.
const SIXTEEN: [&str; 16] = [
    "#1d1f21", "#cc6666", "#b5bd68", "#f0c674", "#81a2be", "#b294bb", "#8abeb7", "#c5c8c6", "#666666", "#d54e53",
    "#b9ca4a", "#e7c547", "#7aa6da", "#c397d8", "#70c0b1", "#eaeaea",
];

fn color(color: Color, unset: &str) -> String {
    let named = |n: usize| SIXTEEN[n].to_owned();
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => unset.to_owned(),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Indexed(n) => match n {
            0..=15 => named(usize::from(n)),
            16..=231 => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let n = n - 16;
                format!("#{:02x}{:02x}{:02x}", level(n / 36), level(n / 6 % 6), level(n % 6))
            }
            232.. => format!("#{0:02x}{0:02x}{0:02x}", 8 + 10 * (n - 232)),
        },
    }
}

/// Ground, letters and weight of a cell.
fn look(cell: &Cell) -> (String, String, String) {
    let (mut ground, mut letters) = (color(cell.bg, GROUND), color(cell.fg, LETTER));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut ground, &mut letters);
    }
    let mut more = String::new();
    if cell.modifier.contains(Modifier::BOLD) {
        more.push_str(" font-weight=\"bold\"");
    }
    if cell.modifier.contains(Modifier::DIM) {
        more.push_str(" opacity=\".65\"");
    }
    if cell.modifier.contains(Modifier::ITALIC) {
        more.push_str(" font-style=\"italic\"");
    }
    if cell.modifier.contains(Modifier::UNDERLINED) {
        more.push_str(" text-decoration=\"underline\"");
    }
    (ground, letters, more)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A frame as SVG: a rectangle for every run on another ground, a text of a fixed length for every run of one look.
fn svg(frame: &Buffer, title: &str) -> String {
    let area = frame.area();
    let (width, height) =
        (f32::from(area.width) * CELL.0 + 2.0 * MARGIN, f32::from(area.height) * CELL.1 + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\" aria-label=\"{title}\">\n\
         <title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{GROUND}\"/>\n\
         <g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"{LETTERS}\" xml:space=\"preserve\">\n",
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let (from, now) = (x, look(&frame[(x, y)]));
            let mut text = String::new();
            while x < area.width && look(&frame[(x, y)]) == now {
                text.push_str(frame[(x, y)].symbol());
                x += 1;
            }
            let at = |n: u16| MARGIN + f32::from(n) * CELL.0;
            let (ground, letters, more) = now;
            if ground != GROUND {
                let (top, wide) = (MARGIN + f32::from(y) * CELL.1, f32::from(x - from) * CELL.0);
                let _ = writeln!(
                    out,
                    "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{ground}\"/>",
                    at(from),
                    CELL.1
                );
            }
            // Every word stands on its own column, whatever the letters of the reader's font are wide.
            let mut column = from;
            for piece in text.split_inclusive("  ") {
                let cells = bridgewatch::text::width(piece) as u16;
                let lead = (piece.len() - piece.trim_start_matches(' ').len()) as u16;
                let word = piece.trim();
                if !word.is_empty() {
                    let wide = f32::from(bridgewatch::text::width(word) as u16) * CELL.0;
                    let line = MARGIN + f32::from(y) * CELL.1 + LETTERS - 0.5;
                    let _ = writeln!(
                        out,
                        "<text x=\"{:.1}\" y=\"{line:.1}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{letters}\"{more}>{}</text>",
                        at(column + lead),
                        escaped(word)
                    );
                }
                column += cells;
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

#[test]
fn the_picture_of_the_readme_is_fresh() {
    for (file, title, keys) in [
        (
            "console.svg",
            "bridgewatch: the topology of a host, and the way of a container to the wire",
            "1 f \"db\" enter t",
        ),
        ("containers.svg", "bridgewatch: the containers of a host", "1 / \"!state:created\" enter f \"web\" enter"),
    ] {
        let mut driver = Driver::open(hosts::recorded("lab"), (120, 40));
        driver.press(keys);
        let picture = svg(&driver.frame(), title);
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(file);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, &picture).expect("written");
        }
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == picture, "docs/{file} is old: BLESS=1 cargo test --test picture writes it anew");
    }
}
