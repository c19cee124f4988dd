from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from facefake.training.data import read_crops
from facefake.training.draw import draw
from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError


def clip(key: str, label: int) -> Clip:
    return Clip(Path(key), key, "toy", "m", label, "train", None, key)


# the fakes of three categories, of which one is small; the reals of two
CLIPS = [
    clip(f"{category}/{label}_x/{number}.png", label)
    for label, sizes in ((1, {"car": 40, "cat": 3, "dog": 40}), (0, {"car": 50, "cat": 50}))
    for category, count in sizes.items()
    for number in range(count)
]


def folders(chosen: list[int]) -> Counter[str]:
    return Counter(CLIPS[place].key.rpartition("/")[0] for place in chosen)


def test_exactly_so_many_of_each_class_evenly_over_folders():
    assert folders(draw(CLIPS, 6, seed=0)) == {"car/1_x": 2, "cat/1_x": 2, "dog/1_x": 2, "car/0_x": 3, "cat/0_x": 3}
    fakes = {"car/1_x": 6, "cat/1_x": 3, "dog/1_x": 6}  # the small folder is empty, the others share the rest
    assert folders(draw(CLIPS, 15, seed=0)) - Counter({"car/0_x": 15, "cat/0_x": 15}) == fakes
    for per_class in range(1, 60):
        chosen = draw(CLIPS, per_class, seed=3)
        assert Counter(CLIPS[place].label for place in chosen) == {0: per_class, 1: per_class}
        counts = folders(chosen)
        assert abs(counts["car/1_x"] - counts["dog/1_x"]) <= 1
        assert abs(counts["car/0_x"] - counts["cat/0_x"]) <= 1


def test_a_smaller_draw_is_part_of_a_larger_one():
    draws = [set(draw(CLIPS, per_class, seed=5)) for per_class in (1, 2, 7, 30, 83)]
    assert all(small < large for small, large in pairwise(draws))


def test_the_draw_depends_on_seed_and_names_alone():
    chosen = [CLIPS[place].key for place in draw(CLIPS, 10, seed=1)]
    other = CLIPS[::-1]
    assert sorted(other[place].key for place in draw(other, 10, seed=1)) == sorted(chosen)
    assert sorted(CLIPS[place].key for place in draw(CLIPS, 10, seed=2)) != sorted(chosen)


def test_a_class_with_too_few_is_said():
    with pytest.raises(FacefakeError) as caught:
        draw(CLIPS, 90, seed=0)
    assert caught.value.code == "config_invalid"
    assert "only 83 fake" in caught.value.message
    assert Counter(CLIPS[place].label for place in draw(CLIPS, 90, seed=0, fewer=True)) == {0: 90, 1: 83}


def test_of_a_store_whole_clips_are_drawn(store: Path):
    crops = read_crops(store, "train", 32)
    some = crops.drawn(2, seed=0)
    assert (some.clip_count, len(some), some.labels.sum()) == (4, 16, 8)
    assert {name.removeprefix("toy/") for name in some.clips} == {source.key for source in some.sources}
    assert [crops.files.index(file) for file in some.files] == sorted(crops.files.index(file) for file in some.files)
    assert len({crops.sha256, some.sha256, crops.drawn(2, seed=1).sha256, crops.drawn(3, seed=0).sha256}) == 4
    assert crops.drawn(None, seed=0) is crops
