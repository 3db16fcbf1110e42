//! `demo.tape` played against the real program, so that the film can't rot: its keys go into a terminal, and after
//! each `# expect:` line that text must be on the screen. What the tape waits for is waited for, never slept.

mod support {
    pub mod pty;
}

use std::time::Duration;
use support::pty::{Console, PATIENCE, bridgewatch, command};

/// A step of a tape, as far as this project's tape uses the language of vhs.
#[derive(Debug, PartialEq)]
enum Step {
    Type(String),
    Key(&'static str, usize),
    Expect(String),
    /// Output, settings, pauses: nothing that a test does.
    Nothing,
}

fn parse(line: &str) -> Step {
    let line = line.trim();
    if let Some(text) = line.strip_prefix("# expect:") {
        return Step::Expect(text.trim().to_owned());
    }
    let mut words = line.split_whitespace();
    let (word, times) = (words.next().unwrap_or("#"), words.next().and_then(|n| n.parse().ok()).unwrap_or(1));
    match word {
        "Type" => {
            let text = line.strip_prefix("Type \"").and_then(|rest| rest.strip_suffix('"'));
            Step::Type(text.unwrap_or_else(|| panic!("not a text in quotes: {line}")).to_owned())
        }
        "Enter" => Step::Key("enter", times),
        "Escape" => Step::Key("esc", times),
        "Down" => Step::Key("down", times),
        "Up" => Step::Key("up", times),
        "Tab" => Step::Key("tab", times),
        "Output" | "Set" | "Sleep" => Step::Nothing,
        comment if comment.starts_with('#') => Step::Nothing,
        other => panic!("the tape says {other}, which this test does not know"),
    }
}

#[test]
fn the_film_can_be_made() {
    let tape = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/demo.tape")).expect("demo.tape");
    let mut steps = tape.lines().map(parse).filter(|step| *step != Step::Nothing);
    let start = steps.next().expect("the command");
    let Step::Type(line) = &start else { panic!("the tape begins with {start:?}") };
    let words: Vec<&str> = line.split(' ').collect();
    assert_eq!(words, ["bridgewatch", "demo"]);
    assert_eq!(steps.next(), Some(Step::Key("enter", 1)), "the command is entered");

    let mut console = Console::start(command(&[bridgewatch(), "demo"]), (132, 38));
    console.wait_for("Containers");
    let mut expected = 0;
    for step in steps {
        match step {
            Step::Type(text) => console.type_name(&text),
            Step::Key(key, times) => (0..times).for_each(|_| press(&mut console, key)),
            Step::Expect(text) => {
                console.wait_for(&text);
                expected += 1;
            }
            Step::Nothing => {}
        }
    }
    assert!(expected >= 10, "the tape expects little");
    assert_eq!(console.wait_end(PATIENCE).exit_code(), 0, "its last key leaves");
}

/// A lone escape is told from the beginning of a sequence by the silence after it.
fn press(console: &mut Console, key: &str) {
    console.press(key);
    if key == "esc" {
        console.wait_quiet(Duration::from_millis(200));
    }
}
