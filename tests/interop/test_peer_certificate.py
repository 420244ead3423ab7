"""A peer's certificate and the CA's, as openssl and pkilint see them: `spec/identity.md` §6, §7."""

import hashlib
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from foreign import proofs
from harness import ROOT, Argument

EXAMPLE = ROOT / "target" / "debug" / "examples" / "certificates"
LINTERS = Path(sys.executable).parent
PEER = "web-1"
ISSUE = 0x80
# In the peer's day: 2026-01-01T12:00:00Z.
NOON = 1_767_268_800

# What pkilint says of a URI that it does not take.
INVALID_URI = "pkix.invalid_uri_syntax"

# What pkilint finds and we accept, each with its reason.
ACCEPTED = {
    # RFC 7093 §2 (1), which RFC 5280 §4.2.1.2 leaves to the issuer; told for information.
    "pkix.subject_key_identifier_rfc7093_method_1_identified",
    # pkilint takes URIs of nine schemes (http, ssh and the like), and with a host of at least two
    # labels. RFC 3986 §3.1 and §3.2.2 know no such bounds, nor does RFC 5280 §4.2.1.6.
    # Nobody resolves `bowline://HUB/peer/ID`: the hub compares it as bytes.
    INVALID_URI,
}


@dataclass(frozen=True)
class Minted:
    """Where the certificates are, and the URI that the peer's has to name."""

    ca: Path
    peer: Path
    hub: str

    @property
    def uri(self) -> str:
        """What the peer is called."""
        return f"bowline://{self.hub}/peer/{PEER}"


@pytest.fixture(scope="module")
def minted(tmp_path_factory: pytest.TempPathFactory) -> Minted:
    home: Path = tmp_path_factory.mktemp("certificates")
    made = run(EXAMPLE, PEER, str(ISSUE))
    assert made.returncode == 0, made.stderr
    end = "-----END CERTIFICATE-----\n"
    ca, peer, rest = made.stdout.split(end)
    assert rest == ""
    (home / "ca.pem").write_text(ca + end)
    (home / "peer.pem").write_text(peer + end)
    subject = openssl("x509", "-in", home / "ca.pem", "-noout", "-subject")
    hub = re.search(r"hub_[a-z2-7]{26}", subject)
    assert hub is not None, subject
    return Minted(home / "ca.pem", home / "peer.pem", hub.group())


def run(*command: Argument) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)


