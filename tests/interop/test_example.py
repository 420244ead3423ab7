"""`spec/example.md`, made anew from what its §1 gives; `core/tests/example.rs` asks our code."""

import base64
import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from foreign import cbor, frames, proofs
from foreign.frames import Body, Frame, Kind, Proved
from foreign.page import Page, read_page

WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE = 0x2, 0x8
GOING_AWAY = 1001
LIMITS = {0: 1_048_576, 1: 1024, 2: 86_400_000}
GIVEN = (
    "identity seed",
    "TLS key seed",
    "peer key seed",
    "secret",
    "peer nonce",
    "hub nonce",
    "session",
    "WebSocket key",
    "mask of Authenticate",
    "mask of the peer's Close",
)

Values = dict[str, bytes]


def test_every_value_of_the_example_comes_out() -> None:
    page = read_page()
    given = {name: page.bytes(name) for name in GIVEN}
    keys = made_keys(given)
    hello = made_hello(given, keys)
    auth = made_authenticate(given, keys, hello)
    welcome = made_welcome(given, keys, auth)
    made = given | keys | hello | auth | welcome | made_session() | made_end(given)
    texts = {
        "hub id": proofs.hub_id(keys["identity"]),
        "pin as text": proofs.pin_text(keys["pin"]),
    }
    assert page.values == texts | {name: value.hex() for name, value in made.items()}


def test_the_upgrade_of_the_example_comes_out() -> None:
    page = read_page()
    key = base64.b64encode(page.bytes("WebSocket key"))
    accept = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID).digest())
    nonce = base64.urlsafe_b64encode(page.bytes("peer nonce")).rstrip(b"=")
    assert page.heads[0].startswith(b"GET /link?n=%s HTTP/1.1\r\n" % nonce)
    assert b"\r\nSec-WebSocket-Key: %s\r\n" % key in page.heads[0]
    assert b"\r\nSec-WebSocket-Accept: %s\r\n" % accept in page.heads[1]


def test_the_frames_of_the_example_are_read_as_what_they_say() -> None:
    page = read_page()
    assert session_frames(page) == SESSION


def private(given: Values, name: str) -> Ed25519PrivateKey:
    """The key of a seed."""
    return Ed25519PrivateKey.from_private_bytes(given[name])


def made_keys(given: Values) -> Values:
    """§2."""
    identity = proofs.public_key(private(given, "identity seed"))
    tls = proofs.public_key(private(given, "TLS key seed"))
    derived = proofs.SecretKeys.derive(given["secret"])
    return {
        "identity": identity,
        "SPKI of the identity": proofs.spki(identity),
        "TLS key": tls,
        "SPKI of the TLS key": proofs.spki(tls),
        "pin": hashlib.sha256(proofs.spki(tls)).digest(),
        "peer key": proofs.public_key(private(given, "peer key seed")),
        "k_peer": derived.peer,
        "k_hub": derived.hub,
    }


def made_hello(given: Values, keys: Values) -> Values:
    """§4."""
    body = cbor.encode(
        {
            0: keys["identity"],
            1: "example hub",
            2: given["hub nonce"],
            3: [1],
            4: 1_800_000_000,
            5: [keys["pin"]],
            6: 5,
            7: LIMITS,
        }
    )
    signed = proofs.hello_message(given["peer nonce"], body)
    signature = private(given, "identity seed").sign(signed)
    message = Proved(Kind.HELLO, body, signature).encode()
    return {
        "HelloBody": body,
        "SHA-256 of HelloBody": hashlib.sha256(body).digest(),
        "signed by the identity": signed,
        "signature": signature,
        "Hello": message,
        "header of Hello's frame": websocket_frame(BINARY, message)[: -len(message)],
    }


