from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from facefake.training.apart import check_apart
from facefake.training.data import read_crops
from preprocessing.errors import FacefakeError


def check(store: Path) -> None:
    check_apart(read_crops(store, "train", 32), read_crops(store, "val", 32))


def refused(store: Path) -> FacefakeError:
    with pytest.raises(FacefakeError) as caught:
        check(store)
    assert caught.value.code == "split_leak"
    return caught.value


def changed(rows, clip: str, **changes):
    assert any(row["clip"] == clip for row in rows)
    return [row | changes if row["clip"] == clip else row for row in rows]


def test_splits_that_share_nothing(store: Path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(store)


def test_a_pair_on_both_sides_is_refused_and_named(make_store, toy):
    rows = changed(toy.rows(), "fake/val1.mp4", pair="train2")
    message = refused(make_store(rows)).message
    assert message.startswith("1 pairs or people")
    assert all(words in message for words in ("pair train2", "val (1, e.g. fake/val1.mp4)", "train (2, "))


def test_no_more_than_three_are_named(make_store, toy):
    rows = toy.rows(pairs=8)
    for number in range(5):
        rows = changed(rows, f"fake/val{number}.mp4", pair=f"train{number}")
    message = refused(make_store(rows)).message
    assert message.startswith("5 pairs")
    assert message.count("pair train") == 3


def test_a_person_on_both_sides_is_refused(make_store, toy):
    rows = changed(toy.rows(), "fake/val1.mp4", identities=["anna", "ben"])
    rows = changed(rows, "real/train0.mp4", identities=["carl", "anna"])
    message = refused(make_store(rows)).message
    assert "identity anna" in message
    assert "ben" not in message


def test_people_of_a_split_its_authors_made_are_a_warning(make_store, toy):
    rows = changed(toy.rows(), "fake/val1.mp4", identities=["W101"])
    rows = [row | {"dataset": "deeperforensics"} for row in changed(rows, "fake/train0.mp4", identities=["W101"])]
    with pytest.warns(UserWarning, match="1 people of deeperforensics are in both train and val"):
        check(make_store(rows))
    rows = changed(rows, "real/val1.mp4", pair="train2")
    refused(make_store(rows, "paired"))  # footage is never shared


def test_names_are_local_to_a_data_set_and_the_test_split_is_no_side(make_store, toy):
    rows = changed(toy.rows(), "fake/val1.mp4", identities=["anna"], pair="x", dataset="other")
    rows = changed(rows, "real/val1.mp4", dataset="other")
    rows = changed(rows, "fake/train1.mp4", identities=["anna"], pair="x")
    rows = changed(rows, "fake/test1.mp4", identities=["anna"], pair="x")
    check(make_store(rows))
