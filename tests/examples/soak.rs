//! A long time: one hub in a process of its own, many peers that come and go, calls all along; and
//! what the hub's process holds, minute by minute.
//!
//! ```text
//! cargo run --release -p bowline-tests --example soak -- [MINUTES [PEERS]]      (30 and 1,000)
//! ```
//!
//! Ends with 1 where the hub's memory, file descriptors or tasks grow from the second quarter of
//! the time to the last by more than a tenth.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::random::Random;
use bowline_shell::config::HubUrl;
use bowline_shell::entropy;
use bowline_shell::peer::{Peer, PeerBuilder, Session};
use bowline_tests::sim::dice::Dice;
use bowline_tokio::{Tokio, hub};

type Failure = Box<dyn Error + Send + Sync>;

/// How often the hub's process is looked at.
const LOOK: Duration = Duration::from_secs(15);

fn main() -> Result<ExitCode, Failure> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.as_slice() {
        [flag, data] if flag == "--hub" => runtime.block_on(serve(data.as_ref())),
        numbers => {
            let number = |at: usize, otherwise| {
                numbers.get(at).map_or(Ok(otherwise), |text: &String| text.parse::<u64>())
            };
            let (minutes, peers) = (number(0, 30)?, number(1, 1_000)?);
            runtime.block_on(soak(Duration::from_secs(60 * minutes), peers))
        }
    }
}

/// The hub's process: says where it listens, then what it holds, until its input ends.
async fn serve(data: &Path) -> Result<ExitCode, Failure> {
    let hub = hub(data)?.bind("127.0.0.1:0".parse()?).start()?;
    println!("{}", hub.url());
    let (told, heard) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().lines().next();
        told.send(())
    });
    let mut heard = std::pin::pin!(heard);
    loop {
        tokio::select! {
            _ = &mut heard => break,
            () = tokio::time::sleep(LOOK) => {}
        }
        let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let files = std::fs::read_dir("/proc/self/fd")?.count();
        println!("{} {files} {tasks}", resident()?);
        std::io::stdout().flush()?;
    }
    hub.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// KiB of memory that this process holds.
fn resident() -> Result<u64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().next().ok_or("no number")?.parse()?)
}

/// What was done.
#[derive(Debug, Default)]
struct Tally {
    calls: AtomicU64,
    failed: AtomicU64,
    comings: AtomicU64,
}

async fn soak(time: Duration, count: u64) -> Result<ExitCode, Failure> {
    let dir = tempfile::tempdir()?;
    let data = dir.path().join("hub");
    let (mut child, mut lines) = start(&data)?;
    let mut first = String::new();
    lines.read_line(&mut first)?;
    let url: HubUrl = first.trim().parse()?;
    let samples = std::thread::spawn(move || -> Vec<[u64; 3]> {
        let lines = lines.lines().map_while(Result::ok);
        lines.filter_map(|line| sample(&line)).collect()
    });
    let (tally, secret) = (Arc::new(Tally::default()), data.join("secret.key"));
    let mut peers = Vec::new();
    for nth in 0..count {
        peers.push(come(&url, &secret, nth)?);
        // Each source may have 64 admissions pending.
        if nth % 32 == 31 {
            peers[nth as usize].session().await?;
        }
    }
    for peer in &peers {
        peer.session().await?;
    }
    println!("{count} peers are up; {} minutes from here on", time.as_secs() / 60);
    let until = Instant::now() + time;
    let mut callers = Vec::new();
    for nth in 0..4 {
        let operator = builder(&url, &secret, &format!("operator-{nth}"))?.operate();
        let session = operator.connect().await?;
        callers.push(tokio::spawn(call(session, tally.clone(), count, nth, until)));
    }
    let mut dice = Dice::new(7);
    while Instant::now() < until {
        let nth = dice.below(count);
        let gone = std::mem::replace(&mut peers[nth as usize], come(&url, &secret, nth)?);
        gone.stop().await;
        tally.comings.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    for caller in callers {
        caller.await?;
    }
    drop(child.stdin.take());
    let samples = samples.join().map_err(|_| "the reader broke down")?;
    child.wait()?;
    println!("{tally:?}");
    Ok(if is_flat(&samples) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn start(data: &Path) -> Result<(Child, BufReader<ChildStdout>), Failure> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--hub")
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let lines = child.stdout.take().ok_or("no standard output")?;
    Ok((child, BufReader::new(lines)))
}

fn sample(line: &str) -> Option<[u64; 3]> {
    let numbers: Vec<u64> = line.split(' ').filter_map(|word| word.parse().ok()).collect();
    numbers.try_into().ok()
}

fn builder(url: &HubUrl, secret: &Path, id: &str) -> Result<PeerBuilder<Tokio>, Failure> {
    // The same peer has the same key each time that it comes.
    let mut seed = [0; 32];
    seed[..id.len()].copy_from_slice(id.as_bytes());
    let key = SigningKey::generate(&mut Random::new(&bowline_core::random::Seed(seed)));
    Ok(PeerBuilder::with_key(Tokio, url.clone(), id.parse()?, PeerKey(key)).secret_file(secret))
}

fn come(url: &HubUrl, secret: &Path, nth: u64) -> Result<Peer, Failure> {
    let builder = builder(url, secret, &format!("peer-{nth}"))?;
    let builder = builder.command("say".parse()?, |mut call| async move {
        let bytes = vec![b'x'; 20_000];
        call.write(bowline_core::wire::frame::OutputStream::Out, &bytes).await
    });
    Ok(builder.start())
}

async fn call(session: Session, tally: Arc<Tally>, count: u64, seed: u64, until: Instant) {
    let mut dice = Dice::new(entropy::seed().map_or(seed, |seed| u64::from(seed.0[0])));
    let command = "say".parse().expect("a name");
    while Instant::now() < until {
        let peer = format!("peer-{}", dice.below(count)).parse().expect("an id");
        let finished = session.call(peer, command).start().finished().await;
        tally.calls.fetch_add(1, Ordering::Relaxed);
        if !finished.is_success() {
            tally.failed.fetch_add(1, Ordering::Relaxed);
        }
        if dice.one_in(2_000) {
            session.call_all(command).start().finished().await;
        }
        tokio::time::sleep(Duration::from_millis(dice.below(20))).await;
    }
    session.close();
    session.ended().await;
}

/// Prints a line for each minute, and whether the last quarter is like the second.
fn is_flat(samples: &[[u64; 3]]) -> bool {
    println!("minute  KiB resident  descriptors  tasks");
    let a_minute = (60 / LOOK.as_secs()) as usize;
    for (minute, sample) in samples.iter().skip(a_minute - 1).step_by(a_minute).enumerate() {
        println!("{:6}  {:12}  {:11}  {:5}", minute + 1, sample[0], sample[1], sample[2]);
    }
    let quarter = samples.len() / 4;
    (0..3).all(|what| {
        let median = |part: &[[u64; 3]]| {
            let mut part: Vec<_> = part.iter().map(|sample| sample[what]).collect();
            part.sort_unstable();
            part.get(part.len() / 2).copied().unwrap_or(0)
        };
        let before = median(&samples[quarter..2 * quarter]);
        let after = median(&samples[samples.len() - quarter..]);
        let name = ["KiB resident", "descriptors", "tasks"][what];
        println!("{name}: median {before} in the second quarter, {after} in the last");
        after <= before + before / 10
    })
}
