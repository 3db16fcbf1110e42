//! The console on a host of [`super::hosts`], driven by keys; what it shows, as a terminal shows it.

use super::hosts::Host;
use bridgewatch::app::keys::Key;
use bridgewatch::app::{App, Desk, Effect, Msg, Options, Prefs, update};
use bridgewatch::feed::{Ask, LogBatch, Update};
use bridgewatch::model::Subject;
use bridgewatch::screen;
use bridgewatch::terminal::encode::{Pen, encode};
use bridgewatch::text::Outside;
use bridgewatch::theme::{Theme, built_in};
use bridgewatch::views::registry::{finding_counts, registry};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use std::fmt::Write;

/// The console on a host.
pub struct Driver {
    pub app: App,
    pub theme: Theme,
    /// What was put in the clipboard.
    pub clipboard: Vec<String>,
    host: Host,
    desk: Desk,
}

impl Driver {
    /// The console as it opens on the host, all moments seen.
    pub fn open(host: Host, size: (u16, u16)) -> Self {
        Self::open_with(host, size, Prefs::default())
    }

    pub fn open_with(host: Host, size: (u16, u16), prefs: Prefs) -> Self {
        let app = App::new(Options { prefs, ..Options::default() }, registry(), finding_counts);
        let theme = built_in("default").expect("the default theme");
        let mut driver = Driver { app, theme, clipboard: Vec::new(), host, desk: Desk::default() };
        driver.tell([Msg::Resize(size.0, size.1)]);
        for frame in driver.host.frames.clone() {
            let picture = driver.desk.take(Update::Snapshot(frame));
            driver.tell([Msg::Update(picture)]);
        }
        driver
    }

    /// Hands messages to the console and answers what it asks for.
    pub fn tell(&mut self, messages: impl IntoIterator<Item = Msg>) {
        let mut effects = update(&mut self.app, messages);
        while let Some(effect) = effects.pop() {
            let answers = match effect {
                Effect::Copy(text) => {
                    self.clipboard.push(text);
                    continue;
                }
                Effect::Ask(ask) => self.answer(ask),
                _ => continue,
            };
            let news = self.desk.take_all(answers);
            effects.extend(update(&mut self.app, news.into_iter().map(Msg::Update)));
        }
    }

    fn answer(&mut self, ask: Ask) -> Vec<Update> {
        match (&mut self.host.replay, ask) {
            (Some(replay), ask) => replay.answer(ask),
            (None, Ask::Logs(request, container, _)) => {
                let lines = self.host.log.clone();
                vec![Update::Logs(LogBatch { request, container, lines, skipped: 0, ended: None })]
            }
            (None, Ask::Raw(subject @ Subject::Container { .. })) => {
                let text: Vec<&str> = self.host.log.iter().map(|line| line.text.raw()).collect();
                vec![Update::Raw(subject, Ok(Outside::from(text.join("\n"))))]
            }
            _ => Vec::new(),
        }
    }

    /// Types keys written as in settings, separated by blanks; `"text"` types a text.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for (n, part) in keys.split('"').enumerate() {
            if n % 2 == 1 {
                part.chars().for_each(|c| self.tell([Msg::Key(Key::char(c))]));
                continue;
            }
            for key in part.split_whitespace() {
                self.tell([Msg::Key(Key::parse(key).unwrap_or_else(|| panic!("no key {key}")))]);
            }
        }
        self
    }

    pub fn frame(&self) -> Buffer {
        let mut frame = Buffer::empty(Rect::new(0, 0, self.app.size.0, self.app.size.1));
        screen::draw(&self.app, &self.theme, &mut frame);
        frame
    }

    /// The bytes that draw the screen on an empty terminal.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(&mut bytes, &mut Pen::default(), None, &self.frame(), None);
        bytes
    }

    /// The screen as a terminal shows it, without blanks at the ends of lines.
    pub fn text(&self) -> String {
        let size = |n: u16| std::num::NonZeroU16::new(n.max(1)).expect("not zero");
        let mut parser = vt100::Parser::new(size(self.app.size.1), size(self.app.size.0), 0);
        parser.process(&self.bytes());
        let rows: Vec<String> = parser.screen().rows(0, self.app.size.0).map(|r| r.trim_end().to_owned()).collect();
        rows.join("\n")
    }

    /// The styles of the screen: for each line the runs that differ from the line's first style.
    pub fn styles(&self) -> String {
        let frame = self.frame();
        let mut out = String::new();
        for y in 0..frame.area().height {
            let style = |x: u16| {
                let cell = &frame[(x, y)];
                let modifier = format!("{:?}", cell.modifier);
                let modifier =
                    if modifier.contains("NONE") || modifier == "(empty)" { String::new() } else { modifier };
                format!("{} on {} {}", color(cell.fg), color(cell.bg), modifier).trim_end().to_owned()
            };
            let mut x = 0;
            while x < frame.area().width {
                let (from, now) = (x, style(x));
                while x < frame.area().width && style(x) == now {
                    x += 1;
                }
                let text: String = (from..x).map(|x| frame[(x, y)].symbol()).collect();
                if !text.trim().is_empty() || now.contains("on #") {
                    let _ = writeln!(out, "{y:>2}:{from:<3} {now:<28} {}", text.trim_end());
                }
            }
        }
        out
    }
}

/// A colour in the words of a theme file.
pub fn color(color: Color) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => "-".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}
