"""Frames and the bodies inside them: `spec/frames.md` §1, §3 and §4."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from . import cbor

FIRST_SKIPPED_KEY = 0x80
# Of AuthBody: a nonce and the Hello of a later start of the hub (`admission.md` §4.2).
LATER_START_KEY = 0x80
FIRST_IGNORED_TYPE = 0x80
LAST_TYPE = 0xFF

Body = dict[int, Any]


class FrameError(ValueError):
    """A message that is no frame of the protocol."""


class Kind(IntEnum):
    """The types of frames."""

    HELLO = 0x01
    AUTHENTICATE = 0x02
    WELCOME = 0x03
    REFUSE = 0x04
    PING = 0x10
    PONG = 0x11
    REGISTER = 0x12
    REGISTERED = 0x13
    CALL = 0x20
    ACCEPTED = 0x21
    OUTPUT = 0x22
    RESULT = 0x23
    DONE = 0x24
    CANCEL = 0x25
    WINDOW = 0x26
    INPUT = 0x27
    REFRESH = 0x40
    REFRESHED = 0x41
    DENY = 0x50
    GOAWAY = 0x51


PROVED = {Kind.HELLO, Kind.AUTHENTICATE, Kind.WELCOME, Kind.REFRESH}


@dataclass(frozen=True)
class Form:
    """Which keys a body must and may have, and what type the value of each has."""

    must: Mapping[int, type | tuple[type, ...]]
    may: Mapping[int, type | tuple[type, ...]]

    def check(self, what: str, item: object) -> Body:
        """`item` as a body of this form, without what a later version added."""
        if not isinstance(item, dict) or any(isinstance(key, str) for key in item):
            raise FrameError(f"{what}: its body is no map with unsigned keys")
        if any(key < 0 for key in item):
            raise FrameError(f"{what}: a negative key")
        known = self.must.keys() | self.may.keys()
        body = {
            key: value for key, value in item.items() if key < FIRST_SKIPPED_KEY or key in known
        }
        if missing := self.must.keys() - body.keys():
            raise FrameError(f"{what}: keys {sorted(missing)} are missing")
        if unknown := body.keys() - known:
            raise FrameError(f"{what}: keys {sorted(unknown)} are unknown")
        for key, value in body.items():
            wanted = self.must.get(key) or self.may[key]
            if not isinstance(value, wanted) or isinstance(value, bool) and wanted is int:
                raise FrameError(f"{what}: key {key} is a {type(value).__name__}")
        return body


VALUE = (int, float, bool, str, bytes, list, dict)
HELLO_BODY = Form({0: bytes, 1: str, 2: bytes, 3: list, 4: int, 5: list, 6: int, 7: dict}, {})
WELCOME_BODY = Form({0: bytes, 1: str, 2: list, 5: int, 6: dict}, {4: int, 7: dict})
CREDENTIALS = Form({0: bytes, 1: bytes, 2: int}, {})
AUTH_BODY = Form(
    {0: int, 1: int, 6: str},
    {2: str, 3: bytes, 4: bytes, 5: bytes, 7: dict, 8: int, LATER_START_KEY: bytes},
)
LIMITS = Form({0: int, 1: int, 2: int}, {})
FORMS = {
    Kind.REFUSE: Form({0: str, 1: str, 2: int}, {3: int}),
    Kind.PING: Form({0: int}, {}),
    Kind.PONG: Form({0: int}, {}),
    Kind.REGISTER: Form({0: list}, {}),
    Kind.REGISTERED: Form({0: int}, {}),
    Kind.CALL: Form({0: int, 1: (str, dict), 2: str, 5: int, 6: int}, {3: list, 4: dict}),
    Kind.ACCEPTED: Form({0: int, 1: list, 2: list}, {}),
    Kind.OUTPUT: Form({0: int, 1: str, 2: int, 3: int, 4: bytes}, {}),
    Kind.RESULT: Form({0: int, 2: int}, {1: str, 3: int, 4: int, 5: VALUE, 6: str, 7: str}),
    Kind.DONE: Form({0: int, 1: int, 2: int, 3: int}, {}),
    Kind.CANCEL: Form({0: int, 1: str}, {}),
    Kind.WINDOW: Form({0: int, 1: int}, {}),
    Kind.INPUT: Form({0: int, 1: int, 2: bytes}, {3: bool}),
    Kind.REFRESHED: CREDENTIALS,
    Kind.DENY: Form({1: str, 2: str, 4: str}, {0: int, 3: str}),
    Kind.GOAWAY: Form({0: str, 1: str}, {2: int}),
}


@dataclass(frozen=True)
class Frame:
    """A frame whose body stands in it as it is."""

    kind: Kind
    body: Body

    def encode(self) -> bytes:
        """The message that is this frame."""
        return cbor.encode([self.kind, self.body])


@dataclass(frozen=True)
class Proved:
    """Hello, Authenticate, Welcome or Refresh: the exact bytes of a body, and what proves them."""

    kind: Kind
    body: bytes
    proof: bytes

    def encode(self) -> bytes:
        """The message that is this frame."""
        return cbor.encode([self.kind, self.body, self.proof])


def decode(message: bytes) -> Frame | Proved | None:
    """The frame that `message` is, or None where it is one to be ignored."""
    item = cbor.decode(message)
    if not isinstance(item, list) or not item or type(item[0]) is not int:
        raise FrameError("no array that begins with a type")
    number, *rest = item
    if number not in list(Kind):
        _check_unknown(number, rest)
        return None
    kind = Kind(number)
    if kind in PROVED:
        if len(rest) != 2 or not all(isinstance(part, bytes) for part in rest):
            raise FrameError(f"{kind.name}: not a body and a proof")
        return Proved(kind, *rest)
    if len(rest) != 1:
        raise FrameError(f"{kind.name}: {len(rest)} things follow the type")
    return Frame(kind, FORMS[kind].check(kind.name, rest[0]))


def decode_body(form: Form, what: str, body: bytes) -> Body:
    """The body inside the byte string of a proved frame."""
    return form.check(what, cbor.decode(body))


def _check_unknown(number: int, rest: list[Any]) -> None:
    """Refuse an unknown frame, unless it is one that a later version may add."""
    if not FIRST_IGNORED_TYPE <= number <= LAST_TYPE:
        raise FrameError(f"type {number:#x} is unknown")
    match rest:
        case [dict()] | [bytes(), bytes()]:
            return
    raise FrameError(f"type {number:#x} has neither of the two shapes")
