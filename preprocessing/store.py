"""The face store: a folder of crops with ``manifest.parquet`` and ``clips.parquet``, made by one recipe.

::

    store/
      recipe.json                                    what every crop in it was made with
      manifest.parquet                               one row a crop
      clips.parquet                                  one row a clip: its outcome, also of those without a crop
      sources.parquet                                one row a clip: the files it was made from, for this machine
      <dataset>/<method>/<video>/clip.json           the clip's own record, from which both tables are compiled
      <dataset>/<method>/<video>/t<track>_<frame>.png

A clip's folder is filled out of sight and renamed into place whole, so a folder that exists is finished. The tables are
compiled from those records alone: an interrupted and resumed run, or one split over several machines, ends in the same
tables as an undisturbed one.

A record is found by data set and path relative to the data root, and belongs to the *content* of the clip's file
(:mod:`preprocessing.source`): whoever reuses it checks that the file is still the one recorded. Label, method and split
are facts about the clip that may be corrected.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import ClipFaces, FaceCrop
from preprocessing.files import not_writable, write_atomic
from preprocessing.recipe import Recipe
from preprocessing.scratch import alive
from preprocessing.source import Source
from preprocessing.text import name_of_text

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
        pa.field(
            "sha256",
            pa.string(),
            metadata={"about": "of the file that was examined; null for folders, and where it is not known"},
        ),
    ]
)

SOURCES_SCHEMA = pa.schema(
    [
        pa.field("dataset", pa.string(), metadata={"about": "reader that found the clip"}),
        pa.field("clip", pa.string(), metadata={"about": "path relative to the data root"}),
        pa.field("sources", pa.string(), metadata={"about": "JSON: path, size, times and SHA-256 of each file"}),
    ]
)
"""Apart from the other tables, which are the same whatever machine the files are on."""

_TABLES = {"clips": CLIPS_SCHEMA, "manifest": MANIFEST_SCHEMA, "sources": SOURCES_SCHEMA}
_RECORD = "clip.json"
_STALE = ".stale"  # there while the tables do not say what the records do
_DEFECTS = (OSError, ValueError, KeyError, TypeError, AttributeError)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, indent=1, sort_keys=True)


def clip_folder(clip: Clip) -> str:
    """The clip's folder relative to the store, ``<dataset>/<method>/<video>``."""
    method = "".join(letter if letter.isalnum() or letter in "-_.+" else "_" for letter in clip.method).strip(".")
    return f"{clip.dataset}/{method or 'unnamed'}/{clip.name}"


