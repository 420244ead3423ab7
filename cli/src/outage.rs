//! What a person is told of a peer that has no session: each reason once, when the next try comes,
//! and from time to time that it goes on.
//!
//! Waits are random up to a bound that doubles, so that not each is worth a line: a wait is told
//! after a reason that is new, where it is twice as long as the longest that was told, and every
//! [`STILL`].

use std::time::{Duration, Instant};

use bowline_core::peer::Prompt;
use bowline_shell::notice::ShellEvent;

/// The longest that nothing is said while a peer goes on trying.
const STILL: Duration = Duration::from_secs(5 * 60);
/// Shorter waits are over before they are read: none is told for being longer than one of these.
const SHORT: Duration = Duration::from_millis(500);
/// The least time between two lines that something other than a person had the peer dial.
const PROMPTS: Duration = Duration::from_secs(10);

/// What was said last.
#[derive(Debug, Default)]
pub(crate) struct Said {
    sentence: String,
    /// Whether that came with no word of a wait since.
    is_new: bool,
    /// The longest wait that was told since the reason was, and when the last was.
    wait: Option<(Duration, Instant)>,
    /// When a prompt was told that was not a person's.
    prompted: Option<Instant>,
}

impl Said {
    /// Whether this is to be said at this moment; `sentence` is what it says.
    pub(crate) fn take(&mut self, notice: &ShellEvent, sentence: &str, now: Instant) -> bool {
        match notice {
            ShellEvent::Retry { after, .. } => self.waits(*after, now),
            ShellEvent::Prompted { by, .. } => match by {
                Prompt::Asked => self.says(sentence),
                Prompt::Credential | Prompt::Network => {
                    let again =
                        self.prompted.is_none_or(|last| now.duration_since(last) >= PROMPTS);
                    if again {
                        self.prompted = Some(now);
                        self.says(sentence);
                    }
                    again
                }
            },
            _ => self.says(sentence),
        }
    }

    /// Each sentence until another comes between.
    fn says(&mut self, sentence: &str) -> bool {
        if self.sentence == sentence {
            return false;
        }
        sentence.clone_into(&mut self.sentence);
        (self.is_new, self.wait) = (true, None);
        true
    }

    fn waits(&mut self, after: Duration, now: Instant) -> bool {
        let is_new = std::mem::take(&mut self.is_new);
        let (longest, is_due) = match self.wait {
            None => (Duration::ZERO, is_new),
            Some((longest, last)) => {
                let is_long = after >= longest.max(SHORT).saturating_mul(2);
                (longest, is_new || is_long || now.duration_since(last) >= STILL)
            }
        };
        if is_due {
            self.wait = Some((longest.max(after), now));
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retry(seconds: u64) -> ShellEvent {
        let after = Duration::from_secs(seconds);
        ShellEvent::Retry { after, code: None, away: Duration::ZERO }
    }

    fn away() -> ShellEvent {
        ShellEvent::Unreachable { code: None, reason: String::new(), remedy: None }
    }

    fn prompted(by: Prompt) -> ShellEvent {
        ShellEvent::Prompted { by, after: Duration::ZERO }
    }

    /// Says this at each of the moments, in seconds; which of them are said.
    fn said(said: &mut Said, told: &[(u64, ShellEvent, &str)]) -> Vec<u64> {
        let from = Instant::now();
        let takes = |&(at, ref notice, sentence): &(u64, ShellEvent, &str)| {
            said.take(notice, sentence, from + Duration::from_secs(at)).then_some(at)
        };
        told.iter().filter_map(takes).collect()
    }

    #[test]
    fn a_wait_is_told_after_its_reason_where_it_doubled_and_every_five_minutes() {
        let told = [
            (0, away(), "away"),
            (1, retry(0), ""),
            (2, away(), "away"),
            (3, retry(0), ""),
            (4, retry(1), ""),
            (5, retry(1), ""),
            (6, retry(3), ""),
            (7, retry(5), ""),
            (8, retry(6), ""),
            (9, retry(11), ""),
            (307, retry(1), ""),
            (308, retry(11), ""),
            (607, retry(1), ""),
            (608, away(), "refused"),
            (609, retry(2), ""),
            (610, retry(3), ""),
            (611, retry(4), ""),
        ];
        let expected = [0, 1, 4, 6, 8, 308, 608, 609, 611];
        assert_eq!(said(&mut Said::default(), &told), expected);
    }

    #[test]
    fn an_hour_of_an_outage_takes_a_score_of_lines() {
        let mut told = vec![(0, away(), "away")];
        let waits = [1, 2, 4, 8, 16].into_iter().chain((0..).map(|n| 1 + n * 7 % 30));
        let mut at = 0;
        for wait in waits {
            told.push((at, retry(wait), ""));
            told.push((at, away(), "away"));
            at += wait;
            if at >= 3600 {
                break;
            }
        }
        let lines = said(&mut Said::default(), &told).len();
        assert!((12..=20).contains(&lines), "{lines} lines");
    }

    #[test]
    fn a_person_is_answered_each_time_and_a_network_that_flaps_is_told_now_and_then() {
        let told = [
            (0, away(), "away"),
            (1, retry(60), ""),
            (2, prompted(Prompt::Asked), "asked"),
            (3, away(), "away"),
            (4, retry(60), ""),
            (5, prompted(Prompt::Asked), "asked"),
            (6, away(), "away"),
            (7, prompted(Prompt::Network), "network"),
            (8, away(), "away"),
            (9, prompted(Prompt::Network), "network"),
            (10, away(), "away"),
            (17, prompted(Prompt::Network), "network"),
        ];
        assert_eq!(said(&mut Said::default(), &told), [0, 1, 2, 3, 4, 5, 6, 7, 8, 17]);
    }
}
