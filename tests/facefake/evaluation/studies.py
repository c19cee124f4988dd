"""Studies with scores drawn from random numbers, for whatever makes or shows tables of them."""

from __future__ import annotations

import numpy as np

from facefake.evaluation.study import Study
from facefake.evaluation.study_report import make_study_report
from facefake.evaluation.study_scores import PictureScores
from facefake.evaluation.study_table import Trial, make_rows

GENERATORS = ("progan", "glide_50_27", "glide_100_10", "glide_100_27", "dalle3", "faceswap")
HARDNESS = dict(zip(GENERATORS, (3.0, 1.6, 1.4, 1.5, 0.4, 0.8), strict=True))
STRENGTH = {"linear": 0.8, "prompt": 1.0, "adapter": 0.9, "lora": 1.25, "full": 1.2}


def study(**values):
    return Study.model_validate(
        {
            "about": "How the strategies do.",
            "recipes": ["image-prompt"],
            "train": "progan",
            "tests": ["clipping"],
            "merges": {"glide": ["glide_50_27", "glide_100_10", "glide_100_27"]},
            "apart": ["faceswap"],
            "published": "clipping",
            "resamples": 100,
        }
        | values
    )


def scores(rng, strength=1.0, count=60, generators=GENERATORS, unread=0):
    """Of pictures filed as ``clipping`` is: every generator with reals of its own."""
    columns = {name: [] for name in ("clip", "method", "label", "score")}
    for generator in generators:
        for label, method in enumerate((f"{generator}-real", generator)):
            shift = (2 * label - 1) * strength * HARDNESS.get(generator, 1.0) / 2
            columns["score"].append(1 / (1 + np.exp(-(rng.normal(shift - 0.3, 1, count)))))
            columns["label"].append(np.full(count, label))
            columns["method"] += [method] * count
            columns["clip"] += [f"{method}/{number}.png" for number in range(count)]
    score = np.concatenate(columns["score"])
    score[:unread] = np.nan
    return PictureScores(
        dataset=np.array(["clipping"] * len(score), dtype=object),
        clip=np.array(columns["clip"], dtype=object),
        method=np.array(columns["method"], dtype=object),
        label=np.concatenate(columns["label"]),
        score=score,
        reason=np.array(["unreadable" if np.isnan(each) else None for each in score], dtype=object),
    )


def outcomes(of, corruptions=(None,), **options):
    """Everything a study asks for, with scores that rise with size and fall with corruption."""
    rng = np.random.default_rng(0)
    found = []
    for run in of.runs():
        config = run.config()
        size = 1.0 if run.per_class is None else 0.6 + 0.1 * np.log10(run.per_class)
        for level, corruption in enumerate(corruptions):
            power = STRENGTH[config.strategy] * size * (1 - 0.15 * level) + rng.normal(0, 0.05)
            drawn = scores(rng, power, **options)
            found.append(
                Trial(
                    recipe=run.recipe.title,
                    strategy=config.strategy,
                    per_class=config.data.per_class,
                    seed=run.seed,
                    threshold=0.42,
                    corruption=corruption,
                    scores=drawn,
                )
            )
    return found


def rows_of(of, **options):
    return [row for each in outcomes(of, **options) for row in make_rows(of, each)]


def runs(of):
    return [
        {
            "name": run.name,
            "recipe": run.recipe.title,
            "strategy": run.config().strategy,
            "per_class": run.config().data.per_class,
            "seed": run.seed,
            "detector": "5f1d" * 16,
            "config": run.config().sha256,
            "validation": {"reals": 100, "fakes": 100, "auc": 0.99},
            "damaged": 0,
            "threshold": 0.42,
            "threshold_source": "equal error rate on 200 pictures of progan, val",
        }
        for run in of.runs()
    ]


def report(of, name="mine", corruptions=(None,), **options):
    return make_study_report(name, of, rows_of(of, corruptions=corruptions, **options), runs(of))
