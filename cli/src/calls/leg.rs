//! A call on one peer, as the hub shows it. `// spec: control §6`

use bowline_core::control::{CallLeg, LegStage, OutputBytes};
use bowline_core::id::PeerId;
use bowline_core::text::Line;
use bowline_core::wire::frame::OutputStream;
use data_encoding::BASE64;
use serde_json::json;

use crate::{event, show};

/// One peer's part.
#[derive(Debug, PartialEq)]
pub(super) struct Leg {
    pub(super) peer: PeerId,
    pub(super) stage: LegStage,
    pub(super) text: Line,
    pub(super) out: OutputTail,
    pub(super) err: OutputTail,
}

/// What was kept of one output: its end, and how many bytes went before.
#[derive(Debug, Default, PartialEq)]
pub(super) struct OutputTail {
    pub(super) bytes: Vec<u8>,
    pub(super) dropped: u64,
}

impl From<CallLeg> for Leg {
    fn from(leg: CallLeg) -> Self {
        let kept = |bytes: Option<OutputBytes>, dropped: Option<u64>| OutputTail {
            bytes: bytes.unwrap_or_default().0,
            dropped: dropped.unwrap_or_default(),
        };
        Self {
            peer: leg.peer,
            stage: leg.stage,
            text: leg.text.unwrap_or_default().into(),
            out: kept(leg.out, leg.out_dropped),
            err: kept(leg.err, leg.err_dropped),
        }
    }
}

impl Leg {
    /// Both outputs, with what they are called.
    pub(super) fn outputs(&self) -> [(OutputStream, &'static str, &OutputTail); 2] {
        [
            (OutputStream::Out, "standard output", &self.out),
            (OutputStream::Err, "standard error", &self.err),
        ]
    }

    /// How far it is, or how it ended.
    pub(super) fn result(&self) -> String {
        match self.stage {
            LegStage::Waiting => "waiting".to_owned(),
            LegStage::Running => "running".to_owned(),
            LegStage::Ended(status) => event::reason(status, &self.text),
        }
    }

    /// The same as an object; the result is null until there is one.
    pub(super) fn json(&self) -> serde_json::Value {
        let (state, result) = match self.stage {
            LegStage::Waiting => ("waiting", None),
            LegStage::Running => ("running", None),
            LegStage::Ended(status) => ("ended", Some(event::status(status))),
        };
        json!({
            "peer": self.peer.as_str(),
            "state": state,
            "result": result,
            "text": self.text.raw(),
            "out": self.out.json(),
            "err": self.err.json(),
        })
    }
}

impl OutputTail {
    /// How much it is, for a table.
    pub(super) fn size(&self) -> String {
        match (self.bytes.len(), self.dropped) {
            (0, 0) => "-".to_owned(),
            (kept, 0) => show::count(kept as u64, "byte"),
            (kept, dropped) => {
                format!("{}, {dropped} before dropped", show::count(kept as u64, "byte"))
            }
        }
    }

    /// Text, or base64 where it is none.
    fn json(&self) -> serde_json::Value {
        match core::str::from_utf8(&self.bytes) {
            Ok(text) => json!({"text": text, "dropped": self.dropped}),
            Err(_) => json!({"base64": BASE64.encode(&self.bytes), "dropped": self.dropped}),
        }
    }
}

#[cfg(test)]
mod tests {
    use bowline_core::control::field::Item;
    use bowline_core::wire::frame::Status;
    use bowline_core::wire::value::{Scalar, ValueBuf, ValueError};

    use super::*;

    fn read(entries: Vec<(&str, ValueBuf)>) -> Option<Leg> {
        let entry: Result<ValueBuf, ValueError> = ValueBuf::map(entries);
        CallLeg::read(entry.unwrap().as_value()).ok().map(Leg::from)
    }

    #[test]
    fn an_entry_is_read_with_its_end_and_what_was_kept() {
        let bytes = |bytes| ValueBuf::scalar(Scalar::Bytes(bytes)).unwrap();
        let leg = read(vec![
            ("peer", ValueBuf::text("a")),
            ("status", ValueBuf::text("failed")),
            ("code", ValueBuf::text("a-later-code")),
            ("text", ValueBuf::text("as it says")),
            ("out", bytes(b"text\n")),
            ("out_dropped", ValueBuf::uint(7)),
            ("err", bytes(&[0xFF])),
        ])
        .unwrap();
        assert_eq!(leg.result(), "failed: as it says");
        assert_eq!(
            (leg.out.size().as_str(), leg.err.size().as_str()),
            ("5 bytes, 7 before dropped", "1 byte",)
        );
        let json = leg.json();
        assert_eq!(json["out"], json!({"text": "text\n", "dropped": 7}));
        assert_eq!(json["err"], json!({"base64": "/w==", "dropped": 0}));
        assert_eq!(
            (&json["state"], &json["result"]["failed"]),
            (&json!("ended"), &json!("failed"))
        );
    }

    #[test]
    fn an_end_whose_output_was_cut_says_so_and_is_no_success() {
        let leg = |entries: &[(&str, ValueBuf)]| {
            let entries = [&[("peer", ValueBuf::text("a"))], entries].concat();
            let leg = read(entries).unwrap();
            (leg.stage, leg.result(), leg.json()["result"].clone())
        };
        let cut = ("output_cut", ValueBuf::scalar(Scalar::Boolean(true)).unwrap());
        let (stage, said, json) =
            leg(&[("status", ValueBuf::text("exited")), ("exit", ValueBuf::uint(0)), cut.clone()]);
        assert_eq!(stage, LegStage::Ended(Status::ExitedCut(0)));
        assert!(said.starts_with("exit code 0, output-cut: "), "{said}");
        assert_eq!(json, json!({"exit": 0, "output-cut": true}));
        let signalled =
            [("status", ValueBuf::text("signalled")), ("signal", ValueBuf::uint(9)), cut];
        assert_eq!(leg(&signalled).0, LegStage::Ended(Status::SignalledCut(9)));
    }

    #[test]
    fn an_entry_without_an_end_has_no_result_and_one_that_is_not_understood_is_none() {
        let of =
            |status| read(vec![("peer", ValueBuf::text("a")), ("status", ValueBuf::text(status))]);
        for status in ["waiting", "running"] {
            let leg = of(status).unwrap();
            assert_eq!((leg.result().as_str(), &leg.json()["result"]), (status, &json!(null)));
        }
        for status in ["exited", "signalled", "failed", "else"] {
            assert_eq!(of(status), None, "{status}");
        }
    }
}
