import json
import math
from dataclasses import replace

import numpy as np
import pytest

from facefake.evaluation.scores import Collector, Scores
from facefake.evaluation.scores_file import read_scores
from facefake.scoring.result import Opinion, PersonResult
from preprocessing.errors import FacefakeError
from tests.facefake.evaluation.results import BOX, clip, fakes, frames, reals, write

TABLE = [name for name in Scores.__slots__ if name != "notes"]


def equal(one, other):
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=getattr(one, name).dtype.kind == "f")
        for name in TABLE
    )


def everything():
    two = replace(clip("two", 1, 0.7, pair="7"), people=())
    return [
        *reals(3, pair="a"),
        *fakes(2),
        clip("no", 1, 0, status="inconclusive"),
        clip("bad", 0, 0, status="error"),
        clip("gone", 0, 0, status="error", error="absent"),
        replace(two, status="inconclusive", verdict="inconclusive", score=None, probability=None, reason="no_face"),
    ]


def test_a_whole_picture_has_no_people_and_no_box():
    scores = Scores.of([replace(clip("a", 1, 0.25), via="image")])
    assert (scores.via.tolist(), scores.people.tolist()) == (["image"], [-1])
    assert np.isnan(scores.shown_box).all()
    assert scores.shown_frame.tolist() == [0]


def test_of_both_paths_the_probability_ranks_and_frames_do_not():
    """Two detectors' scores have no scale in common."""
    other = Opinion("image", "scored", "real", 0.1, 0.1, None)
    scores = Scores.of([replace(clip("a", 1, 0.25, probability=0.75), other=other)])
    assert (scores.score.tolist(), scores.probability.tolist()) == ([0.75], [0.75])
    assert len(scores.frames) == 0


def test_columns_hold_what_the_results_say():
    scores = Scores.of([clip("a", 1, 0.25, scores=[0.1, 0.4], pair="p", probability=0.75, split="val")])
    assert len(scores) == 1
    row = {name: getattr(scores, name)[0] for name in TABLE if name not in ("offsets", "frames", "shown_box")}
    assert row == {
        "dataset": "ffpp",
        "clip": "Deepfakes/a.mp4",
        "path": "root/Deepfakes/a.mp4",
        "method": "Deepfakes",
        "split": "val",
        "compression": "c23",
        "pair": "p",
        "label": 1,
        "status": "scored",
        "reason": None,
        "via": "face",
        "score": 0.25,
        "probability": 0.75,
        "people": 1,
        "shown_frame": 10,
        "shown_time": 0.4,
    }
    assert scores.shown_box.tolist() == [list(BOX)]
    assert scores.frames.tolist() == [0.1, 0.4]
    assert scores.offsets.tolist() == [0, 2]


def test_frames_and_the_one_shown_are_of_the_most_suspicious_person_who_counts():
    quiet = PersonResult(1, 0.05, 0.05, frames(0.9))
    aside = PersonResult(2, None, 0.99, frames(1.0), "too_few_faces")
    suspect = PersonResult(3, 0.7, 0.7, frames(0.6, 0.8, 0.7))
    scores = Scores.of([replace(clip("a", 1, 0.7), people=(quiet, suspect, aside))])
    assert scores.frames.tolist() == [0.6, 0.8, 0.7]
    assert (scores.people[0], scores.shown_frame[0]) == (2, 10)


def test_status_tells_absent_files_from_failed_ones():
    scores = Scores.of(everything())
    counts = {status: int((scores.status == status).sum()) for status in ("scored", "inconclusive", "error", "missing")}
    assert counts == {"scored": 5, "inconclusive": 2, "error": 1, "missing": 1}
    assert scores.reason.tolist()[5:] == ["no_face", "timeout", "absent", "no_face"]
    assert np.isnan(scores.score[5:]).all()
    assert scores.offsets[5:].tolist() == [5] * 5


def test_a_clip_given_twice_stands_once():
    scores = Scores.of([*reals(3), *reals(2)])
    assert len(scores) == 3
    assert any("2 clips were given more than once" in note for note in scores.notes)


def test_clips_of_one_name_under_four_methods_stay_four():
    # DeepfakeBench groups by the parent folder's name alone, which makes one video of them
    methods = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
    scores = Scores.of([clip("000_003", 1, 0.5, method=method, pair="000") for method in methods])
    assert len(scores) == 4
    assert len(set(scores.groups)) == 1  # but they show one footage


def test_source_groups_are_of_one_data_set_and_a_clip_without_one_is_its_own():
    pairs = [("ffpp", "000"), ("ffpp", "000"), ("dfd", "000"), ("ffpp", None), ("ffpp", None)]
    scores = Scores.of([clip(str(i), 1, 0.5, dataset=dataset, pair=pair) for i, (dataset, pair) in enumerate(pairs)])
    assert scores.groups.tolist() == [0, 0, 1, 2, 3]


def test_a_pair_is_never_taken_for_a_clip_of_the_same_name():
    lone = clip("000", 0, 0.1)
    scores = Scores.of([lone, clip("x", 1, 0.9, pair=lone.truth.clip)])
    assert scores.groups.tolist() == [0, 1]


