"""Fit a detector's calibration and threshold to its scores on validation videos, and estimate the errors they make.

What is fitted on videos flatters itself on those same videos. Error rates and quality are therefore estimated *out of
fold*: source groups are dealt into five folds, and each fold is judged by a map and a threshold fitted on the other
four (``sklearn.model_selection.StratifiedGroupKFold``), as a new video would be. The map that is kept is fitted on all.

Threshold rules:

============ =====================================================================================================
``balanced`` 0.5, the more probable of the two classes. Since both weigh the same in the fit
             (:mod:`facefake.scoring.calibration`), it has the least sum of both error rates that the map allows, and
             needs nothing more to be estimated.
``eer``      Where as large a share of reals is called fake as of fakes real.
``fpr:0.01`` The lowest at which at most that share of the reals is called fake.
============ =====================================================================================================

The defaults, ``sigmoid`` and ``balanced``, are what a validation split such as that of FaceForensics++ carries: 140
reals in 70 source groups and 560 or 700 fakes. Two parameters are well determined by it, and they can move the middle,
which temperature cannot: networks trained on five fakes for each real call too much fake. A hundred and forty reals
make an isotonic map of coarse steps, and 1 % of them is a single video.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facefake.evaluation.metrics.curves import BINS, bin_of
from facefake.evaluation.scores import Scores
from facefake.evaluation.scores_file import ScoresFile
from facefake.evaluation.threshold import equal_error_threshold
from facefake.models.card import DetectorCard
from facefake.models.file import read_card
from facefake.scoring.calibration import Calibration, ErrorRates, FittedOn, Method, Rate, class_weights, fit
from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError

SPLIT = "val"
FOLDS = 5
MIN_VIDEOS: dict[Method, int] = {"temperature": 10, "sigmoid": 10, "isotonic": 100}
"""Scored videos of each class below which a fit is refused: ten for each parameter that bends the map (Peduzzi et al.,
1996); with fewer than a hundred, the steps of an isotonic map are single videos."""

_Array = NDArray[np.float64]
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quality:
    """How good probabilities are, both classes weighing the same; lower is better.

    Attributes:
        log_loss: Mean of -log of the probability of the right class.
        brier: Mean squared distance from 0 or 1.
        ece: Expected calibration error over 15 bins, see :mod:`facefake.evaluation.metrics`.
    """

    log_loss: float
    brier: float
    ece: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """What calibrating gives.

    Attributes:
        calibration: The map, with what it was fitted on and the error rates at the threshold.
        threshold: Probability from which on the verdict is fake.
        threshold_source: The rule that gave it, in words.
        before: Quality of the raw scores.
        out_of_fold: Quality of probabilities from maps that had not seen the videos.
        in_sample: Quality of the map's probabilities on the videos it was fitted on.
    """

    calibration: Calibration
    threshold: float
    threshold_source: str
    before: Quality
    out_of_fold: Quality
    in_sample: Quality


def calibrate(scores: Scores, detector: str, method: Method = "sigmoid", rule: str = "balanced") -> Fitted:
    """Fit map and threshold.

    Args:
        scores: Validation videos; those without a score are left out.
        detector: SHA-256 of the detector file that scored them, for the record.
        method: See :mod:`facefake.scoring.calibration`.
        rule: See the module.

    Raises:
        FacefakeError: ``calibration_invalid`` if a clip is of another split, there are fewer scored videos of a class
            than :data:`MIN_VIDEOS` or fewer source groups than folds, the scores rank reals above fakes, or the rule is
            unknown or asks for more reals than there are.
    """
    _check_split(scores)
    videos = scores.take(scores.scored)
    fakes, groups = videos.label == 1, videos.groups
    _check_numbers(fakes, groups, method)
    _check_rule(rule, int((~fakes).sum()))
    fitted = fit(method, fakes, videos.score)
    probabilities = fitted.apply(videos.score)
    threshold = _threshold(rule, fakes, probabilities)
    unseen, called = _out_of_fold(fakes, videos.score, groups, method, rule)
    errors = ErrorRates(
        threshold,
        Rate.of(int(called[~fakes].sum()), int((~fakes).sum())),
        Rate.of(int((~called[fakes]).sum()), int(fakes.sum())),
        FOLDS,
    )
    fitted_on = _fitted_on(videos, detector)
    return Fitted(
        replace(fitted, fitted_on=fitted_on, errors=errors),
        threshold,
        _in_words(rule, fitted_on),
        before=_quality(fakes, videos.score),
        out_of_fold=_quality(fakes, unseen),
        in_sample=_quality(fakes, probabilities),
    )


def check_origin(file: ScoresFile, detector: Path) -> DetectorCard:
    """Refuse scores that do not speak of this detector as it is used; its card.

    Raises:
        FacefakeError: ``calibration_invalid`` for results of another detector, pooled by another rule than its own, of
            corrupted videos, or on data sets whose validation split it was trained on; what reading the card raises.
    """
    card = read_card(detector)
    scored_by, settings = file.head["detector"], file.head["settings"]
    if settings.get("paths"):
        raise FacefakeError(
            "calibration_invalid",
            f"the scores in {file.path} are of two detectors, of which the more suspicious spoke",
            "Score the validation clips with the one that is to be calibrated.",
        )
    if scored_by["sha256"] != sha256_file(detector):
        raise FacefakeError(
            "calibration_invalid",
            f"the scores in {file.path} are of another detector file ({scored_by['name']}, "
            f"{str(scored_by['sha256'])[:12]}) than {detector}",
            "Score the validation clips with the detector that is to be calibrated.",
        )
    if settings["pooling"] != card.pooling:
        raise FacefakeError(
            "calibration_invalid",
            f"the scores in {file.path} are pooled by {settings['pooling']}, the detector pools by {card.pooling}",
            "Score again without --pooling.",
        )
    # frames are corrupted as the recipe says, crops as the settings do
    if corruption := settings.get("corruption") or settings.get("recipe", {}).get("corruption"):
        raise FacefakeError(
            "calibration_invalid", f"the clips of {file.path} were scored under {corruption}", "Use clean ones."
        )
    if card.training and card.training.split == SPLIT and set(card.training.datasets) & set(file.scores.dataset):
        raise FacefakeError(
            "calibration_invalid", f"the detector was trained on the split {SPLIT!r}", "Calibrate on unseen clips."
        )
    return card


def _check_split(scores: Scores) -> None:
    others = [f"{clip} ({split})" for clip, split in zip(scores.clip, scores.split, strict=True) if split != SPLIT]
    if others:
        raise FacefakeError(
            "calibration_invalid",
            f"{len(others)} of {len(scores)} clips are not of the split {SPLIT!r}, e.g. {', '.join(others[:3])}",
            "Test clips must stay unseen, training clips are known by heart: score with --split val.",
        )


def _check_numbers(fakes: _Flags, groups: NDArray[np.int64], method: Method) -> None:
    for label, name in ((False, "real"), (True, "fake")):
        videos, sources = int((fakes == label).sum()), len(set(groups[fakes == label].tolist()))
        if videos < MIN_VIDEOS[method] or sources < FOLDS:
            raise FacefakeError(
                "calibration_invalid",
                f"{videos} {name} validation clips of {sources} source groups have a score; {method} needs "
                f"{MIN_VIDEOS[method]} of each class, of {FOLDS} groups",
                "Score the whole validation split" + (", or use --method sigmoid." if method == "isotonic" else "."),
            )


def _out_of_fold(
    fakes: _Flags, scores: _Array, groups: NDArray[np.int64], method: Method, rule: str
) -> tuple[_Array, _Flags]:
    """Each video's probability, and whether it is called fake, by a map and threshold fitted without its fold."""
    from sklearn.model_selection import StratifiedGroupKFold

    probabilities, called = np.empty(len(scores)), np.empty(len(scores), bool)
    for kept, held in StratifiedGroupKFold(FOLDS).split(scores, fakes, groups):
        fitted = fit(method, fakes[kept], scores[kept])
        probabilities[held] = fitted.apply(scores[held])
        called[held] = probabilities[held] >= _threshold(rule, fakes[kept], fitted.apply(scores[kept]))
    return probabilities, called


