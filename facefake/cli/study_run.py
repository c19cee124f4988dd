"""The runs of a study one after the other: trained, validated, tested; what was done before is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli.outputs import keep_out
from facefake.cli.suite_sets import Outcome, find, material, source_of
from facefake.cli.train import training_pictures
from facefake.progress import progress_bar
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.evaluation.study import Run, Study
    from facefake.evaluation.study_scores import PictureScores
    from facefake.evaluation.suite import SuiteSet
    from facefake.models import Detector
    from facefake.training import TrainConfig
    from preprocessing.clip import Clip
    from preprocessing.corruptions import Corruption


@dataclass(frozen=True, slots=True)
class Place:
    """Where and on what a study works: ``work`` has detectors in ``runs``, ``scores`` and ``features``, by content."""

    work: Path
    out: Path
    device: str


@dataclass(slots=True)
class StudyOutcome(Outcome):
    """What came of a study."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planned:
    """A run to be trained, and its folder, which is known by its config and its data."""

    run: Run
    config: TrainConfig
    folder: Path

    @classmethod
    def of(cls, run: Run, data: str, place: Place) -> Planned:
        """The run on pictures of this digest."""
        config = run.config()
        digest = hashlib.sha256(f"{config.sha256} {data}".encode()).hexdigest()[:12]
        name = f"{config.strategy}-{config.data.per_class or 'all'}-s{config.seed}-{digest}"
        return cls(run, config, place.work / "runs" / name)

    @property
    def detector(self) -> Path:
        """Its detector file."""
        from facefake.models.file import DETECTOR_FILE

        return self.folder / DETECTOR_FILE

    @property
    def done(self) -> Path:
        """What is there when it is through."""
        return self.folder / "done.json"

    def finished(self) -> dict[str, Any] | None:
        """What it left when it was through; one that was not goes on from its checkpoint."""
        from preprocessing.digest import sha256_file

        try:
            facts = dict(json.loads(self.done.read_text()))
        except (OSError, ValueError):
            return None
        return facts if self.detector.is_file() and facts["detector"] == sha256_file(self.detector) else None

    def check(self, training: Sequence[Clip], place: Place, built: set[str]) -> bool:
        """Raise what would stop it, before the runs in front of it take their hours; true if it can be trained.

        Args:
            training: The pictures.
            place: Where and on what.
            built: What was built already to see that it can be; this run's is added.

        Raises:
            FacefakeError: What :class:`facefake.training.Run` raises.
        """
        from facefake.models import Tuning
        from facefake.training import Run as Training

        if self.finished() is None:
            training_run = Training(self.config, self.folder, True, place.device, features=place.work / "features")
            training_run.check_clips(training)
            what = self.config.model_dump_json(include={"backbone", *Tuning.model_fields})
            if what not in built:
                training_run.build()
                built.add(what)
        return True


@dataclass(frozen=True)
class Trained:
    """A run that was trained, whose detector is opened when it is needed."""

    run: Run
    config: TrainConfig
    detector_file: Path
    sha256: str
    damaged: int
    place: Place

    @cached_property
    def detector(self) -> Detector:
        """The detector, on the device."""
        from facefake import api

        return api.load(self.detector_file, device=self.place.device)

    def scores(self, name: str, clips: Sequence[Clip], corruption: Corruption | None = None) -> PictureScores:
        """Of some pictures, or those of an earlier run of the same detector on the same files.

        Raises:
            FacefakeError: What scoring and writing raise.
        """
        from facefake.evaluation.picture_scoring import score_pictures
        from facefake.evaluation.study_scores import read_picture_scores, write_picture_scores
        from facefake.training.loaders import worker_count
        from preprocessing.device import pick_device
        from preprocessing.source import fingerprint

        device = pick_device(self.place.device)
        level = f"-{corruption.kind}-{corruption.level:g}" if corruption else ""
        path = self.place.work / "scores" / self.sha256[:16] / f"{name}{level}.parquet"
        made = {
            "detector": self.sha256,
            "device": device.type,
            "corruption": str(corruption) if corruption else None,
            "pictures": _digest(clips),
            "files": fingerprint(clips),
        }
        if (saved := read_picture_scores(path, made)) is not None:
            return saved
        click.echo(f"{self.run.name}: {name}{level}, {len(clips)} pictures", err=True)
        found = score_pictures(
            clips,
            self.detector,
            self.place.work / "features",
            corruption,
            workers=worker_count(self.config, device),
            progress=progress_bar,
        )
        write_picture_scores(path, found, made)
        return found


