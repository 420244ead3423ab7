//! How a command went on several peers: counts as they come, and who was in trouble.

use std::collections::BTreeSet;

use bowline_core::code::Code;
use bowline_core::id::PeerId;
use bowline_core::text::Line;
use bowline_core::wire::frame::Status;
use bowline_shell::call::Counts;
use serde_json::{Value, json};

use super::fan::Answer;
use crate::{event, exit};

/// Peers in trouble that the summary names; the rest are counted.
const NAMED: usize = 20;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Counts,
    /// Those that it was sent to and that have not answered.
    running: BTreeSet<PeerId>,
    troubles: Vec<String>,
    unnamed: usize,
}

impl Tally {
    /// The command was sent to these.
    pub(super) fn sent(&mut self, peers: Vec<PeerId>) {
        self.running.extend(peers);
    }

    /// It ended on one peer.
    pub(super) fn ended(&mut self, answer: &Answer) {
        if let Some(peer) = &answer.peer {
            self.running.remove(peer);
        }
        let count = match answer.status {
            Status::Exited(0) => {
                self.counts.answered += 1;
                return;
            }
            Status::Failed(code) if is_missing(code) => &mut self.counts.missing,
            Status::Exited(_)
            | Status::Signalled(_)
            | Status::ExitedCut(_)
            | Status::SignalledCut(_)
            | Status::Failed(_) => &mut self.counts.failed,
        };
        *count += 1;
        if self.troubles.len() == NAMED {
            self.unnamed += 1;
            return;
        }
        let peer = answer.peer.map_or_else(|| "the hub".to_owned(), |peer| peer.to_string());
        let reason = event::reason(answer.status, &answer.text);
        self.troubles.push(format!("{peer}: {reason}"));
    }

    /// There will be no more answers: who has not given one is missing.
    pub(super) fn lost(&mut self) {
        for peer in core::mem::take(&mut self.running) {
            let (peer, status, text) = (Some(peer), Status::Failed(Code::Lost), Line::default());
            self.ended(&Answer { peer, status, text });
        }
    }

    /// The hub's own count, which knows whether a deadline was the peer's answer or its silence.
    pub(super) fn counted(&mut self, counts: Counts) {
        self.counts = counts;
    }

    /// So many peers claim the labels asked for, which does not count.
    pub(super) fn claim(&mut self, claimed: u64) {
        self.counts.claimed = self.counts.claimed.saturating_add(claimed);
    }

    pub(super) fn claimed(&self) -> u64 {
        self.counts.claimed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts.total() == 0
    }

    /// The exit code where the call itself came to its end.
    pub(super) fn exit(&self) -> u8 {
        match (self.counts.total(), self.counts.failed + self.counts.missing) {
            (0, _) => exit::ABSENT,
            (_, 0) => exit::DONE,
            _ => exit::FAILURES,
        }
    }

    /// One line on how it goes, while so many peers wait.
    pub(super) fn line(&self, waiting: usize) -> String {
        let Counts { answered, failed, missing, .. } = self.counts;
        let running = self.running.len();
        let waiting = if waiting == 0 { String::new() } else { format!(", {waiting} waiting") };
        format!(
            "{answered} answered, {failed} failed, {missing} missing, {running} running{waiting}"
        )
    }

    /// How it went, and who was in trouble, a line each.
    pub(super) fn summary(&self) -> Vec<String> {
        let Counts { answered, failed, missing, .. } = self.counts;
        let total = self.counts.total();
        let peers = if total == 1 { "peer" } else { "peers" };
        let mut lines = vec![format!(
            "{total} {peers}: {answered} answered, {failed} failed, {missing} missing"
        )];
        lines.extend(self.troubles.iter().map(|trouble| format!("  {trouble}")));
        if self.unnamed > 0 {
            lines.push(format!("  and {} more", self.unnamed));
        }
        lines
    }

    /// The same as an object.
    pub(super) fn json(&self) -> Value {
        let Counts { answered, failed, missing, claimed, .. } = self.counts;
        json!({"summary": {
            "answered": answered, "failed": failed, "missing": missing, "claimed": claimed,
        }})
    }
}

/// Whether a code says that there was no answer.
fn is_missing(code: Code) -> bool {
    matches!(code, Code::UnknownPeer | Code::Offline | Code::NotReady | Code::Lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(peer: &str, status: Status, text: &str) -> Answer {
        Answer { peer: Some(peer.parse().unwrap()), status, text: text.into() }
    }

    #[test]
    fn who_answered_failed_and_is_missing_is_told_apart_and_named_with_the_reason() {
        let mut tally = Tally::default();
        tally.sent(["a", "b", "c", "d"].map(|peer| peer.parse().unwrap()).to_vec());
        assert_eq!(tally.line(2), "0 answered, 0 failed, 0 missing, 4 running, 2 waiting");
        tally.ended(&answer("a", Status::Exited(0), ""));
        assert_eq!((tally.exit(), tally.summary().len()), (exit::DONE, 1));
        tally.ended(&answer("b", Status::Exited(3), ""));
        tally.ended(&answer("c", Status::Signalled(9), ""));
        tally.ended(&answer("e", Status::Failed(Code::Offline), ""));
        tally.ended(&answer("f", Status::Failed(Code::BadArgument), "two\nlines"));
        assert_eq!(tally.line(0), "1 answered, 3 failed, 1 missing, 1 running");
        tally.lost();
        let summary = tally.summary();
        assert_eq!(summary[0], "6 peers: 1 answered, 3 failed, 2 missing");
        assert_eq!(summary[1..3], ["  b: exit code 3", "  c: signal 9"]);
        assert_eq!(summary[3], "  e: offline: The peer is not connected.");
        assert_eq!(summary[4], "  f: bad-argument: two\\nlines");
        assert!(summary[5].starts_with("  d: lost: "), "{summary:?}");
        assert_eq!(tally.exit(), exit::FAILURES);
    }

    #[test]
    fn a_summary_names_as_many_as_its_bound_and_counts_the_rest() {
        let mut tally = Tally::default();
        for n in 0..NAMED {
            tally.ended(&answer(&format!("p{n}"), Status::Exited(1), ""));
        }
        assert_eq!(tally.summary().len(), 1 + NAMED);
        tally.ended(&answer("one-more", Status::Exited(1), ""));
        tally.ended(&answer("two-more", Status::Exited(1), ""));
        let summary = tally.summary();
        assert_eq!(summary.len(), 1 + NAMED + 1);
        assert_eq!(summary.last().unwrap(), "  and 2 more");
    }

    #[test]
    fn a_peer_whose_output_was_cut_has_failed_whatever_its_exit_code() {
        let mut tally = Tally::default();
        tally.ended(&answer("a", Status::ExitedCut(0), ""));
        assert_eq!((tally.exit(), tally.counts.failed), (exit::FAILURES, 1));
        let summary = tally.summary();
        assert!(summary[1].starts_with("  a: exit code 0, output-cut: "), "{summary:?}");
    }

    #[test]
    fn nobody_is_not_everybody() {
        assert_eq!(Tally::default().exit(), exit::ABSENT);
    }
}