def openssl(*arguments: Argument) -> str:
    """What openssl prints where it succeeds."""
    done = run("openssl", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def text(certificate: Path) -> str:
    """A certificate as openssl describes it, each line with single spaces."""
    told = openssl("x509", "-in", certificate, "-noout", "-text")
    return "\n".join(" ".join(line.split()) for line in told.splitlines())


def extensions(described: str) -> dict[str, str]:
    """Every extension, by its name and whether it is critical, with the lines under it."""
    part = described.split("X509v3 extensions:\n", 1)[1].split("\nSignature Algorithm", 1)[0]
    found = re.findall(r"(?m)^X509v3 (.*?):(.*)\n((?:(?!X509v3 ).*\n?)*)", part)
    return {name + mark: value.strip() for name, mark, value in found}


def test_the_peers_certificate_has_each_field_and_no_extension_more(minted: Minted) -> None:
    told = text(minted.peer)
    assert "Version: 3 (0x2)" in told
    assert told.count("Signature Algorithm: ED25519") == 2
    assert "Public Key Algorithm: ED25519" in told
    assert re.search(rf"Issuer: CN ?= ?{minted.hub}\n", told)
    assert re.search(rf"Subject: CN ?= ?{PEER}\n", told)
    assert "Not Before: Jan 1 00:00:00 2026 GMT" in told
    assert "Not After : Jan 2 00:00:00 2026 GMT" in told
    found = extensions(told)
    identifier = found.pop("Subject Key Identifier")
    assert re.fullmatch(r"([0-9A-F]{2}:){19}[0-9A-F]{2}", identifier)
    # Older versions of openssl write `keyid:` before it.
    authority = found.pop("Authority Key Identifier").removeprefix("keyid:")
    assert authority == extensions(text(minted.ca))["Subject Key Identifier"]
    assert found == {
        "Subject Alternative Name": f"URI:{minted.uri}",
        "Key Usage critical": "Digital Signature",
        "Extended Key Usage": "TLS Web Client Authentication",
        "Basic Constraints critical": "CA:FALSE",
    }


def test_the_serial_number_begins_with_the_issue_and_is_positive(minted: Minted) -> None:
    told = openssl("x509", "-in", minted.peer, "-noout", "-serial").strip()
    serial = int(told.removeprefix("serial="), 16)
    assert serial >> 96 == ISSUE
    assert 0 < serial.bit_length() <= 127


def test_the_cas_certificate_signs_certificates_for_ten_years_and_nothing_else(
    minted: Minted,
) -> None:
    told = text(minted.ca)
    assert re.search(rf"Issuer: CN ?= ?{minted.hub}\n", told)
    assert re.search(rf"Subject: CN ?= ?{minted.hub}\n", told)
    assert "Not Before: Dec 31 23:00:00 2025 GMT" in told
    assert "Not After : Dec 30 00:00:00 2035 GMT" in told
    found = extensions(told)
    assert re.fullmatch(r"([0-9A-F]{2}:){19}[0-9A-F]{2}", found.pop("Subject Key Identifier"))
    assert found == {
        "Key Usage critical": "Certificate Sign",
        "Basic Constraints critical": "CA:TRUE, pathlen:0",
    }


def verify(minted: Minted, *options: str, at: int = NOON) -> subprocess.CompletedProcess[str]:
    """Have openssl check the peer's certificate against the CA's, at this time."""
    strict = ("-x509_strict", "-check_ss_sig", "-attime", str(at), *options)
    return run("openssl", "verify", *strict, "-CAfile", minted.ca, minted.peer)


def test_openssl_takes_it_for_a_client_and_for_nothing_else(minted: Minted) -> None:
    taken = verify(minted, "-purpose", "sslclient")
    assert taken.returncode == 0, taken.stderr
    for purpose in ("sslserver", "smimesign", "timestampsign"):
        refused = verify(minted, "-purpose", purpose)
        assert refused.returncode != 0, purpose
        assert "purpose" in refused.stderr, refused.stderr


def test_openssl_does_not_take_it_on_another_day(minted: Minted) -> None:
    day = 24 * 60 * 60
    assert "certificate is not yet valid" in verify(minted, at=NOON - day).stderr
    assert "certificate has expired" in verify(minted, at=NOON + day).stderr


def findings(linter: str, *certificates: Path) -> set[str]:
    """The codes of everything that one of pkilint's linters has to say."""
    linted = run(LINTERS / linter, "lint", "-s", "INFO", "-f", "JSON", *certificates)
    results = json.loads(linted.stdout)["results"]
    return {found["code"] for result in results for found in result["finding_descriptions"]}


def test_pkilint_finds_what_is_accepted_and_nothing_else(minted: Minted) -> None:
    assert findings("lint_pkix_cert", minted.peer) == ACCEPTED
    assert findings("lint_pkix_cert", minted.ca) <= ACCEPTED
    assert findings("lint_pkix_signer_signee_cert_chain", minted.ca, minted.peer) == set()


@pytest.mark.parametrize(
    ("uri", "taken"),
    [
        ("https://hub1.example.org/a", True),
        # Not the underscore of a hub's id …
        ("https://hub_1.example.org/a", True),
        # … but the scheme, and a host without a dot.
        ("bowline://hub1.example.org/a", False),
        ("spiffe://hub1.example.org/a", False),
        ("https://hub1/a", False),
    ],
)
def test_pkilint_takes_a_uri_for_its_scheme_and_its_dots(
    uri: str, taken: bool, tmp_path: Path
) -> None:
    key = Ed25519PrivateKey.generate()
    named = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
    made = (
        x509.CertificateBuilder(name(PEER), name(PEER), key.public_key(), ISSUE)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 1, 2, tzinfo=UTC))
        .add_extension(named, critical=False)
        .sign(key, None)
    )
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    assert (INVALID_URI not in findings("lint_pkix_cert", certificate)) == taken


# `identity.md` §8: the seed of the CA's key, and the peer's public half.
CA_SEED = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
PEER_KEY = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"


def test_the_certificate_of_the_example_comes_out() -> None:
    ca = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(CA_SEED))
    peer = Ed25519PublicKey.from_public_bytes(bytes.fromhex(PEER_KEY))
    hub = proofs.hub_id(proofs.public_key(ca))
    usage = x509.KeyUsage(True, *[False] * 8)
    named = x509.UniformResourceIdentifier(f"bowline://{hub}/peer/{PEER}")
    identifier = key_hash(ca.public_key())
    made = (
        x509.CertificateBuilder(name(hub), name(PEER), peer)
        .serial_number(int.from_bytes(b"\0\0\0\5" + b"\x33" * 12))
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 1, 2, tzinfo=UTC))
        .add_extension(x509.AuthorityKeyIdentifier(identifier, None, None), critical=False)
        .add_extension(x509.SubjectAlternativeName([named]), critical=False)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier(key_hash(peer)), critical=False)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .sign(ca, None)
    )
    page = (ROOT / "spec" / "identity.md").read_text()
    assert made.public_bytes(Encoding.PEM).decode() in page


def name(common: str) -> x509.Name:
    """A name that is a common name and nothing else."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def key_hash(key: Ed25519PublicKey) -> bytes:
    """A key identifier, by RFC 7093 §2 (1)."""
    return hashlib.sha256(key.public_bytes_raw()).digest()[:20]
