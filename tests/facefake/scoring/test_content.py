"""A result belongs to the bytes of its file: whatever is done to files, no clip gets another clip's faces or digest."""

import hashlib
import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from facefake.scoring import score_store
from preprocessing import run as extraction
from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.recipe import Recipe
from preprocessing.released import read_released
from preprocessing.store import FaceStore
from preprocessing.video import Sampling

RECIPE = Recipe.of_release("frames", Sampling("uniform", 1))  # a picture is its own crop, so a crop tells its file
NAMES = ("a", "b", "c")
ROOTS = ("one", "two")


class Grey:
    """Scores a crop by its grey level."""

    card = SimpleNamespace(geometry=RECIPE.geometry.to_dict(), face_detector=RECIPE.face_detector)

    def check_geometry(self, geometry):
        assert geometry.to_dict() == self.card.geometry

    def score(self, crops):
        return np.array([crop.mean() / 255 for crop in crops])


def in_this_process(fn, items, **options):
    for item in items:
        try:
            yield item, fn(item)
        except FacefakeError as error:
            yield item, error


@pytest.fixture(autouse=True)
def no_children(monkeypatch):
    """Starting processes takes seconds; what they do is done here instead."""
    monkeypatch.setattr(extraction, "map_clips", in_this_process)


def paint(path: Path, level: int) -> None:
    """A picture that only its grey level tells from others: BMP files of one size have the same length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((32, 32, 3), level, np.uint8)).save(path)


def clips_in(root: Path, label: int | None) -> list[Clip]:
    method = {None: "unlabelled", 0: "real", 1: "fake"}[label]
    return [
        Clip(path, path.name, "folder", method, label, None, None, path.stem) for path in sorted(root.glob("*.bmp"))
    ]


def check(clips: list[Clip], store: FaceStore) -> None:
    """Every result has the score and the digest of its file as it is now; an error has neither another's."""
    for clip, result in zip(clips, score_store(clips, Grey(), store), strict=True):
        data = clip.path.read_bytes()
        assert result.sha256 in (hashlib.sha256(data).hexdigest(), None)
        if result.people:
            assert result.sha256 == hashlib.sha256(data).hexdigest()
            assert result.people[0].score == np.asarray(Image.open(clip.path)).mean() / 255
    assert all(clip.label == label for clip, label in zip(clips, labels_of(clips, store), strict=True))


def labels_of(clips: list[Clip], store: FaceStore) -> list[int | None]:
    rows = {row["clip"]: row["label"] for row in store.clips().to_pylist()}
    return [rows[clip.key] for clip in clips]


def keep_times(path: Path, work) -> None:
    """Do something to a file and set its modification time back, as copying tools do."""
    before = path.stat()
    work()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


actions = st.one_of(
    st.tuples(st.just("paint"), st.sampled_from(ROOTS), st.sampled_from(NAMES), st.integers(1, 255)),
    st.tuples(st.just("repaint, time kept"), st.sampled_from(ROOTS), st.sampled_from(NAMES), st.integers(1, 255)),
    st.tuples(st.just("swap"), st.sampled_from(ROOTS), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("remove"), st.sampled_from(ROOTS), st.sampled_from(NAMES)),
    st.tuples(st.just("copy"), st.sampled_from(ROOTS), st.sampled_from(NAMES)),
    st.tuples(st.just("move roots")),
    st.tuples(st.just("extract"), st.sampled_from(ROOTS), st.sampled_from(("x", "y")), st.sampled_from((None, 0, 1))),
    st.tuples(st.just("merge")),
)


