"""Reports as :mod:`facefake.evaluation.report` makes them, drawn from random numbers; no field is empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

METRICS = ("auc", "ap", "eer", "accuracy", "tpr_at_fpr_0_1", "tpr_at_fpr_1", "tpr_at_fpr_5", "log_loss", "brier", "ece")
METHODS = {
    "ffpp": ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"),
    "celebdf": ("Celeb-synthesis",),
    "dfdc": ("dfdc",),
}
DIGEST = "5f1d" * 16


def interval(rng: np.random.Generator, around: float = 0.9) -> dict[str, float]:
    value = float(np.clip(rng.normal(around, 0.04), 0, 1))
    spread = float(rng.uniform(0.005, 0.05))
    return {"value": value, "low": max(0.0, value - spread), "high": min(1.0, value + spread)}


def metrics(rng: np.random.Generator, without: Sequence[str] = ()) -> dict[str, Any]:
    around = {"eer": 0.12, "tpr_at_fpr_0_1": 0.3, "tpr_at_fpr_1": 0.5, "log_loss": 0.35, "brier": 0.11, "ece": 0.05}
    return {name: None if name in without else interval(rng, around.get(name, 0.9)) for name in METRICS}


def coverage(videos: int, inconclusive: int = 0, error: int = 0, missing: int = 0) -> dict[str, Any]:
    scored = videos - inconclusive - error - missing
    return {
        "videos": videos,
        "scored": scored,
        "inconclusive": inconclusive,
        "error": error,
        "missing": missing,
        "share": scored / videos,
    }


def curves(rng: np.random.Generator, reals: int = 200, fakes: int = 400, *, calibrated: bool = True) -> dict[str, Any]:
    real, fake = rng.beta(2, 6, reals), rng.beta(6, 2, fakes)
    steps = np.sort(np.concatenate([real, fake, [2.0]]))[::-1]
    fpr = [float((real >= step).mean()) for step in steps] + [1.0]
    tpr = [float((fake >= step).mean()) for step in steps] + [1.0]
    edges = np.linspace(0, 1, 33)
    bins = []
    for low in np.arange(10) / 10:
        inside = [(s >= low) & (s < low + 0.1) for s in (real, fake)]
        count = int(inside[0].sum() + inside[1].sum())
        mean = float(np.concatenate([real[inside[0]], fake[inside[1]]]).mean()) if count else None
        share = float(inside[1].sum() / count) if count else None
        bins.append({"low": low, "high": low + 0.1, "mean": mean, "fakes": share, "count": count})
    return {
        "roc": {"fpr": fpr[:: max(1, len(fpr) // 256)], "tpr": tpr[:: max(1, len(fpr) // 256)]},
        "det": {"fpr": fpr, "fnr": [1 - rate for rate in tpr]},
        "reliability": {"bins": bins} if calibrated else None,
        "histogram": {
            "edges": edges.tolist(),
            "real": np.histogram(real, edges)[0].tolist(),
            "fake": np.histogram(fake, edges)[0].tolist(),
        },
    }


def example(rng: np.random.Generator, dataset: str, method: str, label: int, number: int) -> dict[str, Any]:
    return {
        "dataset": dataset,
        "clip": f"{method}/{number:03d}.mp4",
        "path": f"/nowhere/{dataset}/{method}/{number:03d}.mp4",
        "method": method,
        "label": label,
        "score": float(rng.uniform(0, 0.3) if label else rng.uniform(0.7, 1)),
        "probability": float(rng.uniform(0, 0.3) if label else rng.uniform(0.7, 1)),
        "frame": 12 * number,
        "time": 0.48 * number,
        "box": [10.0, 10.0, 80.0, 90.0],
    }


def part(rng: np.random.Generator, dataset: str, methods: Sequence[str], examples: int = 8) -> dict[str, Any]:
    def subset(fakes: int) -> dict[str, Any]:
        return {"videos": fakes, "reals": 200, "coverage": coverage(fakes + 3, 2, 1)} | metrics(rng)

    return {
        "video": metrics(rng),
        "frame": metrics(rng, without=("log_loss",)),
        "per_method": {method: subset(100) for method in methods},
        "mean_of_methods": dict.fromkeys(METRICS, 0.8125) if len(methods) > 1 else None,
        "per_compression": {level: subset(150) for level in ("c23", "c40")},
        "per_people": {"1": subset(300), "2": subset(40), "3+": subset(2) | dict.fromkeys(METRICS)},
        "coverage": coverage(620, inconclusive=12, error=3, missing=5),
        "reasons": {"no_face": 9, "too_few_faces": 3, "unreadable": 3, "absent": 5},
        "counts": {"real": 200, "fake": 400, "groups": 200},
        "auc_if_abstentions_wrong": 0.87,
        "curves": curves(rng),
        "worst": {
            "false_alarms": [example(rng, dataset, "youtube", 0, number) for number in range(examples)],
            "misses": [example(rng, dataset, methods[0], 1, number) for number in range(examples)],
        },
        "notes": [f"{dataset}: with 200 real clips, TPR at 0.1 % FPR allows no false alarm at all."],
    }


def empty_part() -> dict[str, Any]:
    """Of a data set none of whose videos were scored."""
    return {
        "video": dict.fromkeys(METRICS),
        "frame": dict.fromkeys(METRICS),
        "per_method": {},
        "mean_of_methods": None,
        "per_compression": {},
        "per_people": {},
        "coverage": coverage(4, missing=4),
        "reasons": {"absent": 4},
        "counts": {"real": 0, "fake": 0, "groups": 0},
        "auc_if_abstentions_wrong": None,
        "curves": None,
        "worst": {"false_alarms": [], "misses": []},
        "notes": ["No clip was scored, so there are no metrics."],
    }


def provenance(name: str = "face-ln.safetensors") -> dict[str, Any]:
    return {
        "command": ["facefake", "score", "--dataset", "celebdf", "--data", "Celeb DF/v2", "--detector", name],
        "tool": {"name": "facefake", "version": "0.3.0"},
        "detector": {
            "name": name,
            "sha256": DIGEST,
            "backbone": {"name": "ViT-L-14-quickgelu", "weights": "openai"},
            "training": {"datasets": ["ffpp"], "split": "train", "clips": 3600},
            "selection": {"split": "val", "metric": "video_auc", "value": 0.991, "epoch": 7},
        },
        "settings": {"recipe": {"frames": "uniform:32"}, "pooling": "mean", "abstention": {"min_frames": 4}},
        "versions": {"python": "3.11.7", "torch": "2.6.0", "open_clip_torch": "3.2.0"},
        "inputs": [{"path": "scores.json", "sha256": DIGEST}],
    }


def robustness(rng: np.random.Generator, datasets: Sequence[str]) -> list[dict[str, Any]]:
    suites = (("jpeg", "crop", "quality", (100, 80, 60, 40, 20)), ("h264", "frame", "CRF", (0, 23, 28, 35, 40)))
    found = []
    for corruption, at, unit, levels in suites:
        for dataset in datasets:
            steps = [
                {
                    "level": level,
                    "name": "clean" if place == 0 else f"{level}",
                    "auc": interval(rng, 0.93 - 0.07 * place) if place < 4 else None,
                    "coverage": coverage(620, inconclusive=12 * place),
                }
                for place, level in enumerate(levels)
            ]
            found.append({"corruption": corruption, "at": at, "unit": unit, "dataset": dataset, "levels": steps})
    return found


def anchors() -> list[dict[str, Any]]:
    figures = {"GenD": {"celebdf": 0.960, "dfdc": 0.871}, "Effort": {"celebdf": 0.956, "dfdc": 0.843}}
    return [
        {
            "method": method,
            "dataset": dataset,
            "metric": "auc",
            "level": "video",
            "value": value,
            "source": f"{method}, table 2",
            "note": "trained on FF++ c23",
        }
        for method, values in figures.items()
        for dataset, value in values.items()
    ]


def report(
    datasets: Sequence[str] = ("celebdf", "dfdc", "ffpp"), *, seed: int = 0, suite: bool = True, examples: int = 8
) -> dict[str, Any]:
    """A whole report; with ``suite`` it has what only suites have."""
    rng = np.random.default_rng(seed)
    methods = {name: METHODS.get(name, ("one", "two")) for name in datasets}
    whole = part(rng, datasets[0], [method for name in datasets for method in methods[name]], examples)
    return whole | {
        "schema": 2,
        "kind": "report",
        "datasets": {name: part(rng, name, methods[name], examples) for name in datasets},
        "mean": dict.fromkeys(METRICS, 0.9) | {"log_loss": None} if len(datasets) > 1 else None,
        "threshold": 0.43,
        "threshold_source": "equal error rate on ffpp val",
        "calibration": {"method": "temperature", "temperature": 1.7, "fitted_on": {"dataset": "ffpp", "split": "val"}},
        "bootstrap": {"resamples": 1000, "seed": seed, "unit": "source group"},
        "splits": {name: {"test": 620} for name in datasets},
        "protocols": [
            {"dataset": name, "version": 1, "sha256": DIGEST, "clips": 620, "splits": {"test": 620}}
            for name in datasets
        ],
        "leakage": ["The detector was trained on ffpp train, and 14 of these videos are in it."] if suite else [],
        "anchors": anchors() if suite else [],
        "robustness": robustness(rng, datasets) if suite else [],
        "provenance": provenance(),
    }


def empty_report() -> dict[str, Any]:
    """What is left when nothing could be scored and nothing is known of how it came about."""
    return empty_part() | {
        "schema": 2,
        "kind": "report",
        "datasets": {"folder": empty_part()},
        "mean": None,
        "threshold": 0.5,
        "threshold_source": "default",
        "calibration": None,
        "bootstrap": {"resamples": 1000, "seed": 0, "unit": "source group"},
        "splits": {"folder": {"none": 4}},
        "protocols": [],
        "leakage": [],
        "anchors": [],
        "robustness": [],
        "provenance": None,
    }


def comparison(detectors: Sequence[str] = ("ours.safetensors", "theirs.csv"), seed: int = 0) -> dict[str, Any]:
    """A comparison of several detectors on the same videos of two data sets."""
    rng = np.random.default_rng(seed)
    reports = [report(("celebdf", "dfdc"), seed=seed + place, suite=False) for place in range(len(detectors))]
    for single, name in zip(reports, detectors, strict=True):
        single["provenance"] = provenance(name)
    pairs = []
    for a in range(len(detectors)):
        for b in range(a + 1, len(detectors)):
            for dataset in (None, "celebdf", "dfdc"):
                value = float(rng.normal(0.02, 0.02))
                difference = {"value": value, "low": value - 0.02, "high": value + 0.02}
                delong = {"z": 2 * value / 0.02, "p": float(rng.uniform(0, 0.2))}
                pairs.append(
                    {"a": a, "b": b, "dataset": dataset, "videos": 600, "difference": difference, "delong": delong}
                )
    return {
        "schema": 2,
        "kind": "comparison",
        "reports": reports,
        "detectors": [
            {
                "name": name,
                "sha256": DIGEST if place == 0 else None,
                "file": f"{name}.json",
                "coverage": coverage(640, inconclusive=20),
            }
            for place, name in enumerate(detectors)
        ],
        "common": {"videos": 600, "left_out": [{"detector": 1, "videos": 14}]},
        "pairs": pairs,
        "provenance": provenance() | {"detector": {}},
    }
