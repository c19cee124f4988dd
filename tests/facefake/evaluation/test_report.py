import json
from dataclasses import replace

import pytest
from sklearn.metrics import roc_auc_score

from facefake.evaluation import make_report
from facefake.evaluation.metrics import NAMES
from facefake.evaluation.part import EXAMPLES
from facefake.evaluation.report import protocols_of
from facefake.evaluation.scores import Scores
from facefake.evaluation.scores_file import read_scores
from facefake.scoring.calibration import fit
from facefake.scoring.result import PersonResult
from preprocessing.clip import Clip
from preprocessing.datasets import READERS, get_reader
from preprocessing.errors import FacefakeError
from preprocessing.releases.protocol import Protocol
from tests.facefake.evaluation.results import BOX, DETECTOR, clip, fakes, frames, reals, write

PART = (
    *(
        "video",
        "frame",
        "per_method",
        "mean_of_methods",
        "per_compression",
        "per_people",
        "coverage",
        "reasons",
        "counts",
    ),
    *("auc_if_abstentions_wrong", "curves", "worst", "notes"),
)


def report(*results, **options):
    return make_report(Scores.of(results), **{"resamples": 50} | options)


def value(metrics, name="auc"):
    return metrics[name]["value"]


def test_the_report_has_the_keys_of_schema_2_and_is_strict_json():
    made = report(*reals(5), *fakes(5), clip("x", 1, 0, status="error"))
    assert (made["schema"], made["kind"]) == (2, "report")
    assert set(made) == {
        *("schema", "kind", *PART, "datasets", "mean", "threshold", "threshold_source", "calibration", "bootstrap"),
        *("splits", "protocols", "leakage", "anchors", "robustness", "provenance"),
    }
    assert set(made["datasets"]["ffpp"]) == set(PART)
    assert set(made["video"]) == set(made["frame"]) == set(NAMES)
    assert list(made["video"]["auc"]) == ["value", "low", "high"]
    assert made["bootstrap"] == {"resamples": 50, "seed": 0, "unit": "source group"}
    assert made["threshold"] == 0.5
    assert json.loads(json.dumps(made, allow_nan=False)) == made


def test_polarity_high_scores_on_fakes_are_good():
    right = report(*reals(3), *fakes(3))
    wrong = report(*reals(3, start=0.9, step=0.01), *fakes(3, start=0.1))
    assert (value(right["video"]), value(right["video"], "accuracy")) == (1.0, 1.0)
    assert (value(wrong["video"]), value(wrong["video"], "accuracy")) == (0.0, 0.0)
    assert (value(right["frame"]), value(wrong["frame"])) == (1.0, 0.0)
    assert [value(each["per_method"]["Deepfakes"]) for each in (right, wrong)] == [1.0, 0.0]


def test_clips_of_one_name_under_four_methods_are_never_merged():
    # DeepfakeBench groups frames by the name of their folder alone: one "video" with the mean of all four
    methods = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
    four = [clip("000_003", 1, 0.9 - 0.2 * i, method=method, pair="000") for i, method in enumerate(methods)]
    made = report(*reals(5), *four)
    assert made["coverage"]["videos"] == 9
    assert made["counts"] == {"real": 5, "fake": 4, "groups": 6}
    assert {name: part["videos"] for name, part in made["per_method"].items()} == dict.fromkeys(methods, 1)
    assert value(made["video"]) == pytest.approx(
        roc_auc_score([0] * 5 + [1] * 4, [0.1, 0.15, 0.2, 0.25, 0.3, 0.9, 0.7, 0.5, 0.3])
    )


def test_each_method_is_compared_with_all_reals_of_its_data_sets():
    hard = clip("b", 1, 0.22, method="hard")
    elsewhere = [clip(str(i), 0, 0.9, dataset="dfdc", method="dfdc") for i in range(3)]
    made = report(*reals(5), *elsewhere, clip("a", 1, 0.9, method="easy"), hard, clip("c", 1, 0.95, dataset="dfdc"))
    assert value(made["per_method"]["hard"]) == pytest.approx(3 / 5)  # above 0.10, 0.15 and 0.20 of the five reals
    assert (made["per_method"]["hard"]["videos"], made["per_method"]["hard"]["reals"]) == (1, 5)
    assert made["datasets"]["dfdc"]["per_method"]["Deepfakes"]["reals"] == 3


