"""TLS as `openssl s_client` sees it: `spec/transport.md` §1.2 and §1.3, `spec/identity.md` §5."""

import base64
import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from harness import Hub

SUITES = [
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
]
NONCE = "A" * 43
UPGRADE = f"""GET /link?n={NONCE} HTTP/1.1
Host: localhost
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Version: 13
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Protocol: bowline.v1

""".replace("\n", "\r\n")


def openssl(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run openssl to its end."""
    return subprocess.run(
        ["openssl", *arguments], input=stdin, capture_output=True, timeout=20, check=False
    )


def s_client(hub: Hub, *options: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Connect to the hub, say `stdin`, and hang up."""
    return openssl("s_client", "-connect", f"127.0.0.1:{hub.port}", *options, stdin=stdin)


def upgraded(hub: Hub, *options: str) -> str:
    """Connect, upgrade, break the rules, and stay until the hub hangs up: what s_client told."""
    unmasked = b"\x82\x00"
    done = s_client(hub, "-ign_eof", *options, stdin=UPGRADE.encode() + unmasked)
    told = done.stdout.decode("latin-1")
    assert "101 Switching Protocols" in told, done.stderr.decode()
    return told


def supported_groups() -> list[str]:
    """The groups of Bowline that this openssl has; X25519MLKEM768 came with 3.5."""
    version = re.search(r"(\d+)\.(\d+)", openssl("version").stdout.decode())
    assert version is not None
    hybrid = ["X25519MLKEM768"] if tuple(map(int, version.groups())) >= (3, 5) else []
    return [*hybrid, "X25519", "P-256"]


@pytest.mark.parametrize(
    ("version", "alert"), [("-tls1_2", "protocol version"), ("-tls1_1", "handshake failure")]
)
def test_older_versions_of_tls_are_refused(hub: Hub, version: str, alert: str) -> None:
    refused = s_client(hub, version, "-cipher", "ALL:@SECLEVEL=0")
    assert refused.returncode != 0
    assert f"alert {alert}" in refused.stderr.decode()
    assert b"Cipher is (NONE)" in refused.stdout


@pytest.mark.parametrize("suite", SUITES)
def test_each_suite_connects(hub: Hub, suite: str) -> None:
    connected = s_client(hub, "-ciphersuites", suite)
    assert connected.returncode == 0, connected.stderr
    assert f"New, TLSv1.3, Cipher is {suite}" in connected.stdout.decode()


def test_no_other_suite_connects(hub: Hub) -> None:
    refused = s_client(hub, "-ciphersuites", "TLS_AES_128_CCM_SHA256")
    assert refused.returncode != 0
    assert b"alert handshake failure" in refused.stderr


@pytest.mark.parametrize("group", supported_groups())
def test_each_group_connects(hub: Hub, group: str) -> None:
    connected = s_client(hub, "-groups", group)
    assert connected.returncode == 0, connected.stderr
    told = connected.stdout.decode()
    curve = "prime256v1|P-256|secp256r1" if group == "P-256" else group
    assert re.search(f"((Server|Peer) Temp Key|Negotiated TLS1.3 group):.*({curve})", told), told


@pytest.mark.parametrize("group", ["X448", "P-384", "P-521", "ffdhe2048"])
def test_no_other_group_connects(hub: Hub, group: str) -> None:
    refused = s_client(hub, "-groups", group)
    assert refused.returncode != 0
    assert b"alert handshake failure" in refused.stderr


def test_the_certificate_is_ed25519_and_its_key_has_the_pin_that_the_hub_prints(hub: Hub) -> None:
    connected = s_client(hub)
    assert re.search(r"Peer signature type: ed25519", connected.stdout.decode(), re.IGNORECASE)
    certificate = openssl("x509", "-noout", "-text", stdin=connected.stdout).stdout.decode()
    assert "Public Key Algorithm: ED25519" in certificate
    assert "Signature Algorithm: ED25519" in certificate
    assert "DNS:localhost" in certificate
    assert "IP Address:127.0.0.1" in certificate
    assert "TLS Web Server Authentication" in certificate
    assert "Basic Constraints" not in certificate
    public = openssl("x509", "-noout", "-pubkey", stdin=connected.stdout).stdout
    der = openssl("pkey", "-pubin", "-outform", "DER", stdin=public).stdout
    assert "sha256/" + base64.b64encode(hashlib.sha256(der).digest()).decode() == hub.pin


def test_no_ticket_comes_so_nothing_can_be_resumed_or_sent_early(hub: Hub, tmp_path: Path) -> None:
    session = tmp_path / "session.pem"
    told = upgraded(hub, "-sess_out", str(session))
    assert "New Session Ticket" not in told
    assert not session.exists()
    assert "Early data was not sent" in told


def test_no_application_protocol_is_chosen(hub: Hub) -> None:
    told = s_client(hub, "-alpn", "http/1.1,h2", "-msg").stdout.decode()
    assert "No ALPN negotiated" in told
    assert "EncryptedExtensions" in told


def test_a_client_certificate_of_the_hubs_own_authority_is_asked_for(hub: Hub) -> None:
    told = s_client(hub).stdout.decode()
    asked = told.split("Acceptable client certificate CA names\n", 1)[1]
    assert re.match(rf"CN ?= ?{hub.id}\nRequested Signature Algorithms: ed25519\n", asked, re.I)


def stranger(home: Path, *key: str) -> tuple[str, ...]:
    """What gives s_client a self-signed certificate with such a key."""
    pem = str(home / "stranger.pem")
    made = openssl(
        *("req", "-x509", "-nodes", "-subj", "/CN=stranger", "-newkey", *key),
        *("-keyout", pem, "-out", str(home / "stranger.crt")),
    )
    assert made.returncode == 0, made.stderr
    return ("-cert", str(home / "stranger.crt"), "-key", pem)


def test_a_stranger_comes_as_far_with_a_certificate_as_without(hub: Hub, tmp_path: Path) -> None:
    told = upgraded(hub, *stranger(tmp_path, "ed25519"), "-msg")
    sent = re.findall(r"(?m)^>>> .*Handshake \[length \w+\], (\w+)$", told)
    assert sent == ["ClientHello", "Certificate", "CertificateVerify", "Finished"]


def test_a_client_with_an_rsa_key_has_nothing_to_show(hub: Hub, tmp_path: Path) -> None:
    told = upgraded(hub, *stranger(tmp_path, "rsa:2048"), "-msg")
    sent = re.findall(r"(?m)^>>> .*Handshake \[length \w+\], (\w+)$", told)
    assert sent == ["ClientHello", "Certificate", "Finished"]
