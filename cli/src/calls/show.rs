//! `bowline calls show`.

use std::io;
use std::time::Instant;

use bowline_core::control::{CallName, CallRequest, CallSummary, Page};
use bowline_core::id::PeerId;
use bowline_shell::notice::Subscriber;
use bowline_shell::peer::Session;
use bowline_shell::runtime::Runtime;

use super::leg::{Leg, OutputTail};
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
    let session = operator::connect(runtime, &options.dial, Subscriber::default()).await?;
    let call = options.call;
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
    call: CallName,
    mut take: impl FnMut(Part) -> io::Result<()>,
) -> Result<io::Result<()>, Failure> {
    let mut pages = session.hub().pages(CallRequest { id: call, after: None });
    let mut is_first = true;
    while let Some(page) = pages.next().await? {
        let legs = page.peers.iter().flat_map(Page::iter).map(|leg| Part::Leg(leg.into()));
        let told = page.peers.is_some();
        let head = core::mem::take(&mut is_first).then(|| Part::Call(page.call.clone(), told));
        if let Err(error) = head.into_iter().chain(legs).try_for_each(&mut take) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// What [`walk`] finds.
enum Part {
    /// The call, and whether its peers are known.
    Call(CallSummary, bool),
    Leg(Leg),
}

/// The call, then each peer, an object a line.
async fn write_json(session: &Session, call: CallName) -> Result<u8, Failure> {
    let written = walk(session, call, |part| match part {
        Part::Call(call, _) => output::try_line(object(&call)),
        Part::Leg(leg) => output::try_line(leg.json()),
    });
    written.await?.map_or_else(output::unwritten, |()| Ok(exit::DONE))
}

/// Kept output alone.
async fn write_output(session: &Session, call: CallName, wanted: &Wanted) -> Result<u8, Failure> {
    let mut lines = Lines::for_readers();
    let mut found = false;
    let written = walk(session, call, |part| {
        let Part::Leg(leg) = part else { return Ok(()) };
        if matches!(wanted, Wanted::Of(peer) if *peer != leg.peer) {
            return Ok(());
        }
        found = true;
        for (source, name, OutputTail { bytes, dropped }) in leg.outputs() {
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
async fn write_all(session: &Session, call: CallName) -> Result<u8, Failure> {
    let mut table = list::table(["peer", "result", "output", "error"]);
    let (mut head, mut kept) = (String::new(), false);
    let collected = walk(session, call, |part| {
        match part {
            Part::Call(call, told) => head = heading(&call, told),
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

fn heading(call: &CallSummary, told: bool) -> String {
    let now = date::now();
    let CallSummary { targets, answered, failed, missing, .. } = call;
    let mut pairs = vec![
        ("call", call.id.to_string()),
        ("state", call.state.to_string()),
        ("command", call.command.to_string()),
        ("target", call.target.to_string()),
        ("caller", call.caller.to_string()),
        ("delivery", call.delivery.to_string()),
        ("started", date::seen_from(now, call.started)),
        ("ended", list::or_dash(call.ended.map(|at| date::seen_from(now, at)))),
        ("peers", format!("{targets}: {answered} answered, {failed} failed, {missing} missing")),
    ];
    if !told {
        pairs.push(("", "how it ended on each was told to its caller alone".to_owned()));
    }
    show::pairs(0, &pairs)
}
