"""The one spelling of CBOR that Bowline speaks: `spec/frames.md` §2.

Data items are Python's own: int, float, bool, bytes, str, list and dict.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

Item = Any  # int, float, bool, bytes, str, or a sequence or mapping of these

MAX_DEPTH = 8
MIN_NEGATIVE = -(2**63)

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
FALSE, TRUE, HALF, SINGLE, DOUBLE = 20, 21, 25, 26, 27


class CborError(ValueError):
    """Bytes that are not the one spelling of anything."""


def encode(item: Item) -> bytes:
    """The bytes of `item`."""
    match item:
        case bool():
            return bytes([SIMPLE << 5 | (TRUE if item else FALSE)])
        case int() if item >= 0:
            return _head(UNSIGNED, item)
        case int():
            return _head(NEGATIVE, -1 - item)
        case float():
            return _encode_float(item)
        case bytes():
            return _head(BYTES, len(item)) + item
        case str():
            text = item.encode()
            return _head(TEXT, len(text)) + text
        case Mapping():
            pairs = sorted((encode(key), encode(value)) for key, value in item.items())
            return _head(MAP, len(pairs)) + b"".join(key + value for key, value in pairs)
        case Sequence():
            return _head(ARRAY, len(item)) + b"".join(encode(member) for member in item)
    raise TypeError(f"{type(item).__name__} has no place in a frame")


def decode(data: bytes, depth: int = 0) -> Item:
    """The item that `data` spells, all of it; its arrays and maps lie `depth` deep already."""
    reader = _Reader(data)
    item = reader.item(depth)
    if reader.at != len(data):
        raise CborError(f"{len(data) - reader.at} bytes follow the item")
    return item


def _head(major: int, argument: int) -> bytes:
    """The first bytes of an item, its argument in the shortest form."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for extra, form in ((24, ">B"), (25, ">H"), (26, ">I"), (27, ">Q")):
        if argument < 1 << 8 * struct.calcsize(form):
            return bytes([major << 5 | extra]) + struct.pack(form, argument)
    raise ValueError(f"{argument} does not fit 64 bits")


def _encode_float(number: float) -> bytes:
    """The shortest of the three forms that holds `number` exactly."""
    if math.isnan(number):
        raise ValueError("NaN has no place in a frame")
    for extra, form in ((HALF, ">e"), (SINGLE, ">f")):
        try:
            packed = struct.pack(form, number)
        except OverflowError:
            continue
        if struct.unpack(form, packed)[0] == number:
            return bytes([SIMPLE << 5 | extra]) + packed
    return bytes([SIMPLE << 5 | DOUBLE]) + struct.pack(">d", number)


class _Reader:
    """Reads items off the front of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def item(self, depth: int) -> Item:
        """The next item, with `depth` arrays and maps around it."""
        first = self.take(1)[0]
        major, extra = first >> 5, first & 31
        if major == SIMPLE:
            return self.simple(extra)
        argument = self.argument(extra)
        match major:
            case 0:
                return argument
            case 1:
                return self.negative(argument)
            case 2:
                return self.take(argument)
            case 3:
                return self.text(argument)
            case 4:
                return self.array(argument, self.deeper(depth))
            case 5:
                return self.map(argument, self.deeper(depth))
        raise CborError("a tag")

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        piece = self.data[self.at : self.at + count]
        if len(piece) != count:
            raise CborError(f"ends {count - len(piece)} bytes early")
        self.at += count
        return piece

    def argument(self, extra: int) -> int:
        """An integer or length, in its shortest form."""
        if extra < 24:
            return extra
        if extra > 27:
            raise CborError("an indefinite length, or a head that is kept for later")
        size = 1 << extra - 24
        argument = int.from_bytes(self.take(size))
        if argument < (24 if size == 1 else 1 << 4 * size):
            raise CborError(f"{argument} in a longer form than it needs")
        return argument

    def negative(self, argument: int) -> int:
        number = -1 - argument
        if number < MIN_NEGATIVE:
            raise CborError(f"{number} is below -2^63")
        return number

    def text(self, length: int) -> str:
        try:
            return self.take(length).decode()
        except UnicodeDecodeError as error:
            raise CborError(f"text: {error}") from error

    def array(self, length: int, depth: int) -> list[Item]:
        return [self.item(depth) for _ in range(length)]

    def map(self, length: int, depth: int) -> dict[int | str, Item]:
        """A map whose keys rise by their encoding."""
        found: dict[int | str, Item] = {}
        last = b""
        for _ in range(length):
            start = self.at
            key = self.item(depth)
            spelled = self.data[start : self.at]
            if isinstance(key, bool) or not isinstance(key, (int, str)):
                raise CborError(f"a key that is a {type(key).__name__}")
            if spelled <= last:
                raise CborError(f"key {key!r} does not rise")
            last = spelled
            found[key] = self.item(depth)
        return found

    def simple(self, extra: int) -> bool | float:
        """True, false, or a float in its shortest form."""
        match extra:
            case 20:
                return False
            case 21:
                return True
            case 25 | 26 | 27:
                return self.float({HALF: ">e", SINGLE: ">f", DOUBLE: ">d"}[extra])
        raise CborError("null, undefined or another simple value")

    def float(self, form: str) -> float:
        start = self.at - 1
        number: float = struct.unpack(form, self.take(struct.calcsize(form)))[0]
        if math.isnan(number):
            raise CborError("NaN")
        if _encode_float(number) != self.data[start : self.at]:
            raise CborError(f"{number} in a longer form than it needs")
        return number

    @staticmethod
    def deeper(depth: int) -> int:
        if depth == MAX_DEPTH:
            raise CborError(f"arrays and maps more than {MAX_DEPTH} deep")
        return depth + 1
