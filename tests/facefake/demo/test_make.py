"""The set as a whole."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict

import av
import numpy as np
import pytest

from facefake.demo import SCENES, make_demo_set
from facefake.demo.forge import METHODS
from facefake.demo.make import plan_scenes, shoot
from facefake.training import load_config
from preprocessing.datasets import get_reader
from preprocessing.errors import FacefakeError

SMALL = {"train": 5, "val": 2, "test": 3}


def decode(path):
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


@pytest.fixture(scope="module")
def made(tmp_path_factory, face_detector):
    root = tmp_path_factory.mktemp("demo") / "videos"
    labels = make_demo_set(root, seed=7, scenes=SMALL, frames=8, face_detector=face_detector)
    with labels.open(newline="") as file:
        return root, list(csv.DictReader(file))


def test_labels_name_every_file_once(made):
    root, rows = made
    assert sorted(row["path"] for row in rows) == sorted(p.relative_to(root).as_posix() for p in root.rglob("*.mp4"))
    assert Counter(row["split"] for row in rows) == {split: 2 * count for split, count in SMALL.items()}
    assert all(row["path"].startswith(row["split"] + "/") for row in rows)
    assert all((row["label"] == "real") == (row["method"] == "real") for row in rows)
    assert {row["method"] for row in rows} == {"real", *METHODS}


def test_a_pair_is_one_real_and_one_fake_of_one_split(made):
    pairs = defaultdict(list)
    for row in made[1]:
        pairs[row["pair"]].append(row)
    for members in pairs.values():
        assert sorted(row["label"] for row in members) == ["fake", "real"]
        assert len({row["split"] for row in members}) == 1


def test_the_folder_reader_reads_it(made):
    clips = get_reader("folder").read(made[0]).clips
    assert len(clips) == 2 * sum(SMALL.values())
    assert Counter(clip.label for clip in clips) == {0: 10, 1: 10}
    assert all(clip.split and clip.pair and clip.method for clip in clips)


@pytest.mark.skipif("libx264" not in av.codecs_available, reason="this PyAV has no libx264")
def test_every_file_is_h264_of_the_same_shape(made):
    root, rows = made
    for row in rows:
        with av.open(str(root / row["path"])) as container:
            assert container.streams.video[0].codec_context.name == "h264"
        assert decode(root / row["path"]).shape == (8, 384, 288, 3)


def test_the_same_seed_gives_the_same_set_and_another_gives_another(tmp_path, face_detector):
    scenes = {"test": 2}
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        make_demo_set(tmp_path / name, seed=seed, scenes=scenes, frames=4, face_detector=face_detector)
    assert (tmp_path / "one" / "labels.csv").read_bytes() == (tmp_path / "two" / "labels.csv").read_bytes()
    for number in range(4):
        one, two, other = (decode(tmp_path / name / f"test/clip-{number:03d}.mp4") for name in ("one", "two", "other"))
        np.testing.assert_array_equal(one, two)
        assert not np.array_equal(one, other)


def test_before_encoding_a_fake_differs_from_its_real_in_the_face_alone(portraits):
    for scene in plan_scenes("test", 5, 0, 2):
        real, fake, _ = shoot(scene, portraits, 3)
        change = np.abs(np.stack(list(real)).astype(int) - np.stack(list(fake))).max((0, 3))
        touched = change > 0
        assert change.max() > 15, scene.method
        assert 0.02 < touched.mean() < 0.5, scene.method
        border = np.concatenate([touched[:5].ravel(), touched[-5:].ravel(), touched[:, :5].ravel()])
        assert not border.any(), scene.method


def test_the_face_detector_finds_the_faces(made, face_detector):
    root, rows = made
    found = [bool(faces) for row in rows for faces in face_detector.detect(decode(root / row["path"])[::4])]
    assert np.mean(found) >= 0.95


def test_nobody_and_no_method_is_rare_in_any_split():
    for split, count in SCENES.items():
        plan = plan_scenes(split, count, 0, 2)
        people = Counter((scene.method, scene.person) for scene in plan)
        assert set(people) == {(method, person) for method in METHODS for person in (0, 1)}
        assert max(people.values()) - min(people.values()) <= 1


def test_no_draw_is_used_twice():
    seeds = [scene.seed for split, count in SCENES.items() for scene in plan_scenes(split, count, 0, 2)]
    assert len(set(seeds)) == len(seeds)


def test_a_file_name_tells_nothing(made):
    rows = sorted(made[1], key=lambda row: row["path"])
    labels = [row["label"] for row in rows]
    assert labels != sorted(labels)
    assert labels[::2] != ["real"] * 10
    assert not any("real" in row["path"] or "fake" in row["path"] for row in rows)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path, face_detector):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FacefakeError) as caught:
        make_demo_set(tmp_path / "file", scenes={"test": 1}, frames=2, face_detector=face_detector)
    assert caught.value.code == "not_writable"


def test_progress_counts_every_clip(tmp_path, face_detector):
    calls = []
    make_demo_set(
        tmp_path,
        scenes={"val": 1},
        frames=2,
        face_detector=face_detector,
        progress=lambda done, total: calls.append((done, total)),
    )
    assert calls == [(1, 2), (2, 2)]


def test_the_shipped_recipe_is_valid_and_needs_no_weights():
    from facefake.models import BackboneSpec, load_backbone

    config = load_config("demo")
    assert config.backbone.weights.startswith("random:")
    backbone = load_backbone(BackboneSpec(config.backbone.name, config.backbone.weights))
    assert (backbone.dim, backbone.image_size) == (128, 96)
