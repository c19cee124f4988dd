"""Labels and scores to measure, and whom they belong to."""

import numpy as np
from hypothesis import strategies as st


@st.composite
def labelled_scores(draw):
    """Both classes present; few distinct scores, so that ties abound."""
    n = draw(st.integers(2, 40))
    labels = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(lambda y: 0 < sum(y) < len(y)))
    scores = draw(st.lists(st.integers(0, 8), min_size=n, max_size=n))
    return np.array(labels), np.array(scores) / 8


def made(n, seed=0, separation=1.0, distinct=None):
    """``n`` labels and probabilities, rounded to ``distinct`` values for ties."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, n)
    scores = 1 / (1 + np.exp(-(rng.normal(size=n) + separation * labels)))
    return labels, np.round(scores * distinct) / distinct if distinct else scores


def clustered(groups, fakes, separation, shared, rng):
    """Labels, scores and source groups, each of two reals and some fakes.

    Scores are normal with variance one, fakes ``separation`` higher; ``shared`` of its variance a clip has in common
    with those of its group and class. So the AUC is that of independent clips, Phi(separation / sqrt 2).
    """
    labels = np.tile([0, 0] + [1] * fakes, groups)
    group = np.repeat(np.arange(groups), fakes + 2)
    own, common = rng.normal(size=len(labels)), rng.normal(size=(groups, 2))[group, labels]
    return labels, np.sqrt(1 - shared) * own + np.sqrt(shared) * common + separation * labels, group
