"""Score files in, detectors out: ours as they were scored, other people's matched to a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from facefake.cli.options import Source
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.evaluation.compare import Entrant
    from facefake.evaluation.scores import Scores
    from facefake.evaluation.scores_file import ScoresFile
    from preprocessing.releases.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Inputs:
    """How score files are read and which of their clips are taken.

    Attributes:
        source: Data sets, methods and compressions asked for; of foreign scores also what they are scores of.
        splits: Splits asked for.
        polarity: Which way foreign scores point.
        protocol: A protocol file that foreign scores are matched to, instead of the data set of ``source``.
    """

    source: Source
    splits: tuple[str, ...]
    polarity: str | None
    protocol: Path | None

    def detectors(self, paths: Sequence[Path], command: Sequence[str]) -> list[Entrant]:
        """The detectors whose scores the files hold, ours first.

        Raises:
            FacefakeError: ``usage`` if polarity or protocol of foreign scores are not named; ``labels_missing`` if ours
                have no labels; what reading raises.
        """
        from facefake.evaluation.detectors import detectors_of, distinct, foreign_detector
        from facefake.evaluation.scores_file import read_scores

        files = [read_scores(path) for path in paths if not is_foreign(path)]
        self._check_ours(files)
        files = [replace(file, scores=self._ours(file.scores)) for file in files]
        others = [(path, self._of_protocol(self.foreign(path))) for path in paths if is_foreign(path)]
        return distinct(
            [
                *detectors_of(files, command),
                *(foreign_detector(path, scores, str(self.polarity), command) for path, scores in others),
            ]
        )

    def check(self, paths: Sequence[Path]) -> None:
        """Refuse options that say something of foreign scores where none of ``paths`` holds any.

        Raises:
            FacefakeError: ``usage``.
        """
        given = {"--polarity": self.polarity, "--protocol": self.protocol, "--labels": self.source.labels}
        idle = [option for option, value in given.items() if value]
        if idle and not any(map(is_foreign, paths)):
            raise FacefakeError(
                "usage",
                f"There are no foreign scores to take {' and '.join(idle)} for.",
                "Results of `facefake score` hold labels, splits and polarity; other scores end in .csv or .parquet.",
            )

    def _check_ours(self, files: Sequence[ScoresFile]) -> None:
        for file in files:
            if not len(file.scores):
                raise FacefakeError(
                    "labels_missing",
                    f"No result in {file.path} has a label, so there is nothing to hold the scores against.",
                    "Score again with --dataset, or with --labels and a CSV of path,label.",
                )
        there = {name for file in files for name in file.scores.dataset}
        asked = [source.name for source, _ in self.source.each()]
        # with foreign scores, it may be theirs
        if files and self.polarity is None and (unknown := sorted(set(asked) - there)):
            raise FacefakeError(
                "split_empty",
                f"There are no clips of {' and '.join(unknown)}, only of {', '.join(sorted(there))}.",
                "Name those, or give the scores of the others too.",
            )

    def foreign(self, path: Path) -> Scores:
        """Foreign scores for every clip of their protocol.

        Raises:
            FacefakeError: As :meth:`detectors`.
        """
        from facefake.evaluation.foreign import read_foreign

        if self.polarity is None:
            raise FacefakeError(
                "usage",
                f"Does a high score in {path} mean fake or real?",
                "Say --polarity fake-high or --polarity real-high; a guess could turn the result around.",
            )
        protocol, files = self._protocol(path)
        return read_foreign(path, protocol, self.polarity, files=files)

    def _protocol(self, path: Path) -> tuple[Protocol, dict[str, str]]:
        """What foreign scores are matched to, and the files of its clips where there are any."""
        from preprocessing.datasets import get_reader
        from preprocessing.releases.protocol import Protocol

        named = [source for source, _ in self.source.each()]
        if self.protocol is not None:
            protocol = Protocol.read(self.protocol)
            if named and protocol.dataset not in [source.name for source in named]:
                raise FacefakeError(
                    "protocol_mismatch",
                    f"{self.protocol} is a protocol of {protocol.dataset}, which --dataset does not name.",
                    "Leave out --dataset, or give the protocol of that data set.",
                )
            return protocol, {}
        if len(named) > 1:
            raise FacefakeError(
                "usage",
                f"Of which of {', '.join(source.name for source in named)} are the scores in {path}?",
                "A table holds scores of one data set: run the command once a data set, or give --protocol FILE.",
            )
        if not named:
            raise FacefakeError(
                "usage",
                f"Of which data set are the scores in {path}?",
                "Give --dataset NAME with --data FOLDER, or --protocol FILE.",
            )
        (source,) = named
        reader = get_reader(source.name)
        found = reader.read(source.root(), source.labels)
        clips = [*found.clips, *found.absent]
        return Protocol.of(reader, clips), {clip.key: str(clip.path) for clip in clips}

    def _ours(self, scores: Scores) -> Scores:
        from facefake.evaluation.scores import Scores

        methods = () if "all" in self.source.methods else self.source.methods
        wanted = {"methods": methods, "compressions": self.source.compressions}
        sets = [(source.name, own) for source, own in self.source.each()]
        there = [(name, own) for name, own in sets if name in set(scores.dataset)]
        if not there:
            return scores.select(datasets=[name for name, _ in sets], splits=self.splits, **wanted)
        return Scores.merged(
            [scores.select(datasets=[name], splits=self.splits or own, **wanted) for name, own in there]
        )

    def _of_protocol(self, scores: Scores) -> Scores:
        """Of foreign scores what `facefake score` would take: the test split and the usual methods, unless named."""
        from preprocessing.datasets import READERS

        name = scores.dataset[0]
        named = [own for source, own in self.source.each() if source.name == name]
        splits = self.splits or (named[0] if named else ()) or (("test",) if "test" in scores.split else ())
        methods = self.source.methods or (READERS[name].methods if name in READERS else ())
        chosen = scores.select(
            splits=splits, methods=() if "all" in methods else methods, compressions=self.source.compressions
        )
        if others := int(scores.scored.sum() - chosen.scored.sum()):
            note = f"{others} scores are of clips of other splits, methods or compressions and are left out."
            return replace(chosen, notes=(*chosen.notes, note))
        return chosen


def is_foreign(path: Path) -> bool:
    """Whether a file is a table of other people's scores, by its suffix."""
    return path.suffix.lower() in (".csv", ".parquet", ".pq")


