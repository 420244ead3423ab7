"""Our peer and our operator at a hub that was written from `spec/` alone."""

import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certificates import Certificate
from foreign.calls import EXITED, OUT, OpenCall, Operator
from foreign.frames import Kind
from foreign.hub import ForeignHub, running
from harness import Argument, Process, bowline, start_peer

SECRET = bytes(range(32))
SECRET_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
COMMANDS = """
[commands.count]
run = ["seq", "{last}"]

[commands.count.args.last]
type = "integer"
"""


@pytest.fixture
def hub(certificate: Certificate) -> Iterator[ForeignHub]:
    """A hub that holds the secret and lists its key."""
    made = ForeignHub(SECRET, [certificate.pin])
    with running(made, certificate.server()) as hub:
        yield hub


@contextmanager
def peer_of(hub: ForeignHub, home: Path) -> Iterator[Process]:
    """`bowline peer` as web-1, which dials the hub with the secret."""
    with start_peer(home, "web-1", COMMANDS, *dial(hub, home)) as peer:
        yield peer


def dial(hub: ForeignHub, home: Path) -> list[Argument]:
    """The options that lead our programs to the hub."""
    secret = home / "secret.key"
    secret.touch(mode=0o600)
    secret.write_text(SECRET_TEXT)
    return ["--hub", hub.url, "--secret-file", secret]


def trusted(home: Path) -> subprocess.CompletedProcess[str]:
    """`bowline trust list` of web-1."""
    return bowline(home, "trust", "list", "--data", home / "web-1")


def test_our_peer_is_admitted_keeps_the_hub_and_serves_its_commands(
    hub: ForeignHub, tmp_path: Path
) -> None:
    with peer_of(hub, tmp_path) as peer:
        served = hub.peer()
        assert hub.mac_held
        assert (served.auth[1], served.auth[2]) == (0, "web-1")
        _, registered = served.body(Kind.REGISTER)
        assert [command[0] for command in registered[0]] == ["count"]
        served.send(Kind.REGISTERED, {0: 1})
        peer.event("registered", commands=1)
        caller = Operator(served, first_id=2)
        output, result = caller.finish(caller.call("web-1", "count", window=500, last=5000))
        assert output[OUT] == b"".join(b"%d\n" % number for number in range(1, 5001))
        assert (result[2], result[3]) == (EXITED, 0)
        assert hub.id in trusted(tmp_path).stdout


def test_our_peer_answers_a_ping_and_passes_over_what_a_later_version_says(
    hub: ForeignHub, tmp_path: Path
) -> None:
    with peer_of(hub, tmp_path):
        served = hub.peer()
        served.body(Kind.REGISTER)
        served.socket.send(bytes.fromhex("82 18FF A0"))
        token = secrets.randbits(64)
        served.send(Kind.PING, {0: token})
        assert served.body(Kind.PONG) == (Kind.PONG, {0: token})


def test_our_peer_ends_a_session_in_which_the_hub_breaks_the_protocol(
    hub: ForeignHub, tmp_path: Path
) -> None:
    with peer_of(hub, tmp_path):
        served = hub.peer()
        served.body(Kind.REGISTER)
        served.send(Kind.RESULT, {0: 1, 2: EXITED, 3: 0})
        ended = served.end()
        assert ended.last is not None
        assert (ended.last.body[0], ended.close) == ("protocol-error", 4012)


def test_a_hub_without_the_secret_is_told_from_the_hub_and_not_kept(
    certificate: Certificate, tmp_path: Path
) -> None:
    made = ForeignHub(secrets.token_bytes(32), [certificate.pin])
    with running(made, certificate.server()) as hub, peer_of(hub, tmp_path) as peer:
        assert peer.event("ended")["code"] == "hub-not-proved"
        ended = hub.peer().end()
        assert (ended.last, ended.close) == (None, 1000)
        assert hub.id not in trusted(tmp_path).stdout


def test_a_hub_that_does_not_list_its_key_is_sent_nothing(
    certificate: Certificate, tmp_path: Path
) -> None:
    made = ForeignHub(SECRET, [secrets.token_bytes(32)])
    with running(made, certificate.server()) as hub, peer_of(hub, tmp_path) as peer:
        assert peer.event("ended")["code"] == "key-not-vouched"
        ended = hub.peer().ended
        assert ended is not None
        assert (ended.last, ended.close) == (None, 1000)


def test_a_hello_that_was_signed_for_another_link_is_not_believed(
    certificate: Certificate, tmp_path: Path
) -> None:
    made = ForeignHub(SECRET, [certificate.pin], signs_for=bytes(32))
    with running(made, certificate.server()) as hub, peer_of(hub, tmp_path) as peer:
        assert peer.event("ended")["code"] == "bad-hello"


def test_our_program_calls_through_the_hub(hub: ForeignHub, tmp_path: Path) -> None:
    answer = threading.Thread(target=answer_one_call, args=(hub,))
    answer.start()
    options = ["--data", tmp_path / "operator", *dial(hub, tmp_path)]
    ran = bowline(tmp_path, "run", *options, "web-9", "greet", "name=you")
    answer.join(timeout=15)
    assert (ran.returncode, ran.stdout, ran.stderr) == (7, "hello you\n" * 10_000, "")


def answer_one_call(hub: ForeignHub) -> None:
    """Be the hub and the peer `web-9` behind it, for one call."""
    served = hub.peer()
    _, call = served.body(Kind.CALL)
    assert (call[1], call[2], call[4]) == ("web-9", "greet", {"name": "you"})
    running_call = OpenCall(served, call[0], credit=call[6], peer="web-9")
    running_call.finish(7, (OUT, b"hello you\n" * 10_000))
    while not running_call.pump():
        kind, body = served.body(Kind.WINDOW, Kind.INPUT)
        if kind is Kind.WINDOW:
            running_call.credit += body[1]
