//! How the demo tells what happened: a sentence for each event, or the event itself.

use std::path::Path;
use std::time::{Duration, Instant};

use bowline_core::wire::frame::OutputStream;
use bowline_shell::call::Finished;
use serde_json::{Value, json};

use crate::{event, output, show};

/// One event, and whose it is.
pub(super) struct DemoLine {
    pub(super) who: &'static str,
    pub(super) event: Value,
    /// When it came here: it may be told later.
    at: Instant,
}

impl DemoLine {
    pub(super) fn of(who: &'static str, event: Value) -> Self {
        Self { who, event, at: Instant::now() }
    }

    pub(super) fn says(&self, event: &str) -> bool {
        self.event["event"] == event
    }
}

/// Tells, and counts what it told.
pub(super) struct DemoTeller {
    json: bool,
    began: Instant,
    calls: usize,
    bytes: usize,
    links: u64,
}

impl DemoTeller {
    pub(super) fn new(json: bool) -> Self {
        Self { json, began: Instant::now(), calls: 0, bytes: 0, links: 0 }
    }

    /// An event of a link.
    pub(super) fn line(&mut self, line: Option<&DemoLine>) {
        let Some(line) = line else { return };
        self.links += u64::from(line.says("admitted") && line.who == "hub");
        if self.json {
            output::tell(json!({"who": line.who, "what": line.event}));
        } else if let Some(sentence) = sentence(line.who, &line.event) {
            self.say_at(line.at, line.who, &sentence);
        }
    }

    /// A piece of output, as it came.
    pub(super) fn output(
        &mut self,
        command: &str,
        source: OutputStream,
        bytes: &[u8],
        at: Duration,
    ) {
        self.bytes += bytes.len();
        let text = String::from_utf8_lossy(bytes);
        let stream = match source {
            OutputStream::Out => "out",
            OutputStream::Err => "err",
        };
        if self.json {
            let at = at.as_secs_f64() * 1000.0;
            let what = json!({"event": "output", "command": command, "stream": stream, "text": text, "ms": at});
            return output::tell(json!({"who": "operator", "what": what}));
        }
        for part in text.lines() {
            self.say("operator", &format!("{command} {stream} after {}: {part}", millis(at)));
        }
    }

    /// The end of a call.
    pub(super) fn finished(&mut self, command: &str, finished: &Finished, at: Duration) {
        self.calls += 1;
        let status = event::status(finished.status);
        if self.json {
            let ms = at.as_secs_f64() * 1000.0;
            let what = json!({"event": "result", "command": command, "result": status, "ms": ms});
            return output::tell(json!({"who": "operator", "what": what}));
        }
        self.say("operator", &format!("{command} ended after {}: {status}", millis(at)));
    }

    /// What all of it came to, and what is left of it.
    pub(super) fn summary(&self, left: &Path) {
        let took = self.began.elapsed();
        let (calls, bytes, links) = (self.calls, self.bytes, self.links);
        let is_clean = !left.exists();
        if self.json {
            let what = json!({"event": "summary", "clean": is_clean, "calls": calls, "bytes": bytes, "links": links,
                "ms": took.as_secs_f64() * 1000.0});
            return output::tell(json!({"who": "demo", "what": what}));
        }
        let told = format!("{links} links admitted, {calls} calls, {bytes} bytes of output");
        let end = match is_clean {
            true => "both processes have ended and their folder is removed".to_owned(),
            false => format!("{} is left behind", left.display()),
        };
        self.say("demo", &format!("{told}, in {}; {end}", millis(took)));
    }

    fn say(&self, who: &str, sentence: &str) {
        self.say_at(Instant::now(), who, sentence);
    }

    fn say_at(&self, at: Instant, who: &str, sentence: &str) {
        let at = millis(at.saturating_duration_since(self.began));
        output::tell(format_args!("{at:>9}  {who:<8}  {sentence}"));
    }
}

fn millis(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1000.0)
}

/// An event in words; none for what another line says better.
fn sentence(who: &str, event: &Value) -> Option<String> {
    let text = |key: &str| event[key].as_str().unwrap_or("-").to_owned();
    let number = |key: &str| event[key].as_u64().unwrap_or(0);
    Some(match event["event"].as_str()? {
        "listening" => format!(
            "listens on {}, is {} and serves the key {}",
            text("url"),
            text("hub"),
            text("pin")
        ),
        "connected" => format!("connected to {}", text("remote")),
        "accepted" => format!("a connection from {}", text("remote")),
        "secured" if event["pin"].is_string() => {
            format!("TLS 1.3, {}, {}; the hub served {}", text("suite"), text("group"), text("pin"))
        }
        "secured" => format!("TLS 1.3, {}, {}", text("suite"), text("group")),
        "learnt" => format!(
            "Hello is signed by {}, which vouches for the key served; trusted by {}; \
             proving the secret and our own key",
            text("hub"),
            text("how")
        ),
        "kept" => format!("the hub proved the secret too: {} and its pin are kept", text("hub")),
        "admitted" if who == "hub" => format!(
            "{} proved {} and its own key: admitted to {} after {}, {} bytes in, {} out",
            text("peer"),
            text("method"),
            text("purpose"),
            millis(Duration::from_micros(number("took_us"))),
            number("received"),
            number("sent")
        ),
        "admitted" => format!(
            "admitted as {} after {}, {} bytes in, {} out",
            text("peer"),
            millis(Duration::from_micros(number("took_us"))),
            number("received"),
            number("sent")
        ),
        "ready" => {
            format!("{} serves {}", text("peer"), show::count(number("commands"), "command"))
        }
        "registered" => format!("the hub knows our {}", show::count(number("commands"), "command")),
        "called" => format!("call {}: running '{}'", number("call"), text("command")),
        "answered" => format!("call {}: {}", number("call"), event["status"]),
        "ended" => format!(
            "link over: {} ({} bytes in, {} out)",
            text("reason"),
            number("received"),
            number("sent")
        ),
        "unreachable" => text("reason"),
        _ => return None,
    })
}
