"""The JDK's own WebSocket client upgrades and reads Hello."""

import base64
import hashlib
import secrets
import subprocess
from pathlib import Path

from foreign import frames, proofs
from foreign.frames import Kind, Proved
from harness import Hub, bowline

PROGRAM = Path(__file__).with_name("jdk") / "Hello.java"
UNKNOWN_PIN = proofs.pin_text(hashlib.sha256(b"another key").digest())


def java(hub: Hub, nonce: bytes, pin: str) -> subprocess.CompletedProcess[str]:
    """Run the client against the hub."""
    query = base64.urlsafe_b64encode(nonce).decode().rstrip("=")
    return subprocess.run(
        ["java", PROGRAM, f"{hub.url}?n={query}", pin],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


def test_the_jdk_upgrades_and_reads_a_hello_that_is_signed_for_its_nonce(hub: Hub) -> None:
    nonce = secrets.token_bytes(32)
    ran = java(hub, nonce, hub.pin)
    assert ran.returncode == 0, ran.stderr
    told = dict(line.split(" ", 1) for line in ran.stdout.splitlines())
    assert told["subprotocol"] == "bowline.v1"
    assert told["closed"] == "1000"
    hello = frames.decode(bytes.fromhex(told["hello"]))
    assert isinstance(hello, Proved)
    assert hello.kind is Kind.HELLO
    body = frames.decode_body(frames.HELLO_BODY, "Hello", hello.body)
    proofs.verify(body[0], hello.proof, proofs.hello_message(nonce, hello.body))
    assert proofs.hub_id(body[0]) == hub.id
    inspected = bowline(hub.home, "inspect", "frame", told["hello"])
    assert inspected.stdout.startswith("hello, type 0x01"), inspected.stderr
    assert hub.id in inspected.stdout


def test_the_jdk_does_not_upgrade_where_the_key_has_another_pin(hub: Hub) -> None:
    ran = java(hub, bytes(32), UNKNOWN_PIN)
    assert ran.returncode != 0
    assert "hello" not in ran.stdout
    assert f"pin-mismatch: served {hub.pin}" in ran.stderr