def with_threshold(detector: Entrant, validation: Path, inputs: Inputs) -> Entrant:
    """``detector`` with the threshold that its validation scores fix.

    Raises:
        FacefakeError: ``protocol_mismatch`` if those are not its own, ``split_leak`` if they are not validation scores.
    """
    from facefake.evaluation.detectors import same_detector
    from facefake.evaluation.paths import thresholds_in
    from facefake.evaluation.scores_file import read_scores
    from facefake.evaluation.threshold import validated_threshold
    from preprocessing.digest import sha256_file

    if len(set(thresholds_in((detector.provenance or {}).get("settings") or {}).values())) > 1:
        raise FacefakeError(
            "usage",
            f"Which path spoke in {detector.files[0]} was decided by a threshold for each; another for both would not "
            "be the rule these results came by.",
            "Score both splits with --path both --threshold 0.5, then the higher probability speaks.",
        )
    if is_foreign(validation):
        scores, same = inputs.foreign(validation), detector.sha256 is None
    else:
        file = read_scores(validation)
        scores, same = file.scores, same_detector(file, detector)
    if not same:
        raise FacefakeError(
            "protocol_mismatch",
            f"{validation} was not scored by {detector.name} in the same way.",
            "Score the validation clips with the same detector, pooling and calibration.",
        )
    threshold = validated_threshold(scores, detector.scores)
    clips = f"{int(scores.scored.sum())} val clips of {', '.join(sorted(set(scores.dataset)))}"
    made = dict(detector.provenance or {})
    made["inputs"] = [*made["inputs"], {"path": str(validation), "sha256": sha256_file(validation)}]
    return replace(
        detector,
        threshold=round(threshold, 6),
        threshold_source=f"equal error rate on {clips} ({validation.name})",
        provenance=made,
    )
