"""Results as scoring makes them, and files of them, for whatever reads results."""

from pathlib import Path

from facefake.reporting import JsonResults, open_output
from facefake.scoring.result import ClipResult, ErrorFacts, FrameScore, PersonResult, Truth, document_head

BOX, POINTS = (10.0, 10.0, 90.0, 90.0), ((1.0, 1.0),) * 5


def frames(*scores):
    return tuple(FrameScore(10 * i, i / 2.5, score, BOX, POINTS, 1.0) for i, score in enumerate(scores))


def clip(
    name,
    label,
    score,
    *,
    method=None,
    status="scored",
    scores=None,
    dataset="ffpp",
    split="test",
    pair=None,
    compression="c23",
    probability=None,
    reason=None,
    error="timeout",
):
    """A result; ``scores`` are the frame scores of its one person, ``error`` the code if its status is that."""
    method = method or ("Deepfakes" if label else "youtube")
    key = f"{method}/{name}.mp4"
    scored = status == "scored"
    probability = score if probability is None else probability
    return ClipResult(
        path=f"root/{key}",
        sha256="0" * 64,
        kind="video",
        status=status,
        verdict=("fake" if probability >= 0.5 else "real") if scored else "inconclusive",
        probability=probability if scored else None,
        score=score if scored else None,
        reason=(reason or "no_face") if status == "inconclusive" else None,
        people=(PersonResult(0, probability, score, frames(*(scores or [score]))),) if scored else (),
        error=ErrorFacts(error, "It took too long.", "Wait longer.") if status == "error" else None,
        truth=Truth(key, dataset, method, split, label, pair, compression),
    )


def reals(count, start=0.1, step=0.05, **facts):
    return [clip(f"{i:03}", 0, start + step * i, **facts) for i in range(count)]


def fakes(count, start=0.6, step=0.05, **facts):
    return [clip(f"{i:03}_{i + 100}", 1, start + step * i, **facts) for i in range(count)]


DETECTOR = {
    "name": "detector.safetensors",
    "sha256": "ab" * 32,
    "backbone": {"name": "tiny-vit"},
    "training": {"datasets": ["ffpp"], "split": "train"},
    "selection": {"split": "val", "metric": "video_auc", "value": 0.9, "epoch": 3},
}
SETTINGS = {"recipe": {"frames": "uniform:4"}, "pooling": "mean", "threshold": 0.5, "calibration": None}


def write(path: Path, results, report=None, sha256="ab" * 32, **settings):
    """A results file of ``results``; returns its path."""
    head = document_head(DETECTOR | {"sha256": sha256}, SETTINGS | settings)
    return write_document(path, head, results, report)


def write_document(path: Path, head, results, report=None):
    """A results file as `facefake score` writes it; returns its path."""
    with open_output(path) as file:
        document = JsonResults(file, head)
        for result in results:
            document.add(result)
        document.close(report)
    return path
