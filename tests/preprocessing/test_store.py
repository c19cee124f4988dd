import json
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.extract import ClipFaces, FaceCrop
from preprocessing.faces import CropGeometry, Face, Quality
from preprocessing.recipe import Recipe
from preprocessing.store import CLIPS_SCHEMA, MANIFEST_SCHEMA, FaceStore, clip_folder
from preprocessing.video import Sampling, VideoInfo


def clip(name: str, method: str = "Deepfakes", label: int | None = 1) -> Clip:
    return Clip(Path(name), f"{method}/{name}.mp4", "ffpp", method, label, "train", "000_003", name)


def faces(seed: int = 0, frames: int = 2) -> ClipFaces:
    rng = np.random.default_rng(seed)
    crops = [
        FaceCrop(
            frame=7 * index,
            time=0.28 * index,
            track=0,
            face=Face(
                np.array([10, 20, 60, 90], np.float32), rng.uniform(20, 80, (5, 2)).astype(np.float32), confidence=0.99
            ),
            quality=Quality(side=60.0, inter_eye=25.0, sharpness=12.5, brightness=101.0),
            main=True,
            image=rng.integers(0, 256, (48 + index, 48 + index, 3), dtype=np.uint8),
        )
        for index in range(frames)
    ]
    info = VideoInfo("mp4", "h264", 640, 480, 25.0, 100, 4.0, 0)
    return ClipFaces(info, "pyav 1", "ok", None, 3, 3, frames, {99: "no_face"}, crops)


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture
def store(tmp_path):
    return FaceStore.open_or_create(tmp_path / "store", Recipe())


def test_a_crop_comes_back_bit_for_bit_from_where_the_manifest_says(store):
    given = faces()
    store.add(clip("000_003"), given, Recipe())
    store.compile()
    rows = store.manifest().to_pylist()
    assert [row["crop"] for row in rows] == [
        "ffpp/Deepfakes/000_003/t0_000000.png",
        "ffpp/Deepfakes/000_003/t0_000007.png",
    ]
    for row, crop in zip(rows, given.faces, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(store.root / row["crop"])), crop.image)
        np.testing.assert_array_equal(np.array(row["landmarks"], np.float32).reshape(5, 2), crop.face.landmarks)
        assert (row["label"], row["split"], row["pair"], row["crop_size"]) == (1, "train", "000_003", len(crop.image))
        assert CropGeometry.from_dict(json.loads(row["geometry"])) == CropGeometry()


def test_every_column_is_documented():
    assert all(field.metadata[b"about"] for schema in (MANIFEST_SCHEMA, CLIPS_SCHEMA) for field in schema)


def test_the_same_name_in_two_methods_stays_two_clips(store):
    for method in ("Deepfakes", "FaceSwap"):
        store.add(clip("000_003", method), faces(), Recipe())
    store.compile()
    assert store.clips()["clip"].to_pylist() == ["Deepfakes/000_003.mp4", "FaceSwap/000_003.mp4"]
    assert len(set(store.manifest()["crop"].to_pylist())) == 4


def test_the_order_of_work_does_not_show(tmp_path):
    clips = [clip("a"), clip("b"), clip("c", "youtube", 0)]
    for name, order in (("one", clips), ("two", clips[::-1])):
        made = FaceStore.open_or_create(tmp_path / name, Recipe())
        for one in order:
            made.add(one, faces(seed=ord(one.name)), Recipe())
            made.compile()
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_an_error_is_an_outcome_with_words_and_hint(store):
    store.add(clip("a"), FacefakeError("timeout", "a.mp4 took too long.", "Give it longer."), Recipe())
    store.compile()
    row = store.clips().to_pylist()[0]
    assert (row["outcome"], row["reason"], row["hint"]) == ("timeout", "a.mp4 took too long.", "Give it longer.")
    assert store.manifest().num_rows == 0


def test_failed_frames_keep_their_reason(store):
    assert json.loads(store.add(clip("a"), faces(), Recipe())["failed"]) == {"99": "no_face"}


def test_a_corrected_label_reaches_the_manifest_without_extracting_again(store):
    row = store.add(clip("a", label=1), faces(), Recipe())
    assert store.refresh(clip("a", label=1), store.record(clip("a"))) == row
    store.refresh(clip("a", label=0), store.record(clip("a")))
    store.compile()
    assert set(store.manifest()["label"].to_pylist()) == {0}
    assert store.clips()["label"].to_pylist() == [0]


def test_a_corrected_method_moves_the_clip(store):
    one = clip("a")
    store.add(one, faces(), Recipe())
    renamed = replace(one, method="real", label=0)
    store.refresh(renamed, store.record(renamed))
    store.compile()
    assert store.clips()["folder"].to_pylist() == ["ffpp/real/a"]
    assert [(store.root / crop).is_file() for crop in store.manifest()["crop"].to_pylist()] == [True, True]
    assert not (store.root / "ffpp/Deepfakes/a").exists()


