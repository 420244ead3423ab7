//! What a routed call costs: a hub, a peer that echoes and a caller in processes of their own, with
//! TLS. Each call carries 256 bytes, which come back as its output; 64 are on the way at one time.
//!
//! ```text
//! cargo run --release -p bowline-tests --example routed -- [CALLS [RUNTIME]]  (100,000 and tokio)
//! ```
//!
//! Prints the processor time of the hub and of the peer for one call, in µs, and the calls a
//! second: `HUB PEER CALLS`. `tests/speed/run` compares two builds. Needs Linux's `/proc`.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bowline_core::limits::Limits;
use bowline_shell::config::HubUrl;
use bowline_shell::hub::HubBuilder;
use bowline_shell::peer::{PeerBuilder, Session};
use bowline_shell::runtime::Runtime;
use bowline_smol::Smol;
use bowline_tokio::{Call, Failure, OutputStream, Scalar, Tokio};

type Broken = Box<dyn Error + Send + Sync>;

/// Calls that are on the way at one time.
const IN_FLIGHT: u64 = 64;
/// Bytes of the argument.
const PAYLOAD: [u8; 256] = [b'x'; 256];

fn main() -> Result<(), Broken> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["hub", "tokio", data] => on_tokio(hub(Tokio, data.as_ref())),
        ["hub", "smol", data] => on_smol(hub(Smol::default(), data.as_ref())),
        ["peer", "tokio", url, secret, data] => on_tokio(peer(Tokio, url, secret, data)),
        ["peer", "smol", url, secret, data] => on_smol(peer(Smol::default(), url, secret, data)),
        [] => compare(100_000, "tokio"),
        [calls] => compare(calls.parse()?, "tokio"),
        [calls, runtime, ..] => compare(calls.parse()?, runtime),
    }
}

fn on_tokio(work: impl Future<Output = Result<(), Broken>>) -> Result<(), Broken> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn on_smol(work: impl Future<Output = Result<(), Broken>>) -> Result<(), Broken> {
    smol::block_on(work)
}

/// The processes, and the numbers.
fn compare(calls: u64, runtime: &str) -> Result<(), Broken> {
    let dir = tempfile::tempdir()?;
    let at = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let (hub, url) = Part::start(&["hub", runtime, &at("hub")])?;
    let secret = at("hub/secret.key");
    let (peer, _) = Part::start(&["peer", runtime, &url, &secret, &at("peer")])?;
    on_tokio(async {
        let url: HubUrl = url.parse()?;
        let caller = PeerBuilder::new(Tokio, url, "ops".parse()?, at("ops").as_ref())?;
        let session = caller.limits(limits()).secret_file(secret).operate().connect().await?;
        call(&session, calls / 10).await?;
        let (began, before) = (Instant::now(), [hub.spent()?, peer.spent()?]);
        call(&session, calls).await?;
        let (took, after) = (began.elapsed(), [hub.spent()?, peer.spent()?]);
        let each =
            |nth: usize| after[nth].saturating_sub(before[nth]).as_secs_f64() * 1e6 / calls as f64;
        println!("{:.2} {:.2} {:.0}", each(0), each(1), calls as f64 / took.as_secs_f64());
        Ok(())
    })
}

/// Makes so many calls, [`IN_FLIGHT`] at one time.
async fn call(session: &Session, calls: u64) -> Result<(), Broken> {
    let callers = (0..IN_FLIGHT).map(|_| {
        let session = session.clone();
        tokio::spawn(async move {
            for _ in 0..calls.div_ceil(IN_FLIGHT) {
                let call = session.call("web".parse()?, "echo".parse()?);
                let output = call.arg("data", &PAYLOAD[..]).output().await?;
                if output.stdout != PAYLOAD {
                    return Err(Broken::from("another output than the argument"));
                }
            }
            Ok(())
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await??;
    }
    Ok(())
}

async fn hub<R: Runtime>(runtime: R, data: &Path) -> Result<(), Broken> {
    let hub = HubBuilder::new(runtime.clone(), data)?.bind("127.0.0.1:0".parse()?);
    let hub = hub.limits(limits()).start()?;
    until_the_end(&runtime, &hub.url().to_string()).await
}

async fn peer<R: Runtime>(runtime: R, url: &str, secret: &str, data: &str) -> Result<(), Broken> {
    let peer = PeerBuilder::new(runtime.clone(), url.parse()?, "web".parse()?, data.as_ref())?;
    let peer = peer.limits(limits()).secret_file(secret).command("echo".parse()?, echo).start();
    peer.session().await?;
    until_the_end(&runtime, "up").await
}

async fn echo(mut call: Call) -> Result<(), Failure> {
    let Some(Scalar::Bytes(bytes)) = call.arg("data").and_then(|value| value.scalar()) else {
        return Err("the argument 'data' is missing".into());
    };
    let bytes = bytes.to_vec();
    Ok(call.write(OutputStream::Out, &bytes).await?)
}

/// Says that it is up, and waits until nobody wants it any more.
async fn until_the_end(runtime: &impl Runtime, told: &str) -> Result<(), Broken> {
    println!("{told}");
    std::io::stdout().flush()?;
    runtime.blocking(|| std::io::stdin().lines().count()).await?;
    Ok(())
}

/// Nobody is held back.
fn limits() -> Limits {
    let mut limits = Limits::default();
    (limits.frames_per_second, limits.frames_burst) = (1 << 30, 1 << 30);
    (limits.calls_per_second, limits.calls_burst) = (1 << 30, 1 << 30);
    (limits.bytes_per_second, limits.bytes_burst) = (1 << 40, 1 << 40);
    limits
}

/// One process, which ends with this.
struct Part(Child);

impl Part {
    /// Starts it; what it says once it is up.
    fn start(role: &[&str]) -> Result<(Self, String), Broken> {
        let program = std::env::current_exe()?;
        let mut command = Command::new(program);
        let mut child = command.args(role).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let lines = child.stdout.take().ok_or("no standard output")?;
        let part = Self(child);
        let mut told = String::new();
        BufReader::new(lines).read_line(&mut told)?;
        Ok((part, told.trim().to_owned()))
    }

    /// Processor time that it has used so far, of the system's and its own.
    fn spent(&self) -> Result<Duration, Broken> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name of the program may have anything in it, but no bracket comes behind it.
        let (_, behind) = stat.rsplit_once(") ").ok_or("no stat")?;
        let ticks = behind.split(' ').skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<Result<u64, _>>()?;
        // Linux tells programs of hundredths of a second, whatever its own ticks are.
        Ok(Duration::from_millis(ticks * 10))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
