//! How long a join takes and how many a second there are, with the durable ledger: the ledger
//! alone, and whole admissions over real TLS on loopback, hub and peers in this one process.
//!
//! ```text
//! cargo run --release -p bowline-tests --example joins [HUB [PEERS]]
//! ```
//!
//! HUB is a directory on the disk that the hub is to write to, PEERS one for what peers keep;
//! without them, they are the system's for temporary files. A join of a whole peer waits for both
//! disks.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use bowline_core::capability::Role;
use bowline_core::facts::{
    Binding, Enrolled, Enrolment, FactRecord, Family, Refreshing, TokenRecord, Uses,
};
use bowline_core::id::{Jti, KeyId, PeerId, PublicKey, RefreshHash};
use bowline_core::identity::{PeerKey, SigningKey};
use bowline_core::random::{Random, Seed};
use bowline_core::wire::frame::Method;
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::config::{HubSettings, LimitSettings};
use bowline_shell::hub::{Hub, HubBuilder};
use bowline_shell::ledger::{Ledger, LedgerThread};
use bowline_shell::peer::{Join, PeerBuilder};
use bowline_tokio::Tokio;

type Failure = Box<dyn Error + Send + Sync>;

/// How many of each kind are measured.
const COUNT: u32 = 2000;

/// How many whole admissions come one after the other.
const ALONE: usize = 200;

/// How many are under way at once, where it is not one.
const AT_ONCE: usize = 32;

fn main() -> Result<(), Failure> {
    let parents = [std::env::args_os().nth(1), std::env::args_os().nth(2)];
    let [dir, peers] = parents.map(|parent| match parent {
        Some(parent) => tempfile::tempdir_in(parent),
        None => tempfile::tempdir(),
    });
    let (dir, peers) = (dir?, peers?);
    println!("hub in {}, peers in {}", dir.path().display(), peers.path().display());
    flush(dir.path())?;
    ledger_alone(dir.path())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(whole(dir.path(), peers.path()))
}

/// What this disk takes to keep a page, which no commit can be faster than.
fn flush(dir: &Path) -> Result<(), Failure> {
    let mut file = File::create(dir.join("flushed"))?;
    let mut took = Vec::new();
    for _ in 0..COUNT / 4 {
        let began = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        took.push(began.elapsed());
    }
    tell("beside: one page written and flushed", &mut took, None);
    Ok(())
}

fn token(jti: Jti) -> TokenRecord {
    TokenRecord {
        jti,
        sub: "measured".to_owned(),
        kid: KeyId([1; 32]),
        issued: 0,
        ends: u64::MAX >> 1,
        uses: u32::MAX,
        role: Role::Member,
        caps: None,
        rooms: Vec::new(),
        labels: [("role".to_owned(), "web".to_owned())].into(),
        id: None,
        issuer: PeerId::operator(),
        revoked: None,
        used: Uses::new(),
    }
}

fn hash(n: u32) -> RefreshHash {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    RefreshHash(bytes)
}

fn key(n: u32) -> PublicKey {
    PublicKey(hash(n).0)
}

/// A join with a one-use token of its own.
fn enrolment(n: u32) -> Result<(TokenRecord, FactRecord), Failure> {
    let mut jti = Jti([0; 16]);
    jti.0[..4].copy_from_slice(&n.to_be_bytes());
    let peer = format!("peer-{n}").parse()?;
    let binding = Binding { peer, key: key(n), method: Method::Join, first_seen: 0, serves: true };
    let enrolled = Enrolled {
        jti,
        role: Role::Member,
        capabilities: Role::Member.capabilities(),
        labels: [("role".to_owned(), "web".to_owned())].into(),
        issue: 1,
        family: Some(Family::of(hash(n), u64::MAX >> 1)),
    };
    let enrolment = Enrolment { binding, invited: token(jti).claims(), enrolled };
    Ok((token(jti), FactRecord::Enrol(Box::new(enrolment))))
}

