//! Every leg is given everything, in order, and the caller gets credit as the slowest gives it.

use proptest::prelude::*;

use super::*;
use crate::limits::INPUT_WINDOW;

fn feed(legs: usize) -> Feed {
    let mut feed = Feed::new(legs);
    (0..legs).for_each(|leg| feed.open(leg));
    feed
}

/// Gives every leg all that it lacks; what each got.
fn serve(feed: &mut Feed, legs: usize) -> Vec<(Vec<u8>, bool)> {
    let mut got = vec![(Vec::new(), false); legs];
    while let Some(leg) = feed.turn() {
        while let Some(Piece { bytes, end, .. }) = feed.piece(leg, 3) {
            let (len, end) = (bytes.len() as u64, end);
            got[leg].0.extend(bytes);
            got[leg].1 |= end;
            feed.fed(leg, len, end);
        }
    }
    got
}

#[test]
fn a_leg_that_begins_late_gets_everything_from_the_start() {
    let mut feed = Feed::new(2);
    feed.open(0);
    feed.push(b"abcd", false);
    assert_eq!(serve(&mut feed, 2), [(b"abcd".to_vec(), false), (vec![], false)]);
    feed.open(1);
    feed.push(b"e", true);
    assert_eq!(serve(&mut feed, 2), [(b"e".to_vec(), true), (b"abcde".to_vec(), true)]);
    assert!(!feed.is_due());
}

#[test]
fn the_caller_gets_credit_as_the_slowest_leg_gives_it() {
    let mut feed = feed(2);
    feed.push(b"abcd", false);
    serve(&mut feed, 2);
    assert_eq!(feed.grant(0, 4), 4);
    assert_eq!(feed.credit(), None);
    assert_eq!(feed.grant(1, 1), 1);
    assert_eq!(feed.credit(), Some(1));
    assert_eq!(feed.credit(), None);
    assert_eq!(feed.close(1), 3, "bytes that nobody reads any more");
    assert_eq!(feed.credit(), Some(3));
    assert_eq!(feed.close(0), 0);
    assert_eq!(feed.credit(), None, "nobody is left");
}

#[test]
fn credit_for_bytes_that_were_never_given_is_none() {
    let mut feed = feed(1);
    assert_eq!(feed.grant(0, 9), 0);
    assert_eq!(feed.credit(), None);
}

#[test]
fn an_end_alone_is_told_once() {
    let mut feed = feed(1);
    feed.push(b"", true);
    assert!(feed.is_due());
    assert_eq!(feed.piece(0, 0), Some(Piece { offset: 0, bytes: b"", end: true }));
    assert_eq!(serve(&mut feed, 1), [(vec![], true)]);
    feed.look();
    assert_eq!(serve(&mut feed, 1), [(vec![], false)]);
}

#[derive(Clone, Debug)]
enum Step {
    Push(u64),
    /// A leg, and how many bytes.
    Feed(usize, usize),
    Grant(usize, u64),
    Close(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let leg = || 0..4usize;
    prop_oneof![
        4 => (0..INPUT_WINDOW).prop_map(Step::Push),
        8 => (leg(), 0..40_000usize).prop_map(|(leg, bytes)| Step::Feed(leg, bytes)),
        6 => (leg(), 1..40_000u64).prop_map(|(leg, bytes)| Step::Grant(leg, bytes)),
        1 => leg().prop_map(Step::Close),
    ]
}

proptest! {
    #[test]
    fn no_leg_is_overrun_and_no_more_is_held_than_the_window(
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let mut feed = feed(4);
        let (mut came, mut credit) = (0u64, INPUT_WINDOW);
        let (mut fed, mut granted, mut open) = ([0u64; 4], [0u64; 4], [true; 4]);
        for step in steps {
            match step {
                Step::Push(bytes) => {
                    let bytes = bytes.min(credit);
                    let numbered: Vec<u8> = (came..came + bytes).map(|at| at as u8).collect();
                    feed.push(&numbered, false);
                    (came, credit) = (came + bytes, credit - bytes);
                }
                Step::Feed(leg, most) => {
                    let Some(Piece { offset, bytes, .. }) = feed.piece(leg, most) else { continue };
                    prop_assert!(open[leg]);
                    prop_assert_eq!(offset, fed[leg]);
                    prop_assert!((offset..).zip(bytes).all(|(at, byte)| at as u8 == *byte));
                    let len = bytes.len() as u64;
                    feed.fed(leg, len, false);
                    fed[leg] += len;
                    prop_assert!(fed[leg] - granted[leg] <= INPUT_WINDOW, "overrun");
                }
                Step::Grant(leg, bytes) => granted[leg] += feed.grant(leg, bytes),
                Step::Close(leg) => {
                    let left = if open[leg] { fed[leg] - granted[leg] } else { 0 };
                    prop_assert_eq!(feed.close(leg), left);
                    open[leg] = false;
                }
            }
            credit += feed.credit().unwrap_or(0);
            prop_assert!(feed.bytes.len() as u64 <= INPUT_WINDOW);
            let floor = (0..4).filter(|&leg| open[leg]).map(|leg| granted[leg]).min();
            if let Some(floor) = floor {
                prop_assert_eq!(credit, INPUT_WINDOW + floor - came);
            }
        }
    }
}
