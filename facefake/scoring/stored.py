"""Scoring of clips whose faces are in a face store already: the same results as from the files, without decoding."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from facefake.scoring.result import ClipResult, VideoFacts
from facefake.scoring.rules import ScoringRules
from facefake.scoring.score import Detector, Extracted, Prepared, score_prepared
from facefake.scoring.verdict import FrameCounts
from preprocessing.clip import Clip
from preprocessing.corruptions import Corruption, seed_of
from preprocessing.errors import FacefakeError
from preprocessing.extract import FaceCrop
from preprocessing.faces import CropGeometry, Face, Quality, ReleasedFace, measure
from preprocessing.run import OUTCOMES_WITHOUT_ERROR
from preprocessing.source import Source, proven, unchanged
from preprocessing.store import FaceStore
from preprocessing.video import PICTURES


def score_store(
    clips: Iterable[Clip],
    detector: Detector,
    store: FaceStore,
    *,
    rules: ScoringRules | None = None,
    corruption: Corruption | None = None,
    foreign_crops: bool = False,
) -> Iterator[ClipResult]:
    """Score clips from a face store, one result a clip in the order given.

    Args:
        clips: What to score. One that the store does not know, or that failed in extraction, is an error result.
        detector: The forgery detector.
        store: A compiled store; its crop geometry must be the detector's, unless ``foreign_crops``.
        rules: How frame scores become a verdict.
        corruption: What is done to each crop before it is scored. Sharpness and brightness are measured anew, so that
            the limits of ``rules`` hold for what the detector saw.
        foreign_crops: Score crops that were cut otherwise than the detector's all the same. The scores may mean little;
            :func:`facefake.scoring.crop_notes` has the words that belong beside them.

    Raises:
        FacefakeError: ``crop_mismatch`` or ``store_damaged``, at once.
    """
    if not foreign_crops:
        detector.check_geometry(CropGeometry.from_dict(store.recipe["geometry"]))
    rules = (rules or ScoringRules()).of_faces_by(store.recipe["face_detector"])
    return score_prepared(_prepared(clips, store, corruption, _Tables(store)), detector, rules)


def _prepared(
    clips: Iterable[Clip], store: FaceStore, corruption: Corruption | None, tables: _Tables
) -> Iterator[Prepared]:
    for clip in clips:
        found: Extracted | FacefakeError
        sha256 = None
        try:
            sha256 = examined_content(store, clip)
            found = _extracted(tables.record(clip), tables.crops(clip), store)
            found = _corrupted(found, clip.key, corruption) if corruption else found
        except FacefakeError as error:
            found = error
        yield Prepared(clip, found, sha256)


def examined_content(store: FaceStore, clip: Clip) -> str | None:
    """SHA-256 of the file that the store's faces of a clip are of; ``None`` for what has no digest, like a folder.

    Raises:
        FacefakeError: ``store_outdated`` if the clip's file is there and not known to be that one.
    """
    record = store.record(clip)
    if record is None:
        return None
    sources = [Source.from_dict(source) for source in record["sources"]]
    if not store.is_own(clip) and clip.path.exists() and not unchanged(sources, clip) and proven(sources, clip) is None:
        raise FacefakeError(
            "store_outdated",
            f"{clip.key}: the faces in {store.root} are not known to be of {clip.path} as it is now.",
            "Run `facefake extract` with this face store again: it extracts what changed.",
        )
    sha256: str | None = record["clip"]["sha256"]
    return sha256


class _Tables:
    """The store's two tables with an index by clip; rows become Python objects one clip at a time."""

    def __init__(self, store: FaceStore) -> None:
        self._clips, self._crops = store.clips(), store.manifest()
        self._clip_rows, self._crop_rows = _spans(self._clips), _spans(self._crops)

    def record(self, clip: Clip) -> dict[str, Any]:
        """The clip's outcome row.

        Raises:
            FacefakeError: ``store_missing`` if the clip was never extracted; the clip's own code if it failed.
        """
        rows = self._rows(self._clips, self._clip_rows, clip)
        if not rows:
            raise FacefakeError(
                "store_missing", f"{clip.key} is not in the face store.", "Run `facefake extract` with the same --out."
            )
        if rows[0]["outcome"] not in OUTCOMES_WITHOUT_ERROR:
            raise FacefakeError(rows[0]["outcome"], rows[0]["reason"], rows[0]["hint"])
        return rows[0]

    def crops(self, clip: Clip) -> list[dict[str, Any]]:
        """The clip's manifest rows."""
        return self._rows(self._crops, self._crop_rows, clip)

    @staticmethod
    def _rows(table: pa.Table, spans: Mapping[tuple[str, str], list[int]], clip: Clip) -> list[dict[str, Any]]:
        rows = pa.array(spans.get((clip.dataset, clip.key), []), pa.int64())
        return list(table.take(rows).to_pylist())


def _spans(table: pa.Table) -> dict[tuple[str, str], list[int]]:
    """Row numbers of each (dataset, clip)."""
    spans: dict[tuple[str, str], list[int]] = {}
    names = zip(table["dataset"].to_pylist(), table["clip"].to_pylist(), strict=True)
    for row, name in enumerate(names):
        spans.setdefault(name, []).append(row)
    return spans


def _extracted(record: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], store: FaceStore) -> Extracted:
    try:
        info = json.loads(record["info"])
        video = VideoFacts.from_dict(info)
        return Extracted(
            video=video,
            kind="image" if info["container"] in PICTURES else "video",
            outcome=record["outcome"],
            frames=FrameCounts(record["requested"], record["decoded"], record["with_face"]),
            faces=[_crop(row, store) for row in rows],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise FacefakeError(
            "store_damaged",
            f"The faces of {record['clip']} in {store.root} cannot be read ({error}).",
            f"Delete {record['folder']} in the store and run `facefake extract` again.",
        ) from error


def _corrupted(found: Extracted, key: str, corruption: Corruption) -> Extracted:
    faces = []
    for crop in found.faces:
        image = corruption.at_crop(crop.image, seed_of(key, crop.frame, crop.track))
        faces.append(replace(crop, image=image, quality=measure(image, crop.face)))
    return replace(found, faces=faces)


def _crop(row: Mapping[str, Any], store: FaceStore) -> FaceCrop:
    box, landmarks = np.asarray(row["box"], np.float32), row["landmarks"]
    face = (
        ReleasedFace(box)
        if landmarks is None
        else Face(box, np.asarray(landmarks, np.float32).reshape(5, 2), row["confidence"])
    )
    quality = Quality(**{name: row[name] for name in ("side", "inter_eye", "sharpness", "brightness")})
    return FaceCrop(row["frame"], row["time"], row["track"], face, quality, row["main"], store.crop(row["crop"]))
