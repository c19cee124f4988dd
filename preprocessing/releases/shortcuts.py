"""Shortcuts: what tells real from fake in a data set without a look at the picture.

Where the fakes are PNG and the reals JPEG, or all fakes have one size, a detector learns that, and figures on the set
say nothing of forgeries. So of a sample of the pictures, the headers are read, and for each property the one simplest
rule (a format, a size, a threshold) is sought that tells most. A rule is learnt on one half of the sample and judged on
the other, both ways; it is worth a warning if it is right by more than chance could make it.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice, zip_longest
from typing import Any

import numpy as np

from preprocessing.clip import FAKE, REAL, Clip
from preprocessing.errors import FacefakeError
from preprocessing.releases.headers import Header, read_header

SAMPLE = 2_000  # pictures of each label
TABLES = 8  # Parquet files of each label: one picture cannot be had without up to a gigabyte of its neighbours
LEAST = 10  # pictures of each label, or there is nothing to say
RELEVANT = 0.6  # balanced accuracy that a rule must surely exceed
MORE = 0.1  # by which a rule must tell more of one generator than of all to be named on its own
_Z = 3.0  # standard errors that "surely" stands for: dozens of generators and properties are looked at


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A property that alone tells real from fake.

    Attributes:
        kind: ``file format``, ``picture size`` or ``JPEG compression``.
        rule: What the rule says of a picture, in words that follow "are" or "have".
        among: Which pictures it speaks of: ``""`` for all, else ``"JPEG "``.
        fake: Share of the fakes that the rule holds for, 0 to 1.
        real: Share of the reals.
        accuracy: Of telling fake from real by the rule, mean over the two labels, on pictures it was not learnt from.
        low: What that surely exceeds (Newcombe's interval of three standard errors).
        fakes: How many fakes were looked at.
        reals: How many reals.
        method: The generator whose fakes it speaks of, ``None`` for all of the set.
        others: Further generators of which the same property tells as clearly.
    """

    kind: str
    rule: str
    among: str
    fake: float
    real: float
    accuracy: float
    low: float
    fakes: int
    reals: int
    method: str | None = None
    others: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The fact in words.

        Example:
            >>> print(Shortcut("file format", "are PNG", "", 0.88, 0.03, 0.925, 0.9, 2000, 1000).sentence)
            file format alone is right in 92 % (chance: 50 %): 88 % of 2,000 fakes are PNG, and 3 % of 1,000 reals
        """
        of = f" of {self.method}" if self.method else ""
        also = f"{len(self.others)} more generator{'s' if len(self.others) > 1 else ''}"
        more = f"; so it is for {also}, {self.others[0]} say" if self.others else ""
        return (
            f"{self.kind} alone is right in {_percent(self.accuracy)} (chance: 50 %): {_percent(self.fake)} of "
            f"{self.fakes:,} {self.among}fakes{of} {self.rule}, and {_percent(self.real)} of {self.reals:,} "
            f"{self.among}reals{more}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"others": list(self.others), "sentence": self.sentence}


def shortcuts(clips: Iterable[Clip], sample: int = SAMPLE) -> list[Shortcut]:
    """The properties of picture files that tell real from fake, at most two a kind: over all fakes, and of a generator.

    A generator is measured against the reals that its reader measures it against, and is named only if a property tells
    clearly more of it than of all fakes together. Clips without a label, videos and whatever does not open say nothing.

    Args:
        clips: Whole pictures, as files or rows of Parquet files.
        sample: How many of each label are looked at: spread over methods and folders, and the same ones each time.
    """
    seen = _headers(_sample(clips, sample))
    generators = list(_generators(seen))
    found = []
    for kind in dict.fromkeys(each.kind for each in _PROPERTIES):
        ways = [each for each in _PROPERTIES if each.kind == kind]
        over_all = _strongest(seen, ways)
        if over_all:
            found.append(over_all)
        clearer = (over_all.accuracy if over_all else 0.5) + MORE
        own = [
            replace(each, method=method)
            for method, part in generators
            if (each := _strongest(part, ways)) and each.accuracy > clearer
        ]
        if own:
            worst, *others = sorted(own, key=lambda each: (-each.accuracy, each.method))
            found.append(replace(worst, others=tuple(str(each.method) for each in others)))
    return found


# ---------------------------------------------------------------- the pictures that are looked at


def _sample(clips: Iterable[Clip], sample: int) -> Iterator[Clip]:
    """Up to so many clips of each label, in turn from each method and folder."""
    groups: dict[int, dict[tuple[str, str, str], list[Clip]]] = {REAL: defaultdict(list), FAKE: defaultdict(list)}
    for clip in clips:
        if clip.label is not None:
            groups[clip.label][clip.dataset, clip.method, clip.key.rpartition("/")[0]].append(clip)
    for folders in groups.values():
        tables = sorted({folder for (*_, folder), inside in folders.items() if _is_row(inside[0])}, key=_digest)
        passed_over = set(tables[TABLES:])
        chosen = [sorted(inside, key=_order) for (*_, folder), inside in folders.items() if folder not in passed_over]
        turns = zip_longest(*sorted(chosen, key=lambda inside: _digest(inside[0].key)))
        yield from islice((clip for turn in turns for clip in turn if clip is not None), sample)


def _is_row(clip: Clip) -> bool:
    return clip.path.suffix.lower() == ".parquet" and clip.member is not None


def _order(clip: Clip) -> tuple[int, bytes]:
    """Any of a folder's files are as good as others; of a table the first rows are had without most of the rest."""
    return (int(clip.member or 0), b"") if _is_row(clip) else (0, _digest(clip.key))


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def _headers(clips: Iterable[Clip]) -> list[tuple[Clip, Header]]:
    """The clips that are pictures, with their headers; in no order of folders, for halves of them are taken in turn."""
    in_order = sorted(clips, key=lambda clip: (clip.path, _order(clip)))  # in which rows of a table are had cheaply
    seen = [(clip, header) for clip in in_order if (header := _header(clip))]
    return sorted(seen, key=lambda each: _digest(each[0].key))


