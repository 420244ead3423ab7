//! Pings out, pongs back, and what they say of the round trip.
//!
//! Nothing is queued: at most one ping and one pong wait, and of several pings that came before
//! there was room only the latest is answered. `// spec: session §2`

use core::time::Duration;

use crate::time::Mono;
use crate::wire::Frame;
use crate::wire::frame::Ping;

/// The heartbeat of one link.
#[derive(Debug, Default)]
pub struct Heartbeat {
    next: u64,
    /// A ping that waits to be sent.
    due: bool,
    /// The latest ping sent, and when it was due.
    sent: Option<(u64, Mono)>,
    /// The token of a pong that waits to be sent.
    owed: Option<u64>,
}

impl Heartbeat {
    /// It is time for a ping.
    pub fn beat(&mut self, now: Mono) {
        self.due = true;
        self.sent = Some((self.next, now));
    }

    /// A ping came.
    pub(super) fn ping(&mut self, token: u64) {
        self.owed = Some(token);
    }

    /// A pong came: how long it took, where it answers the latest ping.
    pub(super) fn pong(&mut self, token: u64, now: Mono) -> Option<Duration> {
        let (sent, at) = self.sent?;
        if sent != token || self.due {
            return None;
        }
        self.sent = None;
        Some(now.since(at))
    }

    /// Whether a ping or a pong waits.
    pub(super) fn owes(&self) -> bool {
        self.due || self.owed.is_some()
    }

    /// Encodes what waits into `frame`; `false` where nothing does.
    pub(super) fn write(&mut self, frame: &mut Vec<u8>) -> bool {
        let waiting = if let Some(token) = self.owed.take() {
            Frame::Pong(Ping { token })
        } else if self.due {
            self.due = false;
            self.next += 1;
            Frame::Ping(Ping { token: self.next - 1 })
        } else {
            return false;
        };
        frame.clear();
        waiting.encode(frame);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pong_tells_the_round_trip_of_the_latest_ping_once() {
        let mut heartbeat = Heartbeat::default();
        let mut frame = Vec::new();
        heartbeat.beat(Mono(100));
        assert_eq!(heartbeat.pong(0, Mono(150)), None, "not sent yet");
        assert!(heartbeat.write(&mut frame));
        assert_eq!(Frame::decode(&frame), Ok(Frame::Ping(Ping { token: 0 })));
        assert_eq!(heartbeat.pong(7, Mono(150)), None);
        assert_eq!(heartbeat.pong(0, Mono(150)), Some(Duration::from_nanos(50)));
        assert_eq!(heartbeat.pong(0, Mono(160)), None);
    }

    #[test]
    fn of_many_pings_only_the_latest_is_answered() {
        let mut heartbeat = Heartbeat::default();
        let mut frame = Vec::new();
        for token in 0..1000 {
            heartbeat.ping(token);
        }
        assert!(heartbeat.write(&mut frame));
        assert_eq!(Frame::decode(&frame), Ok(Frame::Pong(Ping { token: 999 })));
        assert!(!heartbeat.write(&mut frame));
    }
}
