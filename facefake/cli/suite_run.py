"""The sets of a suite scored one after the other, clean and corrupted; what was scored before is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli.labelled_sets import LabelledSet
from facefake.cli.options import Process
from facefake.cli.outputs import keep_out
from facefake.cli.suite_sets import Material, Outcome, material, source_of
from facefake.progress import progress_bar
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.evaluation.scores_file import ScoresFile
    from facefake.evaluation.suite import Suite, SuiteSet
    from facefake.scoring import ClipResult, Examiner
    from preprocessing.corruptions import Corruption


@dataclass(frozen=True, slots=True)
class Bench:
    """What all sets of a run have in common."""

    examiner: Examiner
    stores: Path
    out: Path
    process: Process


@dataclass(slots=True)
class SuiteOutcome(Outcome):
    """What came of a suite: score files by data set and, for corrupted ones, by place and corruption."""

    clean: dict[str, ScoresFile] = field(default_factory=dict)
    corrupted: dict[tuple[str, str, Corruption], ScoresFile] = field(default_factory=dict)

    def files(self) -> list[ScoresFile]:
        """All score files."""
        return [*self.clean.values(), *self.corrupted.values()]


def score_set(bench: Bench, of: Material, corruption: Corruption | None = None, at: str = "frame") -> ScoresFile:
    """Score a set, or take the scores that an earlier run left, if they were made in the same way.

    Raises:
        FacefakeError: What extraction, scoring and writing raise.
    """
    from facefake.evaluation.scores_file import read_scores
    from facefake.scoring import examined_by

    at_frame, at_crop = (corruption, None) if at == "frame" else (None, corruption)
    name = of.source.name
    level = f"-{corruption.kind}-{corruption.level:g}" if corruption else ""
    store = of.source.store(None, bench.stores / (f"{name}{level}" if at_frame else name))
    clips = LabelledSet(of.source, of.found, store)
    examiner = replace(bench.examiner, recipe=replace(bench.examiner.recipe, corruption=at_frame))
    examiner = replace(examiner, recipe=clips.recipe(examiner))
    head = examined_by(
        [examiner],
        corruption=str(at_crop) if at_crop else None,
        protocol=of.protocol(),
        absent=len(of.found.absent),  # once they are there, they are to be scored
        files=of.files,  # a file that was replaced is to be scored, too
        datasets={name: clips.facts([examiner])},
        **({"limits": bench.process.limits_set} if bench.process.limits_set else {}),
    )
    path = bench.out / "scores" / (f"{name}.{at}{level}.json" if corruption else f"{name}.json")
    title = f"{name}, {corruption} at the {at}" if corruption else name
    if saved := _saved(path, head):
        click.echo(f"{title}: scored before, in {path}", err=True)
        return saved
    click.echo(f"{title}: {len(of.found.clips)} clips in {of.source.root()}", err=True)
    if of.source.is_release:
        keep_out(of.source.root(), store, path)
    results = clips.results(examiner, bench.process, corruption=at_crop, foreign_crops=of.each.foreign_crops)
    _write(results, len(clips), path, head)
    return read_scores(path)


def _write(results: Iterable[ClipResult], total: int, path: Path, head: dict[str, Any]) -> None:
    """Score into a file that is there whole or not at all, also if the run is interrupted."""
    from facefake.reporting import JsonResults, open_output

    with open_output(path) as file, progress_bar("scoring", total) as advance:
        document = JsonResults(file, head)
        for result in results:
            document.add(result)
            advance(Path(result.path).name)
        document.close()


def _saved(path: Path, head: dict[str, Any]) -> ScoresFile | None:
    """The scores at ``path`` if the same tool made them with the same detector from the same clips in the same way."""
    from facefake.evaluation.scores_file import read_scores

    try:
        saved = read_scores(path)
    except FacefakeError:  # none, or damaged
        return None
    return saved if _same(saved.head) == _same(head) else None


def _same(head: dict[str, Any]) -> dict[str, Any]:
    """What must not differ, as it comes out of JSON: a detector may be moved and run elsewhere."""
    detector = {name: head["detector"].get(name) for name in ("sha256", "precision")}
    same: dict[str, Any] = json.loads(json.dumps({**head, "detector": detector}))
    return same


def gather(suite: Suite, data: Path | None, outcome: SuiteOutcome) -> list[Material]:
    """The clips of every set of the suite that is there."""
    found = []
    for each in suite.sets:
        root = outcome.folder_of(each, data)
        if root is None:
            continue
        if _lacks_split(each, root):
            outcome.leave_out(f"{each.dataset} was not run: no {' or '.join(each.splits)} clips in {root}.")
        elif of := outcome.attempt(each.dataset, partial(material, each, root)):
            found.append(of)
    return found


def run(suite: Suite, bench: Bench, sets: Sequence[Material], outcome: SuiteOutcome) -> None:
    """Score the sets, clean and under every corruption; ``outcome`` has what is done at any time.

    A set that cannot be scored is said to before any is.
    """
    for of in [of for of in sets if outcome.attempt(of.source.name, partial(check_set, bench, of))]:
        _run_set(suite, bench, of, outcome)


def check_set(bench: Bench, of: Material) -> bool:
    """Raise what :func:`score_set` would, as far as it can be known without opening a clip; true if nothing is wrong.

    Raises:
        FacefakeError: ``crop_mismatch``, ``usage``; what opening the face store raises.
    """
    store = of.source.store(None, bench.stores / of.source.name)
    if of.source.is_release:
        keep_out(of.source.root(), store, bench.out)
    LabelledSet(of.source, of.found, store).check(bench.examiner, foreign_crops=of.each.foreign_crops)
    return True


def _lacks_split(each: SuiteSet, root: Path) -> bool:
    """Whether none of the splits asked for was downloaded; a set that cannot be read is not asked here."""
    if not each.splits:
        return False
    try:
        found = replace(source_of(each, root), methods=("all",), compressions=()).found()
    except FacefakeError:
        return False
    return not {clip.split for clip in (*found.clips, *found.absent)} & set(each.splits)


def _run_set(suite: Suite, bench: Bench, of: Material, outcome: SuiteOutcome) -> None:
    dataset = of.each.dataset
    clean = outcome.attempt(dataset, partial(score_set, bench, of))
    if clean is None:
        return
    outcome.clean[dataset] = clean
    for ladder in suite.corruptions:
        if lack := of.lacks(ladder, bench.examiner):
            outcome.leave_out(f"{dataset} was not run under {ladder.kind} at the {ladder.at}: {lack}.")
            continue
        for corruption in ladder.corruptions:
            name = f"{dataset}, {corruption} at the {ladder.at},"
            found = outcome.attempt(name, partial(score_set, bench, of, corruption, ladder.at))
            if found:
                outcome.corrupted[dataset, ladder.at, corruption] = found