def _check_rule(rule: str, reals: int) -> None:
    if rule not in ("balanced", "eer") and _allowed(rule, reals) < 1:
        raise FacefakeError(
            "calibration_invalid",
            f"{rule} of {reals} real clips is less than one, so no threshold can be told from them",
            "Score more real validation clips, or allow more: --threshold-rule fpr:0.05.",
        )


def _allowed(rule: str, reals: int) -> int:
    """How many reals the rule ``fpr:SHARE`` allows to be called fake."""
    try:
        name, _, share = rule.partition(":")
        if name != "fpr" or not 0 < float(share) < 1:
            raise ValueError(rule)
    except ValueError as error:
        raise FacefakeError(
            "calibration_invalid",
            f"there is no threshold rule {rule!r}",
            "Known: balanced, eer, fpr:0.01 and the like.",
        ) from error
    return floor(float(share) * reals + 1e-9)


def _threshold(rule: str, fakes: _Flags, probabilities: _Array) -> float:
    """The threshold by a rule that was checked, always half way between two videos: no last digit decides a verdict."""
    if rule == "balanced":
        return 0.5
    if rule == "eer":
        return equal_error_threshold(fakes, probabilities)
    reals = np.sort(probabilities[~fakes])[::-1]
    highest = reals[_allowed(rule, len(reals))]  # of those that must be called real
    above = probabilities[probabilities > highest]
    if not len(above):
        raise FacefakeError(
            "calibration_invalid",
            f"no threshold keeps to {rule}: too many real clips have the highest probability of all",
            "Allow more false alarms, or use --method sigmoid, which makes no steps.",
        )
    return float((highest + above.min()) / 2)


def _in_words(rule: str, on: FittedOn) -> str:
    words = {
        "balanced": "the more probable of the two classes, where both are as frequent",
        "eer": "as large a share of reals called fake as of fakes called real",
    }
    meaning = words.get(rule) or f"at most {100 * float(rule.partition(':')[2]):g} % of the reals called fake"
    return f"{rule}: {meaning}; calibrated on {' and '.join(on.datasets)} {on.split}"


def _fitted_on(videos: Scores, detector: str) -> FittedOn:
    columns = (videos.dataset, videos.clip, videos.label.tolist(), videos.score.tolist())
    rows = sorted(json.dumps(row) for row in zip(*columns, strict=True))
    fakes = int((videos.label == 1).sum())
    return FittedOn(
        datasets=tuple(sorted(set(videos.dataset))),
        split=SPLIT,
        real=len(videos) - fakes,
        fake=fakes,
        groups=len(set(videos.groups.tolist())),
        sha256=hashlib.sha256("\n".join(rows).encode()).hexdigest(),
        detector=detector,
    )


def _quality(fakes: _Flags, probabilities: _Array) -> Quality:
    from sklearn.metrics import brier_score_loss, log_loss

    weights = class_weights(fakes)
    gaps = np.bincount(bin_of(probabilities), weights=weights * (probabilities - fakes), minlength=BINS)
    return Quality(
        float(log_loss(fakes, probabilities, sample_weight=weights)),
        float(brier_score_loss(fakes, probabilities, sample_weight=weights)),
        float(np.abs(gaps).sum()),
    )
