//! A call on one peer, as the hub shows it. `// spec: control §6`

use bowline_core::code::Code;
use bowline_core::id::PeerId;
use bowline_core::text::Line;
use bowline_core::wire::frame::{Source, Status};
use bowline_core::wire::value::{Scalar, Value};
use data_encoding::BASE64;
use serde_json::json;

use crate::{event, list, show};

/// One peer's part.
#[derive(Debug, PartialEq)]
pub(super) struct Leg {
    pub(super) peer: PeerId,
    pub(super) stage: Stage,
    pub(super) text: Line,
    pub(super) out: Kept,
    pub(super) err: Kept,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    Waiting,
    Running,
    Ended(Status),
}

/// What was kept of one output: its end, and how many bytes went before.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Kept {
    pub(super) bytes: Vec<u8>,
    pub(super) dropped: u64,
}

/// Whether an entry says that output was cut.
fn is_cut(entry: &Value<'_>) -> bool {
    entry.entry("output_cut").and_then(|cut| cut.scalar()) == Some(Scalar::Boolean(true))
}

impl Leg {
    /// What an entry says; none where it says nothing that is understood.
    pub(super) fn read(entry: &Value<'_>) -> Option<Self> {
        let peer = list::text(entry, "peer")?.parse().ok()?;
        let stage = match list::text(entry, "status")?.as_str() {
            "waiting" => Stage::Waiting,
            "running" => Stage::Running,
            "exited" => Stage::Ended(Status::Exited(list::number(entry, "exit")?)),
            "signalled" => {
                let signal = list::number(entry, "signal")?.try_into().ok()?;
                Stage::Ended(Status::Signalled(signal))
            }
            // A code that this version does not know is read as in a Result.
            "failed" => {
                let code = list::text(entry, "code")?.parse().unwrap_or(Code::Failed);
                Stage::Ended(Status::Failed(code))
            }
            _ => return None,
        };
        let stage = match stage {
            Stage::Ended(status) if is_cut(entry) => Stage::Ended(status.cut()),
            stage => stage,
        };
        let text = list::text(entry, "text").unwrap_or_default().into();
        let out = Kept::read(entry, "out", "out_dropped");
        let err = Kept::read(entry, "err", "err_dropped");
        Some(Self { peer, stage, text, out, err })
    }

    /// Both outputs, with what they are called.
    pub(super) fn outputs(&self) -> [(Source, &'static str, &Kept); 2] {
        [(Source::Out, "standard output", &self.out), (Source::Err, "standard error", &self.err)]
    }

    /// How far it is, or how it ended.
    pub(super) fn result(&self) -> String {
        match self.stage {
            Stage::Waiting => "waiting".to_owned(),
            Stage::Running => "running".to_owned(),
            Stage::Ended(status) => event::reason(status, &self.text),
        }
    }

    /// The same as an object; the result is null until there is one.
    pub(super) fn json(&self) -> serde_json::Value {
        let (state, result) = match self.stage {
            Stage::Waiting => ("waiting", None),
            Stage::Running => ("running", None),
            Stage::Ended(status) => ("ended", Some(event::status(status))),
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

impl Kept {
    fn read(entry: &Value<'_>, bytes: &str, dropped: &str) -> Self {
        let bytes = match entry.entry(bytes).and_then(|bytes| bytes.scalar()) {
            Some(Scalar::Bytes(bytes)) => bytes.to_vec(),
            _ => Vec::new(),
        };
        let dropped = list::number(entry, dropped).and_then(|count| count.try_into().ok());
        Self { bytes, dropped: dropped.unwrap_or_default() }
    }

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
    use bowline_core::wire::value::{ValueBuf, ValueError};

    use super::*;

    fn read(entries: Vec<(&str, ValueBuf)>) -> Option<Leg> {
        let entry: Result<ValueBuf, ValueError> = ValueBuf::map(entries);
        Leg::read(&entry.unwrap().as_value())
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
        assert_eq!(stage, Stage::Ended(Status::ExitedCut(0)));
        assert!(said.starts_with("exit code 0, output-cut: "), "{said}");
        assert_eq!(json, json!({"exit": 0, "output-cut": true}));
        let signalled =
            [("status", ValueBuf::text("signalled")), ("signal", ValueBuf::uint(9)), cut];
        assert_eq!(leg(&signalled).0, Stage::Ended(Status::SignalledCut(9)));
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
