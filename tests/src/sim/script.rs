//! What happens in a world: steps, drawn from a seed, written down, read again, and made fewer.

use std::fmt;
use std::str::FromStr;

use crate::sim::dice::Dice;

/// One thing that is done to a world. Numbers choose among what is there at that moment, so that a
/// script stays meaningful when steps are taken out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// This many milliseconds pass.
    Wait(u32),
    /// An operator calls: who, whom, what (see [`Plan`](super::program::Plan)), seconds that it may
    /// take, how.
    Call(u8, u8, u32, u8, u8),
    /// An operator cancels one of its calls.
    Cancel(u8, u8),
    /// An operator feeds one of its calls so many bytes.
    Feed(u8, u8, u16),
    /// An operator ends the input of one of its calls.
    EndInput(u8, u8),
    /// An operator stops reading, or reads again.
    Pause(u8),
    /// A connection is cut.
    Cut(u8),
    /// Nothing passes on a connection for so many milliseconds.
    Stall(u8, u16),
    /// Nothing passes on a connection ever again.
    Swallow(u8),
    /// The hub dies, and starts again after so many milliseconds.
    CrashHub(u16),
    /// The hub says Goaway, stops, and starts again after so many milliseconds.
    StopHub(u16),
    /// A peer dies, and starts again after so many milliseconds.
    CrashPeer(u8, u16),
    /// Somebody else answers at the hub's address for so many milliseconds after its death.
    Impostor(u16),
    /// Somebody sends again what a peer sent on an earlier connection.
    Replay(u8),
    /// The wall clocks step by so many seconds.
    Clock(i32),
    /// The ledger's disk is full, or has room again.
    Disk(bool),
    /// The ledger is copied, in place of the copy before.
    Backup,
    /// The hub dies, the copy takes the place of its ledger, and it starts again after so many
    /// milliseconds.
    PutBack(u16),
    /// The hub dies, and where it knows that its ledger was put back, it starts again with that
    /// accepted; whether tokens are kept.
    Accept(bool),
}

/// In every so many worlds, the ledger is put back.
const PUT_BACK: u64 = 4;

/// A seed and its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// What everything else in the world is drawn from.
    pub seed: u64,
    /// What is done to it.
    pub steps: Vec<Step>,
}

impl Script {
    /// The script of a seed.
    #[must_use]
    pub fn of(seed: u64, length: usize) -> Self {
        let mut dice = Dice::new(seed ^ 0x5eed);
        let mut steps: Vec<_> = (0..length).map(|_| draw(&mut dice)).collect();
        // Half of those worlds take join tokens.
        if matches!(seed % (2 * PUT_BACK), 0 | 3) && length > 0 {
            let mut dice = Dice::new(seed ^ 0xbac0);
            (0..1 + dice.below(2)).for_each(|_| put_back(&mut dice, &mut steps));
        }
        Self { seed, steps }
    }

    /// As few steps as fail in the same way: ever smaller parts are left out for as long as
    /// `fails`.
    #[must_use]
    pub fn shrink(mut self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut size = self.steps.len().div_ceil(2);
        while size > 0 {
            let mut at = 0;
            while at < self.steps.len() {
                let mut fewer = self.clone();
                fewer.steps.drain(at..(at + size).min(fewer.steps.len()));
                match fails(&fewer) {
                    true => self = fewer,
                    false => at += size,
                }
            }
            size /= 2;
        }
        self
    }
}

/// A backup, starts that it does not know of, its return, and mostly a person who accepts it.
fn put_back(dice: &mut Dice, steps: &mut Vec<Step>) {
    let short = dice.below(3_000) as u16;
    let mut done = vec![
        Step::Backup,
        Step::CrashHub(short),
        Step::CrashHub(short / 2),
        Step::PutBack(short),
        Step::Accept(dice.one_in(3)),
    ];
    done.truncate(if dice.one_in(3) { 4 } else { 5 });
    // From before anybody joined, and with no later start: certificates show it.
    let early = dice.one_in(2);
    done.retain(|step| !(early && matches!(step, Step::CrashHub(_))));
    let mut at: Vec<_> = done.iter().map(|_| dice.below(steps.len() as u64) as usize).collect();
    if early {
        at[0] = 0;
    }
    at.sort_unstable();
    for (at, step) in at.into_iter().zip(done).rev() {
        // Time for coming back, and for seeing which start it is.
        let wait = (step != Step::Backup).then(|| Step::Wait(dice.below(60_000) as u32));
        steps.splice(at..at, [Some(step), wait].into_iter().flatten());
    }
}

