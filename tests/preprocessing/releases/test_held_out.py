from dataclasses import replace
from pathlib import Path

import pytest

from preprocessing.clip import Clip
from preprocessing.errors import FacefakeError
from preprocessing.releases.held_out import with_validation
from preprocessing.releases.leaks import leaks


def clip(key: str, label: int, pair: str | None, split: str | None = "train") -> Clip:
    return Clip(Path(key), key, "toy", "", label, split, pair, key)


CLIPS = [clip(f"{label}/{pair}", label, f"p{pair}") for label in (0, 1) for pair in range(50)]


def keys(clips, split="val"):
    return {clip.key for clip in clips if clip.split == split}


def test_a_tenth_of_the_groups_is_held_out_and_no_group_is_torn():
    held = with_validation(CLIPS)
    assert len(keys(held)) == 10
    assert leaks(held) == []
    assert [replace(clip, split="train") for clip in held] == CLIPS


def test_the_choice_depends_on_names_alone_and_stays_when_others_come():
    assert keys(with_validation(CLIPS[::-1])) == keys(with_validation(CLIPS))
    more = [*CLIPS, *(clip(f"{label}/new{n}", label, f"new{n}") for label in (0, 1) for n in range(5))]
    assert keys(with_validation(CLIPS)) - keys(with_validation(more)) == set()


def test_a_val_split_of_both_classes_is_left_alone_and_one_of_a_single_class_is_not():
    val = [clip("real", 0, "v", "val"), clip("fake", 1, "v", "val")]
    assert with_validation([*CLIPS, *val]) == [*CLIPS, *val]
    assert {"real"} < keys(with_validation([*CLIPS, val[0]]))


def test_a_group_that_has_a_clip_in_val_goes_there_whole():
    torn = [*CLIPS, clip("real", 0, "p7", "val")]
    held = with_validation(torn)
    assert {"0/7", "1/7", "real"} <= keys(held)
    assert leaks(held) == []


def test_it_goes_on_until_it_has_both_classes():
    apart = [clip(f"{label}/{n}", label, f"{label}-{n}") for label in (0, 1) for n in range(5)]
    labels = {each.label for each in with_validation(apart) if each.split == "val"}
    assert labels == {0, 1}


def test_test_clips_are_never_taken():
    tests = [replace(each, key=f"test/{each.key}", split="test") for each in CLIPS]
    assert {clip for clip in with_validation([*CLIPS, *tests]) if clip.split == "test"} == set(tests)


@pytest.mark.parametrize(
    ("clips", "said"),
    [
        ([each for each in CLIPS if each.label == 1], "only fakes"),
        ([each for each in CLIPS if each.label == 0], "only reals"),
        ([replace(each, split="test") for each in CLIPS], "nothing labelled; there are splits: test"),
        ([clip("real", 0, None), clip("fake", 1, None)], "too few"),
    ],
)
def test_what_cannot_be_divided_is_said_before_anything_is_moved(clips, said):
    with pytest.raises(FacefakeError, match=said) as caught:
        with_validation(clips)
    assert caught.value.code == "split_empty"