def act(root: Path, kind: str, *what) -> None:
    if kind == "paint":
        paint(root / what[0] / f"{what[1]}.bmp", what[2])
    elif kind == "repaint, time kept" and (path := root / what[0] / f"{what[1]}.bmp").exists():
        keep_times(path, lambda: paint(path, what[2]))
    elif kind == "swap":
        swap(*(root / what[0] / f"{name}.bmp" for name in what[1:]))
    elif kind == "remove":
        (root / what[0] / f"{what[1]}.bmp").unlink(missing_ok=True)
    elif kind == "copy":
        other = root / ROOTS[what[0] == ROOTS[0]]
        with suppress(FileNotFoundError):
            other.mkdir(exist_ok=True)
            shutil.copy2(root / what[0] / f"{what[1]}.bmp", other)
    elif kind == "move roots":
        for name in ROOTS:
            (root / name).mkdir(exist_ok=True)
        (
            (root / "one").rename(root / "aside"),
            (root / "two").rename(root / "one"),
            (root / "aside").rename(root / "two"),
        )
    elif kind == "extract":
        extract(root, *what)
    elif kind == "merge":
        with suppress(FacefakeError):  # a conflict, or nothing to merge yet
            FaceStore(root / "x").merge([FaceStore(root / "y")])


def swap(one: Path, other: Path) -> None:
    if one.exists() and other.exists() and one != other:
        aside = one.parent / "aside"
        one.rename(aside)
        other.rename(one)
        aside.rename(other)


def extract(root: Path, name: str, store: str, label: int | None) -> None:
    clips = clips_in(root / name, label)
    faces = FaceStore.open_or_create(root / store, RECIPE)
    try:
        extraction.extract_clips(clips, faces, RECIPE)
    except FacefakeError as error:
        if error.code != "store_conflict":
            raise
    else:
        check(clips, faces)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(actions, max_size=14))
def test_whatever_is_done_to_files_no_result_is_of_other_bytes(sequence):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for place, name in enumerate(NAMES):
            paint(root / "one" / f"{name}.bmp", 40 + 40 * place)
        for action in sequence:
            act(root, *action)
        for store in ("x", "y"):
            for name in ROOTS:
                if (root / name).is_dir():
                    extract(root, name, store, 1)


@pytest.fixture
def stored(tmp_path):
    """Three pictures in a folder, extracted."""
    for place, name in enumerate(NAMES):
        paint(tmp_path / "one" / f"{name}.bmp", 40 + 40 * place)
    clips = clips_in(tmp_path / "one", None)
    store = FaceStore.open_or_create(tmp_path / "store", RECIPE)
    extraction.extract_clips(clips, store, RECIPE)
    return SimpleNamespace(root=tmp_path, clips=clips, store=store)


def again(stored, clips, **options):
    return extraction.extract_clips(clips, stored.store, RECIPE, **options)


def test_what_did_not_change_is_not_read_again(stored, monkeypatch):
    def read(job, clip):
        pytest.fail(f"{clip.key} was read")

    monkeypatch.setattr(extraction, "_extract_into", read)
    summary = again(stored, stored.clips)
    assert (summary.done, summary.skipped) == (0, 3)


@pytest.mark.parametrize("time_kept", [False, True])
def test_a_replaced_file_is_extracted_again_and_counted(stored, time_kept):
    path = stored.clips[1].path
    keep_times(path, lambda: paint(path, 200)) if time_kept else paint(path, 200)
    summary = again(stored, stored.clips)
    assert (summary.done, summary.replaced, summary.skipped) == (1, 1, 2)
    check(stored.clips, stored.store)


def test_a_moved_folder_is_read_once_and_not_extracted_again(stored):
    (stored.root / "one").rename(stored.root / "moved")
    clips = clips_in(stored.root / "moved", None)
    assert again(stored, clips).done == 0
    sources = [stored.store.record(clip)["sources"][0]["path"] for clip in clips]
    assert sources == [str(clip.path) for clip in clips]
    check(clips, stored.store)


def test_another_folder_with_the_same_names_is_refused_by_a_store_that_holds_the_first(stored):
    for name in NAMES:
        paint(stored.root / "two" / f"{name}.bmp", 7)
    before = stored.store.clips().to_pylist()
    with pytest.raises(FacefakeError, match=r"one/a\.bmp") as caught:
        again(stored, clips_in(stored.root / "two", None))
    assert caught.value.code == "store_conflict"
    assert stored.store.clips().to_pylist() == before


def test_a_label_given_or_corrected_after_extraction_extracts_nothing(stored):
    for label in (1, 0):
        clips = clips_in(stored.root / "one", label)
        assert again(stored, clips).done == 0
        check(clips, stored.store)
    assert stored.store.clips()["folder"].to_pylist() == [f"folder/real/{name}" for name in NAMES]