def _header(clip: Clip) -> Header | None:
    if not _is_row(clip):
        return read_header(clip.path)
    from preprocessing.parquet import picture_bytes

    try:
        return read_header(picture_bytes(clip.path, str(clip.member)))
    except FacefakeError:
        return None  # for the check of a release to name


Seen = Sequence[tuple[Clip, Header]]


def _generators(seen: Seen) -> Iterator[tuple[str, Seen]]:
    """Each method's fakes with the reals they are measured against; none where all fakes are of one method."""
    from preprocessing.datasets import READERS  # which imports this package on its search for readers

    methods = sorted({(clip.dataset, clip.method) for clip, _ in seen if clip.label == FAKE})
    for dataset, method in methods if len(methods) > 1 else ():
        reader = READERS.get(dataset)
        reals = reader.reals_of(method) if reader and reader.reals_of else None
        part = [
            (clip, header)
            for clip, header in seen
            if clip.dataset == dataset
            and (clip.method == method if clip.label == FAKE else reals is None or clip.method in reals)
        ]
        yield method, part


# ---------------------------------------------------------------- properties and rules


@dataclass(frozen=True, slots=True)
class _Property:
    """Something that a header tells.

    Attributes:
        kind: What it is about. Of properties of one kind the strongest speaks.
        of: Its value, ``None`` where a picture has none.
        rule: The rule in words, of a value that pictures equal or, if ``ordered``, do not exceed.
        ordered: Whether its values are numbers and rules thresholds.
        among: Which pictures have it.
    """

    kind: str
    of: Callable[[Header], Any]
    rule: Callable[[Any], str]
    ordered: bool = False
    among: str = ""


