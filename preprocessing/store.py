"""The face store: a folder of crops with ``manifest.parquet`` and ``clips.parquet``, made by one recipe.

::

    store/
      recipe.json                                    what every crop in it was made with
      manifest.parquet                               one row a crop
      clips.parquet                                  one row a clip: its outcome, also of those without a crop
      <dataset>/<method>/<video>/clip.json           the clip's own record, from which both tables are compiled
      <dataset>/<method>/<video>/t<track>_<frame>.png

A clip's folder is filled out of sight and renamed into place whole, so a folder that exists is finished. The tables are
compiled from those records alone: an interrupted and resumed run, or one split over several machines, ends in the same
bytes as an undisturbed one.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import ClipFaces, FaceCrop
from preprocessing.files import write_atomic
from preprocessing.recipe import Recipe
from preprocessing.scratch import alive

_CLIP_FIELDS = [
    pa.field("dataset", pa.string(), metadata={"about": "reader that found the clip"}),
    pa.field("clip", pa.string(), metadata={"about": "path relative to the data root: the clip's identity"}),
    pa.field("split", pa.string(), metadata={"about": "train, val, test or null"}),
    pa.field("label", pa.int8(), metadata={"about": "real 0, fake 1, unknown null"}),
    pa.field("method", pa.string(), metadata={"about": "forgery method, or source of real footage"}),
    pa.field("pair", pa.string(), metadata={"about": "clips of the same footage or identities share it"}),
    pa.field("compression", pa.string(), metadata={"about": "raw, c23, c40 or null"}),
    pa.field("identities", pa.list_(pa.string()), metadata={"about": "people in it, by names local to the data set"}),
]

MANIFEST_SCHEMA = pa.schema(
    [
        *_CLIP_FIELDS,
        pa.field("frame", pa.int64(), metadata={"about": "frame index in presentation order"}),
        pa.field(
            "time", pa.float64(), metadata={"about": "presentation time, seconds; null where a release tells none"}
        ),
        pa.field("track", pa.int32(), metadata={"about": "person within the clip"}),
        pa.field(
            "main", pa.bool_(), metadata={"about": "the face the clip's label speaks of; training uses only these"}
        ),
        pa.field("box", pa.list_(pa.float32()), metadata={"about": "x1, y1, x2, y2, pixels of the full frame"}),
        # landmarks, confidence and inter_eye are null for crops that came cut out
        pa.field(
            "landmarks", pa.list_(pa.float32()), metadata={"about": "five x, y: eyes, nose, mouth corners, left first"}
        ),
        pa.field("confidence", pa.float32(), metadata={"about": "of the face detector, 0 to 1"}),
        pa.field("side", pa.float32(), metadata={"about": "face size, pixels of the full frame"}),
        pa.field("inter_eye", pa.float32(), metadata={"about": "distance between the eyes, pixels of the full frame"}),
        pa.field("sharpness", pa.float32(), metadata={"about": "variance of the Laplacian at a fixed size"}),
        pa.field("brightness", pa.float32(), metadata={"about": "mean grey level, 0 to 255"}),
        pa.field("crop", pa.string(), metadata={"about": "path of the PNG relative to the store"}),
        pa.field("crop_size", pa.int32(), metadata={"about": "side of the crop, pixels"}),
        pa.field("decoder", pa.string(), metadata={"about": "backend and version that decoded the clip"}),
        pa.field("face_detector", pa.string(), metadata={"about": "name of the face detector"}),
        pa.field("geometry", pa.string(), metadata={"about": "crop geometry as JSON: template, scale, size"}),
    ]
)

CLIPS_SCHEMA = pa.schema(
    [
        *_CLIP_FIELDS,
        pa.field("outcome", pa.string(), metadata={"about": "ok, no_face, decode_shortfall or an error code"}),
        pa.field("reason", pa.string(), metadata={"about": "the outcome in words, null for ok"}),
        pa.field("hint", pa.string(), metadata={"about": "what to do about an error"}),
        pa.field("requested", pa.int32(), metadata={"about": "frames asked of the decoder"}),
        pa.field("decoded", pa.int32(), metadata={"about": "frames that came"}),
        pa.field("with_face", pa.int32(), metadata={"about": "frames with a face"}),
        pa.field("failed", pa.string(), metadata={"about": "JSON: frame index to reason, for frames without a face"}),
        pa.field("decoder", pa.string(), metadata={"about": "backend and version that decoded the clip"}),
        pa.field("info", pa.string(), metadata={"about": "JSON of the container's facts, or null"}),
        pa.field("folder", pa.string(), metadata={"about": "the clip's folder relative to the store"}),
    ]
)

_RECORD = "clip.json"
_DEFECTS = (OSError, ValueError, KeyError, TypeError)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True)


def clip_folder(clip: Clip) -> str:
    """The clip's folder relative to the store, ``<dataset>/<method>/<video>``."""
    method = "".join(letter if letter.isalnum() or letter in "-_.+" else "_" for letter in clip.method).strip(".")
    return f"{clip.dataset}/{method or 'unnamed'}/{clip.name}"


