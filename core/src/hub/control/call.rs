//! `call`: one call, how it ended on each peer, and what was kept of it. `// spec: control §6`

use crate::control::{
    CallDetail, CallLeg, CallRequest, CommandAnswer, ControlError, Handler, LegStage, OutputBytes,
    Page,
};
use crate::hub::calls::{self, KnownLeg, LegEnd};
use crate::hub::control::Control;
use crate::hub::control::calls::summary;
use crate::wire::frame::OutputStream;

impl Handler<CallRequest> for Control<'_> {
    fn handle(
        &mut self,
        CallRequest { id, after }: CallRequest,
    ) -> Result<CommandAnswer<CallDetail>, ControlError> {
        let known = self.known_call(id)?;
        let is_behind = |leg: &KnownLeg<'_>| after.is_none_or(|after| leg.peer > after);
        let page =
            |legs: Vec<KnownLeg<'_>>| Page::fill(legs.into_iter().filter(is_behind).map(shown));
        let peers = known.legs().map(page).transpose()?;
        let call = summary(&known.to_record(), self.config.generation);
        Ok(CommandAnswer::Now(CallDetail { peers, call }))
    }
}

fn shown(leg: KnownLeg<'_>) -> CallLeg {
    let tail = |source: OutputStream| leg.kept.map(|kept| kept.tail(source));
    let bytes = |source: OutputStream| {
        tail(source).filter(|tail| tail.len() > 0).map(|tail| OutputBytes(tail.to_vec()))
    };
    let dropped = |source: OutputStream| tail(source).map(|tail| tail.dropped()).filter(|&n| n > 0);
    // The sentence that a runner gave, or that goes with the hub's code.
    let said = || leg.kept.map(|kept| kept.text.clone()).filter(|text| !text.is_empty());
    let (stage, text) = match leg.stage {
        calls::KnownLegStage::Waiting => (LegStage::Waiting, None),
        calls::KnownLegStage::Running => (LegStage::Running, None),
        calls::KnownLegStage::Ended(end) => (
            LegStage::Ended(end.status()),
            match end {
                LegEnd::Said(_) => said(),
                LegEnd::Hub(code) => Some(code.row().meaning.to_owned()),
            },
        ),
    };
    CallLeg {
        peer: leg.peer,
        text,
        out: bytes(OutputStream::Out),
        err: bytes(OutputStream::Err),
        out_dropped: dropped(OutputStream::Out),
        err_dropped: dropped(OutputStream::Err),
        stage,
    }
}