fn refreshing(n: u32) -> Result<FactRecord, Failure> {
    Ok(FactRecord::Refresh(Refreshing {
        peer: format!("peer-{n}").parse()?,
        key: key(n),
        presented: Some(hash(n)),
        fresh: hash(n + 1_000_000),
        fresh_ends: u64::MAX >> 1,
        issue: 1,
        serves: false,
    }))
}

fn ledger_alone(dir: &Path) -> Result<(), Failure> {
    let mut ledger = Ledger::open(&dir.join("alone.db"))?;
    let mut joins = Vec::new();
    for n in 0..2 * COUNT {
        let (token, join) = enrolment(n)?;
        joins.push(join);
        ledger.issue(&token)?;
    }
    let (one_by_one, together) = joins.split_at(COUNT as usize);
    let mut took = Vec::new();
    for join in one_by_one {
        let began = Instant::now();
        ledger.record(join)?;
        took.push(began.elapsed());
    }
    tell("ledger alone: join, one at a time", &mut took, None);
    let mut took = Vec::new();
    for n in 0..COUNT {
        let refresh = refreshing(n)?;
        let began = Instant::now();
        ledger.record(&refresh)?;
        took.push(began.elapsed());
    }
    tell("ledger alone: refresh, one at a time", &mut took, None);
    let thread = LedgerThread::start(ledger, 1024)?;
    let (answers, answered) = channel();
    let began = Instant::now();
    let mut took = Vec::new();
    let mut under_way = 0;
    for join in together {
        if under_way == AT_ONCE {
            took.push(answered.recv()??);
            under_way -= 1;
        }
        let (answers, asked) = (answers.clone(), Instant::now());
        under_way += 1;
        thread.record(join.clone(), move |done| {
            // Whoever counts has gone only after the last answer.
            let _ = answers.send(done.map(|()| asked.elapsed()));
        });
    }
    for _ in 0..under_way {
        took.push(answered.recv()??);
    }
    tell(&format!("ledger thread: join, {AT_ONCE} at once"), &mut took, Some(began.elapsed()));
    Ok(())
}

async fn whole(dir: &Path, peers: &Path) -> Result<(), Failure> {
    let bounds = LimitSettings {
        peers: Some(1_000_000),
        admissions_per_second: Some(1_000_000),
        pending_per_source: Some(10_000),
        failures_per_minute: Some(1_000_000),
        ..LimitSettings::default()
    };
    let settings = HubSettings { limits: bounds, ..HubSettings::default() };
    let hub = HubBuilder::new(Tokio, &dir.join("hub"))?
        .settings(settings)
        .bind("127.0.0.1:0".parse()?)
        .start()?;
    let token = issue(&hub).await?;
    let homes: Vec<_> = (0..COUNT).map(|n| peers.join(format!("peer-{n}"))).collect();
    let joining: Result<Vec<_>, Failure> = homes
        .iter()
        .enumerate()
        .map(|(n, home)| {
            let join = Join::new(&token, Some(format!("peer-{n}").parse()?))?;
            Ok(PeerBuilder::join(Tokio, join, home)?.operate())
        })
        .collect();
    let mut joining = joining?;
    let together = joining.split_off(ALONE);
    let mut took = Vec::new();
    for peer in joining {
        took.push(admit(peer).await?);
    }
    tell("whole: join over TLS, one at a time", &mut took, None);
    let (mut took, all) = at_once(together).await?;
    tell(&format!("whole: join over TLS, {AT_ONCE} at once"), &mut took, Some(all));
    let back = |home: &std::path::PathBuf| {
        let peer = PeerBuilder::enrolled(Tokio, home)?.ok_or("an enrolment")?;
        Ok::<_, Failure>(peer.operate())
    };
    let mut took = Vec::new();
    for home in &homes[..ALONE] {
        took.push(admit(back(home)?).await?);
    }
    tell("whole: resume over TLS, one at a time", &mut took, None);
    let peers: Result<Vec<_>, Failure> = homes.iter().map(back).collect();
    let (mut took, all) = at_once(peers?).await?;
    tell(&format!("whole: resume over TLS, {AT_ONCE} at once"), &mut took, Some(all));
    let secret = hub.data().secret();
    let known: Vec<_> = (0..COUNT)
        .map(|n| {
            let (id, key) = (format!("secret-{}", n % 100).parse(), own_key(n % 100 + 500_000));
            let peer = PeerBuilder::with_key(Tokio, hub.url().clone(), id?, key);
            Ok::<_, Failure>(peer.hub_id(hub.id()).secret_file(&secret).operate())
        })
        .collect::<Result<_, _>>()?;
    let (mut took, all) = at_once(known).await?;
    tell(&format!("beside: admission by the secret, {AT_ONCE} at once"), &mut took, Some(all));
    hub.stop().await;
    Ok(())
}

