"""Our tokens against PyJWT and joserfc, both ways, with the same keys; and the page's example."""

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from joserfc import jwt as joserfc
from joserfc.jwk import ECKey, KeySet, KeySetSerialization, OKPKey

from harness import PATIENCE, ROOT, environment

# EdDSA with a curve that the key says is what hubs speak; RFC 9864 has another name for it.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

TOKENS = ROOT / "target" / "debug" / "examples" / "tokens"
PAGE = ROOT / "spec" / "tokens.md"
NOW = int(time.time())
HUB = "hub_aaaaaaaaaaaaaaaaaaaaaaaaaa"
OTHER_HUB = "hub_baaaaaaaaaaaaaaaaaaaaaaaaa"
ALGORITHMS = ["EdDSA", "ES256", "ES384"]

Claims = dict[str, Any]
PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

JOIN: Claims = {
    "iss": HUB,
    "aud": HUB,
    "sub": "alice",
    "iat": NOW,
    "exp": NOW + 3600,
    "jti": "AAECAwQFBgcICQoLDA0ODw",
    "role": "member",
    "max_uses": 3,
    "pins": ["sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
    "urls": ["wss://hub.example:7777/link"],
    "caps": ["serve", "call:uptime"],
    "rooms": ["lobby"],
    "labels": {"zone": "b", "name": 'J\u00fcrgen \U0001f600 "x"'},
}
PASS: Claims = {
    "iss": "https://issuer.example",
    "aud": HUB,
    "sub": "web-1",
    "iat": NOW,
    "exp": NOW + 3600,
    "jti": "AAECAwQFBgcICQoLDA0ODw",
    "room": "lobby",
    "caps": ["publish", "subscribe"],
    "cnf": {"jkt": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
}
KINDS = {"join+jwt": JOIN, "pass+jwt": PASS}


@dataclass(frozen=True)
class Key:
    """One key, as each of the three has it."""

    algorithm: str
    private: PrivateKey
    pkcs8: bytes
    jwks: KeySetSerialization

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as our program exports it."""
        return self.jwks["keys"][0]

    @property
    def header(self) -> dict[str, str]:
        """What a header says beside its type."""
        return {"alg": self.algorithm, "kid": self.jwk["kid"]}


def ours(home: Path, command: dict[str, Any]) -> dict[str, Any]:
    """What our program answers."""
    ended = subprocess.run(
        [TOKENS],
        cwd=home,
        env=environment(home),
        input=json.dumps(command) + "\n",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def new_key(home: Path, algorithm: str) -> Key:
    """A key of OpenSSL's making."""
    private: PrivateKey
    match algorithm:
        case "EdDSA":
            private = ed25519.Ed25519PrivateKey.generate()
        case "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
        case _:
            private = ec.generate_private_key(ec.SECP384R1())
    pkcs8 = private.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    jwks = ours(home, {"do": "keys", "pkcs8": base64.b64encode(pkcs8).decode()})["jwks"]
    return Key(algorithm, private, pkcs8, jwks)


@pytest.fixture(params=ALGORITHMS)
def key(request: pytest.FixtureRequest, tmp_path: Path) -> Key:
    """One of each algorithm."""
    return new_key(tmp_path, request.param)


@pytest.fixture(params=KINDS)
def typ(request: pytest.FixtureRequest) -> str:
    """Each kind of token."""
    kind: str = request.param
    return kind


def issue(home: Path, key: Key, typ: str) -> str:
    """A token that our program signed."""
    pkcs8 = base64.b64encode(key.pkcs8).decode()
    token: str = ours(home, {"do": "issue", "pkcs8": pkcs8, "claims": KINDS[typ]})["token"]
    return token


def verify(home: Path, key: Key, typ: str, token: str, **changed: object) -> dict[str, Any]:
    """What our program says of a token."""
    command = {"do": "verify", "typ": typ, "jwks": key.jwks, "hub": HUB, "now": NOW}
    return ours(home, command | {"token": token} | changed)


def with_pyjwt(key: Key, header: dict[str, str], claims: Claims) -> str:
    """A token that PyJWT signed."""
    return pyjwt.encode(claims, key.private, algorithm=key.algorithm, headers=dict(header))


def with_joserfc(key: Key, header: dict[str, str], claims: Claims) -> str:
    """A token that joserfc signed."""
    private: OKPKey | ECKey
    if isinstance(key.private, ed25519.Ed25519PrivateKey):
        private = OKPKey.import_key(key.private)
    else:
        private = ECKey.import_key(key.private)
    assert private.thumbprint() == key.jwk["kid"]
    return joserfc.encode(dict(header), claims, private, algorithms=[key.algorithm])


SIGNERS: list[Callable[[Key, dict[str, str], Claims], str]] = [with_pyjwt, with_joserfc]


def test_a_token_of_ours_verifies_in_pyjwt(tmp_path: Path, key: Key, typ: str) -> None:
    token = issue(tmp_path, key, typ)
    public = pyjwt.PyJWK(key.jwk)
    claims = KINDS[typ]
    read = pyjwt.decode_complete(
        token,
        public,
        algorithms=[key.algorithm],
        audience=HUB,
        issuer=claims["iss"],
        options={"require": ["exp", "iat", "iss", "aud", "sub", "jti"]},
    )
    assert read["header"] == key.header | {"typ": typ}
    assert read["payload"] == claims


def test_a_token_of_ours_verifies_in_joserfc(tmp_path: Path, key: Key, typ: str) -> None:
    token = issue(tmp_path, key, typ)
    keys = KeySet.import_key_set(key.jwks)
    read = joserfc.decode(token, keys, algorithms=[key.algorithm])
    assert read.header == key.header | {"typ": typ}
    assert read.claims == KINDS[typ]


@pytest.mark.parametrize("sign", SIGNERS)
def test_a_token_of_theirs_is_taken_by_ours(
    tmp_path: Path, key: Key, typ: str, sign: Callable[[Key, dict[str, str], Claims], str]
) -> None:
    token = sign(key, key.header | {"typ": typ}, KINDS[typ])
    told = verify(tmp_path, key, typ, token)
    assert told["kid"] == key.jwk["kid"]
    told_claims = {name: value for name, value in told["claims"].items() if value is not None}
    wanted = dict(KINDS[typ])
    if typ == "join+jwt":
        # Our program tells the hub once.
        assert wanted.pop("aud") == told_claims["iss"]
    wanted["caps"], told_claims["caps"] = sorted(wanted["caps"]), sorted(told_claims["caps"])
    assert told_claims == wanted


@pytest.mark.parametrize("sign", SIGNERS)
def test_what_theirs_signs_and_ours_must_refuse_is_refused(
    tmp_path: Path, key: Key, sign: Callable[[Key, dict[str, str], Claims], str]
) -> None:
    header = key.header | {"typ": "join+jwt"}
    cases: list[tuple[dict[str, str], Claims, str]] = [
        ({"typ": "JWT"}, {}, "refused"),
        ({"typ": "pass+jwt"}, {}, "refused"),
        ({"kid": "../../etc/passwd"}, {}, "refused"),
        ({"cty": "JWT"}, {}, "refused"),
        ({}, {"exp": NOW - 3600, "iat": NOW - 7200}, "expired"),
        ({}, {"iat": NOW + 3600, "exp": NOW + 7200}, "not-yet-valid"),
        ({}, {"iss": OTHER_HUB, "aud": OTHER_HUB}, "refused"),
        ({}, {"aud": [HUB]}, "refused"),
        ({}, {"exp": float(NOW + 3600)}, "refused"),
        ({}, {"role": "root"}, "refused"),
    ]
    for changed, claims, code in cases:
        token = sign(key, header | changed, JOIN | claims)
        told = verify(tmp_path, key, "join+jwt", token)
        assert told.get("code") == code, (changed, claims, told)


def test_a_key_of_another_is_refused_though_it_takes_our_kid(tmp_path: Path, key: Key) -> None:
    other = new_key(tmp_path, key.algorithm)
    token = with_pyjwt(other, key.header | {"typ": "join+jwt"}, JOIN)
    told = verify(tmp_path, key, "join+jwt", token)
    assert told["code"] == "refused"
    assert told["refused"].startswith("the signature does not verify")


def test_hs256_keyed_with_the_public_key_is_refused(tmp_path: Path, key: Key) -> None:
    public = base64.urlsafe_b64decode(key.jwk["x"] + "==").ljust(32, b"\0")
    header = {"kid": key.jwk["kid"], "typ": "join+jwt"}
    token = pyjwt.encode(JOIN, public, algorithm="HS256", headers=header)
    told = verify(tmp_path, key, "join+jwt", token)
    assert told["code"] == "refused"
    assert "HS256" in told["refused"]


def example() -> Iterator[str]:
    """The blocks of the page's example, without their line breaks."""
    _, _, text = PAGE.read_text().partition("## 9. Example")
    for block in text.split("```text\n")[1:]:
        yield block.partition("```")[0].replace("\n", "")


def test_the_example_of_the_page_verifies_in_pyjwt() -> None:
    jwk, parts, token = example()
    hub = "hub_32zn5u45yjx44dtaqw3pynf7nm"
    read = pyjwt.decode_complete(
        token,
        pyjwt.PyJWK(json.loads(jwk)),
        algorithms=["EdDSA"],
        audience=hub,
        issuer=hub,
        options={"verify_exp": False, "verify_iat": False},
    )
    header, claims = parts.split("}{", 1)
    assert read["header"] == json.loads(header + "}")
    assert read["payload"] == json.loads("{" + claims)
    assert OKPKey.import_key(json.loads(jwk)).thumbprint() == json.loads(jwk)["kid"]
