import json
from dataclasses import replace

import pytest

from facefake.registry.entries import ENTRIES, find
from facefake.registry.entry import Licence
from facefake.registry.licences import accept, accepted, require, restricted
from preprocessing.errors import FacefakeError


@pytest.fixture
def effort():
    return find("effort-ffpp")


def test_only_non_commercial_weights_ask():
    assert {name for name, entry in ENTRIES.items() if restricted(entry)} == {
        "effort-ffpp",
        "effort-genimage",
        "effort-chameleon",
    }


def test_what_asks_nothing_is_never_in_the_way(tmp_path):
    require(find("gend-clip-l14"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_restricted_weights_stop_until_they_were_acknowledged_once(tmp_path, effort):
    with pytest.raises(FacefakeError) as caught:
        require(effort, tmp_path)
    assert caught.value.code == "licence_not_accepted"
    assert "CC-BY-NC-4.0" in caught.value.message
    assert effort.weights.url in caught.value.message
    assert "facefake detectors accept effort-ffpp" in caught.value.hint

    noted = json.loads(accept(effort, tmp_path).read_text())
    assert noted["licence"] == "CC-BY-NC-4.0"
    require(effort, tmp_path)


def test_one_acknowledgement_is_of_one_detector(tmp_path, effort):
    accept(effort, tmp_path)
    assert not accepted(find("effort-genimage"), tmp_path)


def test_another_licence_asks_again(tmp_path, effort):
    accept(effort, tmp_path)
    changed = replace(effort, weights=Licence("CC-BY-NC-ND-4.0", "https://example.org/licence", False))
    assert not accepted(changed, tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", '"yes"', "\x00"])
def test_a_damaged_note_is_none(tmp_path, effort, content):
    accept(effort, tmp_path).write_text(content)
    assert not accepted(effort, tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path, effort):
    (tmp_path / "licences").write_text("in the way")
    with pytest.raises(FacefakeError) as caught:
        accept(effort, tmp_path)
    assert caught.value.code == "not_writable"