def test_a_method_is_compared_with_its_own_reals_where_its_release_has_them(monkeypatch):
    own = replace(READERS["folder"], reals_of=lambda method: (f"{method}-real",))
    monkeypatch.setitem(READERS, "ffpp", own)
    scores = {"gan": (0.3, 0.2), "dm": (0.7, 0.8)}
    made = report(
        *(clip(name, 1, fake, method=name) for name, (fake, _) in scores.items()),
        *(clip(name, 0, real, method=f"{name}-real") for name, (_, real) in scores.items()),
    )
    assert {name: value(part) for name, part in made["per_method"].items()} == {"gan": 1.0, "dm": 0.0}
    assert {part["reals"] for part in made["per_method"].values()} == {1}
    assert made["mean_of_methods"]["auc"] == 0.5
    assert value(made["video"]) == 0.5


def test_a_mean_over_methods_is_of_all_or_not_at_all():
    assert report(*reals(3), *fakes(3))["mean_of_methods"] is None  # one method
    lacking = report(*reals(4), *fakes(2), clip("a", 1, 0.9, method="x"), clip("b", 1, 0, method="y", status="error"))
    assert lacking["mean_of_methods"]["auc"] is None


def test_a_methods_coverage_is_that_of_its_fakes():
    made = report(*reals(4), *fakes(2), clip("no", 1, 0, status="inconclusive"), clip("y", 0, 0, status="error"))
    coverage = made["per_method"]["Deepfakes"]["coverage"]
    assert (coverage["videos"], coverage["scored"], coverage["inconclusive"]) == (3, 2, 1)
    assert made["coverage"]["error"] == 1


def test_a_method_none_of_whose_clips_was_scored_is_still_named():
    made = report(*reals(4), *fakes(2), clip("no", 1, 0, method="FSGAN", status="inconclusive"))
    assert made["per_method"]["FSGAN"]["videos"] == 0
    assert made["per_method"]["FSGAN"]["auc"] is None


def test_compressions_are_told_apart_and_compared_within():
    made = report(
        *reals(3, compression="c23"),
        *fakes(3, compression="c23"),
        *[clip(f"x{i}", 0, 0.8, method="c40", compression="c40") for i in range(2)],
        clip("y", 1, 0.7, method="c40", compression="c40"),
    )["per_compression"]
    assert list(made) == ["c23", "c40"]
    assert (value(made["c23"]), value(made["c40"])) == (1.0, 0.0)
    assert (made["c40"]["videos"], made["c40"]["reals"], made["c40"]["coverage"]["videos"]) == (1, 2, 3)
    assert report(*reals(3, compression=None), *fakes(3, compression=None))["per_compression"] == {}


def test_people_who_count_are_counted():
    def crowd(result, others, aside=0):
        people = [PersonResult(9 + i, 0.01, 0.01, frames(0.01)) for i in range(others)]
        people += [PersonResult(50 + i, None, 0.9, frames(0.9), "too_few_faces") for i in range(aside)]
        return replace(result, people=(*result.people, *people))

    results = [crowd(result, i, aside=1) for i, result in enumerate(fakes(5))]
    made = report(*reals(2), *results, clip("no", 1, 0, status="inconclusive"))["per_people"]
    assert {name: (part["videos"], part["reals"]) for name, part in made.items()} == {
        "1": (1, 2),
        "2": (1, 0),
        "3+": (3, 0),
    }
    assert value(made["1"]) == 1.0
    assert made["2"]["auc"] is None


