"""Keys, pins, the transcript and what is proved with them.

`spec/identity.md`, `spec/admission.md` §3.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MIN_SECRET = 16
FIELD_PRIME = 2**255 - 19
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
# y of the points of order 1, 2, 4 and 8, without regard to the sign bit.
ORDER_8 = (
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)
SMALL_ORDER = {
    0,
    1,
    FIELD_PRIME - 1,
    *(int.from_bytes(bytes.fromhex(y), "little") for y in ORDER_8),
}


class ProofError(Exception):
    """Something that should have been proved was not."""


def spki(key: bytes) -> bytes:
    """The DER SubjectPublicKeyInfo of a raw Ed25519 public key."""
    return bytes.fromhex("302a300506032b6570032100") + key


def hub_id(identity: bytes) -> str:
    """A hub's id, from its raw identity key."""
    first = hashlib.sha256(spki(identity)).digest()[:16]
    return "hub_" + base64.b32encode(first).decode().rstrip("=").lower()


def certificate_pin(certificate: bytes) -> bytes:
    """The pin of a DER certificate's key."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).digest()


def pin_text(pin: bytes) -> str:
    """A pin as people read it."""
    return "sha256/" + base64.b64encode(pin).decode()


def public_key(key: Ed25519PrivateKey) -> bytes:
    """The raw public half of `key`."""
    return key.public_key().public_bytes_raw()


def verify(key: bytes, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature as `identity.md` §1 asks.

    Raises:
        ProofError: If it does not hold.
    """
    y = int.from_bytes(key, "little") & (1 << 255) - 1
    if y >= FIELD_PRIME or y in SMALL_ORDER:
        raise ProofError("a public key that anyone can sign for")
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        raise ProofError("a signature whose S is not below the group's order")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature as error:
        raise ProofError("a signature that does not verify") from error


def hello_message(peer_nonce: bytes, hello_body: bytes) -> bytes:
    """What the hub's identity signs in Hello."""
    return b"bowline/1 hello" + peer_nonce + hashlib.sha256(hello_body).digest()


def transcript(peer_nonce: bytes, hello: bytes, auth_body: bytes) -> bytes:
    """T, which every proof of an admission covers."""
    digest = hashlib.sha256(b"bowline/1 transcript" + peer_nonce)
    for part in (hello, auth_body):
        digest.update(len(part).to_bytes(4) + part)
    return digest.digest()


def possession(key: Ed25519PrivateKey, t: bytes) -> bytes:
    """The peer's signature over T."""
    return key.sign(b"bowline/1 possession" + t)


@dataclass(frozen=True)
class SecretKeys:
    """What is derived from the shared secret, one key for each direction."""

    peer: bytes
    hub: bytes

    @classmethod
    def derive(cls, secret: bytes) -> "SecretKeys":
        """Both keys of `secret`, which has at least 16 bytes."""
        if len(secret) < MIN_SECRET:
            raise ValueError(f"a secret of {len(secret)} bytes; {MIN_SECRET} are the least")
        return cls(_hmac(secret, b"bowline/1 secret peer"), _hmac(secret, b"bowline/1 secret hub"))

    def peer_mac(self, t: bytes) -> bytes:
        """The second half of the proof in Authenticate."""
        return _hmac(self.peer, t)

    def hub_mac(self, t: bytes, welcome_body: bytes) -> bytes:
        """The proof in Welcome."""
        return _hmac(self.hub, t + hashlib.sha256(welcome_body).digest())

    def check_hub_mac(self, t: bytes, welcome_body: bytes, mac: bytes) -> None:
        """Raise ProofError unless the hub holds the secret."""
        if not hmac.compare_digest(self.hub_mac(t, welcome_body), mac):
            raise ProofError("hub-not-proved: Welcome's MAC is not the secret's")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()
