"""Extraction over many clips: what is missing is done, the rest is left alone, one bad clip never stops the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.recipe import Recipe
from preprocessing.store import FaceStore
from preprocessing.workers import map_clips


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for every clip of a run; pickled once into each child process."""

    store: Path
    recipe: Recipe
    device: str


@dataclass(slots=True)
class Summary:
    """How an extraction ended.

    Attributes:
        done: Clips extracted now.
        skipped: Clips that had an outcome already.
        outcomes: Outcome to number of clips, over done and skipped.
        errors: Records of the clips that ended in an error code, done now or before.
        sampled: Frames decoded in the clips done now.
        with_face: Of those, frames with a face.
    """

    done: int = 0
    skipped: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, Any]] = field(default_factory=list)
    sampled: int = 0
    with_face: int = 0


OUTCOMES_WITHOUT_ERROR = ("ok", "no_face", "decode_shortfall")


def shard(clips: Sequence[Clip], index: int, count: int) -> list[Clip]:
    """Every ``count``-th clip from the ``index``-th (1-based), so that shards are alike in size and method.

    Example:
        >>> shard(["a", "b", "c"], 1, 2)
        ['a', 'c']

    Raises:
        FacefakeError: ``usage`` unless 1 <= index <= count.
    """
    if not 1 <= index <= count:
        raise FacefakeError("usage", f"Shard {index}/{count} does not exist.", "Shards are numbered 1/N to N/N.")
    return list(clips[index - 1 :: count])


def _extract_into(job: Job, clip: Clip) -> dict[str, Any]:
    """The child's part: extract and write in one go, so that crops never travel between processes."""
    return FaceStore(job.store).add(clip, extract_clip(clip, job.recipe, job.device), job.recipe)


def extract_clips(
    clips: Sequence[Clip],
    store: FaceStore,
    recipe: Recipe,
    *,
    device: str = "cpu",
    workers: int = 1,
    timeout: float = 600.0,
    redo: Sequence[str] = (),
    on_clip: Callable[[dict[str, Any]], None] = lambda record: None,
) -> Summary:
    """Bring ``store`` up to date with ``clips`` and compile its tables.

    Args:
        clips: What should be in the store.
        store: Opened with the same recipe.
        recipe: How clips become crops.
        device: Where the face detector runs, in each worker.
        workers: Child processes.
        timeout: Wall-clock seconds a clip may take before its process is killed.
        redo: Outcomes to try again, e.g. ``no_face`` or ``timeout``.
        on_clip: Called with each clip's record, extracted now or before.

    Raises:
        FacefakeError: ``not_writable`` or ``store_damaged``; errors of single clips are outcomes instead.
    """
    summary = Summary()

    def count(record: dict[str, Any]) -> None:
        summary.outcomes[record["outcome"]] += 1
        if record["outcome"] not in OUTCOMES_WITHOUT_ERROR:
            summary.errors.append(record)
        on_clip(record)

    todo = []
    for clip in clips:
        record = store.record(clip)
        if record is None or record["outcome"] in redo:
            todo.append(clip)
        else:
            summary.skipped += 1
            count(store.refresh(clip, record))
    if todo:
        # asked here once, so that a device that is not there is one error and not an outcome of every clip
        from preprocessing.device import pick_device

        device = str(pick_device(device, mps=False))
    job = Job(store.root, recipe, device)
    for clip, result in map_clips(partial(_extract_into, job), todo, workers=workers, timeout=timeout):
        if isinstance(result, FacefakeError) and result.code == "not_writable":
            raise result
        record = store.add(clip, result, recipe) if isinstance(result, FacefakeError) else result
        summary.done += 1
        summary.sampled += record["decoded"]
        summary.with_face += record["with_face"]
        count(record)
    store.compile()
    return summary
