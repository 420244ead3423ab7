//! `call`: one call, how it ended on each peer, and what was kept of it. `// spec: control §6`

use crate::code::Code;
use crate::hub::Hub;
use crate::hub::calls::{End, Known, KnownLeg, LegStage};
use crate::hub::control::arguments::{named, parsed};
use crate::hub::control::calls::summary;
use crate::hub::control::peers::PAGE;
use crate::id::{LinkId, PeerId};
use crate::wire::frame::{Call, Source, Status};
use crate::wire::value::{Scalar, ValueBuf, ValueError};

impl Hub {
    /// Answers with a map: what `calls` says of the call, and an array of what is known of each
    /// peer, in the order of the ids. A caller that wants more of them asks again with `after` =
    /// the last peer, until it gets none.
    pub(super) fn show_call(&mut self, link: LinkId, call: &Call<'_>) {
        let asked = named(call, ["id", "after"]);
        let asked = asked.and_then(|[id, after]| Ok((parsed(id)?, parsed(after)?)));
        let (id, after) = match asked {
            Ok((Some(id), after)) => (id, after),
            Ok((None, _)) => return self.fail(link, call.id, None, Code::BadArgument),
            Err(code) => return self.fail(link, call.id, None, code),
        };
        let Some(known) = self.known_call(link, id) else {
            return self.fail(link, call.id, None, Code::UnknownCall);
        };
        let value = describe(known, after, self.config.generation);
        self.answer_call(link, call.id, value);
    }
}

fn describe(
    known: Known<'_>,
    after: Option<PeerId>,
    generation: u64,
) -> Result<ValueBuf, ValueError> {
    let record = known.to_record();
    let mut entries = summary(&record, generation);
    if let Some(legs) = known.legs() {
        let mut page = Vec::new();
        let mut size = 0;
        for leg in legs.iter().filter(|leg| after.is_none_or(|after| leg.peer > after)) {
            let entry = leg.to_value()?;
            size += entry.as_value().as_bytes().len();
            page.push(entry);
            if size >= PAGE {
                break;
            }
        }
        entries.push(("peers", ValueBuf::array(page)?));
    }
    ValueBuf::map(entries)
}

impl KnownLeg<'_> {
    fn to_value(self) -> Result<ValueBuf, ValueError> {
        let mut entries = vec![("peer", ValueBuf::text(self.peer.as_str()))];
        let status = match self.stage {
            LegStage::Waiting => "waiting",
            LegStage::Running => "running",
            LegStage::Ended(end) => {
                let status = end.status();
                let (name, entry) = match status {
                    Status::Exited(exit) | Status::ExitedCut(exit) => {
                        let exit = ValueBuf::scalar(Scalar::Integer(exit.into()))?;
                        ("exited", ("exit", exit))
                    }
                    Status::Signalled(signal) | Status::SignalledCut(signal) => {
                        ("signalled", ("signal", ValueBuf::uint(signal)))
                    }
                    Status::Failed(code) => ("failed", ("code", ValueBuf::text(code.name()))),
                };
                entries.push(entry);
                if status.is_cut() {
                    entries.push(("output_cut", ValueBuf::scalar(Scalar::Boolean(true))?));
                }
                entries.extend(self.text(end).map(|text| ("text", ValueBuf::text(text))));
                name
            }
        };
        entries.push(("status", ValueBuf::text(status)));
        let outputs = [(Source::Out, "out", "out_dropped"), (Source::Err, "err", "err_dropped")];
        for (source, bytes, dropped) in outputs {
            let Some(tail) = self.kept.map(|kept| kept.tail(source)) else { continue };
            if tail.len() > 0 {
                entries.push((bytes, ValueBuf::scalar(Scalar::Bytes(&tail.to_vec()))?));
            }
            if tail.dropped() > 0 {
                entries.push((dropped, ValueBuf::uint(tail.dropped())));
            }
        }
        ValueBuf::map(entries)
    }

    /// The sentence that a runner gave, or that goes with the hub's code.
    fn text(&self, end: End) -> Option<&str> {
        let said = self.kept.map(|kept| kept.text.as_str()).filter(|text| !text.is_empty());
        match end {
            End::Said(_) => said,
            End::Hub(code) => Some(code.row().meaning),
        }
    }
}
