//! TLS on one end and plain text on the other, told from the first bytes.
//!
//! The libraries' own errors ("corrupt message", "invalid HTTP version") do not say it. Nothing is
//! consumed here: bytes that agree go on to the tunnel whole. spec: transport §1.5

/// What this end is, and speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// It connected, and speaks TLS.
    ConnectTls,
    /// It accepted, and speaks TLS.
    AcceptTls,
    /// It connected, and speaks plain text.
    ConnectPlain,
    /// It accepted, and speaks plain text.
    AcceptPlain,
}

/// What the first bytes say of the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SniffVerdict {
    /// It speaks as expected, as far as one can tell.
    Agrees,
    /// It does not, and is owed these bytes (perhaps none) in the language that it understands.
    Differs(&'static [u8]),
    /// It accepted, and speaks neither of the two languages that a hub does.
    Foreign,
}

/// A verdict, and whether more bytes could change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sniff {
    /// It holds whatever follows.
    Settled(SniffVerdict),
    /// It holds only if nothing follows.
    SoFar(SniffVerdict),
}

/// Judges the first bytes of a stream. At most [`PLAIN_REFUSAL_LINE`]'s length is ever needed.
pub(super) fn sniff(expect: Expect, first: &[u8]) -> Sniff {
    if first.is_empty() {
        return Sniff::SoFar(SniffVerdict::Agrees);
    }
    match expect {
        Expect::ConnectTls => match begins(first, &TLS_REFUSAL) {
            Begins::Whole => Sniff::Settled(SniffVerdict::Differs(b"")),
            Begins::Partly => Sniff::SoFar(SniffVerdict::Agrees),
            Begins::Otherwise => tls_or(first, response(first)),
        },
        Expect::AcceptTls => tls_or(first, request(first)),
        Expect::AcceptPlain => plain_or(first, &TLS_REFUSAL),
        Expect::ConnectPlain => match begins(first, PLAIN_REFUSAL_LINE) {
            Begins::Whole => Sniff::Settled(SniffVerdict::Differs(b"")),
            Begins::Partly => Sniff::SoFar(SniffVerdict::Agrees),
            Begins::Otherwise => plain_or(first, b""),
        },
    }
}

/// Agrees where `first` is TLS; `otherwise` where it is not.
fn tls_or(first: &[u8], otherwise: Sniff) -> Sniff {
    match record(first) {
        Begins::Whole => Sniff::Settled(SniffVerdict::Agrees),
        Begins::Partly => Sniff::SoFar(SniffVerdict::Agrees),
        Begins::Otherwise => otherwise,
    }
}

/// Agrees where `first` is not TLS; owes `refusal` where it is.
fn plain_or(first: &[u8], refusal: &'static [u8]) -> Sniff {
    match record(first) {
        Begins::Whole => Sniff::Settled(SniffVerdict::Differs(refusal)),
        Begins::Partly => Sniff::SoFar(SniffVerdict::Agrees),
        Begins::Otherwise => Sniff::Settled(SniffVerdict::Agrees),
    }
}

/// Plain bytes at a TLS port: an HTTP request is owed an answer, anything else silence.
fn request(first: &[u8]) -> Sniff {
    let met = METHODS.iter().map(|method| begins(first, method));
    match met.max().unwrap_or(Begins::Otherwise) {
        Begins::Whole => Sniff::Settled(SniffVerdict::Differs(PLAIN_REFUSAL)),
        Begins::Partly => Sniff::SoFar(SniffVerdict::Differs(b"")),
        Begins::Otherwise => Sniff::Settled(SniffVerdict::Differs(b"")),
    }
}

/// Plain bytes from a port that was spoken to in TLS: what is no HTTP either is no hub at all.
fn response(first: &[u8]) -> Sniff {
    match begins(first, b"HTTP/") {
        Begins::Whole => Sniff::Settled(SniffVerdict::Differs(b"")),
        Begins::Partly => Sniff::SoFar(SniffVerdict::Foreign),
        Begins::Otherwise => Sniff::Settled(SniffVerdict::Foreign),
    }
}

/// How a stream's first bytes compare with a pattern.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Begins {
    /// They differ from it.
    Otherwise,
    /// They are its beginning.
    Partly,
    /// They begin with all of it.
    Whole,
}

fn begins(first: &[u8], pattern: &[u8]) -> Begins {
    if first.starts_with(pattern) {
        Begins::Whole
    } else if pattern.starts_with(first) {
        Begins::Partly
    } else {
        Begins::Otherwise
    }
}

/// The start of the only TLS records that can come first (RFC 8446 §5.1): a handshake message or
/// an alert.
fn record(first: &[u8]) -> Begins {
    begins(first, &[0x16, 0x03]).max(begins(first, &[0x15, 0x03]))
}

/// A fatal `unexpected_message` alert: what a plain port answers to TLS (RFC 8446 §6).
pub(super) const TLS_REFUSAL: [u8; 7] = [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0A];

