"""Score files to the detectors they are of: those of one detector under one setting are one, the rest are compared.

Sets that are released as face crops have a recipe of their own, so files of *different* data sets may differ in that.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from facefake.evaluation.compare import Entrant
from facefake.evaluation.paths import detectors_in
from facefake.evaluation.provenance import provenance
from facefake.evaluation.report import protocols_of
from facefake.evaluation.scores import Scores
from facefake.evaluation.scores_file import ScoresFile

_MAPPING = ("pooling", "calibration")  # settings that make a probability of a clip's frame scores
_DECISIVE = (*_MAPPING, "abstention", "threshold", "corruption")  # beside the recipe, those that change a result


def detectors_of(files: Sequence[ScoresFile], command: Sequence[str]) -> list[Entrant]:
    """The detectors whose results ``files`` hold, in order of appearance; ``command`` goes into their provenance."""
    groups: dict[str, list[ScoresFile]] = {}
    for file in files:
        groups.setdefault(_identity(file.head, _DECISIVE), []).append(file)
    return distinct([_entrant(part, command) for group in groups.values() for part in _by_recipe(group)])


def foreign_detector(path: Path, scores: Scores, polarity: str, command: Sequence[str]) -> Entrant:
    """The unknown detector whose scores other code has written to ``path``."""
    head = {
        "tool": None,
        "detector": {"name": path.stem, "sha256": None, "foreign": True},
        "settings": {"polarity": polarity},
    }
    made = provenance(command, head, [path])
    return Entrant(path.stem, None, (path,), scores, protocols=protocols_of(scores), provenance=made)


def same_detector(validation: ScoresFile, tested: Entrant) -> bool:
    """Whether both were scored by one detector with one rule from frames to a probability."""
    return _identity(validation.head, _MAPPING) == _identity(tested.provenance or {}, _MAPPING)


def distinct(entrants: Sequence[Entrant]) -> list[Entrant]:
    """The same with names that differ: where two are called alike, their files tell them apart."""
    counts = Counter(each.name for each in entrants)
    return [
        replace(each, name=f"{each.name} ({each.files[0]})") if counts[each.name] > 1 else each for each in entrants
    ]


def _by_recipe(files: Sequence[ScoresFile]) -> list[list[ScoresFile]]:
    """All together, unless one data set was scored by several recipes: then those are to be compared."""
    recipes: dict[str, list[ScoresFile]] = {}
    for file in files:
        recipes.setdefault(_identity(file.head, ("recipe",)), []).append(file)
    seen = [name for group in recipes.values() for name in {name for file in group for name in file.scores.dataset}]
    return list(recipes.values()) if len(seen) > len(set(seen)) else [list(files)]


def _identity(head: Mapping[str, Any], settings: Sequence[str]) -> str:
    """What tells detectors apart, as text: of both paths, each one's detector and settings."""
    found = head.get("settings") or {}
    paths = (found.get("paths") or {}).values() or [found]
    which = [each.get("sha256") or each.get("name") for each in detectors_in(head)]
    return json.dumps([which, [[each.get(name) for name in settings] for each in paths]], sort_keys=True)


def _entrant(files: Sequence[ScoresFile], command: Sequence[str]) -> Entrant:
    head = files[0].head
    detector, settings = head["detector"], head["settings"]
    scores = Scores.merged([file.scores for file in files])
    return Entrant(
        name=" + ".join(each["name"] for each in detectors_in(head) if each.get("name")) or files[0].path.stem,
        sha256=detector.get("sha256"),
        files=tuple(file.path for file in files),
        scores=scores,
        threshold=settings["threshold"],
        threshold_source=settings.get("threshold_source", "the settings the clips were scored with"),
        calibration=settings.get("calibration"),
        protocols=protocols_of(scores, _versions(files)),
        provenance=_provenance(files, command),
    )


def _versions(files: Sequence[ScoresFile]) -> dict[str, int]:
    """Versions of the readers when the clips were scored, as far as the files say."""
    saved = [facts for file in files for facts in (file.report or {}).get("protocols", ())]
    return {facts["dataset"]: facts["version"] for facts in saved}


def _provenance(files: Sequence[ScoresFile], command: Sequence[str]) -> dict[str, Any]:
    settings = [file.head["settings"] for file in files]
    datasets = {name: facts for each in settings for name, facts in each.get("datasets", {}).items()}
    notes = list(dict.fromkeys(note for each in settings for note in each.get("notes", ())))
    gathered = {name: value for name, value in (("datasets", datasets), ("notes", notes)) if value}
    head = {**files[0].head, "settings": settings[0] | gathered}
    made = provenance(command, head, [file.path for file in files])
    for facts, file in zip(made["inputs"], files, strict=True):
        scored_by = (file.report or {}).get("provenance") or {}
        facts["command"] = scored_by.get("command")
    return made