def run_study(study: Study, place: Place, data: Path | None, outcome: StudyOutcome) -> None:
    """Train and test everything the study asks for; what there is of it stands in ``outcome`` at any time."""
    from preprocessing.releases.shortcuts import shortcuts

    sets = list(_test_sets(study, place, data, outcome))
    training = outcome.attempt(study.train.dataset, partial(_training_set, study.train, place, data))
    if training is None or not sets:
        return
    sets = [(name, new) for name, clips in sets if (new := outcome.attempt(name, partial(_unseen, clips, training)))]
    if not sets:
        return
    trained_on = [clip for clip in training if clip.split == "train"]
    outcome.notes += _said(study.train.dataset, [each.sentence for each in shortcuts(trained_on)])
    pictures, built = f"{_digest(training)} {_content(training, place)}", set[str]()
    planned = [Planned.of(run, pictures, place) for run in study.runs()]
    runs = [each for each in planned if outcome.attempt(each.run.name, partial(each.check, training, place, built))]
    for number, each in enumerate(runs, start=1):
        click.echo(f"{each.run.name}: run {number} of {len(runs)}", err=True)
        _run(each, training, sets, place, outcome)


def _run(
    planned: Planned,
    training: Sequence[Clip],
    sets: Sequence[tuple[str, list[Clip]]],
    place: Place,
    outcome: StudyOutcome,
) -> None:
    name = planned.run.name
    trained = outcome.attempt(name, partial(_trained, planned, training, place))
    if trained is None:
        return
    facts = outcome.attempt(f"{name}, validation,", partial(_validated, trained, training))
    if facts is not None:
        outcome.runs.append(facts)
        _test(trained, facts, sets, outcome)


def _test_sets(
    study: Study, place: Place, data: Path | None, outcome: StudyOutcome
) -> Iterator[tuple[str, list[Clip]]]:
    for each in study.tests:
        root = outcome.folder_of(each, data)
        if root is None:
            continue
        keep_out(root, place.work, place.out)
        if of := outcome.attempt(each.dataset, partial(material, each, root)):
            outcome.notes += _said(each.dataset, of.found.notes)
            yield each.dataset, [*of.found.clips, *of.found.absent]


def _unseen(clips: list[Clip], training: Sequence[Clip]) -> list[Clip]:
    """The clips of a test set, if none of them is one to train or validate on.

    Raises:
        FacefakeError: ``split_leak``, as where a set without a test split is trained on, too.
    """
    seen = {(clip.path, clip.member) for clip in training}
    if both := sum((clip.path, clip.member) in seen for clip in clips):
        raise FacefakeError(
            "split_leak",
            f"{both} of its {len(clips)} pictures are those to train and validate on.",
            "Test on another set or split (--dataset NAME:SPLIT), or give `methods` in the study's file.",
        )
    return clips


def _said(dataset: str, sentences: Sequence[str]) -> list[str]:
    """What is to be known of a data set, said at once; for the report, too."""
    notes = [f"{dataset}: {sentence}" for sentence in sentences]
    for note in notes:
        click.echo(f"warning: {note}", err=True)
    return notes


def _training_set(each: SuiteSet, place: Place, data: Path | None) -> list[Clip]:
    root, places = find(each, data)
    if root is None:
        raise FacefakeError(
            "dataset_not_found",
            f"the training set is not there: no folder {' or '.join(map(str, places))}.",
            "Give the folder that holds the data sets by their names with --data, or set FACEFAKE_DATA.",
        )
    keep_out(root, place.work, place.out)
    return training_pictures(source_of(each, root))


