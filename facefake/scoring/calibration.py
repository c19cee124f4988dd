"""From a score to a probability: a monotone map with a few parameters, fitted on validation videos.

=============== ==================================================================================================
``temperature`` p = σ(logit(s) / T). Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
                One parameter: corrects over-confidence and cannot move 0.5.
``sigmoid``     p = σ(a·logit(s) + b). Platt, "Probabilistic outputs for support vector machines", 1999, on the score's
                log-odds. Two parameters: also moves the middle.
``isotonic``    The best non-decreasing map. Zadrozny & Elkan, KDD 2002. No form is supposed, so it needs many videos;
                it has steps, so different scores may get the same probability, and that may be 0 or 1.
=============== ==================================================================================================

Every map is non-decreasing from 0..1 to 0..1: no two clips ever change places. (Temperature and sigmoid tie only
scores within 1e-6 of 0 or of 1, where the six digits of results end.)

**Both classes weigh the same** in a fit, however many videos each has. FaceForensics++ holds four or five fakes for
each real because it has as many methods, which says nothing about the clip somebody will ask about. The probability
therefore supposes that a fake is as likely as a real one beforehand; its odds are the likelihood ratio of the evidence
(Brümmer & du Preez, "Application-independent evaluation of speaker detection", 2006), and whoever knows better
multiplies them by the odds they expect.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from preprocessing.errors import FacefakeError

Method = Literal["temperature", "sigmoid", "isotonic"]
METHODS: tuple[Method, ...] = get_args(Method)

_END = 1e-6  # scores in results have six digits
_Parameters = dict[str, float | list[float]]
_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FittedOn:
    """The validation videos a calibration was fitted on.

    Attributes:
        datasets: Names of the data sets.
        split: Their split.
        real: Number of real videos.
        fake: Number of fake videos.
        groups: Number of source groups among them.
        sha256: Digest over their (data set, clip, label, score).
        detector: Digest of the detector file that scored them.
    """

    datasets: tuple[str, ...]
    split: str
    real: int
    fake: int
    groups: int
    sha256: str
    detector: str


@dataclass(frozen=True, slots=True)
class Rate:
    """So many ``errors`` among ``videos``, with the exact 95 % interval of Clopper & Pearson (1934).

    The interval takes videos as independent and the threshold as given. Versions of one recording are not independent,
    so where there are many it is too narrow: simulated for 70 recordings with two reals and ten fakes each, it held
    the true rate of reals in 88 to 95 % of cases and that of fakes in 67 to 97 %, by method and rule.

    Example:
        >>> rate = Rate.of(1, 100)
        >>> rate.value, round(rate.low, 4), round(rate.high, 4)
        (0.01, 0.0003, 0.0545)
    """

    errors: int
    videos: int
    value: float
    low: float
    high: float

    @classmethod
    def of(cls, errors: int, videos: int) -> Rate:
        """The rate of ``errors`` among ``videos``, of which there is at least one."""
        from scipy.stats import binomtest

        interval = binomtest(errors, videos).proportion_ci(0.95, method="exact")
        return cls(errors, videos, errors / videos, float(interval.low), float(interval.high))


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often the verdict was wrong on validation videos at a threshold.

    Attributes:
        threshold: Probability from which on a video is called fake.
        false_positive: Reals called fake.
        false_negative: Fakes called real.
        folds: Each video was judged by a map and a threshold fitted without its fold; folds keep source groups whole.
    """

    threshold: float
    false_positive: Rate
    false_negative: Rate
    folds: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """A map from scores to probabilities.

    Attributes:
        method: See the module.
        parameters: ``{"temperature": T}``, ``{"slope": a, "intercept": b}``, or ``{"scores": [...], "probabilities":
            [...]}``, knots of an isotonic map, straight in between and level outside.
        fitted_on: What it was fitted on, if that is known.
        errors: What the threshold beside it does on those videos.

    Raises:
        ValueError: If the parameters are not ones of a non-decreasing map to 0..1.

    Example:
        >>> Calibration("temperature", {"temperature": 2.0}).apply([0.1, 0.5, 0.9]).round(3).tolist()
        [0.25, 0.5, 0.75]
    """

    method: Method
    parameters: _Parameters
    fitted_on: FittedOn | None = None
    errors: ErrorRates | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS or not _CHECKS[self.method](self.parameters):
            raise ValueError(f"{self.parameters} are no parameters of a {self.method!r} calibration")

    def apply(self, scores: ArrayLike) -> _Array:
        """Probabilities of ``scores``.

        Args:
            scores: In 0..1, of any shape. NaN, for what has no score, stays NaN.

        Returns:
            float64 of the same shape, in 0..1.
        """
        return _MAPS[self.method](np.asarray(scores, np.float64), **self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in detector files and in the ``settings`` of results."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Calibration:
        """The inverse of :meth:`to_dict`, also after JSON.

        Raises:
            FacefakeError: ``calibration_invalid`` if it is not one.

        Example:
            >>> line = Calibration("sigmoid", {"slope": 0.5, "intercept": 1.0})
            >>> Calibration.from_dict(line.to_dict()) == line
            True
        """
        from pydantic import TypeAdapter, ValidationError

        try:
            return TypeAdapter(cls).validate_python(dict(data))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "its values"
            raise FacefakeError(
                "calibration_invalid", f"no calibration can be read: {where}: {first['msg']}", "Calibrate again."
            ) from error


def fit(method: Method, labels: ArrayLike, scores: ArrayLike) -> Calibration:
    """Fit a map to labelled scores, both classes weighing the same.

    Args:
        method: See the module.
        labels: (n,) real 0, fake 1.
        scores: (n,) in 0..1.

    Raises:
        FacefakeError: ``calibration_invalid`` for an unknown method, one class only, or scores that rank reals above
            fakes. :func:`facefake.evaluation.calibrating.calibrate` also refuses too few videos.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> honest = rng.uniform(size=4000)
        >>> labels = rng.uniform(size=4000) < honest
        >>> float(fit("temperature", labels, expit(3 * logit(honest))).parameters["temperature"]) > 2.5
        True
    """
    from sklearn.metrics import roc_auc_score

    if method not in METHODS:
        raise FacefakeError(
            "calibration_invalid", f"there is no calibration {method!r}", f"Known: {', '.join(METHODS)}."
        )
    fakes, values = np.asarray(labels).astype(bool), np.asarray(scores, np.float64)
    if not 0 < fakes.sum() < len(fakes):
        raise FacefakeError("calibration_invalid", "the scores are not of real and of fake videos", "Score both.")
    if roc_auc_score(fakes, values) <= 0.5:
        raise _ranks_the_wrong_way()
    return Calibration(method, _FITS[method](fakes, values))


def probability_of(score: float, calibration: Calibration | None) -> float:
    """The probability, 0..1, that belongs to one score: the score itself for a detector without a calibration.

    It has the six digits of results: a report that holds those to the threshold comes to the verdict that was given.

    Example:
        >>> probability_of(0.4999997, None)
        0.5
    """
    return round(score if calibration is None else float(calibration.apply(score)), 6)


def class_weights(fakes: NDArray[np.bool_]) -> _Array:
    """(n,) weights with which both classes sum to one half."""
    return np.where(fakes, 0.5 / fakes.sum(), 0.5 / (~fakes).sum())


def _log_odds(scores: _Array) -> _Array:
    odds: _Array = logit(scores.clip(_END, 1 - _END))
    return odds


def _apply_temperature(scores: _Array, temperature: float) -> _Array:
    return _apply_sigmoid(scores, 1 / temperature, 0.0)


def _apply_sigmoid(scores: _Array, slope: float, intercept: float) -> _Array:
    probabilities: _Array = expit(slope * _log_odds(scores) + intercept)
    return probabilities


def _apply_isotonic(values: _Array, /, scores: list[float], probabilities: list[float]) -> _Array:
    return np.asarray(np.interp(values, scores, probabilities))


def _targets(fakes: NDArray[np.bool_]) -> _Array:
    """Platt's targets, (n₊ + 1)/(n₊ + 2) and 1/(n₋ + 2): with 1 and 0, separable videos would allow any certainty."""
    return np.where(fakes, (fakes.sum() + 1) / (fakes.sum() + 2), 1 / ((~fakes).sum() + 2))


def _fit_temperature(fakes: NDArray[np.bool_], scores: _Array) -> _Parameters:
    from scipy.optimize import minimize_scalar

    odds, targets, weights = _log_odds(scores), _targets(fakes), class_weights(fakes)

    def loss(slope: float) -> float:
        # cross-entropy of σ(slope·odds), convex in the slope
        scaled = slope * odds
        return float(weights @ (np.logaddexp(0, scaled) - targets * scaled))

    slope = float(minimize_scalar(loss, bounds=(0, 100), method="bounded", options={"xatol": 1e-9}).x)
    if slope < 1e-6:
        raise _ranks_the_wrong_way()
    return {"temperature": 1 / slope}


def _fit_sigmoid(fakes: NDArray[np.bool_], scores: _Array) -> _Parameters:
    from sklearn.linear_model import LogisticRegression

    odds, targets, weights = _log_odds(scores), _targets(fakes), class_weights(fakes)
    # a target between 0 and 1 is a fake and a real with that share of the weight each
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(
        np.concatenate([odds, odds])[:, None],
        np.repeat([1, 0], len(odds)),
        sample_weight=np.concatenate([weights * targets, weights * (1 - targets)]) * len(odds),
    )
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        raise _ranks_the_wrong_way()
    return {"slope": slope, "intercept": intercept}


def _fit_isotonic(fakes: NDArray[np.bool_], scores: _Array) -> _Parameters:
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    model.fit(scores, fakes.astype(np.float64), sample_weight=class_weights(fakes) * len(scores))
    return {"scores": model.X_thresholds_.tolist(), "probabilities": model.y_thresholds_.tolist()}


def _ranks_the_wrong_way() -> FacefakeError:
    return FacefakeError(
        "calibration_invalid",
        "the scores rank the real clips above the fake ones, or all alike",
        "Such a detector has learned nothing about these clips; if it is another's, is its polarity right?",
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _sound_temperature(parameters: Mapping[str, Any]) -> bool:
    return (
        list(parameters) == ["temperature"] and _is_number(parameters["temperature"]) and parameters["temperature"] > 0
    )


def _sound_sigmoid(parameters: Mapping[str, Any]) -> bool:
    return (
        set(parameters) == {"slope", "intercept"}
        and all(map(_is_number, parameters.values()))
        and (parameters["slope"] > 0)
    )


def _sound_isotonic(parameters: Mapping[str, Any]) -> bool:
    if set(parameters) != {"scores", "probabilities"}:
        return False
    scores, probabilities = (np.asarray(parameters[name], np.float64) for name in ("scores", "probabilities"))
    return (
        scores.ndim == 1
        and scores.shape == probabilities.shape
        and len(scores) > 0
        and all(
            bool(np.all((each >= 0) & (each <= 1)) and np.all(np.diff(each) >= 0)) for each in (scores, probabilities)
        )
    )


_FITS: dict[Method, Callable[[NDArray[np.bool_], _Array], _Parameters]] = {
    "temperature": _fit_temperature,
    "sigmoid": _fit_sigmoid,
    "isotonic": _fit_isotonic,
}
_MAPS: dict[Method, Callable[..., _Array]] = {
    "temperature": _apply_temperature,
    "sigmoid": _apply_sigmoid,
    "isotonic": _apply_isotonic,
}
_CHECKS: dict[Method, Callable[[Mapping[str, Any]], bool]] = {
    "temperature": _sound_temperature,
    "sigmoid": _sound_sigmoid,
    "isotonic": _sound_isotonic,
}
