"""A hub, as far as one peer at a time needs it: Hello, the checks of Authenticate, Welcome.

`spec/admission.md` §3 and §4, from the hub's side. What happens in the session is the test's.
"""

import base64
import hmac
import queue
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.sync.server import ServerConnection, serve

from . import cbor, frames, proofs
from .conversation import PATIENCE, Conversation, LinkEnded
from .frames import Body, Kind, Proved
from .link import SECRET_METHOD, SUBPROTOCOL

LIMITS = {0: 1_048_576, 1: 1024, 2: 86_400_000}
HEARTBEAT = 15


@dataclass
class Served(Conversation):
    """A peer's link at the hub: admitted, or ended before that."""

    auth: Body = field(default_factory=dict)
    ended: LinkEnded | None = None


@dataclass
class ForeignHub:
    """Keys and the secret; a test may break any of them."""

    secret: bytes
    pins: list[bytes]
    identity: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    signs_for: bytes | None = None
    url: str = ""
    arrived: "queue.Queue[Served]" = field(default_factory=queue.Queue)
    done: threading.Event = field(default_factory=threading.Event)
    mac_held: bool = False
    hello: Body = field(default_factory=dict)
    """What stands in Hello in place of the truth, by its keys."""
    welcome: Body = field(default_factory=dict)
    """The same of Welcome."""
    session: Callable[[Served], None] | None = None
    """What becomes of each session, which ends with it; a session is the test's without."""
    dials: int = 0

    @property
    def id(self) -> str:
        """The hub's id."""
        return proofs.hub_id(proofs.public_key(self.identity))

    def peer(self) -> Served:
        """The next peer that was admitted, or that ended its link instead."""
        return self.arrived.get(timeout=PATIENCE)

    def handle(self, socket: ServerConnection) -> None:
        """One connection, from the upgrade on."""
        self.dials += 1
        assert socket.request is not None
        nonce = nonce_of(socket.request.path)
        served = Served(socket)
        hello = self._hello(nonce)
        socket.send(hello)
        try:
            auth = served.receive(Kind.AUTHENTICATE)
        except LinkEnded as ended:
            served.ended = ended
        else:
            assert isinstance(auth, Proved)
            served.auth = frames.decode_body(frames.AUTH_BODY, "AuthBody", auth.body)
            t = proofs.transcript(nonce, hello, auth.body)
            socket.send(self._welcome(served.auth, auth.proof, t))
        self.arrived.put(served)
        if self.session is None:
            self.done.wait()
        elif served.ended is None:
            self.session(served)

    def _hello(self, nonce: bytes) -> bytes:
        body = cbor.encode(
            {
                0: proofs.public_key(self.identity),
                1: "a hub in Python",
                2: secrets.token_bytes(32),
                3: [SECRET_METHOD],
                4: int(time.time()),
                5: sorted(self.pins),
                6: 1,
                7: LIMITS,
            }
            | self.hello
        )
        message = proofs.hello_message(self.signs_for or nonce, body)
        return Proved(Kind.HELLO, body, self.identity.sign(message)).encode()

    def _welcome(self, auth: Body, proof: bytes, t: bytes) -> bytes:
        """Check possession, and the MAC where this hub holds the peer's secret; then Welcome."""
        assert auth[0] == SECRET_METHOD
        assert auth[4] in self.pins
        keys = proofs.SecretKeys.derive(self.secret)
        proofs.verify(auth[3], proof[:64], b"bowline/1 possession" + t)
        self.mac_held = hmac.compare_digest(keys.peer_mac(t), proof[64:])
        capabilities = ["call", "serve"]
        body = cbor.encode(
            {0: secrets.token_bytes(16), 1: auth[2], 2: capabilities, 5: HEARTBEAT, 6: LIMITS}
            | self.welcome
        )
        return Proved(Kind.WELCOME, body, keys.hub_mac(t, body)).encode()


def nonce_of(path: str) -> bytes:
    """The peer's nonce, from the path of its upgrade (`websocket.md` §1)."""
    parts = urlsplit(path)
    assert parts.path == "/link"
    (text,) = parse_qs(parts.query)["n"]
    nonce = base64.urlsafe_b64decode(text + "=")
    assert len(nonce) == 32
    return nonce


@contextmanager
def running(hub: ForeignHub, tls: ssl.SSLContext) -> Iterator[ForeignHub]:
    """Serve on loopback, at a port that the system chooses."""
    server = serve(
        hub.handle,
        "127.0.0.1",
        0,
        ssl=tls,
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
        compression=None,
        ping_interval=None,
    )
    hub.url = f"wss://127.0.0.1:{server.socket.getsockname()[1]}/link"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield hub
    finally:
        hub.done.set()
        server.shutdown()
        thread.join(timeout=15)
