//! `bowline run`: a command on one peer, as `ssh` would run it.

use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::task::{Context, Poll};

use bowline_core::id::PeerId;
use bowline_core::wire::frame::{Source, Status};
use bowline_core::wire::value::{ArgumentsBuf, Scalar};
use bowline_shell::call::{CallEvent, Calling, Finished};
use bowline_shell::notice::Observer;
use data_encoding::BASE64;
use serde_json::json;
use tokio::sync::mpsc;

use crate::args;
use crate::exit::{self, Failure};
use crate::signals::Inbox;
use crate::{event, operator, output};

pub(crate) async fn run(options: args::Run) -> Result<u8, Failure> {
    let target = target(&options.target)?;
    let arguments = arguments(&options.arguments)?;
    let mut signals = Inbox::open().map_err(Failure::ours)?;
    let session = match operator::connect(&options.dial, Observer::default()).await {
        Ok(session) => session,
        Err(failure) => {
            if options.json {
                output::line(json!({"peer": null, "result": null, "text": failure.message}))
                    .map_err(Failure::ours)?;
            }
            return Err(failure.ours());
        }
    };
    let mut call = session.call(target, options.command).arguments(arguments).with_input();
    if let Some(timeout) = options.timeout {
        call = call.deadline(timeout);
    }
    let mut pipe = Pipe { call: call.start(), input: Some(input()), chunk: Vec::new() };
    let mut interrupted = false;
    let finished = loop {
        let next = tokio::select! {
            next = poll_fn(|cx| pipe.poll(cx)) => next,
            _ = signals.end() => {
                if interrupted {
                    return Ok(130);
                }
                interrupted = true;
                pipe.call.cancel();
                continue;
            }
        };
        match next {
            Some(CallEvent::Output { peer, source, bytes }) => {
                match write(peer, source, &bytes, options.json) {
                    Ok(()) => {}
                    // Nobody reads on: as a program that gets SIGPIPE.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(128 + 13),
                    Err(error) => return Err(output::failure(error).ours()),
                }
            }
            Some(CallEvent::Finished(finished)) => break finished,
            _ => return Err(Failure::new(exit::OURS, "the call ended without a result")),
        }
    };
    session.close();
    session.ended().await;
    end(&finished, options.json)
}

fn target(text: &str) -> Result<PeerId, Failure> {
    if text == "all" || text.contains('=') {
        return Err(Failure::usage(format!(
            "'{text}': calling several peers at once is not built yet; name one peer"
        )));
    }
    text.parse().map_err(Failure::usage)
}

/// `NAME=VALUE` is named, everything else comes in its order.
fn arguments(given: &[String]) -> Result<ArgumentsBuf, Failure> {
    let mut arguments = ArgumentsBuf::new();
    for text in given {
        let named = text.split_once('=').filter(|(name, _)| is_name(name));
        let added = match named {
            Some((name, value)) => arguments.named(name, Scalar::Text(value)),
            None => arguments.push_text(text),
        };
        added.map_err(|error| Failure::usage(format!("argument '{text}': {error}")))?;
    }
    Ok(arguments)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Standard input, read by a thread of its own: a terminal cannot be polled.
fn input() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        let mut input = std::io::stdin().lock();
        while let Ok(n) = input.read(&mut buffer) {
            if n == 0 || send.blocking_send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    receive
}

/// A call and what flows into it.
struct Pipe {
    call: Calling,
    input: Option<mpsc::Receiver<Vec<u8>>>,
    chunk: Vec<u8>,
}

impl Pipe {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<CallEvent>> {
        loop {
            if !self.chunk.is_empty() {
                match self.call.poll_write(cx, &self.chunk) {
                    Poll::Ready(0) => {
                        // The command takes no more.
                        self.chunk.clear();
                        self.input = None;
                    }
                    Poll::Ready(n) => drop(self.chunk.drain(..n)),
                    Poll::Pending => break,
                }
                continue;
            }
            let Some(input) = &mut self.input else { break };
            match input.poll_recv(cx) {
                Poll::Ready(Some(chunk)) => self.chunk = chunk,
                Poll::Ready(None) => {
                    self.input = None;
                    self.call.end_input();
                }
                Poll::Pending => break,
            }
        }
        self.call.poll_next(cx)
    }
}

fn write(peer: Option<PeerId>, source: Source, bytes: &[u8], json: bool) -> std::io::Result<()> {
    if json {
        let stream = match source {
            Source::Out => "out",
            Source::Err => "err",
        };
        let peer = peer.map(|peer| peer.to_string());
        let line = match core::str::from_utf8(bytes) {
            Ok(text) => json!({"peer": peer, "stream": stream, "text": text}),
            Err(_) => json!({"peer": peer, "stream": stream, "base64": BASE64.encode(bytes)}),
        };
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}")?;
        return out.flush();
    }
    match source {
        Source::Out => {
            let mut out = std::io::stdout().lock();
            out.write_all(bytes)?;
            out.flush()
        }
        Source::Err => std::io::stderr().lock().write_all(bytes),
    }
}

fn end(finished: &Finished, json: bool) -> Result<u8, Failure> {
    if json {
        let result = json!({
            "peer": finished.peer.map(|peer| peer.to_string()),
            "result": event::status(finished.status),
            "text": finished.text,
        });
        output::line(result).map_err(Failure::ours)?;
    }
    match finished.status {
        // Codes beyond a byte are cut as a shell cuts them.
        Status::Exited(code) => Ok((code & 0xFF) as u8),
        Status::Signalled(signal) => Ok((128 + (signal & 0x7F)) as u8),
        Status::Failed(code) => Err(Failure::call(code, finished).ours()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_named_where_a_name_stands_before_the_sign() {
        let given = ["unit=nginx", "2+2=4", "=x", "plain", "a=b=c"].map(str::to_owned);
        let arguments = arguments(&given).unwrap();
        let arguments = arguments.as_arguments();
        let named: Vec<_> = arguments.named().map(|(k, v)| (k, v.text().unwrap())).collect();
        assert_eq!(named, [("a", "b=c"), ("unit", "nginx")]);
        let positional: Vec<_> = arguments.positional().map(|v| v.text().unwrap()).collect();
        assert_eq!(positional, ["2+2=4", "=x", "plain"]);
    }

    #[test]
    fn several_targets_are_refused_in_so_many_words() {
        for text in ["all", "role=web"] {
            let failure = target(text).unwrap_err();
            assert_eq!(failure.code, exit::USAGE);
            assert!(failure.message.contains("not built yet"), "{}", failure.message);
        }
        assert_eq!(target("web-1").unwrap().as_str(), "web-1");
    }
}
