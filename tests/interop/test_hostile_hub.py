"""Our peer and our operator's programs at a hub that proves itself and then keeps no rule.

Memory is held to bytes that a process which kept all that it is sent would pass, never to a time.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from certificates import Certificate
from foreign.conversation import LinkEnded
from foreign.frames import Body, Frame, Kind
from foreign.hub import ForeignHub, Served, running
from harness import BOWLINE, Argument, Process, environment, start_peer
from hostile import MIB, Cost, Reader, call, pour

SECRET = bytes(range(32))
SECRET_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
COMMANDS = """
[commands.stay]
run = ["sh", "-c", "sleep 30", "x", "{a}", "{b}", "{c}", "{d}", "{e}"]

[commands.stay.args]
a = { type = "string", max-length = 60000 }
b = { type = "string", max-length = 60000 }
c = { type = "string", max-length = 60000 }
d = { type = "string", max-length = 60000 }
e = { type = "string", max-length = 60000 }
"""
# What a peer may hold beyond what it holds at rest: its limits, and what an allocator keeps.
MARGIN = 96 * MIB


@pytest.fixture
def hub(certificate: Certificate) -> Iterator[ForeignHub]:
    """A hub that holds the secret and lists its key."""
    with running(ForeignHub(SECRET, [certificate.pin]), certificate.server()) as hub:
        yield hub


def dial(hub: ForeignHub, home: Path) -> list[Argument]:
    """The options that lead our programs to the hub."""
    secret = home / "secret.key"
    secret.touch(mode=0o600)
    secret.write_text(SECRET_TEXT)
    return ["--hub", hub.url, "--secret-file", secret]


@contextmanager
def peer_of(hub: ForeignHub, home: Path) -> Iterator[Process]:
    """`bowline peer` as web-1, which dials the hub with the secret."""
    with start_peer(home, "web-1", COMMANDS, *dial(hub, home)) as peer:
        yield peer


def registered(hub: ForeignHub) -> Served:
    """A session of the peer, once it serves."""
    served = hub.peer()
    served.body(Kind.REGISTER)
    served.send(Kind.REGISTERED, {0: 1})
    return served


def frame(kind: Kind, body: Body) -> Callable[[int], bytes]:
    """The same frame each time."""
    message = Frame(kind, body).encode()
    return lambda _: message


FLOODS = {
    "pings": (frame(Kind.PING, {0: 7}), True),
    "pongs": (frame(Kind.PONG, {0: 2**64 - 1}), True),
    "goaways": (frame(Kind.GOAWAY, {0: "going-away", 1: "\x1b[2J\n" * 200, 2: 2**63}), True),
    "denials": (frame(Kind.DENY, {1: "refused", 2: "refresh", 4: "x" * 1024}), True),
    "later frames": (lambda _: bytes.fromhex("82 1890 A0"), True),
    "calls of nothing": (lambda n: call(n, "nothing"), True),
    "registered": (frame(Kind.REGISTERED, {0: 2**63}), False),
    "refreshed": (frame(Kind.REFRESHED, {0: b"x" * 4000, 1: bytes(32), 2: 2**63}), False),
    "results": (frame(Kind.RESULT, {0: 1, 2: 0, 3: 0}), False),
    "accepted": (frame(Kind.ACCEPTED, {0: 1, 1: ["a"], 2: []}), False),
    "done": (frame(Kind.DONE, {0: 1, 1: 2**63, 2: 0, 3: 0}), False),
    "windows": (frame(Kind.WINDOW, {0: 2, 1: 2**63}), False),
    "cancels": (frame(Kind.CANCEL, {0: 2, 1: "x"}), False),
    "ids that step back": (lambda n: call(5 - n % 5, "nothing"), False),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_held_back_or_ends_the_link_and_takes_no_memory(
    flood: str, hub: ForeignHub, tmp_path: Path
) -> None:
    message, goes_on = FLOODS[flood]
    with peer_of(hub, tmp_path) as peer:
        served = registered(hub)
        peer.event("registered", commands=1)
        before = Cost(peer.child.pid).look()
        reader = Reader(served)
        pour(served, message, 8_000)
        if goes_on:
            pongs = reader.kinds[Kind.PONG]
            served.send(Kind.PING, {0: 99})
            assert reader.until(lambda r: r.kinds[Kind.PONG] > pongs), reader
        else:
            assert reader.over.wait(15)
            assert peer.event("ended")["code"] == "protocol-error"
            # A flood that goes on beyond what a peer reads after its last word may lose that.
            assert reader.last is None or reader.last.body[0] == "protocol-error"
        after = Cost(peer.child.pid).look()
        assert after.memory < before.memory + MARGIN
        assert after.descriptors < before.descriptors + 40


def test_calls_without_end_to_a_peer_that_nobody_reads_end_the_link(
    hub: ForeignHub, tmp_path: Path
) -> None:
    with peer_of(hub, tmp_path) as peer:
        served = registered(hub)
        cost = Cost(peer.child.pid)
        assert pour(served, lambda n: call(n, "nothing"), 200_000) < 200_000
        assert peer.event("ended")["code"] in ("protocol-error", "lost", "idle")
        assert cost.look().memory < 256 * MIB


def answered(served: Served, reader: Reader, first: int, count: int) -> None:
    """So many calls from that number on, and no more open at one time than a peer takes."""
    assert pour(served, lambda n: call(first + n, "nothing"), count) == count
    assert reader.until(lambda r: r.kinds[Kind.RESULT] == first + count)


def test_a_peers_log_has_the_first_calls_of_a_flood_and_the_count_of_the_rest(
    hub: ForeignHub, tmp_path: Path
) -> None:
    with peer_of(hub, tmp_path) as peer:
        served = registered(hub)
        reader = Reader(served)
        began = time.monotonic()
        for first in range(0, 6_000, 500):
            answered(served, reader, first, 500)
        took = time.monotonic() - began
        served.socket.close()
        peer.event("ended")
        lines = [json.loads(line) for line in peer.out]
        calls = [line for line in lines if line["event"] in ("called", "answered")]
        left_out = sum(line["count"] for line in lines if line["event"] == "left-out")
        assert len(calls) <= 1000 + 100 * (took + 2)
        assert len(calls) + left_out == 12_000


def test_arguments_of_calls_that_stay_open_are_bounded(hub: ForeignHub, tmp_path: Path) -> None:
    with peer_of(hub, tmp_path) as peer:
        served = registered(hub)
        reader = Reader(served)
        text = "x" * 60_000
        # 16 MiB have room for 55 of these.
        assert pour(served, lambda n: call(n, "stay", *[text] * 5), 60) == 60
        assert reader.until(lambda r: r.results["busy"] == 5), reader
        assert Cost(peer.child.pid).look().memory < 256 * MIB


def closes(served: Served) -> None:
    """Close at once."""
    served.socket.close()


def leaves(served: Served) -> None:
    """Ask to be dialled again at once, and close."""
    served.send(Kind.GOAWAY, {0: "going-away", 1: "x" * 1024, 2: 0})
    served.socket.close()


@pytest.mark.parametrize("session", [closes, leaves])
def test_a_hub_that_admits_and_leaves_at_once_is_not_dialled_in_a_loop(
    session: Callable[[Served], None], hub: ForeignHub, tmp_path: Path
) -> None:
    hub.session = session
    with peer_of(hub, tmp_path) as peer:
        hub.peer()
        written = set()
        until = time.monotonic() + 8
        while time.monotonic() < until:
            trust = tmp_path / "web-1" / "trust.toml"
            if trust.exists():
                written.add((trust.stat().st_ino, trust.stat().st_mtime_ns))
            time.sleep(0.05)
        # Waits of up to 0.5, 1, 2, 4, 8 … s; without them it dials about four times a second.
        assert 2 <= hub.dials <= 14
        assert len(written) == 1
        assert Cost(peer.child.pid).look().memory < 128 * MIB


def test_a_hub_that_asks_to_be_left_alone_for_ever_is_dialled_after_an_hour(
    hub: ForeignHub, tmp_path: Path
) -> None:
    def session(served: Served) -> None:
        served.send(Kind.GOAWAY, {0: "overload", 1: "", 2: 2**63})
        served.socket.close()

    hub.session = session
    with peer_of(hub, tmp_path) as peer:
        assert 3_600_000 <= peer.event("retry")["after_ms"] <= 3_631_000


WELCOMES: list[tuple[Body, Body]] = [
    ({}, {5: 0}),
    ({}, {5: 2**64 - 1}),
    ({}, {6: {0: 0, 1: 0, 2: 0}}),
    ({}, {6: {0: 2**64 - 1, 1: 2**64 - 1, 2: 2**64 - 1}}),
    ({}, {4: 1}),
    ({}, {4: 2**64 - 1}),
    ({4: 2**63}, {}),
    ({4: 0, 6: 2**64 - 1}, {}),
]


@pytest.mark.parametrize(("hello", "welcome"), WELCOMES)
def test_numbers_beyond_reason_in_hello_and_welcome_cost_nothing(
    hello: Body, welcome: Body, hub: ForeignHub, tmp_path: Path
) -> None:
    hub.hello, hub.welcome = hello, welcome
    with peer_of(hub, tmp_path) as peer:
        served = hub.peer()
        reader = Reader(served)
        time.sleep(1.5)
        # A second at least between two Pings of its own.
        assert reader.kinds[Kind.PING] <= 2
        assert hub.dials <= 8
        assert peer.child.poll() is None
        assert Cost(peer.child.pid).look().memory < 128 * MIB


@contextmanager
def operator(hub: ForeignHub, home: Path, *command: Argument) -> Iterator[subprocess.Popen[str]]:
    """A program of ours that calls through the hub."""
    options = ["--data", home / "operator", *dial(hub, home)]
    child = subprocess.Popen(
        [BOWLINE, command[0], *options, *command[1:]],
        cwd=home,
        env=environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def answers_pages(served: Served, cost: Cost, page: Callable[[int], object]) -> None:
    """Answer each call with another page, as long as it asks."""
    number = 0
    while True:
        try:
            kind, asked = served.body(Kind.CALL, Kind.INPUT)
            if kind is Kind.INPUT:
                continue
            served.send(Kind.RESULT, {0: asked[0], 2: 0, 3: 0, 5: page(number)})
        except (LinkEnded, ConnectionClosed):
            return
        cost.look()
        number += 1


BIG = bytes(1_000_000)


@pytest.mark.parametrize(
    ("page", "exit_code"),
    [
        (lambda number: [{"id": f"p{number:09}", "x": BIG}], 1),
        (lambda _: [{"id": "p1"}], 1),
        (lambda _: 7, 0),
        (lambda _: {"id": 7}, 0),
        (lambda _: [[], True, {"id": b"p"}], 0),
    ],
    ids=["endless", "the same again", "a number", "a map", "no entries"],
)
def test_a_list_that_does_not_end_or_is_none_ends_the_program(
    page: Callable[[int], object], exit_code: int, hub: ForeignHub, tmp_path: Path
) -> None:
    with operator(hub, tmp_path, "ls") as child:
        cost = Cost(child.pid)
        answers = threading.Thread(target=answers_pages, args=(hub.peer(), cost, page))
        answers.start()
        _, said = child.communicate(timeout=50)
        answers.join(timeout=15)
        assert child.returncode == exit_code, said
        assert "panicked" not in said
        if exit_code:
            assert "does not come to its end" in said
        assert cost.memory < 256 * MIB


@pytest.mark.parametrize("kind", [Kind.ACCEPTED, Kind.RESULT])
def test_a_call_whose_answers_do_not_end_is_left(
    kind: Kind, hub: ForeignHub, tmp_path: Path
) -> None:
    peers = [f"p{number:05}" for number in range(10_000)]
    with operator(hub, tmp_path, "run", "all", "uptime", "--json") as child:
        served = hub.peer()
        _, called = served.body(Kind.CALL)
        body: Body = {0: called[0], 1: peers, 2: []}
        reader = Reader(served)
        if kind is Kind.RESULT:
            # Lines that nobody reads, until it writes no more.
            body = {0: called[0], 1: "p1", 2: 0, 3: 0}
            pour(served, frame(kind, body), 4_000)
            body[5] = BIG
        pour(served, frame(kind, body), 120)
        if kind is Kind.ACCEPTED:
            # A million peers were named; the link ends with the first one beyond.
            assert reader.over.wait(15)
        else:
            # Nobody reads its output, and what waits is bounded: the call is cancelled.
            assert reader.until(lambda r: r.kinds[Kind.CANCEL] == 1 or r.over.is_set(), 5)
        assert Cost(child.pid).look().memory < 384 * MIB