def test_a_clip_done_again_under_another_method_stands_once(store):
    one = clip("a")
    store.add(one, faces(), Recipe())
    store.add(replace(one, method="real", label=0), faces(seed=1), Recipe())
    store.compile()
    assert store.clips()["method"].to_pylist() == ["real"]


def test_of_a_clip_that_an_older_release_filed_twice_the_latest_counts(store):
    """c4782bc refused such a store until folders were deleted by hand."""
    old = clip("a", method="unlabelled", label=None)
    store.add(old, faces(), Recipe())
    shutil.copytree(store.root / "ffpp/unlabelled", store.root / "ffpp/real")
    record = store.root / "ffpp/real/a/clip.json"
    record.write_text(record.read_text().replace('"unlabelled"', '"real"'))
    os.utime(record, (time.time() + 5, time.time() + 5))
    store.compile()
    assert store.clips()["folder"].to_pylist() == ["ffpp/real/a"]
    assert set(store.manifest()["method"].to_pylist()) == {"real"}
    assert not (store.root / "ffpp/unlabelled/a").exists()


def test_two_clips_never_share_a_folder(store):
    one, other = clip("a"), replace(clip("a"), key="elsewhere/a.mp4")
    store.add(one, faces(seed=0), Recipe())
    store.add(other, faces(seed=1), Recipe())
    store.add(one, faces(seed=2), Recipe())
    store.compile()
    assert sorted(store.clips()["clip"].to_pylist()) == ["Deepfakes/a.mp4", "elsewhere/a.mp4"]
    assert len(set(store.manifest()["crop"].to_pylist())) == 4


def test_doing_a_clip_again_replaces_all_of_it(store):
    store.add(clip("a"), faces(frames=3), Recipe())
    store.add(clip("a"), faces(frames=1), Recipe())
    store.compile()
    assert store.manifest().num_rows == 1
    assert len(list((store.root / clip_folder(clip("a"))).glob("*.png"))) == 1


def test_what_was_killed_in_the_making_leaves_no_trace(store):
    store.add(clip("a"), faces(), Recipe())
    store.compile()
    before = tree(store.root)
    import socket

    leftover = store.root / ".making" / f"{socket.gethostname()}.999999999" / "new"
    leftover.mkdir(parents=True)
    (leftover / "t0_000000.png").write_bytes(b"half")
    FaceStore.open_or_create(store.root, Recipe()).compile()
    assert tree(store.root) == before


def test_another_recipe_is_refused_and_the_difference_named(store):
    other = Recipe(geometry=CropGeometry("arcface", 1.3, 256), sampling=Sampling("uniform", 16))
    with pytest.raises(FacefakeError, match=r"sampling spread:32 there, uniform:16 now; geometry") as caught:
        FaceStore.open_or_create(store.root, other)
    assert caught.value.code == "store_recipe_mismatch"


def test_a_folder_with_other_things_is_not_made_a_store(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(FacefakeError) as caught:
        FaceStore.open_or_create(tmp_path, Recipe())
    assert caught.value.code == "store_damaged"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_below_a_file_is_not_writable(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FacefakeError) as caught:
        FaceStore.open_or_create(tmp_path / "file" / "store", Recipe())
    assert caught.value.code == "not_writable"


@pytest.mark.parametrize("content", ["", "{", '{"clip": {}, "crops": []}'])
def test_a_damaged_record_is_named(store, content):
    store.add(clip("a"), faces(), Recipe())
    record = store.root / clip_folder(clip("a")) / "clip.json"
    record.write_text(content)
    with pytest.raises(FacefakeError, match=r"a/clip\.json") as caught:
        store.compile()
    assert caught.value.code == "store_damaged"


def test_a_missing_or_cut_manifest_is_damage(store):
    store.add(clip("a"), faces(), Recipe())
    with pytest.raises(FacefakeError) as missing:
        store.manifest()
    store.compile()
    path = store.root / "manifest.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FacefakeError) as cut:
        store.manifest()
    assert (missing.value.code, cut.value.code) == ("store_damaged", "store_damaged")


def test_merged_shards_equal_one_run(tmp_path):
    clips = [clip("a"), clip("b"), clip("c", "youtube", 0)]

    def made(name, members):
        one = FaceStore.open_or_create(tmp_path / name, Recipe())
        for member in members:
            one.add(member, faces(seed=ord(member.name)), Recipe())
        one.compile()
        return one

    whole, first, second = made("whole", clips), made("first", clips[::2]), made("second", clips[1::2])
    merged = FaceStore.open_or_create(tmp_path / "merged", Recipe())
    assert merged.merge([first, second]) == 3
    assert tree(merged.root) == tree(whole.root)


def test_shards_of_another_recipe_are_not_merged(tmp_path, store):
    other = FaceStore.open_or_create(tmp_path / "other", Recipe(decoder="pyav"))
    with pytest.raises(FacefakeError) as caught:
        store.merge([other])
    assert caught.value.code == "store_recipe_mismatch"
