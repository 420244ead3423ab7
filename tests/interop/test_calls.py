"""Calls through our hub: a foreign operator calls our peer, our program calls a foreign peer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from foreign.calls import ERR, EXITED, NOT_TO_ITS_END, OUT, Operator, serve
from foreign.frames import Kind
from foreign.link import Purpose, Who, open_link, open_plain_link
from harness import Hub, Process, start_peer

COMMANDS = """
[commands.greet]
run = ["printf", "hello %s\\n", "{name}"]
description = "A greeting"

[commands.greet.args.name]
type = "string"

[commands.count]
run = ["seq", "{last}"]

[commands.count.args.last]
type = "integer"

[commands.shout]
run = ["tr", "a-z", "A-Z"]

[commands.fail]
run = ["sh", "-c", "echo worse >&2; exit 3"]

[commands.wait]
run = ["sleep", "60"]
"""

KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def peer(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """`bowline peer` as web-1, which serves COMMANDS."""
    home: Path = tmp_path_factory.mktemp("peer")
    options = ("--hub", hub.url, "--secret-file", hub.secret_file)
    with start_peer(home, "web-1", COMMANDS, *options) as running:
        running.event("registered")
        yield running


@pytest.fixture(params=["by the secret", "by the local socket"])
def operator(request: pytest.FixtureRequest, hub: Hub, peer: Process) -> Iterator[Operator]:
    """A foreign operator, admitted: over the network, and as the one of the hub's machine."""
    if request.param == "by the secret":
        with open_link(hub.url, hub.pin) as link:
            link.admit(Who("py-operator", hub.secret, Purpose.OPERATE, KEY))
            yield Operator(link)
            link.leave()
    else:
        with open_plain_link("ws://localhost/link", hub.id, hub.local_socket) as link:
            assert link.enter()[1] == "operator"
            yield Operator(link)
            link.leave()


def test_a_foreign_operator_calls_a_command_on_our_peer(operator: Operator) -> None:
    output, result = operator.finish(operator.call("web-1", "greet", name="you"))
    assert output == {OUT: b"hello you\n", ERR: b""}
    assert result == {0: 1, 1: "web-1", 2: EXITED, 3: 0}


def test_standard_error_and_an_exit_code_come_back(operator: Operator) -> None:
    output, result = operator.finish(operator.call("web-1", "fail"))
    assert output == {OUT: b"", ERR: b"worse\n"}
    assert (result[2], result[3]) == (EXITED, 3)


def test_output_beyond_the_window_comes_as_credit_is_given(operator: Operator) -> None:
    output, result = operator.finish(operator.call("web-1", "count", window=1000, last=20_000))
    assert output[OUT] == b"".join(b"%d\n" % number for number in range(1, 20_001))
    assert result[3] == 0


def test_input_reaches_the_command_and_its_end_does_too(operator: Operator) -> None:
    call_id = operator.call("web-1", "shout")
    operator.link.send(Kind.INPUT, {0: call_id, 1: 0, 2: b"quiet"})
    operator.link.send(Kind.INPUT, {0: call_id, 1: 5, 2: b"ly", 3: True})
    output, result = operator.finish(call_id)
    assert output[OUT] == b"QUIETLY"
    assert result[3] == 0


def test_a_call_that_is_cancelled_ends(operator: Operator) -> None:
    call_id = operator.call("web-1", "wait")
    operator.link.send(Kind.CANCEL, {0: call_id, 1: "enough"})
    _, result = operator.finish(call_id)
    assert (result[2], result[6]) == (NOT_TO_ITS_END, "cancelled")


@pytest.mark.parametrize(
    ("target", "command", "code"),
    [("nobody", "greet", "unknown-peer"), ("web-1", "nothing", "unknown-command")],
)
def test_what_is_not_there_is_named(
    operator: Operator, target: str, command: str, code: str
) -> None:
    _, result = operator.finish(operator.call(target, command))
    assert result[6] == code


@pytest.mark.parametrize("last", [3, "3"])
def test_a_number_may_come_as_the_text_that_spells_it(operator: Operator, last: int | str) -> None:
    output, _ = operator.finish(operator.call("web-1", "count", last=last))
    assert output[OUT] == b"1\n2\n3\n"


@pytest.mark.parametrize("named", [{}, {"last": "+3"}, {"last": True}, {"last": 3, "first": 1}])
def test_arguments_that_do_not_fit_are_refused(operator: Operator, named: dict[str, Any]) -> None:
    _, result = operator.finish(operator.call("web-1", "count", **named))
    assert result[6] == "bad-argument"


def test_the_hub_lists_its_peers_to_a_foreign_operator(operator: Operator) -> None:
    _, result = operator.finish(operator.call("hub", "peers"))
    assert (result[2], result[3]) == (EXITED, 0)
    row = next(row for row in result[5] if row["id"] == "web-1")
    assert row["state"] == "online"
    assert row["commands"] == ["count", "fail", "greet", "shout", "wait"]


@pytest.fixture
def foreign_peer(hub: Hub) -> Iterator[str]:
    """A foreign peer that serves `greet`, `shout` and `pour`; its id."""
    name = "py-1"
    with open_link(hub.url, hub.pin) as link:
        link.admit(Who(name, hub.secret, Purpose.SERVE, KEY))
        with serve(link):
            yield name


def test_our_program_calls_a_command_on_a_foreign_peer(hub: Hub, foreign_peer: str) -> None:
    ran = hub.run(foreign_peer, "greet", "name=you")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "hello you\n", "")


def test_our_programs_input_reaches_a_foreign_peer(hub: Hub, foreign_peer: str) -> None:
    quiet = "quietly\n" * 20_000
    ran = hub.run(foreign_peer, "shout", stdin=quiet)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, quiet.upper(), "")


def test_a_foreign_peers_error_and_exit_code_are_our_programs(hub: Hub, foreign_peer: str) -> None:
    ran = hub.run(foreign_peer, "pour", "3000000")
    assert (ran.returncode, len(ran.stdout), ran.stderr) == (7, 3_000_000, "poured\n")


def test_our_program_lists_a_foreign_peer(hub: Hub, foreign_peer: str) -> None:
    row = hub.peers()[foreign_peer]
    assert row["state"] == "online"
    assert row["commands"] == ["greet", "pour", "shout"]
    assert row["agent"] == "bowline-py/1"
