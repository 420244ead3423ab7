"""What it takes to be a hub that keeps no rule, and to see what that costs."""

import contextlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from websockets.exceptions import ConnectionClosed

from foreign import frames
from foreign.frames import Body, Frame, Kind
from foreign.hub import Served

MIB = 1 << 20


@dataclass
class Cost:
    """What a process holds, by `/proc`: the most that was seen."""

    pid: int
    memory: int = 0
    descriptors: int = 0

    def look(self) -> "Cost":
        """Look once more; a process that has ended holds nothing."""
        with contextlib.suppress(OSError):
            status = Path(f"/proc/{self.pid}/status").read_text()
            peaks = [line for line in status.splitlines() if line.startswith("VmHWM:")]
            self.memory = max([self.memory, *(int(peak.split()[1]) * 1024 for peak in peaks)])
            self.descriptors = max(self.descriptors, len(os.listdir(f"/proc/{self.pid}/fd")))
        return self


@dataclass
class Reader:
    """Reads what the other end says, from a thread of its own, so that it never waits for us."""

    served: Served
    kinds: Counter[Kind] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    last: Frame | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def until(self, reached: Callable[["Reader"], bool], patience: float = 15) -> bool:
        """Wait until it has read so much, or the link has ended."""
        until = time.monotonic() + patience
        while time.monotonic() < until and not reached(self) and not self.over.is_set():
            time.sleep(0.02)
        return reached(self)

    def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            for message in self.served.socket:
                assert isinstance(message, bytes)
                frame = frames.decode(message)
                if not isinstance(frame, Frame):
                    continue
                self.kinds[frame.kind] += 1
                if frame.kind is Kind.RESULT:
                    self.results[str(frame.body.get(6, frame.body.get(3)))] += 1
                if frame.kind is Kind.GOAWAY:
                    self.last = frame
        self.over.set()


def pour(served: Served, message: Callable[[int], bytes], count: int) -> int:
    """Send so many messages as fast as they are taken; how many were before the link ended."""
    for number in range(count):
        try:
            served.socket.send(message(number))
        except ConnectionClosed:
            return number
    return count


def call(number: int, command: str, *arguments: str) -> bytes:
    """The hub's call of this number, from 0 on: no credit, and a deadline of never."""
    body: Body = {0: 2 + 2 * number, 1: "web-1", 2: command, 5: 2**64 - 1, 6: 0}
    if arguments:
        body[3] = list(arguments)
    return Frame(Kind.CALL, body).encode()