def store_for(base: Path, data: Path) -> Path:
    """Where the faces of the data in a folder go by default.

    Args:
        base: The face store, unless it is that of other data: two folders of videos often have the same file names.
        data: The data's folder.

    Returns:
        ``base``, or a folder next to it if the files recorded in ``base`` are still there and are not below ``data``.
    """
    folder = Path(os.path.realpath(data))
    record = next(base.glob(f"*/*/*/{_RECORD}"), None)
    recorded = (
        [Path(name_of_text(source["path"])) for source in FaceStore(base).read(record)["sources"]] if record else []
    )
    if any(path.exists() and not Path(os.path.realpath(path)).is_relative_to(folder) for path in recorded):
        return base.with_name(f"{base.name}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}")
    return base


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
        """What is recorded for the clip, ``None`` if it has not been done.

        Returns:
            ``clip``: its row of ``clips.parquet``; ``crops``: its rows of ``manifest.parquet``, without what they share
            with the former; ``sources``: the files that were examined, as :meth:`preprocessing.source.Source.to_dict`
            gives them, none if an older release made the record.

        Raises:
            FacefakeError: ``store_damaged``.
        """
        records = self._records(clip)
        return records[-1] if records else None

    def known(self) -> dict[tuple[str, str], tuple[dict[str, Any], list[Source]]]:
        """What is recorded for every clip, by data set and clip: its row of ``clips.parquet`` and its sources.

        Read from the tables where they say what the records do: of ten thousand clips, that takes a second.

        Raises:
            FacefakeError: ``store_damaged``.
        """
        paths = list(self.root.glob(f"*/*/*/{_RECORD}"))
        if self._is_compiled(len(paths)):
            rows, files = (
                self.clips().to_pylist(),
                self._table("sources.parquet", SOURCES_SCHEMA)["sources"].to_pylist(),
            )
            found = list(zip(rows, map(json.loads, files), strict=True))
        else:
            found = [(record["clip"], record["sources"]) for record in self.latest(paths)]
        return {
            (row["dataset"], row["clip"]): (row, [Source.from_dict(each) for each in sources]) for row, sources in found
        }

    def is_own(self, clip: Clip) -> bool:
        """Whether the clip is one of this store, where the store itself is the data set: its path is a folder in it."""
        return self.root in clip.path.parents

    def is_filed(self, clip: Clip, row: Mapping[str, Any]) -> bool:
        """Whether a recorded row says of the clip what its data set says now, in the folder it belongs into."""
        folder = clip_folder(clip)
        return row["folder"] in (folder, _distinct(folder, clip)) and _clip_facts(clip).items() <= row.items()

    def refresh(self, clip: Clip, record: Mapping[str, Any], sources: Sequence[Source] = ()) -> dict[str, Any]:
        """Bring a recorded clip up to what is known of it now, e.g. a corrected label; returns its row.

        Args:
            clip: The clip.
            record: From :meth:`record`.
            sources: Its files as they are now, if they were found to have the content that is recorded.

        Raises:
            FacefakeError: ``store_damaged``, ``not_writable``.
        """
        there = record["clip"]["folder"]
        facts = {**record["clip"], **_clip_facts(clip), **_content(sources)}
        files = [source.to_dict() for source in sources] or record["sources"]
        if self.is_filed(clip, record["clip"]) and facts == record["clip"] and files == record["sources"]:
            return dict(record["clip"])
        home = self._home(clip)
        self._begin_change()
        new = _placed(facts, record["crops"], files, home)
        write_atomic(self.root / there / _RECORD, _json(new).encode())
        if home != there:
            self._move(there, home)
        return dict(new["clip"])

    def add(
        self, clip: Clip, faces: ClipFaces | FacefakeError, recipe: Recipe, sources: Sequence[Source] = ()
    ) -> dict[str, Any]:
        """Write one clip's crops and record, replacing what was there, and return its row of ``clips.parquet``.

        Args:
            clip: The clip.
            faces: What was found in it, or why nothing could be.
            recipe: How it was found.
            sources: The files that were examined (:func:`preprocessing.source.examine`).

        Raises:
            FacefakeError: ``not_writable``, ``store_damaged``.
        """
        with self._in_place_of(clip) as (folder, temporary):
            rows = []
            if isinstance(faces, ClipFaces):
                for face in faces.faces:
                    name = f"t{face.track}_{face.frame:06d}.png"
                    Image.fromarray(face.image).save(temporary / name, compress_level=3)
                    rows.append(_crop_row(face, f"{folder}/{name}", faces.decoder, recipe))
            row = {**_clip_row(clip, faces, folder), **_content(sources)}
            record = {"clip": row, "crops": rows, "sources": [source.to_dict() for source in sources]}
            (temporary / _RECORD).write_text(_json(record))
        return row

    def _records(self, clip: Clip) -> list[dict[str, Any]]:
        """Every record of the clip, under whatever method it was filed, the latest last.

        There is more than one only after a release that filed a corrected method anew, or a killed process.
        """
        dataset = self.root / clip.dataset
        methods = sorted(dataset.iterdir()) if dataset.is_dir() else []
        paths = [method / name / _RECORD for method in methods for name in (clip.name, _distinct(clip.name, clip))]
        there = sorted((path.stat().st_mtime_ns, path) for path in paths if path.exists())
        records = [self.read(path) for _, path in there]
        return [record for record in records if _identity(record) == (clip.dataset, clip.key)]

    def _home(self, clip: Clip) -> str:
        """The folder for the clip: its own name's, unless another clip has that one already."""
        folder = clip_folder(clip)
        path = self.root / folder / _RECORD
        free = not path.exists() or _identity(self.read(path)) == (clip.dataset, clip.key)
        return folder if free else _distinct(folder, clip)

    def _move(self, old: str, new: str) -> None:
        try:
            (self.root / new).parent.mkdir(parents=True, exist_ok=True)
            self._remove(new)
            os.rename(self.root / old, self.root / new)
        except OSError as error:
            raise not_writable(self.root / new, error) from error

    def _remove(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    @contextmanager
    def _in_place_of(self, clip: Clip) -> Iterator[tuple[str, Path]]:
        """The clip's folder, and the one to fill out of sight; then everything recorded of the clip before goes."""
        folder = self._home(clip)
        superseded = {record["clip"]["folder"] for record in self._records(clip)} - {folder}
        self._begin_change()
        with self._folder_in_the_making(folder) as temporary:
            yield folder, temporary
        for old in superseded:
            self._remove(old)

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
            raise not_writable(final, error) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        """Remove what processes of this machine that were killed had in the making."""
        making = self.root / ".making"
        for path in making.iterdir() if making.is_dir() else ():
            host, _, pid = path.name.rpartition(".")
            if host == socket.gethostname() and pid.isdigit() and not alive(int(pid)):
                shutil.rmtree(path, ignore_errors=True)

    def _begin_change(self) -> None:
        """Note that the tables do not say what the records do until they are compiled again."""
        try:
            (self.root / _STALE).touch()
        except OSError as error:
            raise not_writable(self.root, error) from error

    def compile(self) -> None:
        """Write ``manifest.parquet`` and ``clips.parquet`` from the clips' records; same records, same bytes.

        Tables that say what the records do already are left alone, so that a run over a complete store is quick.

        Raises:
            FacefakeError: ``store_damaged``, ``not_writable``.
        """
        self._remove_leftovers()
        change = _modified(self.root / _STALE)
        paths = list(self.root.glob(f"*/*/*/{_RECORD}"))
        if not self._is_compiled(len(paths)):
            self._write_tables(self.latest(paths))
        if change is not None and change == _modified(self.root / _STALE):  # else another process has added since
            (self.root / _STALE).unlink(missing_ok=True)
        if (self.root / ".making").is_dir() and not any((self.root / ".making").iterdir()):
            (self.root / ".making").rmdir()

    def _is_compiled(self, records: int) -> bool:
        """Whether the tables are there and say what so many records do."""
        try:
            rows = [int(pq.read_metadata(self.root / f"{name}.parquet").num_rows) for name in _TABLES]
        except (OSError, pa.ArrowException):
            return False
        return rows[0] == rows[-1] == records and not (self.root / _STALE).exists()

    def latest(self, paths: Sequence[Path]) -> list[dict[str, Any]]:
        """The records at ``paths``; of several of one clip only the latest, and the others are removed."""
        latest: dict[tuple[str, str], dict[str, Any]] = {}
        for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path)):
            record = self.read(path)
            superseded = latest.get(_identity(record))
            if superseded is not None:
                self._remove(superseded["clip"]["folder"])
            latest[_identity(record)] = record
        return [latest[identity] for identity in sorted(latest)]

    def _write_tables(self, records: Sequence[Mapping[str, Any]]) -> None:
        clips = [record["clip"] for record in records]
        shared = [field.name for field in _CLIP_FIELDS]
        crops = [
            {**{name: record["clip"][name] for name in shared}, **row} for record in records for row in record["crops"]
        ]
        sources = [
            {"dataset": row["dataset"], "clip": row["clip"], "sources": json.dumps(record["sources"])}
            for row, record in zip(clips, records, strict=True)
        ]
        for (name, schema), rows in zip(_TABLES.items(), (clips, crops, sources), strict=True):
            sink = pa.BufferOutputStream()
            pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
            data = sink.getvalue().to_pybytes()
            path = self.root / f"{name}.parquet"
            if not path.exists() or path.read_bytes() != data:
                write_atomic(path, data)

    def merge(self, others: Sequence[FaceStore]) -> int:
        """Copy in the clips of stores made with the same recipe that this one lacks; returns how many.

        Raises:
            FacefakeError: ``store_recipe_mismatch``; ``store_conflict``, before anything is copied, if two stores hold
                different files under one name; ``not_writable``.
        """
        wanted: dict[tuple[str, str], tuple[FaceStore, dict[str, Any]]] = {}
        conflicts: list[str] = []
        for other in others:
            if other.recipe.get("hash") != self.recipe.get("hash"):
                raise FacefakeError(
                    "store_recipe_mismatch",
                    f"{other.root} was made with another recipe than {self.root}.",
                    "Only shards of one extraction can be merged.",
                )
            for record in other.latest(list(other.root.glob(f"*/*/*/{_RECORD}"))):
                clip = _recorded_clip(record)
                here = wanted.get(_identity(record), (self, self.record(clip)))
                if here[1] is None or _unread(here[1]):
                    wanted[_identity(record)] = other, record
                elif not (_same_content(here[1], record) or _unread(record)):
                    conflicts.append(f"{clip.key} in {here[0].root} and in {other.root}")
        if conflicts:
            raise _merge_conflict(conflicts)
        for other, record in wanted.values():
            self._copy(other, record)
        self.compile()
        return len(wanted)

    def _copy(self, other: FaceStore, record: Mapping[str, Any]) -> None:
        with self._in_place_of(_recorded_clip(record)) as (_, temporary):
            shutil.copytree(other.root / record["clip"]["folder"], temporary, dirs_exist_ok=True)

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

    def crop(self, name: str) -> np.ndarray:
        """A crop, uint8 RGB (h, w, 3).

        Args:
            name: As the manifest has it in ``crop``.

        Raises:
            FacefakeError: ``store_damaged`` if it is missing, unreadable or outside of the store.
        """
        path = (self.root / name).resolve()
        try:
            if not path.is_relative_to(self.root.resolve()):
                raise ValueError("it lies outside of the store")
            with Image.open(path, formats=["PNG"]) as picture:
                return np.asarray(picture.convert("RGB"))
        except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises on damaged files
            raise FacefakeError(
                "store_damaged",
                f"The crop {path} cannot be read ({error}).",
                "Delete its folder in the store and run `facefake extract` again.",
            ) from error

    def _table(self, name: str, schema: pa.Schema) -> pa.Table:
        try:
            table = pq.read_table(self.root / name)
        except (OSError, pa.ArrowException) as error:
            raise _damaged(self.root / name, error) from error
        if "sha256" in schema.names and "sha256" not in table.schema.names:  # written by a release that kept none
            table = table.append_column(schema.field("sha256"), pa.nulls(len(table), pa.string()))
        if table.schema.names != schema.names:
            raise _damaged(self.root / name, ValueError("its columns are not those of this version"))
        return table

    def read(self, path: Path) -> dict[str, Any]:
        """The record in a ``clip.json`` of the store, in the form of :meth:`record`.

        Raises:
            FacefakeError: ``store_damaged``.
        """
        try:
            record = json.loads(path.read_text())
            clip, crops, sources = record["clip"], record["crops"], record.get("sources", [])
            clip.setdefault("sha256", None)
            if set(clip) != set(CLIPS_SCHEMA.names):
                raise ValueError("its fields are not those of this version")
            for source in sources:
                Source.from_dict(source)
            return _placed(clip, crops, sources, path.parent.relative_to(self.root).as_posix())
        except _DEFECTS as error:
            raise _damaged(path, error) from error


