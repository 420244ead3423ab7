//! Back-pressure over the core alone, in turns ([`Harness`]): a call whose reader has stopped, or
//! whose command reads nothing, costs a call beside it nothing, and a flood costs it a bounded
//! number of turns. Nobody holds more than was given credit for.
//!
//! The same on real sockets: `tests/pressure.rs`.

use allocation_counter::measure;
use bowline_core::limits::INPUT_WINDOW;
use bowline_core::trust::Mode;
use bowline_tests::harness::{Harness, PIECE, Reader};

const MODES: [Mode; 2] = [Mode::Plain, Mode::Tofu];

/// What a small call takes where nothing else is on its way: to the hub, to the peer, to the hub,
/// to the operator, and a look at it.
const ALONE: u64 = 5;

/// What it takes beside a flood at most: on each of the two ways that its end goes, 64 KiB may have
/// been sealed ahead of the socket (`Limits::sealed`).
const BESIDE_A_FLOOD: u64 = ALONE + 2 * ((64 << 10) / PIECE as u64);

/// Output credit of a call.
const WINDOW: u64 = 1 << 20;

#[test]
fn beside_calls_whose_reader_has_stopped_a_small_call_takes_as_many_turns_as_alone() {
    for mode in MODES {
        let mut house = Harness::new(mode);
        let small = house.small();
        assert_eq!(house.turns_to_end(small), ALONE);
        for stalled in 1..=40 {
            house.pour(Reader::Stalled);
            house.settle();
            assert_eq!(house.flowed(), stalled * WINDOW, "the credit, and no more");
            let small = house.small();
            assert_eq!(house.turns_to_end(small), ALONE, "beside {stalled}");
        }
    }
}

#[test]
fn beside_floods_a_small_call_ends_within_thirteen_turns() {
    assert_eq!(BESIDE_A_FLOOD, 13);
    for (mode, floods) in MODES.into_iter().flat_map(|mode| [(mode, 1), (mode, 20)]) {
        let mut house = Harness::new(mode);
        let flood = house.pour(Reader::Fast);
        for _ in 1..floods {
            house.pour(Reader::Fast);
        }
        // Everything on the way is full.
        for _ in 0..200 * floods {
            house.turn();
        }
        for _ in 0..20 {
            let (small, before) = (house.small(), house.flowed());
            let turns = house.turns_to_end(small);
            assert!(turns <= BESIDE_A_FLOOD, "{turns} turns beside {floods}");
            assert!(house.flowed() > before, "it still flows");
            house.turn();
        }
        assert!(house.output(flood) > WINDOW, "credit was given anew");
    }
}

#[test]
fn a_flood_goes_on_at_its_pace_beside_a_call_whose_reader_has_stopped() {
    let pace = |stalled: bool| {
        let mut house = Harness::new(Mode::Plain);
        if stalled {
            house.pour(Reader::Stalled);
            house.settle();
        }
        let flood = house.pour(Reader::Fast);
        for _ in 0..400 {
            house.turn();
        }
        house.output(flood)
    };
    assert_eq!(pace(true), pace(false));
}

#[test]
fn what_an_operator_does_not_take_waits_within_its_credit_and_comes_when_it_does() {
    for mode in MODES {
        let mut house = Harness::new(mode);
        let mut pour = None;
        house.hear(false);
        let held = measure(|| {
            pour = Some(house.pour(Reader::Fast));
            house.settle();
        });
        assert_eq!(house.flowed(), WINDOW);
        // The window, the frames around it, and buffers that grow by doubling.
        assert!(held.bytes_current < 3 * WINDOW as i64, "{held:?}");
        assert!(held.bytes_max < 4 * WINDOW, "{held:?}");
        let pour = pour.unwrap();
        assert_eq!(house.output(pour), 0);
        house.hear(true);
        while house.output(pour) < 8 * WINDOW {
            assert!(house.turn());
        }
    }
}

#[test]
fn a_command_that_reads_nothing_stops_who_feeds_it_and_costs_a_small_call_nothing() {
    for mode in MODES {
        let mut house = Harness::new(mode);
        let deaf: Vec<_> = (0..10).map(|_| house.deaf()).collect();
        house.settle();
        let mut given = 0;
        let held = measure(|| {
            for _ in 0..100 {
                given += deaf.iter().map(|&id| house.feed(id, &[7; 100_000]) as u64).sum::<u64>();
                house.settle();
            }
        });
        assert_eq!((given, house.flowed()), (10 * INPUT_WINDOW, 10 * INPUT_WINDOW));
        // They are with the peer, and nobody on the way holds any of them, nor held more than that.
        assert!(held.bytes_current < 64 << 10, "{held:?}");
        assert!(held.bytes_max < 4 * 10 * INPUT_WINDOW, "{held:?}");
        let small = house.small();
        assert_eq!(house.turns_to_end(small), ALONE);
        // Another command reads, and is fed on.
        let sink = house.sink();
        let (mut fed, before) = (0, house.flowed());
        while fed < 20 * INPUT_WINDOW {
            fed += house.feed(sink, &[7; 100_000]) as u64;
            assert!(house.turn());
        }
        house.settle();
        assert_eq!(house.flowed(), before + fed);
    }
}

#[test]
fn beside_a_command_that_is_fed_as_fast_as_it_reads_a_small_call_ends_within_thirteen_turns() {
    for mode in MODES {
        let mut house = Harness::new(mode);
        let sinks: Vec<_> = (0..20).map(|_| house.sink()).collect();
        let turn = |house: &mut Harness| {
            for &id in &sinks {
                house.feed(id, &[7; 100_000]);
            }
            house.turn();
        };
        for _ in 0..200 {
            turn(&mut house);
        }
        for _ in 0..20 {
            let (small, before, mut turns) = (house.small(), house.flowed(), 0);
            while !house.has_ended(small) {
                turn(&mut house);
                turns += 1;
                assert!(turns <= BESIDE_A_FLOOD);
            }
            assert!(house.flowed() > before);
        }
    }
}
