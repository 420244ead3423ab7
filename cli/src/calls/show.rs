//! `bowline calls show`.

use std::io;
use std::time::Instant;

use bowline_core::id::PeerId;
use bowline_core::wire::value::Value;
use bowline_shell::notice::Observer;
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;

use super::leg::{Kept, Leg};
use super::object;
use crate::exit::{self, Failure};
use crate::lines::Lines;
use crate::{args, date, list, operator, output, show};

/// Whose kept output is written, and how.
enum Wanted {
    /// One peer's, as it came.
    Of(PeerId),
    /// Everybody's, a line at a time.
    All,
}

pub(super) async fn show(runtime: &impl Runtime, options: args::CallsShow) -> Result<u8, Failure> {
    let wanted = match options.output.as_deref() {
        None => None,
        Some("all") => Some(Wanted::All),
        Some(peer) => Some(Wanted::Of(peer.parse().map_err(Failure::usage)?)),
    };
    let session = operator::connect(runtime, &options.dial, Observer::default()).await?;
    let call = &options.call;
    let shown = match &wanted {
        Some(wanted) => write_output(&session, call, wanted).await,
        None if options.json => write_json(&session, call).await,
        None => write_all(&session, call).await,
    };
    session.close();
    session.ended().await;
    shown
}

/// Gives the call, and then each of its peers, to `take`, as long as it takes them.
async fn walk(
    session: &Session,
    call: &str,
    mut take: impl FnMut(Part) -> io::Result<()>,
) -> Result<io::Result<()>, Failure> {
    let mut taken = Ok(());
    let mut is_first = true;
    let page = |page: Value<'_>| {
        if core::mem::take(&mut is_first) {
            let told = page.entry("peers").is_some();
            taken = take(Part::Call(object(&page), told));
        }
        list::entries(page.entry("peers"), "peer", |entry| {
            if let (Ok(()), Some(leg)) = (&taken, Leg::read(entry)) {
                taken = take(Part::Leg(leg));
            }
        })
        .filter(|_| taken.is_ok())
    };
    list::pages(session, "call", &[("id", call)], page).await?;
    Ok(taken)
}

/// What [`walk`] finds.
enum Part {
    /// The call, and whether its peers are known.
    Call(serde_json::Value, bool),
    Leg(Leg),
}

/// The call, then each peer, an object a line.
async fn write_json(session: &Session, call: &str) -> Result<u8, Failure> {
    let written = walk(session, call, |part| match part {
        Part::Call(object, _) => output::try_line(object),
        Part::Leg(leg) => output::try_line(leg.json()),
    });
    written.await?.map_or_else(output::unwritten, |()| Ok(exit::DONE))
}

/// Kept output alone.
async fn write_output(session: &Session, call: &str, wanted: &Wanted) -> Result<u8, Failure> {
    let mut lines = Lines::for_readers();
    let mut found = false;
    let written = walk(session, call, |part| {
        let Part::Leg(leg) = part else { return Ok(()) };
        if matches!(wanted, Wanted::Of(peer) if *peer != leg.peer) {
            return Ok(());
        }
        found = true;
        for (source, name, Kept { bytes, dropped }) in leg.outputs() {
            if *dropped > 0 {
                output::say(format_args!(
                    "the first {dropped} bytes of {}'s {name} were not kept",
                    leg.peer
                ));
            }
            match wanted {
                Wanted::Of(_) => output::stream(source, bytes)?,
                Wanted::All => {
                    let told = lines.take(leg.peer, source, bytes, Instant::now());
                    output::stream(source, &told)?;
                }
            }
        }
        lines.end(leg.peer).iter().try_for_each(|(source, line)| output::stream(*source, line))
    });
    if let Err(error) = written.await? {
        return output::unwritten(error);
    }
    match wanted {
        Wanted::Of(peer) if !found => {
            let message = format!(
                "{call} was not for '{peer}', or nothing of that is kept; 'bowline calls show \
                 {call}' shows what is"
            );
            Err(Failure::new(exit::ABSENT, message))
        }
        Wanted::Of(_) | Wanted::All => Ok(exit::DONE),
    }
}

/// Everything, as people read it.
async fn write_all(session: &Session, call: &str) -> Result<u8, Failure> {
    let mut table = list::table(["peer", "result", "output", "error"]);
    let (mut head, mut kept) = (String::new(), false);
    let collected = walk(session, call, |part| {
        match part {
            Part::Call(object, told) => head = heading(&object, told),
            Part::Leg(leg) => {
                kept |= leg.outputs().iter().any(|(_, _, kept)| !kept.bytes.is_empty());
                let row = [leg.peer.to_string(), leg.result(), leg.out.size(), leg.err.size()];
                table.add_row(row);
            }
        }
        Ok(())
    });
    // Nothing was written yet.
    let _ = collected.await?;
    output::line(head)?;
    if !table.is_empty() {
        output::line(format_args!("\n{}", table.trim_fmt()))?;
    }
    if !kept {
        return Ok(exit::DONE);
    }
    output::line("")?;
    let mut lines = Lines::for_readers();
    let written = walk(session, call, |part| {
        let Part::Leg(leg) = part else { return Ok(()) };
        for (source, _, kept) in leg.outputs() {
            let told = lines.take(leg.peer, source, &kept.bytes, Instant::now());
            output::stream(source, &told)?;
        }
        lines.end(leg.peer).iter().try_for_each(|(source, line)| output::stream(*source, line))
    });
    written.await?.map_or_else(output::unwritten, |()| Ok(exit::DONE))
}

fn heading(call: &serde_json::Value, told: bool) -> String {
    let text = |key: &str| call[key].as_str().unwrap_or("-").to_owned();
    let number = |key: &str| call[key].as_i64().unwrap_or(0);
    let now = date::now();
    let day = |key: &str| call[key].as_u64().map_or("-".to_owned(), |at| date::seen_from(now, at));
    let mut pairs = vec![
        ("call", text("id")),
        ("state", text("state")),
        ("command", text("command")),
        ("target", text("target")),
        ("caller", text("caller")),
        ("delivery", text("delivery")),
        ("started", day("started")),
        ("ended", day("ended")),
        (
            "peers",
            format!(
                "{}: {} answered, {} failed, {} missing",
                number("targets"),
                number("answered"),
                number("failed"),
                number("missing")
            ),
        ),
    ];
    if !told {
        pairs.push(("", "how it ended on each was told to its caller alone".to_owned()));
    }
    show::pairs(0, &pairs)
}
