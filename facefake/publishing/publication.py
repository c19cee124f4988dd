"""What is to be said of a detector that is published, beyond what its file says: title, licence, a report on it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from facefake.evaluation.paths import detectors_in
from facefake.evaluation.report import SCHEMA
from facefake.models.card import DetectorCard
from facefake.models.file import read_card
from preprocessing.digest import sha256_file
from preprocessing.errors import FacefakeError

UNSTATED: Final = "none stated"
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LICENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


@dataclass(frozen=True, slots=True)
class Publication:
    """A detector that is to be published.

    Attributes:
        file: The detector file.
        sha256: Of the file.
        card: What the file says of itself.
        title: Of the model card.
        licence: SPDX identifier of the weights' terms, or ``none stated``.
        repository: ``org/name`` on the hub; ``None`` if it stays a folder.
        report: A report on labelled clips that this detector scored; ``None`` if there is none.
    """

    file: Path
    sha256: str
    card: DetectorCard
    title: str
    licence: str
    repository: str | None
    report: Mapping[str, Any] | None


def prepare(
    file: Path, *, title: str | None, licence: str | None, repository: str | None, report: Path | None
) -> Publication:
    """Read what is to be published, and see that it fits together.

    Args:
        file: The detector file.
        title: ``None``: made of the file's name.
        licence: SPDX identifier of the weights' terms.
        repository: ``org/name``, if it will be uploaded.
        report: JSON of ``facefake report``, ``score --json`` or ``evaluate`` on labelled clips.

    Raises:
        FacefakeError: What reading the detector file raises; ``usage`` for a licence that is not the holder's to give
            or no identifier, for weights that may not be passed on, an export, a report on another detector, or a
            repository that cannot be; ``scores_invalid`` for a file that holds no report.
    """
    if repository is not None and not _REPOSITORY.fullmatch(repository):
        raise FacefakeError("usage", f"--repository {repository!r} names none.", "Write org/name.")
    card = read_card(file)
    if card.export is not None:
        raise FacefakeError("usage", f"{file} is an export.", "Push the .safetensors it was made from.")
    sha256 = sha256_file(file) or ""
    return Publication(
        file=file,
        sha256=sha256,
        card=card,
        title=title or _title(file, card),
        licence=_licence(card, licence, repository),
        repository=repository,
        report=_report(report, sha256) if report else None,
    )


def _title(file: Path, card: DetectorCard) -> str:
    return card.origin.name if card.origin else file.parent.name if file.stem == "detector" else file.stem


def _licence(card: DetectorCard, licence: str | None, repository: str | None) -> str:
    if licence is not None and not _LICENCE.fullmatch(licence):
        raise FacefakeError(
            "usage", f"--licence {licence!r} is no SPDX identifier.", "Apache-2.0, MIT, CC-BY-NC-4.0, for example."
        )
    if card.origin is None:
        return licence or UNSTATED
    theirs = card.origin.licence
    if licence is not None and licence.lower() != theirs.lower():
        raise FacefakeError(
            "usage",
            f"These weights are {card.origin.name}'s, whose terms are: {theirs}.",
            "Leave --licence out: another is not yours to give.",
        )
    if repository and theirs == UNSTATED:
        raise FacefakeError(
            "usage",
            f"The authors of {card.origin.name} state no licence for its weights, so they may not be passed on.",
            "Ask them for one; without --repository a folder for yourself is written.",
        )
    return theirs


def _report(path: Path, sha256: str) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FacefakeError("scores_invalid", f"{path} cannot be read as JSON.", "Check --report.") from error
    report = document if not isinstance(document, dict) or document.get("kind") else document.get("report")
    if not isinstance(report, dict) or (report.get("kind"), report.get("schema")) != ("report", SCHEMA):
        raise FacefakeError(
            "scores_invalid",
            f"{path} holds no report on labelled clips, of schema {SCHEMA}.",
            "`facefake score --labels FILE --json FILE` writes one, and so do `report` and `evaluate`.",
        )
    if sha256 not in {detector.get("sha256") for detector in detectors_in(report.get("provenance") or {})}:
        raise FacefakeError(
            "usage",
            f"{path} is a report on another detector than this file.",
            "Score the clips with this very file; a calibration makes another file of it.",
        )
    return report
