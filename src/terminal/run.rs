//! The loop: one inbox, all that waits is taken together, one frame is drawn.

use super::clipboard::{Wrap, sequence};
use super::decode::Input;
use super::painter::Painter;
use super::reader::{self, Reader};
use super::signals::{self, Signal};
use super::tty::{self, Output};
use super::{Hands, Msg, Setup, TerminalError, panics, themes};
use crate::app::{App, Effect, Msg as AppMsg, update};
use crate::feed::{Ask, Feed};
use crate::plan::{Order, Permit};
use crate::screen;
use crate::theme::Face;
use crate::views::registry::{finding_counts, registry};
use nix::sys::signal::{Signal as Number, kill};
use nix::unistd::{Pid, getpgid, getpgrp, getppid, getsid, isatty};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

/// Most messages taken before a frame is drawn: keys are answered even when the feed floods.
const MOST_AT_ONCE: usize = 512;

/// Runs the console until it is quit; gives the exit code: 0, or 128 and the number of the signal that ended it.
///
/// # Errors
/// When standard input or output is no terminal, the terminal is `dumb`, or it refuses raw mode; nothing is changed
/// on it then.
pub fn run(setup: Setup, feed: Feed, inbox: (Sender<Msg>, Receiver<Msg>)) -> Result<u8, TerminalError> {
    check(setup.face)?;
    let refused = |operation| move |source| TerminalError::Refused { operation, source };
    let (sender, receiver) = inbox;
    let output = Output::open().map_err(refused("open the terminal for writing"))?;
    let (theme, problems) =
        themes::choose(&setup.theme, setup.face, themes::has_light_ground(|n| std::env::var(n).ok()));
    signals::listen(sender.clone()).map_err(refused("listen for signals"))?;
    let mut options = setup.options;
    options.is_recording = feed.is_recording;
    options.label.clone_from(&feed.label);
    options.problems.extend(problems);
    options.prefs.ascii |= setup.face.ascii;
    let mouse = options.mouse;
    let painter = Painter::new(output.clone(), theme, sender.clone()).map_err(refused("start the output thread"))?;
    let app = App::new(options, registry(), finding_counts);
    panics::install(sender.clone(), output.clone());
    output.enter(mouse).map_err(refused("put the terminal in raw mode"))?;
    // Keys are read only now, so that none typed before is taken in cooked mode.
    let reader = match reader::start(sender) {
        Ok(reader) => reader,
        Err(error) => {
            output.leave(false);
            return Err(refused("start the thread for keys")(error));
        }
    };
    let mut console = Console {
        app,
        painter,
        output: output.clone(),
        feed,
        hands: setup.hands,
        reader,
        seen: None,
        face: setup.face,
        wrap: Wrap::detect(|n| std::env::var(n).ok()),
        last: Instant::now(),
        code: None,
    };
    let rehearsal = std::thread::Builder::new().name("collector".to_owned());
    let _ = rehearsal.spawn(|| panics::rehearse("collector"));
    let code = console.go(&receiver);
    console.painter.abandon();
    let _ = console.feed.asks.send(Ask::Quit);
    output.leave(console.painter.is_waiting());
    panics::uninstall();
    Ok(code)
}

fn check(face: Face) -> Result<(), TerminalError> {
    if !isatty(std::io::stdin()).unwrap_or(false) {
        return Err(TerminalError::NotATerminal("standard input"));
    }
    if !isatty(std::io::stdout()).unwrap_or(false) {
        return Err(TerminalError::NotATerminal("standard output"));
    }
    if face.dumb { Err(TerminalError::Dumb) } else { Ok(()) }
}

/// Whether a shell with job control stands above our process group: a parent outside the group and inside the session.
/// Without one (POSIX calls the group orphaned) nobody would ever continue us.
fn somebody_would_wake_us() -> bool {
    let (Ok(session), group) = (getsid(None), getpgrp()) else { return false };
    let mut above = getppid();
    for _ in 0..64 {
        if getpgid(Some(above)) != Ok(group) {
            return getsid(Some(above)) == Ok(session);
        }
        let Some(next) = parent_of(above) else { return false };
        above = next;
    }
    false
}

/// Field 4 of `/proc/PID/stat`; the name before it is in brackets and may hold anything.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after = &stat[stat.rfind(')')? + 1..];
    after.split_whitespace().nth(1)?.parse().ok().map(Pid::from_raw)
}

struct Console {
    app: App,
    painter: Painter,
    output: Output,
    feed: Feed,
    hands: Option<Hands>,
    reader: Reader,
    /// The last reading of the terminal before the newest frame reached it. Whatever a later one brings was typed by
    /// someone who could see that frame.
    seen: Option<u64>,
    face: Face,
    wrap: Wrap,
    /// When something last happened.
    last: Instant,
    code: Option<u8>,
}

impl Console {
    fn go(&mut self, inbox: &Receiver<Msg>) -> u8 {
        let (width, height) = tty::size();
        self.advance(vec![AppMsg::Resize(width, height)]);
        loop {
            if let Some(code) = self.code {
                return code;
            }
            if self.app.world.has_snapshot {
                panics::rehearse("draw");
            }
            // Counted before the frame is out: a key that answers it can be read before this thread goes on.
            let mut reads = None;
            match self.painter.paint(&self.app, || reads = Some(self.reader.reads())) {
                Err(_) => return 128 + 1,
                Ok(true) if !self.painter.is_waiting() => self.seen = reads,
                Ok(_) => {}
            }
            let Ok(first) = inbox.recv() else { return 0 };
            let mut messages = Vec::new();
            self.translate(first, &mut messages);
            while messages.len() < MOST_AT_ONCE
                && let Ok(next) = inbox.try_recv()
            {
                self.translate(next, &mut messages);
            }
            self.last = Instant::now();
            self.advance(messages);
        }
    }

