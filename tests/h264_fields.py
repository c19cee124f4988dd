"""H.264 whose pictures are coded as two fields each, which no encoder at hand makes: grey, without any compression.

The syntax is that of ITU-T H.264, 7.3; ``I_PCM`` macroblocks need no prediction, transform or entropy coding.
"""

from __future__ import annotations

_SIDE = 2  # macroblocks of a field each way: frames are 32 x 64
_SLICE, _IDR_SLICE, _SEQUENCE, _PICTURE = 1, 5, 7, 8


class _Writer:
    def __init__(self) -> None:
        self._bits: list[str] = []

    def put(self, *values: tuple[int, int]) -> _Writer:
        """Numbers, each with how many bits it takes; 0 stands for an Exp-Golomb number."""
        for value, count in values:
            code = f"{value:0{count}b}" if count else f"{value + 1:b}"
            self._bits.append(code if count else "0" * (len(code) - 1) + code)
        return self

    def align(self) -> None:
        self._bits.append("0" * (-sum(map(len, self._bits)) % 8))

    def unit(self, kind: int) -> bytes:
        self._bits.append("1")
        self.align()
        bits = "".join(self._bits)
        data = int(bits, 2).to_bytes(len(bits) // 8, "big")
        escaped = bytearray()
        for byte in data:
            if byte <= 3 and escaped[-2:] == b"\0\0":
                escaped.append(3)
            escaped.append(byte)
        return b"\0\0\0\1" + bytes([3 << 5 | kind]) + bytes(escaped)


def parameter_sets() -> bytes:
    """Main profile, 8 bits of frame number and of picture order, fields allowed."""
    sequence = _Writer().put((77, 8), (0, 8), (30, 8), (0, 0), (4, 0), (0, 0), (4, 0), (1, 0), (0, 1))
    sequence.put((_SIDE - 1, 0), (_SIDE - 1, 0), (0, 1), (0, 1), (1, 1), (0, 1), (0, 1))
    picture = _Writer().put((0, 0), (0, 0), (0, 1), (0, 1), *[(0, 0)] * 3, (0, 1), (0, 2), *[(0, 0)] * 3, *[(0, 1)] * 3)
    return sequence.unit(_SEQUENCE) + picture.unit(_PICTURE)


def field(number: int, bottom: bool, grey: int) -> bytes:
    """One field of the frame of that number, 16 <= grey <= 235."""
    first = number == 0 and not bottom
    slice_ = _Writer().put((0, 0), (7, 0), (0, 0), (number % 256, 8), (1, 1), (int(bottom), 1))
    slice_.put(*([(0, 0)] if first else []), ((2 * number + bottom) % 256, 8))
    slice_.put(*([(0, 1)] * (2 if first else 1)), (0, 0))
    for _ in range(_SIDE * _SIDE):
        slice_.put((25, 0)).align()
        slice_.put(*[(grey, 8)] * 256, *[(128, 8)] * 128)
    return slice_.unit(_IDR_SLICE if first else _SLICE)
