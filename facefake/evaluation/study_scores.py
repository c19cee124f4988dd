"""What a detector made of the pictures of a set, kept as a Parquet file with what it depends on in its header."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from facefake.evaluation.scores import Flags, Floats, Ints, Texts
from preprocessing.clip import Clip
from preprocessing.files import write_atomic

_HEAD = b"facefake"


@dataclass(frozen=True, slots=True, eq=False)
class PictureScores:
    """Labelled pictures, one entry a picture in each column.

    Attributes:
        dataset: Reader's name, (n,) text.
        clip: Path relative to the data root, (n,) text.
        method: Generator, or source of the reals, (n,) text.
        label: Real 0, fake 1, (n,).
        score: P(fake), 0..1; NaN where the picture could not be read, (n,).
        reason: Code of the error of such a picture, else ``None``, (n,) text.
    """

    dataset: Texts
    clip: Texts
    method: Texts
    label: Ints
    score: Floats
    reason: Texts

    @classmethod
    def of(cls, clips: Sequence[Clip], scores: Mapping[int, float], reasons: Mapping[int, str]) -> PictureScores:
        """Of labelled clips: a score, or the reason why there is none, by place."""
        facts = [(clip.dataset, clip.key if clip.member is None else f"{clip.key}#{clip.member}") for clip in clips]
        return cls(
            dataset=_texts(dataset for dataset, _ in facts),
            clip=_texts(key for _, key in facts),
            method=_texts(clip.method for clip in clips),
            label=np.array([clip.label for clip in clips], np.int64),
            score=np.array([scores.get(place, np.nan) for place in range(len(clips))], np.float64),
            reason=_texts(reasons.get(place) for place in range(len(clips))),
        )

    @classmethod
    def merged(cls, parts: Sequence[PictureScores]) -> PictureScores:
        """Several as one."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))

    def __len__(self) -> int:
        return len(self.label)

    @property
    def scored(self) -> Flags:
        """Which have a score, (n,) bool."""
        return np.asarray(np.isfinite(self.score))

    def take(self, rows: Flags) -> PictureScores:
        """Those of a mask."""
        return PictureScores(*(getattr(self, name)[rows] for name in self.__slots__))


def write_picture_scores(path: Path, scores: PictureScores, made: Mapping[str, Any]) -> None:
    """Write, whole or not at all, beside everything the scores depend on, ``made``.

    Raises:
        FacefakeError: ``not_writable``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: getattr(scores, name) for name in PictureScores.__slots__})
    table = table.replace_schema_metadata({_HEAD: json.dumps(made, sort_keys=True)})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    write_atomic(path, buffer.getvalue())


def read_picture_scores(path: Path, made: Mapping[str, Any]) -> PictureScores | None:
    """The scores at ``path`` if they are there, whole, and depend on ``made`` alone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(path.read_bytes()))
    except (OSError, pa.ArrowInvalid):  # none, or damaged: they are made anew
        return None
    head = (table.schema.metadata or {}).get(_HEAD, b"null")
    if json.loads(head) != json.loads(json.dumps(made)):
        return None
    text = {name: _texts(table[name].to_pylist()) for name in ("dataset", "clip", "method", "reason")}
    return PictureScores(label=table["label"].to_numpy(), score=table["score"].to_numpy(), **text)


def _texts(values: Any) -> Texts:
    return np.array(list(values), dtype=object)
