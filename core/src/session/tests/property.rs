//! Two sessions that call each other in any order, with frames under way both ways: neither ever
//! breaks a rule of the other, bytes come as they were sent, and each call ends once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    /// Which end, and the window of its call.
    Call(usize, u64),
    /// Which end, which of the calls that it runs, and how many bytes.
    Output(usize, usize, usize),
    Result(usize, usize),
    /// Which end, which of the calls that it made, and how many bytes.
    Input(usize, usize, usize),
    Cancel(usize, usize),
    /// Which end takes all that came.
    Take(usize),
    /// Which end, and how many frames go to the other.
    Ferry(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let end = 0..2usize;
    let nth = 0..6usize;
    let bytes = 0..2000usize;
    prop_oneof![
        3 => (end.clone(), 0..3000u64).prop_map(|(end, window)| Step::Call(end, window)),
        5 => (end.clone(), nth.clone(), bytes.clone()).prop_map(|(e, n, b)| Step::Output(e, n, b)),
        2 => (end.clone(), nth.clone()).prop_map(|(end, nth)| Step::Result(end, nth)),
        4 => (end.clone(), nth.clone(), bytes).prop_map(|(e, n, b)| Step::Input(e, n, b)),
        1 => (end.clone(), nth).prop_map(|(end, nth)| Step::Cancel(end, nth)),
        4 => end.clone().prop_map(Step::Take),
        8 => (end, 1..6usize).prop_map(|(end, frames)| Step::Ferry(end, frames)),
    ]
}

/// One end, and what it knows of its calls.
struct End {
    session: Session,
    /// Calls that it made, and whether they have ended.
    made: BTreeMap<u64, bool>,
    /// Calls that it runs.
    runs: Vec<u64>,
    /// Bytes sent and received, by call.
    sent: BTreeMap<u64, usize>,
    came: BTreeMap<u64, usize>,
    /// Bytes that came and were not taken.
    untaken: BTreeMap<u64, u64>,
}

impl End {
    fn new(session: Session) -> Self {
        let (made, sent, came) = Default::default();
        Self { session, made, runs: Vec::new(), sent, came, untaken: BTreeMap::new() }
    }

    fn take(&mut self) {
        for (id, bytes) in core::mem::take(&mut self.untaken) {
            self.session.grant(CallId(id), bytes);
        }
    }

    fn bytes_came(&mut self, id: CallId, len: usize) {
        *self.came.entry(id.0).or_default() += len;
        *self.untaken.entry(id.0).or_default() += len as u64;
    }
}

struct World([End; 2]);

impl World {
    fn step(&mut self, step: &Step) {
        match *step {
            Step::Call(end, window) => {
                let end = &mut self.0[end];
                let id = end.session.next_call().0;
                end.session.send(&call(id, window)).unwrap();
                end.made.insert(id, false);
            }
            Step::Output(end, nth, len) => {
                let end = &mut self.0[end];
                let Some(&id) = end.runs.get(nth) else { return };
                let taken =
                    end.session.output(CallId(id), OutputStream::Out, &vec![1; len]).unwrap();
                *end.sent.entry(id).or_default() += taken;
            }
            Step::Result(end, nth) => {
                let end = &mut self.0[end];
                if nth < end.runs.len() {
                    let id = end.runs.remove(nth);
                    end.session.send(&result(id)).unwrap();
                }
            }
            Step::Input(end, nth, len) => {
                let end = &mut self.0[end];
                let Some(&id) = end.made.keys().nth(nth) else { return };
                let open = end.session.is_open(CallId(id));
                match end.session.input(CallId(id), &vec![2; len], false) {
                    Ok(taken) => *end.sent.entry(id).or_default() += taken,
                    Err(error) => {
                        assert_eq!((error, open), (SendError::NotOpen(CallId(id)), false));
                    }
                }
            }
            Step::Cancel(end, nth) => {
                let end = &mut self.0[end];
                let Some(&id) = end.made.keys().nth(nth) else { return };
                let cancel = Frame::Cancel(Cancel { id: CallId(id), reason: "" });
                assert_eq!(end.session.send(&cancel).is_ok(), !end.made[&id]);
            }
            Step::Take(end) => self.0[end].take(),
            Step::Ferry(end, frames) => {
                for _ in 0..frames {
                    self.ferry(end);
                }
            }
        }
    }

    /// One frame from one end to the other; whether there was one.
    fn ferry(&mut self, from: usize) -> bool {
        let [one, two] = &mut self.0;
        let (from, to) = if from == 0 { (one, two) } else { (two, one) };
        let Some(message) = from.session.next_message() else { return false };
        let frame = Frame::decode(message).unwrap();
        // The point of it all: what one session lets through, the other takes.
        let verdict = to.session.received(&frame, Now::default()).unwrap();
        if verdict != FrameVerdict::Deliver {
            return true;
        }
        match frame {
            Frame::Call(call) => to.runs.push(call.id.0),
            Frame::Output(output) => to.bytes_came(output.id, output.bytes.len()),
            Frame::Input(input) => to.bytes_came(input.id, input.bytes.len()),
            Frame::Result(result) => {
                let ended = to.made.insert(result.id.0, true);
                assert_eq!(ended, Some(false), "a second end of {}", result.id);
                // Output goes before the result, so all of it is here.
                assert_eq!(
                    to.came.get(&result.id.0),
                    from.sent.get(&result.id.0).filter(|&&n| n > 0)
                );
            }
            _ => {}
        }
        true
    }

    fn settle(&mut self) {
        for end in &mut self.0 {
            for id in core::mem::take(&mut end.runs) {
                end.session.send(&result(id)).unwrap();
            }
        }
        loop {
            self.0.iter_mut().for_each(End::take);
            if !self.ferry(0) & !self.ferry(1) {
                return;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_one_session_sends_the_other_takes_and_each_call_ends_once(
        steps in proptest::collection::vec(step(), 1..150),
    ) {
        let (peer, hub) = pair();
        let mut world = World([End::new(peer), End::new(hub)]);
        steps.iter().for_each(|step| world.step(step));
        world.settle();
        // Calls that were under way until now are answered here.
        world.settle();
        for end in &world.0 {
            prop_assert!(end.made.values().all(|&ended| ended), "{:?}", end.made);
            prop_assert_eq!((end.session.outbound.len(), end.session.inbound.len()), (0, 0));
            prop_assert_eq!(end.session.queued, 0);
            prop_assert!(end.session.is_quiet());
        }
    }
}