/// A token for as many keys as may be.
async fn issue(hub: &Hub<Tokio>) -> Result<String, Failure> {
    let control = hub.control().ok_or("a control socket")?;
    let operator = PeerBuilder::local(Tokio, &control, hub.id())?.connect().await?;
    let mut arguments = ArgumentsBuf::new();
    arguments.named("for", Scalar::Text("all"))?;
    arguments.named("local", Scalar::Boolean(true))?;
    arguments.named("uses", Scalar::Integer(10_000))?;
    let call = operator.call_hub("issue-token".parse()?).arguments(arguments);
    let done = call.start().finished().await;
    let token = done.value().and_then(|value| value.entry("token"));
    Ok(token.and_then(|token| token.text().map(str::to_owned)).ok_or(done.text.to_string())?)
}

fn own_key(n: u32) -> PeerKey {
    PeerKey(SigningKey::generate(&mut Random::new(&Seed(hash(n).0))))
}

/// From the first packet until it is admitted.
async fn admit(peer: PeerBuilder<Tokio>) -> Result<Duration, Failure> {
    let began = Instant::now();
    let session = peer.connect().await?;
    let took = began.elapsed();
    session.close();
    Ok(took)
}

async fn at_once(peers: Vec<PeerBuilder<Tokio>>) -> Result<(Vec<Duration>, Duration), Failure> {
    let (began, before, count) = (Instant::now(), processor(), peers.len());
    let mut took = Vec::new();
    let mut under_way = tokio::task::JoinSet::new();
    for peer in peers {
        if under_way.len() == AT_ONCE
            && let Some(done) = under_way.join_next().await
        {
            took.push(done??);
        }
        under_way.spawn(admit(peer));
    }
    while let Some(done) = under_way.join_next().await {
        took.push(done??);
    }
    let all = began.elapsed();
    if let Some((before, after)) = before.zip(processor()) {
        let each = after.saturating_sub(before).as_secs_f64() * 1e6 / count as f64;
        println!("{:<55} {each:>8.0} us of processor each, hub and peer together:", "");
    }
    Ok((took, all))
}

/// What all threads of this process have used of the processors; none where the system does not say
/// so in a file. A machine that does other things as well makes it no larger.
fn processor() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // What is behind the program's name, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut ticks = fields.split(' ').skip(11).map(str::parse::<u64>);
    // Hundredths of a second: in user code, and in the system's.
    let (user, system) = (ticks.next()?.ok()?, ticks.next()?.ok()?);
    Some(Duration::from_millis(10 * (user + system)))
}

/// Says how long each took and how many a second there were.
fn tell(what: &str, took: &mut [Duration], all: Option<Duration>) {
    took.sort_unstable();
    let all = all.unwrap_or_else(|| took.iter().sum());
    let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e3;
    let rate = took.len() as f64 / all.as_secs_f64();
    println!("{what:<55} {rate:>8.0}/s   median {:>7.3} ms   p99 {:>7.3} ms", at(50), at(99));
}
