"""The two ends of a call: an operator that makes it, a peer that serves it (`spec/session.md`)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .conversation import Conversation, LinkEnded
from .frames import Body, Kind

DEADLINE_MS = 15_000
WINDOW = 65_536
PIECE = 16_384
OUT, ERR = 1, 2
EXITED, NOT_TO_ITS_END = 0, 2


class Operator:
    """Calls commands, one after the other."""

    def __init__(self, link: Conversation, first_id: int = 1) -> None:
        self.link = link
        self.next_id = first_id

    def call(self, target: str, command: str, window: int = WINDOW, **named: object) -> int:
        """Start a call; its id."""
        call_id = self.next_id
        self.next_id += 2
        body: Body = {0: call_id, 1: target, 2: command, 5: DEADLINE_MS, 6: window}
        if named:
            body[4] = named
        self.link.send(Kind.CALL, body)
        return call_id

    def finish(self, call_id: int) -> tuple[dict[int, bytes], Body]:
        """Read a call to its end, giving credit for all that is read: output and Result."""
        output = {OUT: b"", ERR: b""}
        while True:
            kind, body = self.link.body(Kind.OUTPUT, Kind.RESULT, Kind.DENY, Kind.WINDOW)
            assert body[0] == call_id
            if kind in (Kind.RESULT, Kind.DENY):
                return output, body
            if kind is Kind.OUTPUT:
                assert body[3] == len(output[body[2]])
                output[body[2]] += body[4]
                self.link.send(Kind.WINDOW, {0: call_id, 1: len(body[4])})


@dataclass
class OpenCall:
    """A call that is being served: output goes out as credit comes in (`session.md` §4)."""

    link: Conversation
    id: int
    credit: int
    peer: str = "me"
    given: bytes = b""
    waiting: list[tuple[int, bytes]] = field(default_factory=list)
    sent: dict[int, int] = field(default_factory=lambda: {OUT: 0, ERR: 0})
    exit_code: int | None = None

    def finish(self, exit_code: int, *output: tuple[int, bytes]) -> None:
        """Say all of this, then that the command exited."""
        self.waiting.extend(output)
        self.exit_code = exit_code

    def pump(self) -> bool:
        """Send what there is credit for; whether the call has ended."""
        while self.waiting and self.credit:
            source, text = self.waiting.pop(0)
            piece, rest = text[: min(self.credit, PIECE)], text[min(self.credit, PIECE) :]
            if rest:
                self.waiting.insert(0, (source, rest))
            output = {0: self.id, 1: self.peer, 2: source, 3: self.sent[source], 4: piece}
            self.link.send(Kind.OUTPUT, output)
            self.sent[source] += len(piece)
            self.credit -= len(piece)
        if self.waiting or self.exit_code is None:
            return False
        result = {0: self.id, 1: self.peer, 2: EXITED, 3: self.exit_code}
        self.link.send(Kind.RESULT, result)
        return True


class Runner:
    """Serves three commands: `greet NAME`, `shout` of its input, and `pour COUNT` bytes."""

    def __init__(self, link: Conversation) -> None:
        self.link = link
        self.open: dict[int, OpenCall] = {}

    def register(self) -> None:
        """Say what is served."""
        greet = {0: "greet", 1: "A greeting", 2: [{0: "name", 1: 0}]}
        pour = {0: "pour", 1: "Many bytes", 2: [{0: "count", 1: 1}]}
        shout = {0: "shout", 1: "Its input in upper case", 2: []}
        self.link.send(Kind.REGISTER, {0: [greet, pour, shout]})
        _, registered = self.link.body(Kind.REGISTERED)
        assert registered == {0: 3}

    def serve(self) -> None:
        """Answer calls until the link ends."""
        while True:
            try:
                kind, body = self.link.body(Kind.CALL, Kind.INPUT, Kind.WINDOW, Kind.CANCEL)
            except LinkEnded:
                return
            if kind is Kind.CALL:
                self.open[body[0]] = OpenCall(self.link, body[0], credit=body[6])
                self._begin(self.open[body[0]], body)
            elif call := self.open.get(body[0]):
                self._feed(call, kind, body)
            if (call := self.open.get(body[0])) and call.pump():
                del self.open[body[0]]

    def _begin(self, call: OpenCall, body: Body) -> None:
        arguments = [*body.get(3, []), *body.get(4, {}).values()]
        match body[2]:
            case "greet":
                call.finish(0, (OUT, f"hello {arguments[0]}\n".encode()))
            case "pour":
                call.finish(7, (OUT, bytes(int(arguments[0]))), (ERR, b"poured\n"))

    def _feed(self, call: OpenCall, kind: Kind, body: Body) -> None:
        match kind:
            case Kind.WINDOW:
                call.credit += body[1]
            case Kind.INPUT:
                call.given += body[2]
                if body[2]:
                    self.link.send(Kind.WINDOW, {0: call.id, 1: len(body[2])})
                if body.get(3) and call.exit_code is None:
                    call.finish(0, (OUT, call.given.upper()))
            case Kind.CANCEL:
                call.waiting.clear()
                call.finish(130)


@contextmanager
def serve(link: Conversation) -> Iterator[None]:
    """Serve calls from a thread of its own, and leave at the end."""
    runner = Runner(link)
    runner.register()
    thread = threading.Thread(target=runner.serve)
    thread.start()
    try:
        yield
    finally:
        link.leave()
        thread.join(timeout=15)
        assert not thread.is_alive()
