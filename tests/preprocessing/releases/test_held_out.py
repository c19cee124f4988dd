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


def counts(clips, split="val"):
    return tuple(sum(each.label == label for each in clips if each.split == split) for label in (0, 1))


@pytest.mark.parametrize(
    ("reals", "fakes", "held"),
    [(1000, 8, (100, 2)), (8, 1000, (2, 100)), (6, 6, (2, 2)), (3, 30, (1, 3)), (2, 2, (1, 1))],
)
def test_a_tenth_of_each_class_is_held_out_and_at_least_two_of_a_small_one(reals, fakes, held):
    clips = [clip(f"{label}/{n}", label, None) for label, count in enumerate((reals, fakes)) for n in range(count)]
    assert counts(with_validation(clips)) == held


def test_a_small_class_among_shared_sources_does_not_empty_training():
    """As DFDC is: a few forgeries of each real video; and of a few sources only there are any."""
    clips = [clip(f"real/{n}", 0, f"p{n % 40}") for n in range(400)] + [clip(f"fake/{n}", 1, f"p{n}") for n in range(8)]
    held = with_validation(clips)
    assert (counts(held), leaks(held)) == ((50, 2), [])


def test_of_three_sources_one_is_held_out():
    clips = [
        clip(f"{label}/{pair}/{n}", label, f"p{pair}")
        for pair in range(3)
        for label in (0, 1)
        for n in range(2 + 6 * label)
    ]
    held = with_validation(clips)
    assert (counts(held), counts(held, "train")) == ((2, 8), (4, 16))


def test_a_source_of_most_fakes_is_left_to_training():
    clips = [clip(f"big/{n}", 1, "big") for n in range(500)] + [clip("real/big", 0, "big")]
    clips += [clip(f"{label}/{pair}", label, f"p{pair}") for label in (0, 1) for pair in range(20)]
    held = with_validation(clips)
    assert {each.split for each in held if each.pair == "big"} == {"train"}
    assert all(2 <= count <= 5 for count in counts(held))


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([(10, 10)], "all clips are of one"),
        ([(1, 500), *[(1, 0)] * 20], "all 500 fake clips are of one source group"),
        ([(9, 1), (1, 9)], "9 of 10 real clips are of one source group and 9 of 10 fake clips"),
        ([(1, 0), *[(0, 1)] * 9], "there is one real clip"),
    ],
)
def test_why_nothing_can_be_held_out_is_said(groups, said):
    clips = [
        clip(f"{label}/{group}/{n}", label, f"g{group}")
        for group, count in enumerate(groups)
        for label in (0, 1)
        for n in range(count[label])
    ]
    with pytest.raises(FacefakeError, match=said) as caught:
        with_validation(clips)
    assert caught.value.code == "split_empty"


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
