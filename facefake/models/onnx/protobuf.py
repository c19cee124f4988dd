"""The wire form of protocol buffers, as far as looking into a file of gigabytes needs it.

A message is a row of fields, each a number, a kind and a value; where one ends is told by the field itself, so that
what is of no interest is stepped over unread (https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_MAX_VARINT = 10  # bytes


class WireError(ValueError):
    """The bytes are no row of fields."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    Attributes:
        number: Which field.
        value: The number, or the bytes of a text, an array or another message.
        start: Where it begins in its message, its number included.
        end: Where the next begins.
    """

    number: int
    value: int | memoryview
    start: int
    end: int


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message, in their order.

    Raises:
        WireError: The message ends inside a field, or holds what no current writer writes (groups).

    Example:
        >>> [(field.number, bytes(field.value)) for field in fields(memoryview(text_field(3, b"abc")))]
        [(3, b'abc')]
    """
    start = 0
    while start < len(message):
        key, at = _varint(message, start)
        kind = key & 7
        value: int | memoryview
        if kind == _VARINT:
            value, end = _varint(message, at)
        else:
            length, at = _varint(message, at) if kind == _LENGTH else (_fixed(kind), at)
            end = at + length
            if end > len(message):
                raise WireError(f"a field of {length} bytes ends outside its message")
            value = message[at:end]
        yield Field(key >> 3, value, start, end)
        start = end


def text_field(number: int, text: bytes) -> bytes:
    """The bytes of a field that holds a text or another message.

    Example:
        >>> text_field(2, b"a")
        b'\\x12\\x01a'
    """
    return _as_varint(number << 3 | _LENGTH) + _as_varint(len(text)) + text


def _fixed(kind: int) -> int:
    if kind == _EIGHT_BYTES:
        return 8
    if kind == _FOUR_BYTES:
        return 4
    raise WireError(f"a field of kind {kind}")


def _varint(message: memoryview, start: int) -> tuple[int, int]:
    """A number of seven bits a byte, the least first, and where it ends."""
    value = 0
    for place, byte in enumerate(message[start : start + _MAX_VARINT]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, start + place + 1
    raise WireError("a number without an end")


def _as_varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