def _trained(planned: Planned, training: Sequence[Clip], place: Place) -> Trained:
    """Train, go on with what was begun, or take what is there."""
    from facefake.training import train_pictures
    from preprocessing.digest import sha256_file
    from preprocessing.files import write_atomic

    run, config, folder, detector = planned.run, planned.config, planned.folder, planned.detector
    facts = planned.finished()
    if facts is None:
        click.echo(f"{run.name}: training in {folder}", err=True)
        result = train_pictures(config, training, folder, True, place.device, features=place.work / "features")
        facts = {"detector": sha256_file(detector), "damaged": len(result.damaged)}
        write_atomic(planned.done, json.dumps(facts).encode())
    return Trained(run, config, detector, facts["detector"], facts["damaged"], place)


def _validated(trained: Trained, training: Sequence[Clip]) -> dict[str, Any]:
    """Facts of a run for the report, with the threshold fixed on the pictures that its epoch was chosen on."""
    from facefake.evaluation.metrics import auc
    from facefake.evaluation.threshold import equal_error_threshold
    from facefake.training import validation_pictures

    run, config = trained.run, trained.config
    val = validation_pictures(config, training).sources
    found = trained.scores(f"{run.study.train.dataset}-{config.data.val_split}", val)
    scored = found.take(found.scored)
    area = auc(scored.label, scored.score)  # raises where one of the classes is not there
    return {
        "name": run.name,
        "recipe": run.recipe.title,
        "strategy": config.strategy,
        "per_class": config.data.per_class,
        "seed": run.seed,
        "detector": trained.sha256,
        "config": config.sha256,
        "validation": {
            "reals": int((scored.label == 0).sum()),
            "fakes": int((scored.label == 1).sum()),
            "auc": round(area, 6),
        },
        "damaged": trained.damaged,
        "threshold": equal_error_threshold(scored.label, scored.score),
        "threshold_source": f"equal error rate on {len(scored)} pictures of {run.study.train.dataset}, "
        f"{config.data.val_split}",
    }


def _test(
    trained: Trained, facts: dict[str, Any], sets: Sequence[tuple[str, list[Clip]]], outcome: StudyOutcome
) -> None:
    """Score all sets, clean and under each corruption; a set that fails is named and missing from the figures."""
    from facefake.evaluation.study_scores import PictureScores
    from facefake.evaluation.study_table import Trial, make_rows

    study = trained.run.study
    corruptions = [corruption for ladder in study.corruptions for corruption in ladder.corruptions]
    for corruption in (None, *corruptions):
        found = []
        for name, clips in sets:
            title = f"{trained.run.name}, {name}" + (f", {corruption}," if corruption else ",")
            scores = outcome.attempt(title, partial(trained.scores, name, clips, corruption))
            found += [scores] if scores is not None else []
        if found:
            trial = Trial(
                **{name: facts[name] for name in ("recipe", "strategy", "per_class", "seed", "threshold")},
                corruption=str(corruption) if corruption else None,
                scores=PictureScores.merged(found),
            )
            # at once, for the scores of all runs would take gigabytes
            outcome.rows += make_rows(study, trial)


def _digest(clips: Sequence[Clip]) -> str:
    """Of which pictures these are, and what is known of them."""
    digest = hashlib.sha256()
    for clip in clips:
        facts = (clip.dataset, clip.key, clip.member, clip.label, clip.method, clip.split)
        digest.update(repr(facts).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _content(clips: Sequence[Clip], place: Place) -> str:
    """What is in the pictures' files, wherever they lie; files that did not change are read once."""
    from facefake.features.hashes import Hashes

    digest = hashlib.sha256()
    for found in Hashes(place.work / "features").of(clip.file for clip in clips):
        digest.update(found if isinstance(found, bytes) else found.code.encode())
    return digest.hexdigest()