def test_coverage_counts_every_clip_and_metrics_only_scored_ones():
    others = [clip("x", 1, 0, status="inconclusive", reason="too_few_faces"), clip("y", 0, 0, status="error")]
    made = report(*reals(5), *fakes(5), *others, clip("z", 1, 0, status="error", error="absent"))
    assert made["coverage"] == {
        **{"videos": 13, "scored": 10, "inconclusive": 1, "error": 1, "missing": 1},
        "share": pytest.approx(10 / 13, abs=1e-6),
    }
    assert made["reasons"] == {"absent": 1, "timeout": 1, "too_few_faces": 1}
    assert value(made["video"]) == 1.0
    assert any("3 of 13" in note for note in made["notes"])


def test_what_the_auc_would_be_if_abstentions_were_wrong():
    made = report(*reals(2), *fakes(2), clip("x", 1, 0, status="inconclusive"), clip("y", 0, 0, status="error"))
    # 3 reals and 3 fakes; the unscored real is above all, the unscored fake below all
    assert made["auc_if_abstentions_wrong"] == pytest.approx(4 / 9, abs=1e-6)
    assert report(*reals(2), *fakes(2))["auc_if_abstentions_wrong"] == 1.0
    assert report(*fakes(2))["auc_if_abstentions_wrong"] is None


def test_one_class_scored_and_the_other_not_is_all_wrong():
    made = report(*fakes(2), clip("y", 0, 0, status="error"))
    assert made["video"]["auc"] is None
    assert made["auc_if_abstentions_wrong"] == 0.0


def test_frame_metrics_are_over_single_faces():
    made = report(clip("r", 0, 0.4, scores=[0.2, 0.6]), clip("f", 1, 0.5, scores=[0.3, 0.7]))
    assert value(made["video"]) == 1.0
    assert value(made["frame"]) == 0.75
    assert value(made["frame"], "accuracy") == 0.5


def test_accuracy_is_at_the_threshold_on_probabilities_and_its_source_is_said():
    results = [clip("r", 0, 0.4, probability=0.1), clip("f", 1, 0.6, probability=0.2)]
    made = report(*results, threshold=0.15, threshold_source="validation")
    assert (value(made["video"], "accuracy"), value(report(*results)["video"], "accuracy")) == (1.0, 0.5)
    assert (made["threshold"], made["threshold_source"]) == (0.15, "validation")


def test_single_faces_are_calibrated_as_clips_are():
    calibration = fit("sigmoid", [0, 0, 0, 1, 1, 1] * 5, [0.6, 0.65, 0.8, 0.7, 0.85, 0.9] * 5)

    def results(*pairs):
        return [
            clip(f"{i}", label, s, probability=float(calibration.apply([s])[0])) for i, (label, s) in enumerate(pairs)
        ]

    made = report(*results((0, 0.6), (0, 0.7), (1, 0.85), (1, 0.9)), calibration=calibration.to_dict())
    assert made["video"]["accuracy"] == made["frame"]["accuracy"]
    assert made["video"]["log_loss"]["value"] == pytest.approx(made["frame"]["log_loss"]["value"], abs=1e-5)
    assert made["calibration"] == calibration.to_dict()


def test_scores_that_are_no_probabilities_are_only_ranked():
    scores = Scores.of([*reals(3), *fakes(3)])
    scores.score[:] *= 7
    scores.probability[:] = float("nan")
    made = make_report(scores, resamples=20)
    assert value(made["video"]) == 1.0
    assert all(made["video"][name] is None for name in ("accuracy", "log_loss", "brier", "ece"))
    assert all(made["frame"][name] is None for name in ("accuracy", "log_loss", "brier", "ece"))
    assert made["curves"]["reliability"] is None
    assert [example["probability"] for example in made["worst"]["misses"]] == [None] * 3
    assert any("no meaning" in note for note in made["notes"])