fn draw(dice: &mut Dice) -> Step {
    let mut byte = || dice.throw() as u8;
    let (a, b, c, d) = (byte(), byte(), byte(), byte());
    let wide = dice.throw() as u32;
    // Now and then much longer.
    let short = if wide.is_multiple_of(5) { wide as u16 } else { (wide % 5_000) as u16 };
    match dice.below(100) {
        0..30 => Step::Wait(match wide % 8 {
            0 => wide % 60_000,
            1..4 => wide % 3_000,
            _ => wide % 200,
        }),
        30..60 => Step::Call(a, b, wide, c % 60, d),
        60..66 => Step::Cancel(a, b),
        66..74 => Step::Feed(a, b, short),
        74..77 => Step::EndInput(a, b),
        77..80 => Step::Pause(a),
        80..84 => Step::Cut(a),
        84..87 => Step::Stall(a, wide as u16),
        87 => Step::Swallow(a),
        88..90 => Step::CrashHub(short),
        90 => Step::StopHub(short),
        91..94 => Step::CrashPeer(a, short),
        94 => Step::Impostor(short),
        95..97 => Step::Replay(a),
        97 => Step::Clock(i32::from(a) * 60 - 7_000),
        _ => Step::Disk(a % 2 == 0),
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}", self.seed)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wait(ms) => write!(f, "wait {ms}"),
            Self::Call(by, to, what, within, how) => {
                write!(f, "call {by} {to} {what} {within} {how}")
            }
            Self::Cancel(by, nth) => write!(f, "cancel {by} {nth}"),
            Self::Feed(by, nth, bytes) => write!(f, "feed {by} {nth} {bytes}"),
            Self::EndInput(by, nth) => write!(f, "end-input {by} {nth}"),
            Self::Pause(by) => write!(f, "pause {by}"),
            Self::Cut(nth) => write!(f, "cut {nth}"),
            Self::Stall(nth, ms) => write!(f, "stall {nth} {ms}"),
            Self::Swallow(nth) => write!(f, "swallow {nth}"),
            Self::CrashHub(ms) => write!(f, "crash-hub {ms}"),
            Self::StopHub(ms) => write!(f, "stop-hub {ms}"),
            Self::CrashPeer(nth, ms) => write!(f, "crash-peer {nth} {ms}"),
            Self::Impostor(ms) => write!(f, "impostor {ms}"),
            Self::Replay(nth) => write!(f, "replay {nth}"),
            Self::Clock(seconds) => write!(f, "clock {seconds}"),
            Self::Disk(room) => write!(f, "disk {}", u8::from(*room)),
            Self::Backup => write!(f, "backup"),
            Self::PutBack(ms) => write!(f, "put-back {ms}"),
            Self::Accept(keeps) => write!(f, "accept {}", u8::from(*keeps)),
        }
    }
}

/// Text that is no script: the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadScript(pub String);

impl FromStr for Script {
    type Err = BadScript;

    fn from_str(text: &str) -> Result<Self, BadScript> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let first = lines.next().unwrap_or_default();
        let seed = first.strip_prefix("seed ").and_then(|seed| seed.trim().parse().ok());
        let seed = seed.ok_or_else(|| BadScript(first.to_owned()))?;
        Ok(Self { seed, steps: lines.map(str::parse).collect::<Result<_, _>>()? })
    }
}

impl FromStr for Step {
    type Err = BadScript;

    fn from_str(line: &str) -> Result<Self, BadScript> {
        let mut words = line.split_whitespace();
        let kind = words.next().unwrap_or_default();
        let numbers: Option<Vec<i64>> = words.map(|word| word.parse().ok()).collect();
        let read = |numbers: &[i64]| -> Option<Self> {
            let byte = |at: usize| numbers.get(at).and_then(|n| u8::try_from(*n).ok());
            let short = |at: usize| numbers.get(at).and_then(|n| u16::try_from(*n).ok());
            let wide = |at: usize| numbers.get(at).and_then(|n| u32::try_from(*n).ok());
            Some(match kind {
                "wait" => Self::Wait(wide(0)?),
                "call" => Self::Call(byte(0)?, byte(1)?, wide(2)?, byte(3)?, byte(4)?),
                "cancel" => Self::Cancel(byte(0)?, byte(1)?),
                "feed" => Self::Feed(byte(0)?, byte(1)?, short(2)?),
                "end-input" => Self::EndInput(byte(0)?, byte(1)?),
                "pause" => Self::Pause(byte(0)?),
                "cut" => Self::Cut(byte(0)?),
                "stall" => Self::Stall(byte(0)?, short(1)?),
                "swallow" => Self::Swallow(byte(0)?),
                "crash-hub" => Self::CrashHub(short(0)?),
                "stop-hub" => Self::StopHub(short(0)?),
                "crash-peer" => Self::CrashPeer(byte(0)?, short(1)?),
                "impostor" => Self::Impostor(short(0)?),
                "replay" => Self::Replay(byte(0)?),
                "clock" => Self::Clock(i32::try_from(*numbers.first()?).ok()?),
                "disk" => Self::Disk(byte(0)? != 0),
                "backup" => Self::Backup,
                "put-back" => Self::PutBack(short(0)?),
                "accept" => Self::Accept(byte(0)? != 0),
                _ => return None,
            })
        };
        numbers.as_deref().and_then(read).ok_or_else(|| BadScript(line.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_back_as_itself() {
        for seed in [7, 3] {
            let script = Script::of(seed, 400);
            assert_eq!(script.to_string().parse(), Ok(script));
        }
        assert_eq!("seed 1\nwait x".parse::<Script>(), Err(BadScript("wait x".to_owned())));
    }

    #[test]
    fn a_script_is_shrunk_to_the_steps_that_matter() {
        let script = Script { seed: 1, steps: (0..100).map(Step::Wait).collect() };
        let fails = |script: &Script| {
            script.steps.contains(&Step::Wait(13)) && script.steps.contains(&Step::Wait(77))
        };
        assert_eq!(script.shrink(fails).steps, [Step::Wait(13), Step::Wait(77)]);
    }
}
