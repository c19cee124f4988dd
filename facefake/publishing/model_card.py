"""The model card of a detector: ``README.md`` with the front matter that the Hugging Face hub reads.

Everything in it comes from the detector file's metadata and a report; what is not known is said to be unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from huggingface_hub import EvalResult, ModelCardData

from facefake.models.card import DetectorCard
from facefake.models.file import DETECTOR_FILE
from facefake.models.spec import HUB_PREFIX
from facefake.models.weights import hub_repository
from facefake.publishing.publication import UNSTATED, Publication
from facefake.registry.entries import ENTRIES
from facefake.reporting.tables import TITLES, cell, coverage_line
from facefake.reporting.text import markdown
from facefake.scoring.rules import LAST_EPOCH
from preprocessing.faces.align import CropGeometry

LIBRARY: Final = "facefake"

_TOY: Final = "**A toy:** its backbone began with random numbers, and it knows nothing about the world.\n\n"
_OWN: Final = "folder"  # the reader of whatever lies in a folder

# those the hub knows by name; any other is named beside `other`
_LICENCES: Final = (
    *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "mpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0"),
    *("cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0"),
)


def model_card(publication: Publication) -> str:
    """The whole text of ``README.md``."""
    card = publication.card
    sections = {
        "How to use it": _use(publication),
        "What it is": _facts(publication),
        "Trained on": _training(card),
        "How the checkpoint was chosen": _selection(card),
        "Figures": _figures(publication),
        "What it sees": _sees(card),
        "What it answers": _answers(card),
        "Intended use": _intended(card),
        "Limits": _limits(publication),
        "Licence": _licence(publication),
    }
    body = "\n\n".join(f"## {title}\n\n" + "\n".join(lines) for title, lines in sections.items())
    title = f"# {markdown(publication.title)}\n\n{_TOY if _is_toy(publication.card) else ''}"
    return f"---\n{_front_matter(publication)}\n---\n\n{title}{body}\n"


def _front_matter(publication: Publication) -> str:
    card = publication.card
    known = publication.licence.lower()
    licence: dict[str, str] = {}
    if publication.licence != UNSTATED:
        licence = {"license": known} if known in _LICENCES else {"license": "other", "license_name": known}
    base = _base(card)
    data = ModelCardData(
        **licence,
        library_name=LIBRARY,
        pipeline_tag="image-classification" if _whole(card) else "video-classification",
        tags=["deepfake-detection", "ai-generated-image-detection" if _whole(card) else "face-forgery-detection"],
        **({"base_model": base} if base else {}),
        **({"model_name": publication.title, "eval_results": results} if (results := _results(publication)) else {}),
    )
    return str(data.to_yaml())


def _results(publication: Publication) -> list[EvalResult]:
    """Test figures in the hub's own form, which has no place for intervals; a toy's are nothing to list there."""
    task = "image-classification" if _whole(publication.card) else "video-classification"
    return [
        EvalResult(
            task_type=task,
            dataset_type=dataset,
            dataset_name=dataset,
            metric_type=metric,
            metric_name=TITLES[metric],
            metric_value=interval["value"],
        )
        for dataset, part in _parts(publication)
        for metric, interval in part["video"].items()
        if interval is not None and metric in TITLES and not _is_toy(publication.card)
    ]


def _use(publication: Publication) -> Iterator[str]:
    name = f"hf-hub:{publication.repository}" if publication.repository else DETECTOR_FILE
    clip = "picture.jpg" if _whole(publication.card) else "clip.mp4"
    yield f"```\npip install facefake\nfacefake score {clip} --detector {name}\n```\n"
    yield f'```python\nimport facefake\n\nif __name__ == "__main__":\n    detector = facefake.load("{name}")'
    yield f'    for result in facefake.score(["{clip}"], detector):'
    yield "        print(result.path, result.verdict, result.probability, result.reason)\n```\n"
    yield "The file holds what was tuned; the backbone's own weights are fetched, or found beside it, and are checked."


def _facts(publication: Publication) -> Iterator[str]:
    card = publication.card
    rows = {
        "detects": "generated pictures, judged whole" if _whole(card) else "forged faces in videos and pictures",
        "backbone": f"{card.backbone.name}, {_weights(card)}, up to the {card.backbone.feature} feature",
        "digest of the backbone": card.backbone.sha256,
        "tuned": card.strategy,
        "head": card.head,
        "written by": f"facefake {card.tool_version}",
        "file": f"{DETECTOR_FILE}, {publication.file.stat().st_size:,} bytes",
        "sha256": publication.sha256,
    }
    yield from _table(("", ""), rows.items())


def _training(card: DetectorCard) -> Iterator[str]:
    if card.training is not None:
        made = card.training
        yield (
            f"The {markdown(made.split)} split of {_and(made.datasets)}: {made.clips:,} clips, {made.crops:,} crops. "
            f"Digest of what was used: {made.manifest_sha256}; of the training's settings: {made.config_sha256}."
        )
    elif card.origin is not None and card.origin.name in ENTRIES:
        yield f"As its authors say: {markdown(ENTRIES[card.origin.name].trained_on)}"
    else:
        yield "Not recorded."


def _selection(card: DetectorCard) -> Iterator[str]:
    chosen = card.selection
    if chosen is None:
        yield "Not recorded. If it was on a test set, figures on that set are too good."
        return
    where = f"the {markdown(chosen.split)} split" + (f" of {_and(chosen.datasets)}" if chosen.datasets else "")
    if chosen.metric == LAST_EPOCH:
        yield f"It was not: it is that of the last epoch. Its AUC over clips on {where} is {chosen.value:.3f}."
    else:
        yield f"By {markdown(chosen.metric)} on {where}: {chosen.value:.3f} in epoch {chosen.epoch}."


def _figures(publication: Publication) -> Iterator[str]:
    card, report = publication.card, publication.report
    parts = dict(_parts(publication))
    if report is None:
        yield "No test figures were given with this detector."
    else:
        how = report["bootstrap"]
        yield (
            f"Measured by facefake on the clips below, with 95 % intervals (bootstrap over {markdown(how['unit'])}s, "
            f"{how['resamples']} resamples); the verdict's threshold is {report['threshold']:g}.\n"
        )
        splits = {name: ", ".join(sorted(report["splits"].get(name, {}))) for name in parts}
        rows = [("split", *splits.values())]
        rows.append(("clips", *(coverage_line(part["coverage"]) for part in parts.values())))
        rows += [
            (title, *(cell(part["video"].get(metric)) for part in parts.values())) for metric, title in TITLES.items()
        ]
        yield from _table(("", *parts), rows)
    if card.metrics:
        figures = ", ".join(f"{markdown(name)} {value:.3f}" for name, value in card.metrics.items())
        yield "\nWhere the checkpoint was chosen, and therefore flattering: " + figures + "."
    entry = ENTRIES.get(card.origin.name) if card.origin else None
    if entry is not None and entry.figures:
        yield "\nPublished by others, not measured here:\n"
        rows = [(each.dataset, each.metric, f"{each.value:.3f}", each.source) for each in entry.figures]
        yield from _table(("data set", "metric", "value", "source"), rows)


def _sees(card: DetectorCard) -> Iterator[str]:
    geometry, backbone = CropGeometry.from_dict(card.geometry), card.backbone
    size = "at its own size" if geometry.size is None else f"at {geometry.size} x {geometry.size} pixels"
    if geometry.whole:
        yield f"- the whole picture: `{geometry.template}`, {size}"
    else:
        yield f"- faces found by {markdown(card.face_detector)}; another face detector may move the crop and the score"
        yield f"- the face aligned to the template `{geometry.template}` with a margin of {geometry.scale:g}, {size}"
    yield f"- resized to {backbone.image_size} x {backbone.image_size} pixels ({backbone.interpolation}), RGB"
    yield f"- normalised with mean {_three(backbone.mean)} and standard deviation {_three(backbone.std)}"


def _answers(card: DetectorCard) -> Iterator[str]:
    yield "- logits of real and fake, in this order; the score is the softmax's probability of fake, 0 to 1"
    if not _whole(card):
        yield f"- frames are pooled to people and people to the clip ({markdown(card.pooling)})"
    if card.calibration is None:
        yield "- the score is not calibrated: it ranks, and is not to be read as a share of fakes"
    else:
        yield (
            f"- a calibration ({card.calibration.method}) makes the score a probability, supposing that a fake is as "
            "likely as a real one beforehand"
        )
    yield f"- the verdict is fake from {card.threshold:g} on ({markdown(card.threshold_source)})"


def _intended(card: DetectorCard) -> Iterator[str]:
    what = "pictures" if _whole(card) else "videos and pictures of people"
    yield f"To rank or flag {what} for a person to look at, together with other evidence; and for research.\n"
    yield "Not to be used:\n"
    yield "- as the sole ground for an accusation, a sanction or a deletion"
    yield "- as a proof that something is authentic: `real` says that nothing it knows was found"
    yield "- to tell who somebody is, or anything about a person"


def _limits(publication: Publication) -> Iterator[str]:
    report = publication.report
    yield "- methods of forgery and generation that are newer or other than those it was trained on may go unnoticed"
    yield "- compression, resizing, blur and screenshots change scores"
    yield "- how errors differ between groups of people was not measured"
    if not _whole(publication.card):
        yield "- faces that are small, blurred or turned away are left out, and a clip of such faces is inconclusive"
    for note in [*report["leakage"], *report["notes"]] if report else []:
        yield f"- {markdown(note)}"


def _licence(publication: Publication) -> Iterator[str]:
    origin = publication.card.origin
    if origin is not None:
        revision = f" at {markdown(origin.revision)}" if origin.revision else ""
        yield (
            f"These are the weights of {markdown(origin.name)} ({markdown(origin.project)}), from "
            f"{markdown(origin.source)}{revision}, sha256 {origin.sha256}, turned into facefake's form.\n"
        )
    if publication.licence == UNSTATED:
        yield "No licence is stated: nobody may use these weights without asking."
    else:
        yield f"Of the tuned weights: {publication.licence}. The backbone has its own."


def _parts(publication: Publication) -> Iterable[tuple[str, Any]]:
    return publication.report["datasets"].items() if publication.report else ()


def _base(card: DetectorCard) -> str | None:
    """The repository of the backbone, where it has one; never a path of the machine it was trained on."""
    if card.backbone.name.startswith(HUB_PREFIX):
        return card.backbone.name.removeprefix(HUB_PREFIX)
    return hub_repository(card.backbone.name, card.backbone.weights)


def _weights(card: DetectorCard) -> str:
    return card.backbone.weights.replace("\\", "/").rpartition("/")[2] if _base(card) is None else card.backbone.weights


def _whole(card: DetectorCard) -> bool:
    return CropGeometry.from_dict(card.geometry).whole


def _is_toy(card: DetectorCard) -> bool:
    return card.backbone.weights.startswith("random:")


def _and(names: list[str]) -> str:
    return " and ".join("a folder of its maker's own" if name == _OWN else markdown(name) for name in names)


def _three(values: tuple[float, float, float]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    titles = list(head)
    yield "| " + " | ".join(markdown(title) for title in titles) + " |"
    yield "|" + "---|" * len(titles)
    for row in rows:
        yield "| " + " | ".join(markdown(value) for value in row) + " |"