/// How [`PLAIN_REFUSAL`] begins; its reason phrase is what a plain client of ours looks for.
pub(super) const PLAIN_REFUSAL_LINE: &[u8] = b"HTTP/1.1 400 TLS expected\r\n";

/// What a TLS port answers to a plain HTTP request.
pub(super) const PLAIN_REFUSAL: &[u8] = b"HTTP/1.1 400 TLS expected\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 34\r\n\
    Connection: close\r\n\
    \r\n\
    This port speaks TLS: use wss://.\n";

const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"POST ",
    b"PUT ",
    b"HEAD ",
    b"OPTIONS ",
    b"PATCH ",
    b"DELETE ",
    b"CONNECT ",
    b"TRACE ",
];

#[cfg(test)]
mod tests {
    use super::*;

    const AGREES: Sniff = Sniff::Settled(SniffVerdict::Agrees);
    const SO_FAR: Sniff = Sniff::SoFar(SniffVerdict::Agrees);
    const SILENT: Sniff = Sniff::Settled(SniffVerdict::Differs(b""));
    const FOREIGN: Sniff = Sniff::Settled(SniffVerdict::Foreign);

    #[test]
    fn a_tls_port_takes_handshakes_and_alerts_and_nothing_else() {
        for expect in [Expect::ConnectTls, Expect::AcceptTls] {
            assert_eq!(sniff(expect, b""), SO_FAR);
            assert_eq!(sniff(expect, &[0x16]), SO_FAR);
            assert_eq!(sniff(expect, &[0x16, 0x03]), AGREES);
            assert_eq!(sniff(expect, &[0x15, 0x03, 0x01]), AGREES);
        }
        for foreign in [&[0x16, 0x02][..], &[0x17, 0x03, 0x03], b"SSH-2.0-x"] {
            assert_eq!(sniff(Expect::AcceptTls, foreign), SILENT);
            assert_eq!(sniff(Expect::ConnectTls, foreign), FOREIGN);
        }
        for n in 1..5 {
            let so_far = Sniff::SoFar(SniffVerdict::Foreign);
            assert_eq!(sniff(Expect::ConnectTls, &b"HTTP/"[..n]), so_far);
        }
    }

    #[test]
    fn an_http_request_at_a_tls_port_is_answered_once_its_method_is_whole() {
        let method = b"OPTIONS ";
        for n in 1..method.len() {
            assert_eq!(
                sniff(Expect::AcceptTls, &method[..n]),
                Sniff::SoFar(SniffVerdict::Differs(b""))
            );
        }
        assert_eq!(
            sniff(Expect::AcceptTls, b"OPTIONS * HTTP/1.1"),
            Sniff::Settled(SniffVerdict::Differs(PLAIN_REFUSAL))
        );
        assert_eq!(sniff(Expect::AcceptTls, b"GEX "), SILENT);
    }

    #[test]
    fn a_client_knows_the_refusal_of_a_port_that_speaks_the_other_language() {
        assert_eq!(sniff(Expect::ConnectTls, &TLS_REFUSAL), SILENT);
        assert_eq!(sniff(Expect::ConnectTls, &TLS_REFUSAL[..6]), SO_FAR);
        // handshake_failure is a TLS server's own.
        assert_eq!(sniff(Expect::ConnectTls, &[0x15, 3, 3, 0, 2, 2, 40]), AGREES);
        assert_eq!(sniff(Expect::ConnectTls, b"HTTP/1.1 400"), SILENT);
        assert_eq!(sniff(Expect::ConnectPlain, PLAIN_REFUSAL), SILENT);
        assert_eq!(sniff(Expect::ConnectPlain, b"HTTP/1.1 400 "), SO_FAR);
        assert_eq!(sniff(Expect::ConnectPlain, b"HTTP/1.1 400 Bad"), AGREES);
        assert_eq!(sniff(Expect::ConnectPlain, b"HTTP/1.1 101 "), AGREES);
        assert_eq!(sniff(Expect::ConnectPlain, &[0x15, 3]), SILENT);
    }

    #[test]
    fn a_plain_port_answers_tls_with_an_alert() {
        assert_eq!(
            sniff(Expect::AcceptPlain, &[0x16, 3, 1]),
            Sniff::Settled(SniffVerdict::Differs(&TLS_REFUSAL))
        );
        assert_eq!(sniff(Expect::AcceptPlain, &[0x16]), SO_FAR);
        assert_eq!(sniff(Expect::AcceptPlain, b"G"), AGREES);
    }

    #[test]
    fn the_refusal_is_a_well_formed_answer() {
        let (head, body) = PLAIN_REFUSAL.split_at(PLAIN_REFUSAL.len() - 34);
        assert!(PLAIN_REFUSAL.starts_with(PLAIN_REFUSAL_LINE));
        assert!(head.ends_with(b"\r\n\r\n"));
        assert_eq!(body, b"This port speaks TLS: use wss://.\n");
    }
}
