from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facefake.features.identity import Identity, View
from facefake.features.store import FeatureStore
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry

TINY = Identity(
    "tiny-vit", "a" * 64, "pooled", 8, 32, (0.5,) * 3, (0.5,) * 3, "fp32", CropGeometry("resize-crop", 1, 32)
)


def content(number: int) -> bytes:
    return number.to_bytes(32, "big")


def feature(number: int) -> np.ndarray:
    return np.random.default_rng(number).standard_normal((1, 8), np.float32)


def add(store: FeatureStore, *numbers: int) -> None:
    store.add([content(number) for number in numbers], np.stack([feature(number) for number in numbers]))


def holds(store: FeatureStore, *numbers: int) -> bool:
    kept = store.read(store.rows([content(number) for number in numbers]))
    return np.array_equal(kept, np.stack([feature(number) for number in numbers]))


def test_features_come_back_to_the_bit_in_the_order_asked_for(tmp_path):
    store = FeatureStore.open(tmp_path, TINY)
    add(store, 1, 2, 3)
    add(store, 4)
    assert holds(FeatureStore.open(tmp_path, TINY), 4, 1, 3, 1)
    assert store.missing([content(9), content(1), content(9)]) == [content(9)]


@pytest.mark.parametrize(
    "change",
    [
        {"backbone": "demo-vit"},
        {"weights": "b" * 64},
        {"feature": "joint"},
        {"dim": 4},
        {"image_size": 96},
        {"mean": (0.4, 0.5, 0.5)},
        {"std": (0.4, 0.5, 0.5)},
        {"precision": "bf16"},
        {"geometry": CropGeometry("squash", 1, 32)},
        {"corruption": "jpeg:50"},
        {"view": View("c" * 64, 0)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_setting_has_a_folder_of_its_own(tmp_path, change):
    add(FeatureStore.open(tmp_path, TINY), 1)
    other = FeatureStore.open(tmp_path, replace(TINY, **change))
    assert other.missing([content(1)]) == [content(1)]


def test_views_differ_by_number_and_by_augmentation():
    views = [View("c" * 64, 0), View("c" * 64, 1), View("d" * 64, 0)]
    assert len({replace(TINY, view=view).digest for view in views}) == 3


def test_a_picture_that_is_kept_keeps_its_first_features(tmp_path):
    store = FeatureStore.open(tmp_path, TINY)
    add(store, 1)
    store.add([content(1), content(2), content(2)], np.stack([feature(7), feature(2), feature(8)]))
    assert len(store) == 2
    assert holds(store, 1)


def test_disk_space_is_what_it_says(tmp_path):
    store = FeatureStore.open(tmp_path, TINY)
    add(store, *range(10))
    files = [store.folder / name for name in ("features.f32", "index")]
    assert sum(file.stat().st_size for file in files) == 10 * store.bytes_per_picture == 10 * (8 * 4 + 40)


@pytest.mark.parametrize("torn", range(1, 40, 13))
def test_half_a_record_and_rows_without_one_are_not_there(tmp_path, torn):
    """What a process leaves that is killed between two writes."""
    store = FeatureStore.open(tmp_path, TINY)
    add(store, 1, 2)
    add(store, 3)
    index = store.folder / "index"
    index.write_bytes(index.read_bytes()[:-torn])
    again = FeatureStore.open(tmp_path, TINY)
    assert len(again) == 2
    assert holds(again, 1, 2)
    add(again, 4)
    assert holds(FeatureStore.open(tmp_path, TINY), 1, 2, 4)


ROOT = Path(__file__).parents[3]
KILLED = """
import sys
from pathlib import Path
from facefake.features.store import FeatureStore
from tests.facefake.features.test_store import TINY, add
store = FeatureStore.open(Path(sys.argv[1]), TINY)
for start in range(0, 10**9, 4):
    add(store, *range(start, start + 4))
    print(start, flush=True)
"""


def test_a_killed_writer_costs_no_more_than_its_last_batch(tmp_path):
    for _ in range(3):
        command = [sys.executable, "-c", KILLED, str(tmp_path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(25)]
            os.kill(writer.pid, signal.SIGKILL)
            said = int([*lines, *writer.stdout][-1])
        store = FeatureStore.open(tmp_path, TINY)
        assert len(store) >= said + 4
        assert len(store) % 4 == 0
        assert holds(store, *range(len(store)))


def _add_some(root: Path, numbers: range) -> None:
    store = FeatureStore.open(root, TINY)
    for number in numbers:
        add(store, number)


def test_two_processes_write_at_once_and_nothing_is_lost_or_doubled(tmp_path):
    FeatureStore.open(tmp_path, TINY)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add_some, args=(tmp_path, range(start, start + 40))) for start in (0, 20)]
    for writer in writers:
        writer.start()
    seen = 0
    while any(writer.is_alive() for writer in writers):  # a reader beside them sees whole rows only
        store = FeatureStore.open(tmp_path, TINY)
        there = [number for number in range(60) if not store.missing([content(number)])]
        assert not there or holds(store, *there)
        seen += len(there) not in (0, 60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    store = FeatureStore.open(tmp_path, TINY)
    assert len(store) == 60
    assert holds(store, *range(60))
    assert seen


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: _flip(folder / "features.f32", 40),
        lambda folder: _flip(folder / "index", 3),
        lambda folder: _flip(folder / "index", 45),
        lambda folder: os.truncate(folder / "features.f32", 90),
        lambda folder: (folder / "features.f32").unlink(),
        lambda folder: _flip(folder / "identity.json", 20),
        lambda folder: (folder / "identity.json").write_text("{}"),
    ],
    ids=["flipped feature", "flipped key", "flipped check", "cut", "gone", "identity changed", "identity emptied"],
)
def test_what_is_not_as_it_was_written_is_refused(tmp_path, harm):
    store = FeatureStore.open(tmp_path, TINY)
    add(store, 1, 2, 3)
    harm(store.folder)
    with pytest.raises(FacefakeError) as raised:
        holds(FeatureStore.open(tmp_path, TINY), 1, 2, 3)
    assert raised.value.code == "store_damaged"
    assert str(store.folder) in raised.value.hint


def test_features_that_are_not_finite_are_not_kept(tmp_path):
    store = FeatureStore.open(tmp_path, TINY)
    with pytest.raises(FacefakeError) as raised:
        store.add([content(1)], np.full((1, 1, 8), np.nan, np.float32))
    assert raised.value.code == "weights_invalid"
    assert len(store) == 0


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FacefakeError) as raised:
        FeatureStore.open(tmp_path / "file", TINY)
    assert raised.value.code == "not_writable"