def test_the_interval_is_over_source_groups_not_clips():
    several = [*reals(20, step=0.02), *fakes(20, start=0.2, step=0.02)]
    # the same clips in five versions each, which tell nothing new
    versions = [
        replace(result, path=f"{i}", truth=replace(result.truth, clip=f"{i}/{result.truth.clip}", pair=result.path))
        for result in several
        for i in range(5)
    ]
    once = report(*several, resamples=500)["video"]["auc"]
    grouped = report(*versions, resamples=500)["video"]["auc"]
    alone = report(*[replace(each, truth=replace(each.truth, pair=None)) for each in versions], resamples=500)
    assert once["value"] == grouped["value"]
    width = once["high"] - once["low"]
    assert grouped["high"] - grouped["low"] == pytest.approx(width, rel=0.15)
    assert alone["video"]["auc"]["high"] - alone["video"]["auc"]["low"] < 0.6 * width


def test_a_handful_of_source_groups_gives_a_value_and_no_interval():
    one_pair = [replace(each, truth=replace(each.truth, pair="000")) for each in (*reals(1), *fakes(4))]
    made = report(*one_pair)
    assert made["video"]["auc"] == {"value": 1.0, "low": None, "high": None}
    assert any("With 1 source groups" in note for note in made["notes"])
    many = report(*reals(60, step=0.005), *fakes(60, step=0.005))
    assert many["video"]["auc"]["low"] is not None
    assert not any("source groups" in note for note in many["notes"])


def test_several_data_sets_have_a_part_each_and_a_mean():
    other = [*reals(4, dataset="celebdf"), *fakes(4, dataset="celebdf", start=0.22, step=0)]
    made = report(*reals(5), *fakes(5), *other)
    assert list(made["datasets"]) == ["celebdf", "ffpp"]
    assert value(made["datasets"]["ffpp"]["video"]) == 1.0
    assert value(made["datasets"]["celebdf"]["video"]) == 0.75
    assert made["mean"]["auc"] == pytest.approx(0.875)
    assert made["coverage"]["videos"] == 18
    assert made["datasets"]["celebdf"]["coverage"]["videos"] == 8
    assert made["splits"] == {"celebdf": {"test": 8}, "ffpp": {"test": 10}}


def test_a_mean_is_of_all_data_sets_or_none():
    made = report(*reals(3), *fakes(3), *fakes(3, dataset="celebdf"))
    assert made["mean"] == dict.fromkeys(NAMES)
    assert report(*reals(3), *fakes(3))["mean"] is None


def test_the_worst_mistakes_come_first_and_say_where_to_look():
    alarms = [clip(f"a{i}", 0, 0.55 + 0.05 * i, scores=[0.2, 0.9]) for i in range(EXAMPLES + 2)]
    made = report(*alarms, clip("quiet", 0, 0.1), clip("missed", 1, 0.3), *fakes(3))["worst"]
    assert [example["clip"] for example in made["false_alarms"]] == [f"youtube/a{i}.mp4" for i in range(7, 1, -1)]
    assert [example["clip"] for example in made["misses"]] == ["Deepfakes/missed.mp4"]
    assert made["false_alarms"][0] == {
        "dataset": "ffpp",
        "clip": "youtube/a7.mp4",
        "path": "root/youtube/a7.mp4",
        "method": "youtube",
        "label": 0,
        "score": pytest.approx(0.9),
        "probability": pytest.approx(0.9),
        "frame": 10,
        "time": 0.4,
        "box": list(BOX),
    }


def test_one_class_gives_no_metrics_and_a_note():
    made = report(*fakes(5))
    assert made["video"] == made["frame"] == dict.fromkeys(NAMES)
    assert made["per_method"]["Deepfakes"]["auc"] is None
    assert made["curves"] is None
    assert any("Only fake clips" in note for note in made["notes"])


def test_nothing_scored_gives_no_metrics_and_a_note():
    made = report(clip("x", 1, 0, status="error"), clip("y", 0, 0, status="inconclusive"))
    assert made["video"]["auc"] is None
    assert made["counts"] == {"real": 0, "fake": 0, "groups": 0}
    assert any("No clip was scored" in note for note in made["notes"])


def test_no_label_is_an_error():
    with pytest.raises(FacefakeError) as error:
        report(replace(clip("u", 1, 0.0), truth=None))
    assert error.value.code == "labels_missing"


