"""Extraction over many clips: what is missing is done, the rest is left alone, one bad clip never stops the others.

What is recorded is reused only for the file that it was made from. Size and time of a file that did not change say so
without reading it; otherwise its content does, and a file that is another one now is extracted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import extract_clip
from preprocessing.recipe import Recipe
from preprocessing.recut import same_faces
from preprocessing.source import Source, examine, proven, sources_of, unchanged
from preprocessing.store import FaceStore
from preprocessing.text import name_of_text
from preprocessing.video import Limits
from preprocessing.workers import map_clips

REDO_ALL = "all"
"""Stands for every outcome where outcomes to try again are named."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is the same for every clip of a run; pickled once into each child process."""

    store: Path
    recipe: Recipe
    device: str
    redo: tuple[str, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class _Answer:
    """A clip's row of the store; whether it was extracted now, and if so, in place of that of another file."""

    row: dict[str, Any]
    extracted: bool
    replaced: bool = False


@dataclass(slots=True)
class Summary:
    """How an extraction ended.

    Attributes:
        done: Clips extracted now.
        replaced: Of those, clips whose file is not the one that was extracted before.
        skipped: Clips that had an outcome already.
        outcomes: Outcome to number of clips, over done and skipped.
        errors: Records of the clips that ended in an error code, done now or before.
        sampled: Frames decoded in the clips done now.
        with_face: Of those, frames with a face.
    """

    done: int = 0
    replaced: int = 0
    skipped: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, Any]] = field(default_factory=list)
    sampled: int = 0
    with_face: int = 0

    def take(self, answer: _Answer) -> None:
        """Count one clip."""
        row = answer.row
        self.outcomes[row["outcome"]] += 1
        if row["outcome"] not in OUTCOMES_WITHOUT_ERROR:
            self.errors.append(row)
        if not answer.extracted:
            self.skipped += 1
            return
        self.done += 1
        self.replaced += answer.replaced
        self.sampled += row["decoded"]
        self.with_face += row["with_face"]


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


def _extract_into(job: Job, clip: Clip) -> _Answer:
    """The child's part: extract and write in one go, so that crops never travel between processes."""
    store = FaceStore(job.store)
    record = store.record(clip)
    other = record is not None and not _to_redo(record["clip"], job.redo)
    if other and record is not None and (same := _still_holds(record, clip, job, store)):
        return _Answer(store.refresh(clip, record, same), extracted=False)
    sources, faces = examine(clip, partial(extract_clip, clip, job.recipe, job.device, job.limits))
    return _Answer(store.add(clip, faces, job.recipe, sources), extracted=True, replaced=other)


def _still_holds(record: dict[str, Any], clip: Clip, job: Job, store: FaceStore) -> list[Source] | None:
    """The clip's files, if they have the content of those that the record was made from."""
    if record["sources"]:
        return proven([Source.from_dict(source) for source in record["sources"]], clip)
    sources, same = examine(clip, partial(same_faces, clip, job.recipe, store, record, job.limits))
    return sources if same is True else None


def _recorded(store: FaceStore, clip: Clip, result: _Answer | FacefakeError, recipe: Recipe) -> _Answer:
    """What came of a clip, recorded by the child or here.

    Raises:
        FacefakeError: ``not_writable``: what no clip is to blame for.
    """
    if isinstance(result, _Answer):
        return result
    if result.code == "not_writable":
        raise result
    return _Answer(store.add(clip, result, recipe, sources_of(clip)), extracted=True)  # the child was killed


def _to_redo(row: dict[str, Any], redo: Sequence[str]) -> bool:
    return row["outcome"] in redo or REDO_ALL in redo


def extract_clips(
    clips: Sequence[Clip],
    store: FaceStore,
    recipe: Recipe,
    *,
    device: str = "cpu",
    workers: int = 1,
    timeout: float = 600.0,
    limits: Limits | None = None,
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
        limits: What a clip may cost in bytes, pixels, frames and seconds before it is refused.
        redo: Outcomes to try again, e.g. ``no_face`` or ``timeout``; ``all`` for every clip.
        on_clip: Called with each clip's row of the store, extracted now or before.

    Raises:
        KeyboardInterrupt: Once the tables are compiled from what is done.
        FacefakeError: ``store_conflict``, before any work, if the store holds other files of the same names that are
            still there; ``not_writable`` or ``store_damaged``. Errors of single clips are outcomes instead.
    """
    summary = Summary()
    todo, known = _plan(clips, store, redo)
    for clip, row in known:
        record = None if store.is_filed(clip, row) else store.record(clip)
        answer = _Answer(store.refresh(clip, record) if record else row, extracted=False)
        summary.take(answer)
        on_clip(answer.row)
    if todo:
        # asked here once, so that a device that is not there is one error and not an outcome of every clip
        from preprocessing.device import pick_device

        device = str(pick_device(device, mps=False))
    job = Job(store.root, recipe, device, tuple(redo), limits or Limits())
    try:
        with closing(map_clips(partial(_extract_into, job), todo, workers=workers, timeout=timeout)) as results:
            for clip, result in results:
                answer = _recorded(store, clip, result, recipe)
                summary.take(answer)
                on_clip(answer.row)
    except KeyboardInterrupt:
        store.compile()  # what is done is a store that can be read
        raise
    store.compile()
    return summary


def _plan(
    clips: Sequence[Clip], store: FaceStore, redo: Sequence[str]
) -> tuple[list[Clip], list[tuple[Clip, dict[str, Any]]]]:
    """The clips to work on, and those whose recorded row holds, as size and time of their files say.

    Raises:
        FacefakeError: ``store_conflict``.
    """
    todo, known, conflicts = [], [], []
    recorded = store.known()
    for clip in clips:
        row, sources = recorded.get((clip.dataset, clip.key), (None, []))
        if row is not None and store.is_own(clip):
            known.append((clip, row))
        elif row is None or _to_redo(row, redo):
            todo.append(clip)
        elif unchanged(sources, clip):
            known.append((clip, row))
        elif other := _other_file(sources, clip):
            conflicts.append((clip, other))
        else:
            todo.append(clip)
    if conflicts:
        raise _conflict(store, conflicts)
    return todo, known


def _other_file(recorded: Sequence[Source], clip: Clip) -> str | None:
    """The path of the file that was recorded, if that is still there and another file than the clip's."""
    if not recorded or recorded[0].path == sources_of(clip)[0].path:
        return None
    there = recorded[0].unchanged(Source.of(Path(name_of_text(recorded[0].path))))
    return recorded[0].path if there and proven(recorded, clip) is None else None


def _conflict(store: FaceStore, conflicts: Sequence[tuple[Clip, str]]) -> FacefakeError:
    (clip, other), count = conflicts[0], len(conflicts)
    return FacefakeError(
        "store_conflict",
        f"{store.root} holds the faces of other files under the same names, {count} of them: "
        f"{clip.key} there is {other}, and {clip.path} has other content.",
        "Give each folder a face store of its own, or extract the folder that holds both.",
    )
