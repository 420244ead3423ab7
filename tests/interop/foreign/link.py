"""A link from the peer's side: the upgrade, trust, and admission.

`spec/transport.md`, `spec/websocket.md`, `spec/trust.md`, `spec/admission.md`.
"""

import base64
import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.sync.client import ClientConnection, connect, unix_connect

from . import cbor, frames, proofs
from .conversation import PATIENCE, Conversation
from .frames import Body, Kind, Proved

SUBPROTOCOL = "bowline.v1"
OPEN_METHOD, SECRET_METHOD = 0, 1
JOIN_METHOD, RESUME_METHOD, REFRESH_METHOD = 2, 3, 4
AGENT = "bowline-py/1"
MAX_MESSAGE = 1_048_576


class Purpose(IntEnum):
    """What a session is for."""

    SERVE = 0
    OPERATE = 1


@dataclass(frozen=True)
class Hello:
    """The hub's Hello, its signature verified."""

    message: bytes
    body: Body

    @property
    def identity(self) -> bytes:
        """The hub's raw identity key."""
        key: bytes = self.body[0]
        return key

    @property
    def keys(self) -> list[bytes]:
        """The pins of the TLS keys that the identity vouches for."""
        pins: list[bytes] = self.body[5]
        return pins

    @property
    def generation(self) -> int:
        """Which start of the hub it tells."""
        generation: int = self.body[6]
        return generation


@dataclass
class Link(Conversation):
    """A peer's connection to a hub, from Hello on."""

    nonce: bytes
    seen: bytes | None
    hello: Hello

    def admit(self, who: "Who") -> Body:
        """Be admitted by the shared secret; WelcomeBody, once the hub has proved itself."""
        self._check_offered(SECRET_METHOD)
        body = cbor.encode(who.auth_body(self.seen))
        t = proofs.transcript(self.nonce, self.hello.message, body)
        keys = proofs.SecretKeys.derive(who.secret)
        proof = proofs.possession(who.key, t) + keys.peer_mac(t)
        welcome = self.authenticate(body, proof)
        keys.check_hub_mac(t, welcome.body, welcome.proof)
        welcomed = frames.decode_body(frames.WELCOME_BODY, "Welcome", welcome.body)
        if welcomed[1] != who.id:
            raise proofs.ProofError(f"hub-not-proved: welcomed as {welcomed[1]}")
        return welcomed

    def enter(self) -> Body:
        """Be admitted to operate by the method `open`; WelcomeBody."""
        self._check_offered(OPEN_METHOD)
        body = cbor.encode({0: OPEN_METHOD, 1: int(Purpose.OPERATE), 6: AGENT})
        welcome = self.authenticate(body, b"")
        if welcome.proof:
            raise proofs.ProofError("hub-not-proved: a proof where the method has none")
        return frames.decode_body(frames.WELCOME_BODY, "Welcome", welcome.body)

    def start(self) -> bytes:
        """What a peer keeps of this start of the hub, to show it later (`admission.md` §4.2)."""
        return self.nonce + self.hello.message

    def _check_offered(self, method: int) -> None:
        if method not in self.hello.body[3]:
            raise proofs.ProofError(f"method-not-offered: the hub takes {self.hello.body[3]}")

    def authenticate(self, body: bytes, proof: bytes) -> Proved:
        """Send Authenticate; Welcome, which nobody has checked yet."""
        self.socket.send(Proved(Kind.AUTHENTICATE, body, proof).encode())
        welcome = self.receive(Kind.WELCOME)
        assert isinstance(welcome, Proved)
        return welcome


@dataclass(frozen=True)
class Who:
    """Who asks to be admitted, and what they prove it with."""

    id: str
    secret: bytes
    purpose: Purpose
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def auth_body(self, seen: bytes | None) -> Body:
        """AuthBody of the method `secret`."""
        body: Body = {
            0: SECRET_METHOD,
            1: int(self.purpose),
            2: self.id,
            3: proofs.public_key(self.key),
            6: AGENT,
        }
        return body if seen is None else body | {4: seen}