    /// Mouse places are looked up on the screen as it is: what was typed before is done first.
    fn translate(&mut self, message: Msg, out: &mut Vec<AppMsg>) {
        match message {
            Msg::Input(input, reading) => {
                if self.seen.is_some_and(|seen| reading > seen) {
                    self.seen = None;
                    // What came together with the frame was not on the screen yet.
                    out.insert(0, AppMsg::Painted);
                }
                self.input(input, out);
            }
            Msg::Update(news) => out.push(AppMsg::Update(news)),
            Msg::Progress(progress) => out.push(AppMsg::Progress(progress)),
            Msg::Say(text, is_error) => out.push(AppMsg::Say(text, is_error)),
            Msg::Drained => self.painter.drained(),
            Msg::Gone(_) => self.code = Some(128 + 1),
            Msg::Signal(signal) => self.signal(signal, out),
        }
    }

    fn input(&mut self, input: Input, out: &mut Vec<AppMsg>) {
        match input {
            Input::Key(key) => out.push(AppMsg::Key(key)),
            Input::Paste(text, bytes) => out.push(AppMsg::Paste(text, bytes)),
            Input::Press(x, y) => {
                self.advance(std::mem::take(out));
                out.extend(screen::hit(&self.app, x, y).map(AppMsg::Click));
            }
            Input::Wheel(x, y, lines) => {
                self.advance(std::mem::take(out));
                out.push(AppMsg::Wheel(screen::in_detail(&self.app, x, y), lines));
            }
        }
    }

    fn signal(&mut self, signal: Signal, out: &mut Vec<AppMsg>) {
        match signal {
            Signal::End(number) => self.code = Some(128u8.saturating_add(number as u8)),
            Signal::Resize => {
                let (width, height) = tty::size();
                out.push(AppMsg::Resize(width, height));
                self.painter.forget();
            }
            Signal::Suspend => self.suspend(out),
            Signal::Continue => {
                // After SIGSTOP the shell has its own modes on.
                self.retake(out);
                out.push(AppMsg::Resumed(self.last.elapsed().as_secs()));
            }
        }
    }

    fn suspend(&mut self, out: &mut Vec<AppMsg>) {
        if !somebody_would_wake_us() {
            out.push(AppMsg::Say("there is no shell to suspend to".to_owned(), false));
            return;
        }
        self.output.leave(self.painter.is_waiting());
        // The whole group, as the key does in a terminal that is not raw: a wrapper around us must stop, too.
        let _ = kill(Pid::from_raw(0), Number::SIGSTOP);
        self.retake(out);
    }

    fn order(&mut self, order: Order, permit: Permit, say: &mut Vec<AppMsg>) {
        let Some(hands) = &mut self.hands else {
            return say.push(AppMsg::Say("this console was given no hands".to_owned(), true));
        };
        match order {
            Order::Shell(wish) => {
                if !self.reader.stand_aside() {
                    return;
                }
                self.output.leave(self.painter.is_waiting());
                let (words, is_error) = (hands.shell)(wish, permit);
                self.retake(say);
                self.reader.go_on();
                say.push(AppMsg::Say(words, is_error));
            }
            order => (hands.order)(order, permit),
        }
    }

    fn retake(&mut self, out: &mut Vec<AppMsg>) {
        // Modes that were never given back must not be taken for the shell's.
        self.output.leave(false);
        let _ = self.output.enter(self.app.mouse);
        self.painter.forget();
        let (width, height) = tty::size();
        out.push(AppMsg::Resize(width, height));
    }

    fn advance(&mut self, messages: Vec<AppMsg>) {
        if messages.is_empty() {
            return;
        }
        let mut next = messages;
        // What an effect has to say is a message again; that goes on for one round at most.
        for _ in 0..2 {
            let effects = update(&mut self.app, next);
            next = Vec::new();
            for effect in effects {
                self.carry_out(effect, &mut next);
            }
            if next.is_empty() {
                return;
            }
        }
        update(&mut self.app, next);
    }

    fn carry_out(&mut self, effect: Effect, say: &mut Vec<AppMsg>) {
        match effect {
            Effect::Ask(ask) => {
                if self.feed.asks.send(ask).is_err() && self.app.ended.is_none() {
                    say.push(AppMsg::Update(crate::feed::Update::Ended("nobody answers any more".to_owned())));
                }
            }
            Effect::Copy(text) => match sequence(&text, self.wrap) {
                Some(_) if self.painter.is_waiting() => {
                    say.push(AppMsg::Say("not copied: the terminal does not take bytes now".to_owned(), true));
                }
                Some(bytes) => {
                    if self.painter.send(&bytes).is_err() {
                        self.code = Some(128 + 1);
                    }
                }
                None => {
                    let most = super::clipboard::MAX_BYTES;
                    say.push(AppMsg::Say(format!("not copied: longer than {most} bytes"), true));
                }
            },
            Effect::Mouse(on) => self.output.set_mouse(on),
            Effect::Redraw => self.painter.forget(),
            Effect::Theme(name) => {
                let (theme, problems) = themes::choose(&name, self.face, false);
                if theme.name != name && problems.is_empty() {
                    say.push(AppMsg::Say(
                        format!("this terminal can't show {name}; the theme is {}", theme.name),
                        false,
                    ));
                }
                say.extend(problems.into_iter().map(|p| AppMsg::Say(p, true)));
                self.painter.set_theme(theme);
            }
            Effect::Order(order, permit) => self.order(*order, permit, say),
            Effect::Suspend => self.suspend(say),
            Effect::Quit => self.code = Some(0),
        }
    }
}