def test_a_damaged_file_that_was_fetched_again_is_extracted(stored):
    path = stored.clips[0].path
    whole = path.read_bytes()
    path.write_bytes(whole[:60])
    assert again(stored, stored.clips).errors[0]["clip"] == "a.bmp"
    path.write_bytes(whole)
    assert not again(stored, stored.clips).errors
    check(stored.clips, stored.store)


def test_scores_are_not_given_for_a_file_that_changed_since_extraction(stored):
    paint(stored.clips[0].path, 200)
    results = list(score_store(stored.clips, Grey(), stored.store))
    assert results[0].error.code == "store_outdated"
    assert results[0].sha256 is None
    assert [result.error for result in results[1:]] == [None, None]


def test_a_file_that_changes_while_it_is_read_has_no_result(stored, monkeypatch):
    def slow(clip, recipe, device, limits):
        faces = read_released(clip, recipe)
        paint(clip.path, 9)
        return faces

    monkeypatch.setattr(extraction, "extract_clip", slow)
    (error,) = again(stored, stored.clips[:1], redo=["all"]).errors
    assert (error["outcome"], error["sha256"]) == ("file_changed", None)


def test_records_of_a_release_that_kept_no_digest_are_extracted_again_where_nothing_proves_them(stored):
    forget_sources(stored.store)
    paint(stored.clips[0].path, 200)
    assert {result.error.code for result in score_store(stored.clips, Grey(), stored.store)} == {"store_outdated"}
    assert again(stored, stored.clips).done == 3
    check(stored.clips, stored.store)
    assert again(stored, stored.clips).done == 0


def forget_sources(store: FaceStore) -> None:
    """Make the store what c4782bc wrote."""
    (store.root / "sources.parquet").unlink()
    for path in store.root.glob("*/*/*/clip.json"):
        record = json.loads(path.read_text())
        del record["sources"], record["clip"]["sha256"]
        path.write_text(json.dumps(record, ensure_ascii=True, indent=1, sort_keys=True))


def test_merged_stores_with_other_content_under_a_name_are_named_and_nothing_is_copied(stored):
    other = FaceStore.open_or_create(stored.root / "other", RECIPE)
    for name in ("c", "d"):
        paint(stored.root / "two" / f"{name}.bmp", 7)
    extraction.extract_clips(clips_in(stored.root / "two", None), other, RECIPE)
    with pytest.raises(FacefakeError, match=r"1 clips.*c\.bmp in .*store and in .*other") as caught:
        stored.store.merge([other])
    assert caught.value.code == "store_conflict"
    assert stored.store.clips()["clip"].to_pylist() == ["a.bmp", "b.bmp", "c.bmp"]


def test_merged_stores_with_the_same_file_hold_it_once(stored):
    other = FaceStore.open_or_create(stored.root / "other", RECIPE)
    shutil.copy(stored.root / "one" / "c.bmp", stored.root / "d.bmp")
    (stored.root / "two").mkdir()
    shutil.copy(stored.root / "one" / "c.bmp", stored.root / "two")
    extraction.extract_clips(clips_in(stored.root / "two", 1), other, RECIPE)
    assert stored.store.merge([other]) == 0
    assert stored.store.clips()["clip"].to_pylist() == ["a.bmp", "b.bmp", "c.bmp"]


def test_a_clip_that_was_killed_in_one_shard_is_taken_from_the_other(stored):
    other = FaceStore.open_or_create(stored.root / "other", RECIPE)
    other.add(stored.clips[0], FacefakeError("timeout", "too slow", "wait"), RECIPE)
    other.compile()
    assert other.merge([stored.store]) == 3
    assert other.clips()["outcome"].to_pylist() == ["ok"] * 3


def test_the_mask_of_a_fake_is_part_of_what_was_examined(stored):
    clip = replace(stored.clips[0], mask=stored.root / "mask.bmp")
    assert again(stored, [clip]).replaced == 1
    paint(clip.mask, 1)
    assert again(stored, [clip]).replaced == 1
    assert again(stored, [clip]).skipped == 1
