"""Our WebSocket, in both roles, against the Autobahn cases as `kosoku` runs them.

It speaks through `socket_echo`, the core's socket on TCP. Compression (12.* and 13.*) is left out:
Bowline has none. Where Bowline is narrower than RFC 6455, `spec/websocket.md` says with which close
code a case must end.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from kosoku import FailureError, run_fuzzingclient, run_fuzzingserver
from kosoku._kosoku import CaseResult
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from harness import ROOT, Process

ECHO = ROOT / "target" / "debug" / "examples" / "socket_echo"
COMPRESSION = ["12.*", "13.*"]
NONCE = "A" * 43
TEXT_OPCODE = "1"

# More than 1,048,576 bytes in one message.
TOO_BIG = {f"9.2.{n}" for n in (4, 5, 6)} | {f"9.4.{n}" for n in (5, 6, 7, 8, 9)}
# More than 64 frames in one message, and more than 64 empty messages in a row.
TOO_MANY = {f"9.4.{n}" for n in (1, 2, 3, 4)} | {"9.8.1"}
WITHIN_BOWLINE = 86


@pytest.fixture(scope="module", params=["accepting", "connecting"])
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[CaseResult]:
    """How each case ended, with our socket in the role named."""
    home = tmp_path_factory.mktemp("kosoku")
    run = {"accepting": against_our_server, "connecting": against_our_client}[request.param]
    return asyncio.run(asyncio.wait_for(run(home), timeout=50))


async def against_our_server(home: Path) -> list[CaseResult]:
    """Let kosoku connect to us, once for each case."""
    with Process([ECHO, "serve"], home) as echo:
        port = echo.line(str.isascii, "the port").strip()
        url = f"ws://127.0.0.1:{port}/link?n={NONCE}"
        return await judged(run_fuzzingclient(url, exclude_cases=COMPRESSION, concurrency=4))


async def against_our_client(home: Path) -> list[CaseResult]:
    """Connect to kosoku, once for each case, and say that this was all."""
    async with run_fuzzingserver(exclude_cases=COMPRESSION, port=0) as server:
        at = f"ws://127.0.0.1:{server.port}"
        count = await ask(f"{at}/getCaseCount")
        echo = await asyncio.create_subprocess_exec(ECHO, "connect", str(server.port), count)
        try:
            assert await echo.wait() == 0
        finally:
            if echo.returncode is None:
                echo.kill()
        await ask(f"{at}/updateReports?agent=bowline")
        results = await judged(server.get_result())
    return results


async def judged(run: Awaitable[list[CaseResult]]) -> list[CaseResult]:
    """The results of a run, whether or not all of them passed."""
    try:
        return await run
    except FailureError as failure:
        return list(failure.results)


async def ask(url: str) -> str:
    """What kosoku answers here; nothing where it only closes."""
    said = ""
    async with connect(url, proxy=None) as socket:
        with suppress(ConnectionClosed):
            said = str(await socket.recv())
    return said


def sent_text(result: CaseResult) -> bool:
    """Whether the case has sent us text."""
    return any(str(opcode) == TEXT_OPCODE for opcode in result.tx_frame_stats)


def failures(results: Iterable[CaseResult], code: int) -> list[str]:
    """The cases that neither passed nor were ended with this close code."""
    return [
        f"{result.case_id}: {result.behavior.value}, {result.result_close}"
        for result in results
        if not result.passed and result.remote_close_code != code
    ]


def test_every_case_without_text_and_within_the_bounds_passes(results: list[CaseResult]) -> None:
    cases = [
        result
        for result in results
        if not sent_text(result) and result.case_id not in TOO_BIG | TOO_MANY
    ]
    assert [result.case_id for result in cases if not result.passed] == []
    assert sum(result.passed for result in results) == WITHIN_BOWLINE


def test_text_is_answered_with_close_1003(results: list[CaseResult]) -> None:
    assert failures(filter(sent_text, results), 1003) == []


@pytest.mark.parametrize(("beyond", "code"), [(TOO_BIG, 1009), (TOO_MANY, 4008)])
def test_what_is_beyond_a_bound_ends_with_the_code_of_that_bound(
    results: list[CaseResult], beyond: set[str], code: int
) -> None:
    ended = {result.case_id: result.remote_close_code for result in results}
    assert {case: ended[case] for case in beyond} == dict.fromkeys(beyond, code)
