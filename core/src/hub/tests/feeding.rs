//! Input of a call for several: everybody gets all of it, and nobody is overrun.

use super::fanout::{everyone, heard, nothing_is_left};
use super::*;

fn fed(id: u64, offset: u64, bytes: &[u8], end: bool) -> Frame<'_> {
    Frame::Input(Input { id: CallId(id), offset, bytes, end })
}

/// The input that a link is sent: offset, length, and whether it is the end.
fn eaten(hub: &mut Hub, link: LinkId) -> Vec<(u64, usize, bool)> {
    let mut outbox = Outbox::default();
    hub.take_outbox(link, &mut outbox);
    let mut all = Vec::new();
    while let Some(frame) = outbox.front() {
        if let Frame::Input(input) = &frame {
            all.push((input.offset, input.bytes.len(), input.end));
        }
        outbox.pop();
    }
    all
}

#[test]
fn input_goes_to_every_leg_and_credit_comes_as_the_slowest_gives_it() {
    let mut hub = hub();
    let links = ["a", "b", "c"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 100));
    input(&mut hub, op, &fed(1, 0, b"hello", false));
    for &link in &links {
        assert_eq!(eaten(&mut hub, link), [(0, 5, false)]);
    }
    assert_eq!(heard(&mut hub, op), ["accepted a b c"]);
    input(&mut hub, links[0], &window(2, 5));
    input(&mut hub, links[1], &window(2, 3));
    assert_eq!(heard(&mut hub, op), [] as [String; 0], "one has given none");
    input(&mut hub, links[2], &window(2, 2));
    assert_eq!(heard(&mut hub, op), ["window 2"]);
    input(&mut hub, links[2], &result(2));
    assert_eq!(heard(&mut hub, op), ["c exit 0", "window 1"], "one that has ended counts no more");
    input(&mut hub, op, &fed(1, 5, b"", true));
    for link in [links[0], links[1]] {
        assert_eq!(eaten(&mut hub, link), [(5, 0, true)]);
        input(&mut hub, link, &result(2));
    }
    assert_eq!(eaten(&mut hub, links[2]), []);
    assert_eq!(heard(&mut hub, op).last().unwrap(), "done 3 0 0");
    nothing_is_left(&hub);
}

#[test]
fn a_leg_that_is_begun_in_a_later_slice_misses_nothing() {
    let mut hub = hub_with(Limits { slice: 1, ..Limits::default() }, Role::Member);
    let links = ["a", "b", "c"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 100));
    assert_eq!(heard(&mut hub, op), ["accepted a"]);
    input(&mut hub, op, &fed(1, 0, b"one", false));
    input(&mut hub, op, &fed(1, 3, b"two", true));
    assert_eq!(eaten(&mut hub, links[0]), [], "nobody gets any before all were begun");
    while hub.work(Now::default()) {}
    for &link in &links {
        assert_eq!(eaten(&mut hub, link), [(0, 6, true)]);
    }
    links.iter().for_each(|&link| input(&mut hub, link, &result(2)));
    nothing_is_left(&hub);
}

#[test]
fn no_more_input_is_under_way_than_a_caller_may_have_and_the_rest_waits() {
    let mut hub = hub_with(Limits { caller_credit: 100, ..Limits::default() }, Role::Member);
    let links = ["a", "b"].map(|peer| serve(&mut hub, peer));
    let op = join(&mut hub, "op", Purpose::Operate);
    input(&mut hub, op, &everyone(1, 10));
    input(&mut hub, op, &everyone(3, 10));
    input(&mut hub, op, &fed(1, 0, &[7; 60], true));
    assert_eq!(eaten(&mut hub, links[0]), [(0, 60, true)], "n");
    assert_eq!(eaten(&mut hub, links[1]), [(0, 40, false)]);
    input(&mut hub, op, &fed(3, 0, &[7; 10], false));
    for link in links {
        assert_eq!(eaten(&mut hub, link), [], "n + 1 waits");
    }
    input(&mut hub, links[0], &window(2, 25));
    while hub.work(Now::default()) {}
    assert_eq!(eaten(&mut hub, links[0]), [(0, 10, false)]);
    assert_eq!(eaten(&mut hub, links[1]), [(0, 10, false), (40, 5, false)]);
    input(&mut hub, links[0], &result(2));
    while hub.work(Now::default()) {}
    assert_eq!(eaten(&mut hub, links[1]), [(45, 15, true)], "one that has ended holds none");
    input(&mut hub, links[1], &result(2));
    links.iter().for_each(|&link| input(&mut hub, link, &result(4)));
    nothing_is_left(&hub);
}

#[test]
fn a_runner_whose_outbox_is_full_of_input_is_lost_and_the_others_go_on() {
    let mut hub = hub_with(Limits { caller_credit: 300, ..Limits::default() }, Role::Member);
    let links = ["a", "b"].map(|peer| serve(&mut hub, peer));
    let (op, noisy) =
        (join(&mut hub, "op", Purpose::Operate), join(&mut hub, "x", Purpose::Operate));
    for id in [1, 3, 5, 7] {
        input(&mut hub, noisy, &uptime(id, "a"));
        input(&mut hub, noisy, &fed(id, 0, &[7; 200], false));
    }
    input(&mut hub, op, &everyone(1, 10));
    input(&mut hub, op, &fed(1, 0, &[7; 100], false));
    assert_eq!(heard(&mut hub, op), ["accepted a b", "a lost"]);
    assert_eq!(eaten(&mut hub, links[1]), [(0, 100, false)]);
    input(&mut hub, links[1], &result(2));
    assert_eq!(heard(&mut hub, op), ["b exit 0", "done 1 0 1"]);
}
