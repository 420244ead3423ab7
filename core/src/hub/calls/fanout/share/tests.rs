//! Credit is shared: never more than there is, and never none for a leg that goes on.

use proptest::prelude::*;

use super::*;

fn running(window: u64, legs: usize) -> Share {
    Share::new(window, (0..legs).map(|_| true)).unwrap()
}

fn all(share: &mut Share) -> Vec<(usize, u64)> {
    core::iter::from_fn(|| share.next()).collect()
}

#[test]
fn a_window_has_a_byte_for_each_leg_that_runs_or_is_refused() {
    let legs = || [true, false, true].into_iter();
    assert!(Share::new(1, legs()).is_none());
    assert_eq!(Share::new(2, legs()).unwrap().base(), 1);
    assert_eq!(Share::new(400, legs()).unwrap().base(), 100);
    assert!(Share::new(0, [false].into_iter()).is_some());
}

#[test]
fn a_leg_that_consumes_gets_half_of_what_is_free_and_another_half_of_the_rest() {
    let mut share = running(400, 2);
    assert_eq!(share.consume(0, 100), 100);
    assert_eq!(all(&mut share), [(0, 150)], "200 are free, of which it lacks 100");
    assert_eq!(share.consume(1, 60), 60);
    assert_eq!(all(&mut share), [(1, 50)], "what is left");
    share.add(160);
    assert_eq!(all(&mut share), [], "it has used less than half");
    assert_eq!(share.total(), 400);
}

#[test]
fn a_leg_that_has_used_less_than_half_waits() {
    let mut share = running(400, 2);
    share.consume(0, 100);
    assert_eq!(all(&mut share), [(0, 150)]);
    share.consume(0, 70);
    assert_eq!(all(&mut share), []);
    share.consume(0, 30);
    assert_eq!(all(&mut share), [(0, 50)]);
}

#[test]
fn what_a_leg_held_when_it_ended_goes_to_one_that_waits() {
    let mut share = running(4, 2);
    assert_eq!(share.consume(0, 1), 1);
    assert_eq!(all(&mut share), [(0, 1)]);
    assert_eq!(share.consume(0, 1), 1);
    assert_eq!(all(&mut share), [(0, 1)]);
    assert_eq!(share.consume(0, 1), 1);
    assert_eq!(all(&mut share), [], "the last byte is the other's");
    share.end(1);
    assert_eq!(all(&mut share), [(0, 1)]);
    assert_eq!(share.consume(1, 1), 0, "an ended leg has nothing");
}

#[derive(Clone, Debug)]
enum Step {
    /// A leg, and how much of what it holds in 1/4.
    Consume(usize, u64),
    /// How much of what the caller read it gives back, in 1/4.
    GiveBack(u64),
    End(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..8usize, 1..=4u64).prop_map(|(leg, part)| Step::Consume(leg, part)),
        4 => (1..=4u64).prop_map(Step::GiveBack),
        1 => (0..8usize).prop_map(Step::End),
    ]
}

proptest! {
    #[test]
    fn what_is_held_and_free_and_read_is_what_the_caller_gave(
        window in 8..5000u64,
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let mut share = running(window, 8);
        let (mut ended, mut held, mut read) = ([false; 8], [share.base(); 8], 0);
        for step in steps {
            match step {
                Step::Consume(leg, part) => {
                    let bytes = held[leg].div_ceil(4) * part;
                    let bytes = bytes.min(held[leg]);
                    prop_assert_eq!(share.consume(leg, bytes), bytes);
                    held[leg] -= bytes;
                    read += bytes;
                }
                Step::GiveBack(part) => {
                    let bytes = (read.div_ceil(4) * part).min(read);
                    share.add(bytes);
                    read -= bytes;
                }
                Step::End(leg) => {
                    share.end(leg);
                    (held[leg], ended[leg]) = (0, true);
                }
            }
            for (leg, bytes) in all(&mut share) {
                prop_assert!(!ended[leg]);
                held[leg] += bytes;
            }
            prop_assert_eq!(share.total() + read, window);
            prop_assert_eq!(share.free + held.iter().sum::<u64>(), share.total());
        }
        // The caller has read all: whoever runs has credit.
        share.add(read);
        for (leg, bytes) in all(&mut share) {
            held[leg] += bytes;
        }
        for leg in 0..8 {
            prop_assert!(ended[leg] || held[leg] > 0, "{} {:?}", leg, share);
        }
    }
}
