//! `call`: one call, how it ended on each peer, and what was kept of it. `// spec: control §6`

use crate::control::{
    Answer, CallDetail, CallLeg, CallRequest, ControlError, Handler, LegStage, OutputBytes, Page,
};
use crate::hub::calls::{self, End, KnownLeg};
use crate::hub::control::Control;
use crate::hub::control::calls::summary;
use crate::wire::frame::Source;

impl Handler<CallRequest> for Control<'_> {
    fn handle(
        &mut self,
        CallRequest { id, after }: CallRequest,
    ) -> Result<Answer<CallDetail>, ControlError> {
        let known = self.known_call(id)?;
        let is_behind = |leg: &KnownLeg<'_>| after.is_none_or(|after| leg.peer > after);
        let page =
            |legs: Vec<KnownLeg<'_>>| Page::fill(legs.into_iter().filter(is_behind).map(shown));
        let peers = known.legs().map(page).transpose()?;
        let call = summary(&known.to_record(), self.config.generation);
        Ok(Answer::Now(CallDetail { peers, call }))
    }
}

fn shown(leg: KnownLeg<'_>) -> CallLeg {
    let tail = |source: Source| leg.kept.map(|kept| kept.tail(source));
    let bytes = |source: Source| {
        tail(source).filter(|tail| tail.len() > 0).map(|tail| OutputBytes(tail.to_vec()))
    };
    let dropped = |source: Source| tail(source).map(|tail| tail.dropped()).filter(|&n| n > 0);
    // The sentence that a runner gave, or that goes with the hub's code.
    let said = || leg.kept.map(|kept| kept.text.clone()).filter(|text| !text.is_empty());
    let (stage, text) = match leg.stage {
        calls::LegStage::Waiting => (LegStage::Waiting, None),
        calls::LegStage::Running => (LegStage::Running, None),
        calls::LegStage::Ended(end) => (
            LegStage::Ended(end.status()),
            match end {
                End::Said(_) => said(),
                End::Hub(code) => Some(code.row().meaning.to_owned()),
            },
        ),
    };
    CallLeg {
        peer: leg.peer,
        text,
        out: bytes(Source::Out),
        err: bytes(Source::Err),
        out_dropped: dropped(Source::Out),
        err_dropped: dropped(Source::Err),
        stage,
    }
}
