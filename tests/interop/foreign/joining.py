"""Join tokens, and what they bring: `spec/admission.md` §9, `spec/session.md` §9."""

import hashlib
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from . import cbor, frames, proofs
from .frames import LATER_START_KEY, Body, Kind, Proved
from .link import AGENT, JOIN_METHOD, REFRESH_METHOD, RESUME_METHOD, Link, Purpose

REFRESH_LABEL = b"bowline/1 refresh"


@dataclass(frozen=True)
class Credentials:
    """What a hub minted."""

    certificate: bytes
    refresh: bytes
    refresh_ends: int

    @staticmethod
    def read(body: object) -> "Credentials":
        """From key 7 of WelcomeBody, or from Refreshed."""
        body = frames.CREDENTIALS.check("credentials", body)
        return Credentials(body[0], body[1], body[2])

    def parsed(self) -> x509.Certificate:
        """The certificate, as another library reads it."""
        return x509.load_der_x509_certificate(self.certificate)


@dataclass
class Joiner:
    """A peer with a key of its own, and what it got for it."""

    id: str
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    held: Credentials | None = None
    # The later start of the hub that it shows (`admission.md` §4.2).
    shows: bytes | None = None

    def join(self, link: Link, token: str) -> Body:
        """Be admitted by a join token."""
        return self._admit(link, JOIN_METHOD, token.encode("ascii"))[0]

    def resume(self, link: Link) -> Body:
        """Come back by the certificate."""
        assert self.held is not None
        return self._admit(link, RESUME_METHOD, self.held.certificate)[0]

    def refresh(self, link: Link, token: bytes) -> tuple[Body, bytes]:
        """Come back by a refresh token; WelcomeBody, and the transcript."""
        return self._admit(link, REFRESH_METHOD, token)

    def renew(self, link: Link, t: bytes) -> frames.Frame:
        """Ask for new credentials within a session of this transcript; the hub's answer."""
        assert self.held is not None
        body = cbor.encode({0: self.held.refresh})
        proof = self.key.sign(REFRESH_LABEL + t + hashlib.sha256(body).digest())
        link.socket.send(Proved(Kind.REFRESH, body, proof).encode())
        answer = link.receive(Kind.REFRESHED, Kind.DENY)
        assert isinstance(answer, frames.Frame)
        if answer.kind is Kind.REFRESHED:
            self._keep(answer.body)
        return answer

    def _admit(self, link: Link, method: int, credential: bytes) -> tuple[Body, bytes]:
        if method not in link.hello.body[3]:
            raise proofs.ProofError(f"method-not-offered: the hub takes {link.hello.body[3]}")
        asks: Body = {
            0: method,
            1: int(Purpose.SERVE),
            2: self.id,
            3: proofs.public_key(self.key),
            4: link.seen,
            5: credential,
            6: AGENT,
        }
        if self.shows is not None:
            asks[LATER_START_KEY] = self.shows
        body = cbor.encode(asks)
        t = proofs.transcript(link.nonce, link.hello.message, body)
        welcome = link.authenticate(body, proofs.possession(self.key, t))
        if welcome.proof:
            raise proofs.ProofError("hub-not-proved: a proof where the method has none")
        welcomed = frames.decode_body(frames.WELCOME_BODY, "Welcome", welcome.body)
        if welcomed[1] != self.id:
            raise proofs.ProofError(f"hub-not-proved: welcomed as {welcomed[1]}")
        if 7 in welcomed:
            self._keep(welcomed[7])
        return welcomed, t

    def _keep(self, body: object) -> None:
        held = Credentials.read(body)
        key = held.parsed().public_key()
        if not isinstance(key, Ed25519PublicKey) or key != self.key.public_key():
            raise proofs.ProofError("the certificate is for another key")
        self.held = held
