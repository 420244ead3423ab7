//! Past a reader that has all but stopped: a peer pours gigabytes to an operator that reads one
//! byte a second for a while, and then the rest as fast as it comes; and what each process holds.
//!
//! ```text
//! cargo build --release -p bowline
//! cargo run --release -p bowline-tests --example pour -- [GIB [SECONDS]]      (4 and 30)
//! ```
//!
//! On each runtime. Ends with 1 where a process grows by 16 MiB or more, where more was taken of
//! the command than credit was given for, or where not every byte arrives.

use std::error::Error;
use std::fs;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use bowline_tests::bowline::outcome;
use bowline_tests::pairing::Pairing;
use bowline_tests::process_fixture::ProcessFixture;
use bowline_tests::tap::{Tap, peak, written};
use rustix::process::Pid;

/// By how much a process may grow.
const GROWTH: u64 = 16 << 20;
/// What may be on the way of one call: 1 MiB of credit, and the buffers and pipes at each end.
const ON_THE_WAY: u64 = 2 << 20;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise| {
        arguments.get(at).map_or(Ok(otherwise), |text: &String| text.parse::<u64>())
    };
    let (bytes, seconds) = (number(0, 4)? << 30, number(1, 30)?);
    let mut good = true;
    for runtime in ["tokio", "smol"] {
        let pairing = Pairing { hub: runtime, peer: runtime };
        println!("{runtime}");
        good &= pairing.during(|| pour(bytes, seconds))?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn pour(bytes: u64, seconds: u64) -> Result<bool, Box<dyn Error>> {
    let stage = ProcessFixture::with_peer(&format!(
        "id = 'web'\n\
         [commands.pour]\nrun = ['sh', '-c', 'echo $$ > pouring; exec head -c {bytes} /dev/zero']\n\
         [commands.hello]\nrun = ['echo', 'hello']\n"
    ));
    let secret = stage.secret();
    let run = |rest: &[&str]| stage.dial("run", &[&["--secret-file", &secret], rest].concat());
    let (Some(hub), Some(peer)) = (&stage.hub, &stage.peer) else { return Ok(false) };
    let mut operator = Tap::start(run(&["web", "pour"]));
    let mut held =
        Held::new([("hub", hub.pid()), ("peer", peer.pid()), ("operator", operator.pid())]);

    // The first byte says that it flows.
    let mut zeros = u64::from(operator.read(1) == [0]);
    let program: i32 = fs::read_to_string(stage.at("pouring"))?.trim().parse()?;
    let program = Pid::from_raw(program).ok_or("no process")?;
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    for second in 1..=seconds {
        let asked = Instant::now();
        let (code, out, err) = outcome(run(&["web", "hello"]));
        longest = longest.max(asked.elapsed());
        if (code, out.as_str()) != (Some(0), "hello\n") {
            return Err(format!("a small call beside it: {code:?} {err}").into());
        }
        thread::sleep(Duration::from_secs(second).saturating_sub(began.elapsed()));
        zeros += u64::from(operator.read(1) == [0]);
    }
    let taken = written(program);
    println!(
        "  {seconds} s at a byte a second: {:.2} MiB taken of the command; {seconds} small calls \
         beside it, the longest {} ms, its process and its link included",
        mib(taken),
        longest.as_millis()
    );
    let mut good = held.look() && taken < ON_THE_WAY;

    let began = Instant::now();
    let (all, other) = operator.read_all();
    zeros += all - other;
    let took = began.elapsed();
    println!(
        "  then {:.0} MiB in {:.1} s, {:.0} MiB/s",
        mib(all),
        took.as_secs_f64(),
        mib(all) / took.as_secs_f64()
    );
    // The operator has ended, and what it held is not told any more.
    held.0.pop();
    good &= held.look();
    let (code, said) = operator.end_unread();
    println!("  {zeros} bytes of {bytes}, exit code {code:?} {said}");
    Ok(good && zeros == bytes && code == Some(0))
}

/// Processes, and the most that each held at first.
struct Held(Vec<(&'static str, Pid, u64)>);

impl Held {
    fn new(processes: [(&'static str, Pid); 3]) -> Self {
        Self(processes.into_iter().map(|(name, pid)| (name, pid, peak(pid))).collect())
    }

    /// Prints the most that each has held so far; whether that is within the bound.
    fn look(&self) -> bool {
        let told = self.0.iter().map(|&(name, pid, first)| {
            let most = peak(pid);
            (
                format!("{name} {:.1} MiB (+{:.1})", mib(most), mib(most - first)),
                most - first < GROWTH,
            )
        });
        let (told, good): (Vec<_>, Vec<_>) = told.unzip();
        println!("  held at most: {}", told.join(", "));
        !good.contains(&false)
    }
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