def test_unlabelled_results_are_left_out_and_counted():
    scores = Scores.of([*reals(2), replace(clip("u", 1, 0.5), truth=None)])
    assert len(scores) == 2
    assert scores.notes == ("1 results without a label are left out.",)


def test_a_part_taken_out_keeps_its_frames():
    scores = Scores.of([clip(str(i), i % 2, 0.5, scores=[i / 10] * (i + 1)) for i in range(5)])
    part = scores.take(np.array([4, 1]))
    assert part.clip.tolist() == [scores.clip[4], scores.clip[1]]
    assert part.frames.tolist() == [0.4] * 5 + [0.1] * 2
    assert part.offsets.tolist() == [0, 5, 7]


def test_filters_leave_what_was_asked_for_and_say_what_there_was():
    scores = Scores.of([*reals(2), *fakes(2, dataset="celebdf", split="train", compression=None)])
    assert set(scores.select(datasets=["celebdf"]).dataset) == {"celebdf"}
    assert len(scores.select(splits=["test"], compressions=["c23"])) == 2
    with pytest.raises(FacefakeError, match=r"celebdf/ffpp.*test/train") as error:
        scores.select(datasets=["celebdf"], splits=["test"])
    assert error.value.code == "split_empty"


def test_several_become_one_in_order_and_each_clip_stands_once():
    one, other = Scores.of(everything()[:4]), Scores.of(everything()[2:])
    assert equal(Scores.merged([one, other]), Scores.of(everything()))


@pytest.mark.parametrize("wrong", [{"score": math.nan}, {"score": None}, {"status": "done"}, {"label": 2}])
def test_a_result_that_cannot_be_is_refused(wrong):
    row = clip("a", 1, 0.5).to_dict() | wrong
    with pytest.raises(FacefakeError, match=r"Deepfakes/a\.mp4") as error:
        Collector().add_row(row)
    assert error.value.code == "scores_invalid"


# reading a results file


def test_a_file_gives_the_same_columns_as_the_results_themselves(tmp_path):
    results = [clip(f"{i}", i % 2, 1 / (3 + i), scores=[1 / 7, 1 / (i + 1)]) for i in range(20)] + everything()
    file = read_scores(write(tmp_path / "s.json", results, {"auc": 1}, pooling="max"))
    assert equal(file.scores, Scores.of(results))
    assert list(file.head) == ["schema", "tool", "detector", "settings"]
    assert (file.head["settings"]["pooling"], file.report) == ("max", {"auc": 1})


@pytest.mark.parametrize("layout", [{"indent": 1}, {"indent": None}, {"separators": (",", ":")}])
def test_a_file_that_was_laid_out_anew_says_the_same(tmp_path, layout):
    path = write(tmp_path / "s.json", everything(), {"kept": True})
    before = read_scores(path)
    path.write_text(json.dumps(json.loads(path.read_text()), **layout))
    after = read_scores(path)
    assert equal(before.scores, after.scores)
    assert (before.head, before.report) == (after.head, after.report)


def test_a_file_without_results_or_report_is_read(tmp_path):
    file = read_scores(write(tmp_path / "s.json", []))
    assert (len(file.scores), file.report) == (0, None)


def test_files_from_before_source_groups_are_read(tmp_path):
    path = write(tmp_path / "s.json", reals(2))
    old = path.read_text().replace(', "pair": null, "compression": "c23"', "")
    assert '"pair"' not in old
    path.write_text(old)
    scores = read_scores(path).scores
    assert (scores.pair.tolist(), scores.compression.tolist()) == ([None, None], [None, None])


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text[: len(text) // 2], "line 4"),
        (lambda text: text[: text.index("\n]") + 1], "cut off"),
        (lambda text: text.replace('"label": 0', '"label": zero'), "line 2"),
        (lambda text: text.replace('"status": "scored", ', ""), "line 2"),
        (lambda text: text + "{}", "after its end"),
        (lambda text: text.replace('"schema": 1', '"schema": 9'), "schema 1"),
        (lambda text: text.replace('"settings"', '"set"'), "settings"),
        (lambda text: "[]", "schema 1"),
        (lambda text: "", "."),
        (lambda text: "key,score\na,1\n", "."),
    ],
)
def test_a_damaged_file_is_refused_in_words(tmp_path, damage, says):
    path = write(tmp_path / "s.json", reals(5))
    path.write_text(damage(path.read_text()))
    with pytest.raises(FacefakeError, match=says) as error:
        read_scores(path)
    assert error.value.code == "scores_invalid"
    assert str(path) in error.value.message


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "s.json"
    path.write_bytes(b'{"schema": 1, "\xff')
    with pytest.raises(FacefakeError) as error:
        read_scores(path)
    assert error.value.code == "scores_invalid"


def test_no_file_is_not_found(tmp_path):
    with pytest.raises(FacefakeError) as error:
        read_scores(tmp_path / "no.json")
    assert error.value.code == "not_found"
