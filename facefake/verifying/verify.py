"""Whether a published detector on this machine is what was published, and answers as its authors' code does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from facefake.hub.cache import kept_file
from facefake.hub.fetch import Fetched, brought, fetch_source, known_digests
from facefake.hub.keep import convert_fetched, converted
from facefake.hub.say import Say, silent
from facefake.hub.words import where
from facefake.models import Detector, load_detector
from facefake.models.card import DetectorCard
from facefake.models.file import read_card
from facefake.models.preprocess import Preprocess
from facefake.opening.opened import open_published
from facefake.registry.entry import Entry, Manual
from facefake.verifying.originals import Original, original
from preprocessing.errors import FacefakeError

# of log-odds: a score p moves by at most a quarter of what its log-odds move by, so that scores differ by 1e-4 at most
TOLERANCE: Final = 4e-4

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        what: What.
        outcome: ``unknown``: it could not be checked.
        words: What was found, or why it could not be.
    """

    what: str
    outcome: Literal["ok", "failed", "unknown"]
    words: str


def verify(
    entry: Entry, pictures: Sequence[Picture], *, file: Path | None = None, say: Say = silent
) -> Iterator[Check]:
    """Check a published detector, one thing after another.

    Args:
        entry: The published detector.
        pictures: uint8 RGB (h, w, 3) each, which both the detector and its authors' network are asked about.
        file: The published file, where it is not one that can be fetched, or lies elsewhere.
        say: Told what takes time.

    Raises:
        FacefakeError: ``usage`` without a file that only a person can fetch; what fetching, importing and loading
            raise.
    """
    fetched = _fetched(entry, say) if file is None else brought(entry, file)
    yield _check_bytes(entry, fetched)
    with tempfile.TemporaryDirectory() as folder:
        anew = Path(folder) / f"{entry.name}.safetensors"
        say("importing it anew")
        card = convert_fetched(fetched, entry, anew)
        yield _check_base(card)
        yield _check_kept(converted(entry, say=say) if file is None else kept_file(entry.name), anew)
        yield from _check_answers(entry, fetched, anew, pictures, say)


def _fetched(entry: Entry, say: Say) -> Fetched:
    """The published file; where it cannot be fetched, the error says how to name one that was brought."""
    source = entry.sources[0]
    if isinstance(source, Manual):
        raise FacefakeError(
            "usage",
            f"the published file of {entry.name} can only be fetched by hand: {where(source)}",
            f"Then: facefake detectors verify {entry.name} --source FILE",
        )
    try:
        return fetch_source(entry, say=say)
    except FacefakeError as error:
        if error.code != "download_failed":
            raise
        hint = f"Bring {where(source)}, and run `facefake detectors verify {entry.name} --source FILE`."
        raise FacefakeError(error.code, error.message, hint) from error


def _check_bytes(entry: Entry, fetched: Fetched) -> Check:
    known = known_digests(entry)
    words = f"{fetched.path.name}, SHA-256 {fetched.sha256}"
    if fetched.sha256 in known:
        return Check("published file", "ok", words)
    if known:
        return Check("published file", "failed", f"{words}, and what was published has {' or '.join(sorted(known))}")
    return Check("published file", "unknown", f"{words}; its authors' digest is not known here")


def _check_base(card: DetectorCard) -> Check:
    assert card.origin is not None  # convert fills it
    deviation = card.origin.base_deviation
    name = f"{card.backbone.name} ({card.backbone.weights})"
    if deviation is None:
        return Check("base", "unknown", f"{name}: the published file holds no untuned weight of it to compare")
    words = f"differs by {deviation:.1e} at most" if deviation else "is equal"
    return Check("base", "ok", f"{name}: what was not tuned {words}")


def _check_kept(kept: Path, anew: Path) -> Check:
    """Whether the kept detector file has the tensors, and says the same, as one made now."""
    if not kept.is_file():
        return Check("detector file", "unknown", f"none is kept at {kept}")
    cards = [_without_names(read_card(path)) for path in (kept, anew)]
    tensors = [load_file(path) for path in (kept, anew)]
    equal = tensors[0].keys() == tensors[1].keys() and all(
        np.array_equal(each, tensors[1][name]) for name, each in tensors[0].items()
    )
    if equal and cards[0] == cards[1]:
        return Check("detector file", "ok", f"{kept}: equal to one imported now")
    return Check("detector file", "failed", f"{kept} is not what the import makes now: delete it, and it is made anew")


def _without_names(card: DetectorCard) -> DetectorCard:
    """A card without how its files are called and what wrote it, on which no answer depends."""
    origin = card.origin and card.origin.model_copy(update={"source": "", "revision": None})
    backbone = card.backbone.model_copy(update={"weights": ""})
    return card.model_copy(update={"tool_version": "", "origin": origin, "backbone": backbone})


def _check_answers(
    entry: Entry, fetched: Fetched, anew: Path, pictures: Sequence[Picture], say: Say
) -> Iterator[Check]:
    what = f"answers on {len(pictures)} pictures"
    try:
        theirs = original(open_published(fetched.path), entry)
    except FacefakeError as error:
        if error.code not in ("package_missing", "weights_not_found"):
            raise
        yield Check(what, "unknown", f"{error.message}; {error.hint}")
        return
    say("asking the authors' network and the detector")
    yield _compare(what, theirs, load_detector(anew, device="cpu", precision="fp32"), pictures)


def _compare(what: str, theirs: Original, detector: Detector, pictures: Sequence[Picture]) -> Check:
    preprocess = Preprocess.of(detector.card.backbone)
    batch = torch.stack([preprocess(picture) for picture in pictures])
    with torch.inference_mode():
        wanted = theirs(batch).double().numpy()
    features = detector.encode(pictures)
    fake, logits = detector.classify(features), detector.runner.logits(features).astype(np.float64)
    found = (
        logits[:, 1] - logits[:, 0]
    )  # of a score so near 1 that float64 has few digits for it, they could not be told
    apart = float(np.abs(found - wanted).max())
    scores = float(np.abs(fake - 1 / (1 + np.exp(-wanted))).max())
    words = f"scores differ from the authors' network's by {scores:.1e} at most, their log-odds by {apart:.1e}"
    return Check(what, "ok" if apart <= TOLERANCE else "failed", words)