def _placed(clip: dict[str, Any], crops: list[Any], sources: list[Any], folder: str) -> dict[str, Any]:
    """A record as it is for a clip in ``folder``, whatever folder it was written for."""
    clip["folder"] = folder
    for row in crops:
        row["crop"] = f"{folder}/{row['crop'].rsplit('/', 1)[-1]}"
    return {"clip": clip, "crops": crops, "sources": sources}


def _identity(record: Mapping[str, Any]) -> tuple[str, str]:
    return record["clip"]["dataset"], record["clip"]["clip"]


def _recorded_clip(record: Mapping[str, Any]) -> Clip:
    folder = Path(record["clip"]["folder"])
    clip = clip_of_row(record["clip"], folder, folder.name)
    return replace(clip, name=clip.name.removesuffix(_distinct("", clip)))


def _distinct(name: str, clip: Clip) -> str:
    """``name`` for a clip whose own name another clip has, as where two differ in the case of letters alone."""
    return f"{name}-{hashlib.sha256(clip.key.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"


def _content(sources: Sequence[Source]) -> dict[str, Any]:
    """What the tables say of the files that were examined."""
    return {"sha256": sources[0].sha256} if sources else {}


def _same_content(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records are of the same files; of records that do not say so, whether they hold the same faces."""
    digests = [[source.get("sha256") for source in record["sources"]] for record in (one, other)]
    if all(digests) and not any(None in each for each in digests):
        return digests[0] == digests[1]
    names = [[{**row, "crop": row["crop"].rsplit("/", 1)[-1]} for row in record["crops"]] for record in (one, other)]
    return bool(names[0]) and names[0] == names[1]


def _unread(record: Mapping[str, Any]) -> bool:
    """Whether a record tells of an attempt that read nothing to the end, as one killed for its time does."""
    return record["clip"]["sha256"] is None and not record["crops"] and record["clip"]["outcome"] != "no_face"


def _merge_conflict(conflicts: Sequence[str]) -> FacefakeError:
    shown = "; ".join(conflicts[:5]) + (f"; and {len(conflicts) - 5} more" if len(conflicts) > 5 else "")
    return FacefakeError(
        "store_conflict",
        f"{len(conflicts)} clips have the same name and different content: {shown}.",
        "Nothing was merged. Keep these stores apart, or extract the folder that holds all of the videos.",
    )


def _modified(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _damaged(path: Path, error: Exception) -> FacefakeError:
    return FacefakeError(
        "store_damaged",
        f"{path} is missing or unreadable ({error}).",
        "Run `facefake extract` on it again; delete the clip's folder first if the message names one.",
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
    row: dict[str, Any] = {**_clip_facts(clip), "folder": folder, "hint": None, "sha256": None}
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