def test_a_clip_given_twice_counts_once():
    made = report(*reals(5), *fakes(5), fakes(1)[0])
    assert made["coverage"]["videos"] == 10
    assert any("more than once" in note for note in made["notes"])


def test_a_report_from_the_file_is_the_report_made_while_scoring(tmp_path):
    results = [clip(f"{i}", i % 2, 1 / (i + 2), scores=[1 / (i + 3), 1 / (i + 2)], pair=str(i // 3)) for i in range(30)]
    file = read_scores(write(tmp_path / "s.json", results))
    assert make_report(file.scores, resamples=20) == report(*results, resamples=20)


@pytest.mark.parametrize(
    ("count", "note"),
    [
        (5, "TPR at 0.1 % and at 1 % and at 5 % FPR allow no false alarm"),
        (20, "TPR at 0.1 % and at 1 % FPR allow no false alarm"),
        (100, "TPR at 0.1 % FPR allows no false alarm"),
        (1000, ""),
    ],
)
def test_too_few_reals_for_a_false_alarm_rate_are_noted(count, note):
    made = report(*reals(count, step=0), *fakes(5))
    assert note in " ".join(made["notes"])
    assert bool(made["notes"]) == bool(note)


def test_uneven_abstention_is_noted_and_chance_is_not():
    def some(count, label):
        return [clip(f"no{i}", label, 0, status="inconclusive") for i in range(count)]

    def noted(*results):
        return any("easier selection" in note for note in report(*results)["notes"])

    assert noted(*reals(100, step=0), *fakes(100, step=0), *some(20, label=1))
    assert noted(*reals(100, step=0), *fakes(100, step=0), *some(20, label=0))
    assert not noted(*reals(100, step=0), *fakes(100, step=0), *some(20, label=0), *some(18, label=1))
    assert not noted(*reals(10), *fakes(8), *some(2, label=1))


# What DeepfakeBench gets wrong, and how a reader of our report would see it


def test_a_checkpoint_chosen_on_a_test_set_is_flagged():
    chosen = DETECTOR | {"selection": DETECTOR["selection"] | {"split": "test"}}
    made = report(*reals(3), *fakes(3), provenance={"detector": chosen})
    assert any("chosen on a test split" in note for note in made["notes"])
    assert any("The checkpoint was chosen on ffpp test" in sentence for sentence in made["leakage"])


def test_how_the_checkpoint_was_chosen_is_always_said():
    made = report(*reals(3), *fakes(3), provenance={"detector": DETECTOR})
    assert "The checkpoint was chosen by AUC over clips on the val split." in made["notes"]
    assert made["leakage"] == []
    last = DETECTOR | {"selection": DETECTOR["selection"] | {"metric": "last_epoch"}}
    made = report(*reals(3), *fakes(3), provenance={"detector": last})
    assert "The checkpoint is that of the last epoch: none was chosen." in made["notes"]
    made = report(*reals(3), *fakes(3), provenance={"detector": DETECTOR | {"selection": None}})
    assert any("not recorded" in note for note in made["notes"])


def test_training_videos_among_the_scored_are_flagged():
    made = report(*reals(3), *fakes(3, split="train"), provenance={"detector": DETECTOR})
    assert any("trained on ffpp train" in sentence for sentence in made["leakage"])
    assert any("several splits are taken together (3 test, 3 train)" in note for note in made["notes"])


def test_the_protocol_says_which_clips_the_figures_speak_of_absent_ones_too():
    results = [*reals(3, pair="1"), clip("x", 1, 0, status="error", error="absent")]
    (facts,) = report(*results, *fakes(2))["protocols"]
    clips = [
        Clip(None, t.clip, t.dataset, t.method, t.label, t.split, t.pair, "", t.compression)
        for t in (result.truth for result in [*results, *fakes(2)])
    ]
    assert facts == Protocol.of(get_reader("ffpp"), clips).facts()
    (corrected,) = report(*results, *fakes(2, split="val"))["protocols"]
    assert corrected["sha256"] != facts["sha256"]
    assert protocols_of(Scores.of(results), {"ffpp": 7})[0]["version"] == 7
