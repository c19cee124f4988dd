"""H.264 pictures that are coded as two fields, each of which may come in a packet of its own (ITU-T H.264, 7.3)."""

from __future__ import annotations

# profiles whose parameter sets have fields on chroma and scaling (7.3.2.1.1)
_HIGH = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_LENGTH = 4  # bytes before each unit in MP4 and Matroska, but in files that no muxer of today writes
_SLICES = (1, 2, 5)
_HEAD = 64  # bytes of a slice that are looked at


class SecondFields:
    """Tells which packets of a stream hold the second field of a picture whose first came in the packet before.

    Args:
        extradata: The codec's, with its parameter sets.
    """

    def __init__(self, extradata: bytes | None) -> None:
        self._number_bits: int | None = None  # of frame_num; None where no picture is coded as fields
        self._planes = False
        self._before: tuple[int, bool] | None = None
        for unit in _units(extradata or b"", lengths=False):
            if unit[0] & 0x1F == 7:
                self._read_parameters(_Bits(unit[1:]))
                break

    def is_second(self, packet: memoryview) -> bool:
        """Whether the next packet holds a second field alone."""
        if self._number_bits is None:
            return False
        before, self._before = self._before, self._field(packet)
        if self._before is None or before is None or before != (self._before[0], not self._before[1]):
            return False
        self._before = None  # the pair is whole
        return True

    def _field(self, packet: memoryview) -> tuple[int, bool] | None:
        """The frame number of a field and whether it is the bottom one; ``None`` for a frame."""
        lengths = bytes(packet[:4]) != b"\0\0\0\1" and bytes(packet[:3]) != b"\0\0\1"
        slices = (unit for unit in _units(bytes(packet), lengths) if unit[0] & 0x1F in _SLICES)
        unit = next(slices, None)
        if unit is None or self._number_bits is None:
            return None
        bits = _Bits(unit[1:_HEAD])
        try:
            bits.exponential(), bits.exponential(), bits.exponential()  # first_mb_in_slice, slice_type, parameter set
            if self._planes:
                bits.take(2)
            number = bits.take(self._number_bits)
            return (number, bool(bits.take(1))) if bits.take(1) else None
        except IndexError:  # cut off
            return None

    def _read_parameters(self, bits: _Bits) -> None:
        try:
            profile = bits.take(8)
            bits.take(16)  # constraints and level
            bits.exponential()  # id
            if profile in _HIGH:
                if chroma := bits.exponential() == 3:
                    self._planes = bool(bits.take(1))
                bits.exponential(), bits.exponential(), bits.take(1)  # bit depths, transform bypass
                if bits.take(1):
                    for size in [16] * 6 + [64] * (6 if chroma else 2):
                        bits.skip_scaling(size)
            number_bits = bits.exponential() + 4
            order = bits.exponential()
            if order == 0:
                bits.exponential()
            elif order == 1:
                bits.take(1)
                bits.exponential(), bits.exponential()
                for _ in range(bits.exponential()):
                    bits.exponential()
            bits.exponential(), bits.take(1), bits.exponential(), bits.exponential()  # references, gaps, size
            if not bits.take(1):  # frame_mbs_only_flag
                self._number_bits = number_bits
        except IndexError:
            return


class _Bits:
    """Bits of a unit without the bytes that keep start codes out of it."""

    def __init__(self, unit: bytes) -> None:
        self._bits = "".join(f"{byte:08b}" for byte in unit.replace(b"\0\0\3", b"\0\0"))
        self._place = 0

    def take(self, count: int) -> int:
        """The next ``count`` bits; ``IndexError`` past the end."""
        end = self._place + count
        if end > len(self._bits):
            raise IndexError
        value = int(self._bits[self._place : end], 2)
        self._place = end
        return value

    def exponential(self) -> int:
        """The next Exp-Golomb number; a signed one comes as its code."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + (self.take(zeros) if zeros else 0)

    def skip_scaling(self, size: int) -> None:
        """Pass over a scaling list."""
        if not self.take(1):
            return
        last = following = 8
        for _ in range(size):
            if following:
                code = self.exponential()
                following = (last + ((code + 1) // 2 if code % 2 else -code // 2)) % 256
            last = following or last


def _units(data: bytes, lengths: bool) -> list[bytes]:
    """The units of a packet or of extradata, all of them not empty; of a packet with lengths no more than needed."""
    if data[:1] == b"\1":  # avcC: its first parameter set
        size = int.from_bytes(data[6:8], "big")
        return [data[8 : 8 + size]] if size and len(data) > 8 else []
    if not lengths:
        return [unit for unit in data.split(b"\0\0\1")[1:] if unit]
    found, place = [], 0
    while place + _LENGTH < len(data):
        size = int.from_bytes(data[place : place + _LENGTH], "big")
        found.append(data[place + _LENGTH : place + _LENGTH + size])
        place += _LENGTH + size
    return [unit for unit in found if unit]
