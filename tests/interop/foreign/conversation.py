"""Frames both ways over one WebSocket, whichever end this is: `spec/session.md`, `spec/link.md`."""

from dataclasses import dataclass, field

from websockets.exceptions import ConnectionClosed
from websockets.sync.connection import Connection

from . import frames
from .frames import Body, Frame, Kind, Proved

PATIENCE = 10.0


class LinkEnded(Exception):
    """The other end ended the link; what it said last, and the close code."""

    def __init__(self, last: Frame | None, close: int | None) -> None:
        super().__init__(f"the link ended with close {close}, after {last}")
        self.last = last
        self.close = close


@dataclass
class Conversation:
    """A WebSocket whose messages are frames."""

    socket: Connection
    last: Frame | None = field(default=None, kw_only=True)

    def send(self, kind: Kind, body: Body) -> None:
        """Send one frame."""
        self.socket.send(Frame(kind, frames.FORMS[kind].check(kind.name, body)).encode())

    def receive(self, *kinds: Kind) -> Frame | Proved:
        """The next frame that is not a heartbeat, which must be one of `kinds`.

        Raises:
            LinkEnded: If the other end ended the link instead.
        """
        while True:
            frame = self._next()
            if frame is None:
                continue
            if frame.kind not in kinds:
                self._unexpected(frame)
                continue
            return frame

    def body(self, *kinds: Kind) -> tuple[Kind, Body]:
        """As `receive`, for frames that are not proved."""
        frame = self.receive(*kinds)
        assert isinstance(frame, Frame)
        return frame.kind, frame.body

    def end(self) -> LinkEnded:
        """Read until the other end has ended the link."""
        try:
            while True:
                self.receive()
        except LinkEnded as ended:
            return ended

    def leave(self) -> None:
        """End a session: Goaway, then Close."""
        self.send(Kind.GOAWAY, {0: "going-away", 1: "done"})
        self.socket.close(1001)

    def _next(self) -> Frame | Proved | None:
        try:
            message = self.socket.recv(timeout=PATIENCE, decode=False)
        except ConnectionClosed as closed:
            raise LinkEnded(self.last, closed.rcvd.code if closed.rcvd else None) from closed
        return frames.decode(message)

    def _unexpected(self, frame: Frame | Proved) -> None:
        """Answer a heartbeat; remember what ends a link; refuse anything else."""
        match frame:
            case Frame(Kind.PING, body):
                self.send(Kind.PONG, body)
            case Frame(Kind.REFUSE | Kind.GOAWAY):
                self.last = frame
            case _:
                raise frames.FrameError(f"{frame.kind.name} may not come here")