_PROPERTIES = (
    _Property("file format", lambda header: header.format, lambda name: f"are {name}"),
    _Property(
        "picture size",
        lambda header: f"{header.size[0]} x {header.size[1]}",
        lambda size: f"are {size} pixels",
    ),
    _Property(
        "picture size",
        lambda header: "square" if header.size[0] == header.size[1] else "not square",
        lambda shape: f"are {shape}",
    ),
    _Property(
        "picture size",
        lambda header: min(header.size),
        lambda side: f"have a shorter side of {side} pixels or less",
        ordered=True,
    ),
    _Property(
        "JPEG compression",
        lambda header: header.quality,
        lambda quality: f"have a quality of {quality} or less",
        ordered=True,
        among="JPEG ",
    ),
    _Property(
        "JPEG compression",
        lambda header: header.subsampling,
        lambda kind: f"have colours sampled {kind}",
        among="JPEG ",
    ),
)


def _strongest(seen: Seen, properties: Iterable[_Property]) -> Shortcut | None:
    """The shortcut of the property that tells most, the first of equals."""
    found = [shortcut for each in properties if (shortcut := _shortcut(seen, each))]
    return max(found, key=lambda shortcut: shortcut.accuracy, default=None)


def _shortcut(seen: Seen, of: _Property) -> Shortcut | None:
    told = [(value, clip.label == FAKE) for clip, header in seen if (value := of.of(header)) is not None]
    fakes = sum(fake for _, fake in told)
    reals = len(told) - fakes
    every = [sum((clip.label == FAKE) == fake for clip, _ in seen) for fake in (False, True)]
    # of the few JPEG among PNG files nothing need be said: their format is the matter
    if min(reals, fakes) < LEAST or reals < every[0] / 10 or fakes < every[1] / 10:
        return None
    values, fake = np.array([value for value, _ in told]), np.array([fake for _, fake in told])
    accuracy, low = _judged(values, fake, of.ordered)
    if low <= RELEVANT:
        return None
    value, _ = _rule(values, fake, of.ordered)
    holds = _holds(values, value, of.ordered)
    shares = float(holds[fake].mean()), float(holds[~fake].mean())
    return Shortcut(of.kind, of.rule(value), of.among, *shares, accuracy, low, fakes, reals)


def _holds(values: np.ndarray, value: Any, ordered: bool) -> np.ndarray:
    return np.asarray(values <= value if ordered else values == value)


def _rule(values: np.ndarray, fake: np.ndarray, ordered: bool) -> tuple[Any, bool]:
    """The value that shares of fakes and reals differ most at, and whether it is fakes that it means."""
    candidates, codes = np.unique(values, return_inverse=True)
    counts = [np.bincount(codes[of], minlength=len(candidates)) for of in (fake, ~fake)]
    shares = [(np.cumsum(count) if ordered else count) / count.sum() for count in counts]
    gaps = shares[0] - shares[1]
    best = int((np.abs(gaps).round(9) + 1e-9 * (gaps > 0)).argmax())  # of equals, what is said of fakes
    return candidates[best], bool(gaps[best] > 0)


def _judged(values: np.ndarray, fake: np.ndarray, ordered: bool) -> tuple[float, float]:
    """Balanced accuracy of rules learnt on one half and asked on the other, and what it surely exceeds."""
    half = np.empty(len(fake), dtype=bool)
    for label in (fake, ~fake):
        half[label] = np.arange(label.sum()) % 2 == 0
    right = np.empty(len(fake), dtype=bool)
    for learnt in (half, ~half):
        value, means_fake = _rule(values[learnt], fake[learnt], ordered)
        right[~learnt] = (_holds(values[~learnt], value, ordered) == means_fake) == fake[~learnt]
    recalls = [float(right[label].mean()) for label in (fake, ~fake)]
    below = [recall - _wilson(recall, int(label.sum())) for recall, label in zip(recalls, (fake, ~fake), strict=True)]
    accuracy = sum(recalls) / 2
    return accuracy, accuracy - math.hypot(*below) / 2


def _wilson(share: float, n: int) -> float:
    """The lower end of Wilson's interval of a share of ``n``."""
    z2 = _Z**2
    return (share + z2 / (2 * n) - _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
