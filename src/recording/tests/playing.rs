//! The transport: time arithmetic over a short recording.

use super::super::*;
use super::story::*;
use proptest::prelude::*;
use std::time::Duration;

fn player(speed: f64) -> Player<Reader> {
    let mut player = Player::new(open(&record(&story(), 2)).expect("opens"));
    player.set_speed(speed);
    player
}

fn seen(player: &mut Player<Reader>, now_ns: u64) -> Option<u64> {
    player.tick(now_ns).map(|snapshot| snapshot.at_ns / SECOND_NS - 5)
}

#[test]
fn playing_follows_the_clock_and_ends() {
    let mut player = player(1.0);
    assert_eq!(seen(&mut player, 100), Some(0));
    assert_eq!(seen(&mut player, 100 + SECOND_NS / 2), None);
    assert_eq!(player.due_in_ns(), Some(SECOND_NS / 2));
    assert_eq!(seen(&mut player, 100 + SECOND_NS), Some(1));
    player.set_speed(2.0);
    assert_eq!(seen(&mut player, 100 + 2 * SECOND_NS), Some(3));
    assert_eq!(seen(&mut player, 100 + 60 * SECOND_NS), Some(4));
    assert_eq!(player.transport(), Transport::Ended);
    assert_eq!(player.position(), player.duration());
    assert_eq!(seen(&mut player, 100 + 90 * SECOND_NS), None);
    player.toggle();
    assert_eq!(seen(&mut player, 100 + 90 * SECOND_NS), Some(0));
}

#[test]
fn pausing_stepping_and_jumping() {
    let mut player = player(64.0);
    assert_eq!(seen(&mut player, 0), Some(0));
    player.pause();
    assert_eq!(seen(&mut player, 100 * SECOND_NS), None, "time stands");
    player.step(1);
    assert_eq!(seen(&mut player, 100 * SECOND_NS), Some(1));
    player.step(-1);
    player.step(-1);
    assert_eq!(seen(&mut player, 100 * SECOND_NS), Some(0));
    let cuts = player.cuts();
    player.jump(Duration::from_millis(3_500));
    assert_eq!(seen(&mut player, 100 * SECOND_NS), Some(3));
    assert!(player.cuts() > cuts, "rates over a jump are void");
    player.skip(-100);
    assert_eq!(seen(&mut player, 100 * SECOND_NS), Some(0));
    player.step(99);
    assert_eq!(seen(&mut player, 100 * SECOND_NS), Some(4));
    player.faster();
    assert_eq!(player.speed(), 64.0);
    player.set_speed(f64::NAN);
    player.slower();
    assert_eq!(player.speed(), 0.5);
}

#[test]
fn a_loop_begins_again_after_its_last_frame() {
    let mut player = player(1.0).looping(true);
    let seen: Vec<_> = (0..7).filter_map(|n| seen(&mut player, n * SECOND_NS)).collect();
    assert_eq!(seen, [0, 1, 2, 3, 4, 0, 1]);
    assert_eq!(player.cuts(), 1);
}

#[test]
fn f04_a_damaged_frame_is_told_and_the_rest_plays() {
    let written = story();
    let mut bytes = record(&written, 1);
    let second = record(&written[..1], 1).len() + 45;
    bytes[second] ^= 1;
    let mut player = Player::new(open(&bytes).expect("opens"));
    assert_eq!(seen(&mut player, 0), Some(0));
    assert_eq!(seen(&mut player, SECOND_NS), None);
    assert!(player.problem().is_some_and(|problem| problem.contains("frame 2") && problem.contains("checksum")));
    assert_eq!(seen(&mut player, 2 * SECOND_NS), Some(2));
    assert_eq!(player.problem(), None);
}

proptest! {
    #[test]
    fn no_sequence_of_keys_leaves_the_recording(keys in proptest::collection::vec((0u8..9, any::<i64>()), 0..40)) {
        let mut player = player(1.0);
        for (key, n) in keys {
            match key {
                0 => player.play(),
                1 => player.pause(),
                2 => player.step(n % 7),
                3 => player.jump(Duration::from_millis(n.unsigned_abs() % 9_000)),
                4 => player.skip(n),
                5 => player.faster(),
                6 => player.slower(),
                7 => player.step(n),
                _ => { player.tick(n.unsigned_abs()); }
            }
            prop_assert!(player.position() <= player.duration());
            prop_assert!(player.index().is_some_and(|index| index < 5));
        }
    }
}

#[test]
fn an_empty_recording_shows_nothing() {
    let mut player = Player::new(open(&record(&[], 1)).expect("opens"));
    player.step(1);
    player.jump(Duration::from_secs(9));
    assert!(player.tick(5).is_none() && player.index().is_none() && player.due_in_ns().is_none());
}
