"""HDR pictures as SDR ones: what detectors of faces and forgeries were trained on.

The steps are those of ITU-R BT.2408 and BT.2390: the picture as a display of 1000 cd/m2 would show it, the part above
the knee rolled off to reference white (203 cd/m2), BT.2020 colours taken to BT.709 and cut off where that has none, and
the gamma of BT.1886. Nothing is asked of the file's mastering metadata, so that a frame looks the same wherever it is
read.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273: SMPTE ST 2084 and ARIB STD-B67."""

NAMES = {PQ: "PQ", HLG: "HLG"}


def note(transfer: int) -> str:
    """The sentence for people whose picture was tone-mapped."""
    return f"HDR ({NAMES[transfer]}) was tone-mapped to SDR."


_BT709 = 1  # colour primaries of H.273
_PEAK, _WHITE = 1000.0, 203.0  # cd/m2: the brightest that is told apart, and what becomes white
_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)
_LUMA = np.array([[0.2627, 0.6780, 0.0593]], np.float32)  # of BT.2020
_HLG_GAMMA = 1.2  # of a display whose peak is 1000 cd/m2
_GAMMA = 2.4
_LEVELS, _STEPS = 2**16, 2**12  # of tables
_ROWS = 64  # worked on at a time: pixels take several floats on the way


def to_sdr(rgb: np.ndarray, transfer: int, primaries: int) -> np.ndarray:
    """Tone-map a picture.

    Args:
        rgb: ``(h, w, 3)`` uint16, R'G'B' of full range.
        transfer: :data:`PQ` or :data:`HLG`.
        primaries: Of H.273; those of BT.709 are kept and all others are taken for BT.2020.

    Returns:
        ``(h, w, 3)`` uint8, R'G'B' of BT.709.

    Example:
        >>> white = np.full((1, 1, 3), round(0.75 * 65535), np.uint16)  # reference white of HLG
        >>> int(to_sdr(white, HLG, 9)[0, 0, 0]) in range(215, 240)
        True
    """
    sdr = np.empty(rgb.shape, np.uint8)
    for top in range(0, len(rgb), _ROWS):
        light = _light(rgb[top : top + _ROWS], transfer)
        brightest = np.maximum(np.maximum(light[..., 0], light[..., 1]), light[..., 2])  # max(axis=2) is much slower
        brightest = (brightest * (_STEPS - 1)).clip(0, _STEPS - 1).astype(np.uint16)
        light *= _gains().take(brightest)[..., None]
        if primaries != _BT709:
            light = cv2.transform(light, _TO_BT709)
        sdr[top : top + _ROWS] = _gamma().take((light.clip(0, 1) * (_LEVELS - 1)).astype(np.uint16))
    return sdr


def _light(rgb: np.ndarray, transfer: int) -> np.ndarray:
    """What the display shows as a share of its peak: float32."""
    if transfer == PQ:
        return _pq_table().take(rgb)
    scene = _hlg_table().take(rgb)
    luminance = cv2.transform(scene, _LUMA)
    return scene * cv2.pow(luminance, _HLG_GAMMA - 1)[..., None]


@cache
def _gains() -> np.ndarray:
    """The EETF of BT.2390-10 (5.4.1) as factors, by the brightest of a pixel's three lights; white is then 1.

    Light below the knee keeps its place under reference white; light beyond the peak is cut off.
    """
    light = np.linspace(0, 1, _STEPS)
    top = _to_pq(np.array(_PEAK))
    code, peak = _to_pq(light * _PEAK) / top, _to_pq(np.array(_WHITE)) / top  # E1, maxLum
    knee = 1.5 * peak - 0.5
    t = (code - knee) / (1 - knee)
    rolled = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * peak
    shown = _from_pq(np.where(code < knee, code, rolled) * top) / _WHITE
    return np.divide(shown, light, out=np.full_like(light, _PEAK / _WHITE), where=light > 0).astype(np.float32)


@cache
def _pq_table() -> np.ndarray:
    return (_from_pq(np.linspace(0, 1, _LEVELS)) / _PEAK).astype(np.float32)


@cache
def _hlg_table() -> np.ndarray:
    """Scene light, 0..1, by the inverse OETF of BT.2100."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    code = np.linspace(0, 1, _LEVELS)
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12).astype(np.float32)


@cache
def _gamma() -> np.ndarray:
    return np.rint(255 * np.linspace(0, 1, _LEVELS) ** (1 / _GAMMA)).astype(np.uint8)


_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128  # of SMPTE ST 2084


def _to_pq(light: np.ndarray) -> np.ndarray:
    power = np.power(light / 10_000, _M1)
    return np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2)


def _from_pq(code: np.ndarray) -> np.ndarray:
    power = np.power(code, 1 / _M2)
    return 10_000 * np.power((power - _C1).clip(0) / (_C2 - _C3 * power), 1 / _M1)