@contextmanager
def open_link(url: str, pin: str, headers: dict[str, str] | None = None) -> Iterator[Link]:
    """Connect to a hub whose TLS key is known by its pin, and verify its Hello.

    Args:
        url: `wss://HOST:PORT/link`.
        pin: `sha256/…`, known beforehand (`trust.md` §3: pins, no identity).
        headers: What the upgrade carries besides.
    """
    nonce = secrets.token_bytes(32)
    options = upgrade_options() | {"ssl": tls_context(), "additional_headers": headers}
    with connect(with_nonce(url, nonce), proxy=None, **options) as socket:
        seen = served_pin(socket)
        hello = read_hello(socket, nonce)
        if proofs.pin_text(seen) != pin:
            raise proofs.ProofError(f"pin-mismatch: served {proofs.pin_text(seen)}, known {pin}")
        if seen not in hello.keys:
            raise proofs.ProofError("key-not-vouched: Hello does not list the key served")
        yield Link(socket, nonce=nonce, seen=seen, hello=hello)


@contextmanager
def open_plain_link(
    url: str, hub: str, socket_path: Path | None = None, headers: dict[str, str] | None = None
) -> Iterator[Link]:
    """Connect without TLS to a hub whose identity is known, and verify its Hello.

    Args:
        url: `ws://HOST:PORT/link`.
        hub: `hub_…`, known beforehand (`trust.md` §3: an identity, `plain`).
        socket_path: The local socket to connect through (`transport.md` §1.7).
        headers: What the upgrade carries besides.
    """
    nonce = secrets.token_bytes(32)
    options = upgrade_options() | {"additional_headers": headers}
    at = with_nonce(url, nonce)
    opened = (
        connect(at, proxy=None, **options)
        if socket_path is None
        else unix_connect(str(socket_path), at, **options)
    )
    with opened as socket:
        hello = read_hello(socket, nonce)
        if proofs.hub_id(hello.identity) != hub:
            raise proofs.ProofError(f"identity-mismatch: {proofs.hub_id(hello.identity)}")
        yield Link(socket, nonce=nonce, seen=None, hello=hello)


def with_nonce(url: str, nonce: bytes) -> str:
    """The URL of an upgrade that carries this nonce."""
    return f"{url}?n={base64.urlsafe_b64encode(nonce).decode().rstrip('=')}"


def upgrade_options() -> dict[str, Any]:
    """What every upgrade asks for, and what it does without."""
    return {
        "subprotocols": [SUBPROTOCOL],
        "compression": None,
        "ping_interval": None,
        "max_size": MAX_MESSAGE,
        "close_timeout": PATIENCE,
        "legacy": False,
    }


def tls_context() -> ssl.SSLContext:
    """TLS 1.3 only. Who the hub is, is decided by its pin: no issuer, name or date is looked at."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # One of the three groups, by the name that every build of Python's ssl takes.
    context.set_ecdh_curve("prime256v1")
    return context


def served_pin(socket: ClientConnection) -> bytes:
    """The pin of the certificate that this connection was served."""
    assert isinstance(socket.socket, ssl.SSLSocket)
    certificate = socket.socket.getpeercert(binary_form=True)
    assert certificate is not None
    return proofs.certificate_pin(certificate)


def read_hello(socket: ClientConnection, nonce: bytes) -> Hello:
    """The hub's first message, its signature checked before anything else of it."""
    if socket.subprotocol != SUBPROTOCOL:
        raise frames.FrameError(f"the hub chose the subprotocol {socket.subprotocol}")
    message = socket.recv(timeout=PATIENCE, decode=False)
    hello = frames.decode(message)
    if not isinstance(hello, Proved) or hello.kind is not Kind.HELLO:
        raise frames.FrameError(f"Hello was expected, {hello} came")
    body = frames.decode_body(frames.HELLO_BODY, "Hello", hello.body)
    proofs.verify(body[0], hello.proof, proofs.hello_message(nonce, hello.body))
    return Hello(message, body)