class FaceStore:
    """A face store on disk.

    Args:
        root: Its folder.

    Raises:
        FacefakeError: ``store_missing`` if there is none; ``store_damaged`` if its ``recipe.json`` is unreadable.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        try:
            self.recipe: dict[str, Any] = json.loads((self.root / "recipe.json").read_text())
        except FileNotFoundError as error:
            raise FacefakeError(
                "store_missing", f"{self.root} is not a face store.", "Make one with `facefake extract`."
            ) from error
        except (OSError, ValueError) as error:
            raise _damaged(self.root / "recipe.json", error) from error

    @classmethod
    def open_or_create(cls, root: Path, recipe: Recipe) -> FaceStore:
        """The store at ``root``, made if it is not there.

        Raises:
            FacefakeError: ``store_recipe_mismatch`` if it was made with another recipe, ``store_damaged`` if the folder
                holds something else, ``not_writable``.
        """
        root = Path(root)
        if not (root / "recipe.json").exists():
            if root.exists() and (not root.is_dir() or any(root.iterdir())):
                raise FacefakeError(
                    "store_damaged", f"{root} exists and is not a face store.", "Choose an empty or a new folder."
                )
            write_atomic(root / "recipe.json", _json({**recipe.to_dict(), "hash": recipe.hash}).encode())
        store = cls(root)
        if store.recipe.get("hash") != recipe.hash:
            made, asked = store.recipe, recipe.to_dict()
            differing = "; ".join(
                f"{key} {made.get(key)} there, {asked.get(key)} now"
                for key in {**asked, **made}
                if key != "hash" and made.get(key) != asked.get(key)
            )
            raise FacefakeError(
                "store_recipe_mismatch",
                f"{root} was made with other settings: {differing}.",
                "One store holds one recipe: give another folder, or the settings it was made with.",
            )
        store._remove_leftovers()
        return store

    # ---------------------------------------------------------------- writing

    def record(self, clip: Clip) -> dict[str, Any] | None:
        """The row of ``clips.parquet`` already recorded for the clip, ``None`` if it has not been done.

        Raises:
            FacefakeError: ``store_damaged``.
        """
        path = self.root / clip_folder(clip) / _RECORD
        return dict(self._record(path)["clip"]) if path.exists() else None

    def refresh(self, clip: Clip, record: dict[str, Any]) -> dict[str, Any]:
        """Bring a recorded clip up to what its data set says of it now, e.g. a corrected label; returns the record.

        Raises:
            FacefakeError: ``store_damaged``, ``not_writable``.
        """
        says = _clip_facts(clip)
        if says.items() <= record.items():
            return record
        path = self.root / clip_folder(clip) / _RECORD
        whole = self._record(path)
        whole["clip"].update(says)
        write_atomic(path, _json(whole).encode())
        return dict(whole["clip"])

    def add(self, clip: Clip, faces: ClipFaces | FacefakeError, recipe: Recipe) -> dict[str, Any]:
        """Write one clip's crops and record, replacing what was there, and return the record's ``clip`` part.

        Raises:
            FacefakeError: ``not_writable``.
        """
        folder = clip_folder(clip)
        with self._folder_in_the_making(folder) as temporary:
            rows = []
            if isinstance(faces, ClipFaces):
                for face in faces.faces:
                    name = f"t{face.track}_{face.frame:06d}.png"
                    Image.fromarray(face.image).save(temporary / name, compress_level=3)
                    rows.append(_crop_row(face, f"{folder}/{name}", faces.decoder, recipe))
            record = _clip_row(clip, faces, folder)
            (temporary / _RECORD).write_text(_json({"clip": record, "crops": rows}))
        return record

    @contextmanager
    def _folder_in_the_making(self, folder: str) -> Iterator[Path]:
        """A folder out of sight that takes the place of ``folder`` when the block ends without an error."""
        making = self.root / ".making" / f"{socket.gethostname()}.{os.getpid()}"
        temporary, old, final = making / "new", making / "old", self.root / folder
        try:
            shutil.rmtree(making, ignore_errors=True)
            temporary.mkdir(parents=True)
            yield temporary
            final.parent.mkdir(parents=True, exist_ok=True)
            if final.exists():
                os.rename(final, old)
            os.rename(temporary, final)
        except OSError as error:
            raise FacefakeError(
                "not_writable", f"Cannot write {final} ({error.strerror}).", "Choose another folder, or free space."
            ) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        """Remove what processes of this machine that were killed had in the making."""
        making = self.root / ".making"
        for path in making.iterdir() if making.is_dir() else ():
            host, _, pid = path.name.rpartition(".")
            if host == socket.gethostname() and pid.isdigit() and not alive(int(pid)):
                shutil.rmtree(path, ignore_errors=True)

    def compile(self) -> None:
        """Write ``manifest.parquet`` and ``clips.parquet`` from the clips' records; same records, same bytes.

        Raises:
            FacefakeError: ``store_damaged``, ``not_writable``.
        """
        self._remove_leftovers()
        records = [self._record(path) for path in self.root.glob(f"*/*/*/{_RECORD}")]
        records.sort(key=lambda record: tuple(record["clip"][name] for name in ("dataset", "clip", "folder")))
        clips = [record["clip"] for record in records]
        _refuse_twins(clips)
        shared = [field.name for field in _CLIP_FIELDS]
        crops = [
            {**{name: record["clip"][name] for name in shared}, **row} for record in records for row in record["crops"]
        ]
        for name, rows, schema in (("clips", clips, CLIPS_SCHEMA), ("manifest", crops, MANIFEST_SCHEMA)):
            sink = pa.BufferOutputStream()
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
            data = sink.getvalue().to_pybytes()
            path = self.root / f"{name}.parquet"
            if not path.exists() or path.read_bytes() != data:
                write_atomic(path, data)
        if (self.root / ".making").is_dir() and not any((self.root / ".making").iterdir()):
            (self.root / ".making").rmdir()

    def merge(self, others: Sequence[FaceStore]) -> int:
        """Copy in the clips of stores made with the same recipe that this one lacks; returns how many.

        Raises:
            FacefakeError: ``store_recipe_mismatch``, ``not_writable``.
        """
        copied = 0
        for other in others:
            if other.recipe.get("hash") != self.recipe.get("hash"):
                raise FacefakeError(
                    "store_recipe_mismatch",
                    f"{other.root} was made with another recipe than {self.root}.",
                    "Only shards of one extraction can be merged.",
                )
            for path in sorted(other.root.glob(f"*/*/*/{_RECORD}")):
                folder = path.parent.relative_to(other.root).as_posix()
                if not (self.root / folder).exists():
                    with self._folder_in_the_making(folder) as temporary:
                        shutil.copytree(path.parent, temporary, dirs_exist_ok=True)
                    copied += 1
        self.compile()
        return copied

    # ---------------------------------------------------------------- reading

    def manifest(self) -> pa.Table:
        """One row a crop, columns as :data:`MANIFEST_SCHEMA`.

        Raises:
            FacefakeError: ``store_damaged`` if it is missing or unreadable.
        """
        return self._table("manifest.parquet", MANIFEST_SCHEMA)

    def clips(self) -> pa.Table:
        """One row a clip, columns as :data:`CLIPS_SCHEMA`.

        Raises:
            FacefakeError: ``store_damaged`` if it is missing or unreadable.
        """
        return self._table("clips.parquet", CLIPS_SCHEMA)

    def _table(self, name: str, schema: pa.Schema) -> pa.Table:
        try:
            table = pq.read_table(self.root / name)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self.root / name, error) from error
        if table.schema.names != schema.names:
            raise _damaged(self.root / name, ValueError("its columns are not those of this version"))
        return table

    def _record(self, path: Path) -> dict[str, Any]:
        try:
            record = json.loads(path.read_text())
            if set(record["clip"]) != set(CLIPS_SCHEMA.names):
                raise ValueError("its fields are not those of this version")
            return dict(record)
        except _DEFECTS as error:
            raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> FacefakeError:
    return FacefakeError(
        "store_damaged",
        f"{path} is missing or unreadable ({error}).",
        "Run `facefake extract` on it again; delete the clip's folder first if the message names one.",
    )


def _refuse_twins(clips: Sequence[dict[str, Any]]) -> None:
    """A clip whose method was renamed stands in two folders, perhaps with two labels: nobody may train on both."""
    for one, other in pairwise(clips):
        if (one["dataset"], one["clip"]) == (other["dataset"], other["clip"]):
            raise FacefakeError(
                "store_damaged",
                f"{one['clip']} stands twice in the store: in {one['folder']} and in {other['folder']}.",
                "Its method was changed since: delete the folder that no longer holds.",
            )


def _clip_facts(clip: Clip) -> dict[str, Any]:
    """What the data set says of the clip, by column."""
    return {
        "dataset": clip.dataset,
        "clip": clip.key,
        "split": clip.split,
        "label": clip.label,
        "method": clip.method,
        "pair": clip.pair,
        "compression": clip.compression,
        "identities": list(clip.identities),
    }


def clip_of_row(row: Mapping[str, Any], path: Path, name: str) -> Clip:
    """What a row of either table says of its clip; where the clip is and what it is called is up to the caller.

    Args:
        row: With at least the columns the two tables share.
        path: The clip's path.
        name: The clip's name.
    """
    return Clip(
        path=path,
        key=row["clip"],
        dataset=row["dataset"],
        method=row["method"],
        label=row["label"],
        split=row["split"],
        pair=row["pair"],
        name=name,
        compression=row["compression"],
        identities=tuple(row["identities"] or ()),
    )


def _clip_row(clip: Clip, faces: ClipFaces | FacefakeError, folder: str) -> dict[str, Any]:
    row: dict[str, Any] = {**_clip_facts(clip), "folder": folder, "hint": None}
    if isinstance(faces, FacefakeError):
        return {
            **row,
            **dict.fromkeys(("requested", "decoded", "with_face"), 0),
            **dict.fromkeys(("decoder", "info")),
            "outcome": faces.code,
            "reason": faces.message,
            "hint": faces.hint,
            "failed": "{}",
        }
    return {
        **row,
        "outcome": faces.outcome,
        "reason": faces.reason,
        "requested": faces.requested,
        "decoded": faces.decoded,
        "with_face": faces.with_face,
        "failed": json.dumps({str(index): reason for index, reason in faces.failed.items()}),
        "decoder": faces.decoder,
        "info": json.dumps(asdict(faces.info)),
    }


def _crop_row(face: FaceCrop, path: str, decoder: str, recipe: Recipe) -> dict[str, Any]:
    landmarks, confidence = face.face.landmarks, face.face.confidence
    return {
        "frame": face.frame,
        "time": face.time,
        "track": face.track,
        "main": face.main,
        "box": [float(value) for value in face.face.box],
        "landmarks": None if landmarks is None else [float(value) for value in landmarks.reshape(-1)],
        "confidence": None if confidence is None else float(confidence),
        **{name: None if value is None else float(value) for name, value in asdict(face.quality).items()},
        "crop": path,
        "crop_size": int(face.image.shape[0]),
        "decoder": decoder,
        "face_detector": recipe.face_detector,
        "geometry": json.dumps(recipe.geometry.to_dict()),
    }