def made_authenticate(given: Values, keys: Values, hello: Values) -> Values:
    """§5."""
    body = cbor.encode(
        {
            0: 1,
            1: 0,
            2: "web-1",
            3: keys["peer key"],
            4: keys["pin"],
            6: "example/1",
            7: {"role": "web"},
        }
    )
    key = private(given, "peer key seed")
    t = proofs.transcript(given["peer nonce"], hello["Hello"], body)
    possession = proofs.possession(key, t)
    mac = proofs.SecretKeys.derive(given["secret"]).peer_mac(t)
    message = Proved(Kind.AUTHENTICATE, body, possession + mac).encode()
    return {
        "AuthBody": body,
        "length of Hello": len(hello["Hello"]).to_bytes(4),
        "length of AuthBody": len(body).to_bytes(4),
        "T": t,
        "signed by the peer key": b"bowline/1 possession" + t,
        "possession": possession,
        "peer MAC": mac,
        "Authenticate": message,
        "Authenticate's frame": websocket_frame(BINARY, message, given["mask of Authenticate"]),
    }


def made_welcome(given: Values, keys: Values, auth: Values) -> Values:
    """§6."""
    body = cbor.encode({0: given["session"], 1: "web-1", 2: ["serve"], 5: 15, 6: LIMITS})
    derived = proofs.SecretKeys(peer=keys["k_peer"], hub=keys["k_hub"])
    mac = derived.hub_mac(auth["T"], body)
    return {
        "WelcomeBody": body,
        "SHA-256 of WelcomeBody": hashlib.sha256(body).digest(),
        "hub MAC": mac,
        "Welcome": Proved(Kind.WELCOME, body, mac).encode(),
    }


ARGUMENT = {0: "name", 1: 0}
CALL: Body = {1: "web-1", 2: "greet", 4: {"name": "you"}, 5: 30_000, 6: 65_536}
OUTPUT: Body = {1: "web-1", 2: 1, 3: 0, 4: b"hello you\n"}
# §7 to §9.
SESSION = {
    "Register": Frame(Kind.REGISTER, {0: [{0: "greet", 1: "A greeting", 2: [ARGUMENT]}]}),
    "Registered": Frame(Kind.REGISTERED, {0: 1}),
    "Call, operator to hub": Frame(Kind.CALL, {0: 1} | CALL),
    "Call, hub to peer": Frame(Kind.CALL, {0: 2} | CALL),
    "Output, peer to hub": Frame(Kind.OUTPUT, {0: 2} | OUTPUT),
    "Output, hub to operator": Frame(Kind.OUTPUT, {0: 1} | OUTPUT),
    "Result, peer to hub": Frame(Kind.RESULT, {0: 2, 2: 0, 3: 0}),
    "Result, hub to operator": Frame(Kind.RESULT, {0: 1, 1: "web-1", 2: 0, 3: 0}),
    "Goaway": Frame(Kind.GOAWAY, {0: "going-away", 1: "", 2: 2}),
}


def made_session() -> Values:
    """§7 and §8, and Goaway."""
    return {name: frame.encode() for name, frame in SESSION.items()}


def session_frames(page: Page) -> dict[str, Frame | Proved | None]:
    """The same, read from the page."""
    return {name: frames.decode(page.bytes(name)) for name in SESSION}


def made_end(given: Values) -> Values:
    """The Close frames of §9."""
    code = GOING_AWAY.to_bytes(2)
    return {
        "the hub's Close": websocket_frame(CLOSE, code),
        "the peer's Close": websocket_frame(CLOSE, code, given["mask of the peer's Close"]),
    }


def websocket_frame(opcode: int, payload: bytes, mask: bytes = b"") -> bytes:
    """One whole frame of RFC 6455 §5.2, of up to 65,535 bytes."""
    masked = 0x80 if mask else 0
    length = bytes([masked | len(payload)])
    if len(payload) > 125:
        length = bytes([masked | 126]) + len(payload).to_bytes(2)
    if mask:
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes([0x80 | opcode]) + length + mask + payload
