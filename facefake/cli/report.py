"""``facefake report``: everything that saved scores can tell, without a model and without the videos."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from facefake.cli import EXIT_COVERAGE
from facefake.cli.options import Source, source_options, split_option
from preprocessing.errors import FacefakeError

if TYPE_CHECKING:
    from facefake.evaluation.compare import Entrant
    from facefake.evaluation.scores import Scores
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
            FacefakeError: ``usage`` if polarity or protocol of foreign scores are not named; what reading raises.
        """
        from facefake.evaluation.detectors import detectors_of, distinct, foreign_detector
        from facefake.evaluation.scores_file import read_scores

        files = [read_scores(path) for path in paths if not is_foreign(path)]
        files = [replace(file, scores=self._ours(file.scores)) for file in files]
        others = [(path, self._of_protocol(self.foreign(path))) for path in paths if is_foreign(path)]
        return distinct(
            [
                *detectors_of(files, command),
                *(foreign_detector(path, scores, str(self.polarity), command) for path, scores in others),
            ]
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

        if self.protocol is not None:
            return Protocol.read(self.protocol), {}
        if not self.source.datasets:
            raise FacefakeError(
                "usage",
                f"Of which data set are the scores in {path}?",
                "Give --dataset NAME with --data FOLDER, or --protocol FILE.",
            )
        (source, _), *_ = self.source.each()
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
    from facefake.evaluation.scores_file import read_scores
    from facefake.evaluation.threshold import validated_threshold
    from facefake.scoring.digest import sha256_file

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


@dataclass(frozen=True, slots=True)
class Forms:
    """The files a report is written to."""

    json: str | None
    csv: str | None
    markdown: str | None
    html: str | None

    def write(self, document: Mapping[str, Any]) -> None:
        """Write those asked for.

        Raises:
            FacefakeError: ``not_writable``.
        """
        from facefake.reporting import write_report

        if self.json:
            write_report(self.json, document)
        if self.csv:
            from facefake.reporting.report_csv import write_report_csv

            write_report_csv(self.csv, document)
        if self.markdown:
            from facefake.reporting.markdown import write_report_markdown

            write_report_markdown(self.markdown, document)
        if self.html:
            from facefake.reporting.html import examples, write_html
            from facefake.reporting.thumbnails import thumbnails

            write_html(self.html, document, thumbnails(examples(document)))


@click.command("report")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "json_file", metavar="FILE", help="Write the report as JSON; - for stdout.")
@click.option("--csv", "csv_file", metavar="FILE", help="Write one row a figure as CSV.")
@click.option("--markdown", "markdown_file", metavar="FILE", help="Write the report as Markdown.")
@click.option("--html", "html_file", metavar="FILE", help="Write the report as one HTML page with plots and pictures.")
@click.option(
    "--min-coverage",
    type=click.FloatRange(0, 1),
    default=0.99,
    show_default=True,
    help="Share of each data set's clips that must have a score, else exit code 3.",
)
@click.option(
    "--validation",
    type=click.Path(path_type=Path),
    help="Scores of validation clips; the threshold is where their false alarms and misses are equally frequent.",
)
@source_options
@split_option
@click.option("--polarity", type=click.Choice(["fake-high", "real-high"]), help="What a high foreign score means.")
@click.option(
    "--protocol", type=click.Path(path_type=Path), help="Protocol of foreign scores, from `facefake datasets protocol`."
)
@click.option("--resamples", type=click.IntRange(1), default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
def command(
    files: tuple[Path, ...],
    json_file: str | None,
    csv_file: str | None,
    markdown_file: str | None,
    html_file: str | None,
    min_coverage: float,
    validation: Path | None,
    source: Source,
    splits: tuple[str, ...],
    polarity: str | None,
    protocol: Path | None,
    resamples: int,
    seed: int,
) -> None:
    """Compute every figure anew from saved scores: a report on one detector, a comparison of several.

    FILES are what `facefake score --json` wrote. Files of one detector, say one a data set, make one report. Scores of
    other people's code come as CSV or Parquet with the columns key (the clip's path in the data set) and score, one row
    a clip, or also frame, one row a frame; a clip of the data set without a row counts as missing.

    \b
    facefake report scores.json --html report.html --csv report.csv
    facefake report celebdf.json dfdc.json --validation val.json
    facefake report ours.json theirs.csv --dataset celebdf --data Celeb-DF-v2 --polarity fake-high

    Exit codes: 0 all well, 2 usage, 3 fewer clips than --min-coverage have a score.
    """
    from facefake.evaluation.compare import make_comparison
    from facefake.evaluation.coverage import below
    from facefake.evaluation.provenance import provenance
    from facefake.reporting import print_report

    inputs = Inputs(source, splits, polarity, protocol)
    detectors = inputs.detectors(files, sys.argv)
    if validation and len(detectors) > 1:
        raise FacefakeError(
            "usage", "--validation fixes the threshold of one detector.", "Report on each detector for itself."
        )
    if validation:
        detectors = [with_threshold(detectors[0], validation, inputs)]
    if len(detectors) == 1:
        document = detectors[0].report(resamples=resamples, seed=seed)
    else:
        made = provenance(sys.argv, {}, files)
        document = make_comparison(detectors, provenance=made, resamples=resamples, seed=seed)
    Forms(json_file, csv_file, markdown_file, html_file).write(document)
    print_report(document)
    short = [
        f"{each.name}: {sentence}" if len(detectors) > 1 else sentence
        for each in detectors
        for sentence in below(each.scores, min_coverage)
    ]
    if short:
        hint = "See the report's reasons; --min-coverage 0 takes any share, but then say so beside the figures."
        click.echo("\n".join([*short, f" hint: {hint}"]), err=True)
        sys.exit(EXIT_COVERAGE)
