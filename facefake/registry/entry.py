"""What is known of a published detector: everything needed to fetch, import, run and credit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from facefake.models.spec import BackboneSpec
from facefake.models.tuning import Head, Strategy
from preprocessing.faces.align import CropGeometry


@dataclass(frozen=True, slots=True)
class Hub:
    """A file in a repository of the Hugging Face hub.

    Attributes:
        repository: ``org/name``.
        file: Path within it.
        revision: The commit, 40 hexadecimal digits; ``None`` if the authors' commit is not known to us.
        sha256: Of the file; ``None`` if not known to us.
        size: Bytes, to two digits or more; ``None`` if not known to us.
    """

    repository: str
    file: str
    revision: str | None = None
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A file at an https address that names a fixed revision.

    Attributes:
        url: Where.
        sha256: Of the file.
        size: Bytes.
    """

    url: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manual:
    """A file that only a person can fetch: a page that asks for a login, a confirmation or a browser.

    Attributes:
        page: Where.
        file: What to look for there.
        size: Bytes; ``None`` if not known to us.
    """

    page: str
    file: str
    size: int | None = None


Source: TypeAlias = Hub | Link | Manual


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of code or weights.

    Attributes:
        name: SPDX identifier where there is one, or ``not known``.
        url: Where it is written.
        commercial: Whether commercial use is allowed; ``None`` where that is not known.
    """

    name: str
    url: str
    commercial: bool | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure.

    Attributes:
        dataset: On what.
        metric: ``video AUC``, ``accuracy``, ...
        value: 0..1.
        source: Who says so, and where.
    """

    dataset: str
    metric: str
    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A published detector.

    Attributes:
        name: How it is asked for, e.g. ``gend-clip-l14``.
        title: One line.
        use_for: What to take it for among those that detect the same: at most 28 letters.
        detects: ``face`` or ``image`` (whole pictures).
        form: How its file is read: one of :data:`facefake.importing.forms.FORMS`.
        sources: The files it is published as, equal in what they answer; the first is the one that is fetched.
        backbone: The base it was tuned from.
        strategy: What of it was tuned.
        head: The head on it, as a detector file has it: texts are folded into ``hyperspherical``.
        geometry: How its authors cut or resize what it sees.
        face_detector: The authors' face detector, as the crops of a store name it; ``none`` for whole pictures.
        preprocessing: The authors' preprocessing in words: resize, interpolation, normalisation, colour order.
        polarity: What the published outputs mean, and how they become P(fake).
        trained_on: Data and split, as its authors say.
        training_sets: Those of :data:`preprocessing.datasets.READERS` whose training split that is; empty if not known.
        code: Licence of its code.
        weights: Licence of its weights.
        paper: Address of the paper.
        project: Address of the code, at the revision that was read.
        figures: What was published of it.
        verified: What was checked here, in words.
        unverified: What could not be.
        notes: What a user must know besides.
    """

    name: str
    title: str
    use_for: str
    detects: Literal["face", "image"]
    form: str
    sources: tuple[Source, ...]
    backbone: BackboneSpec
    strategy: Strategy
    head: Head
    geometry: CropGeometry
    face_detector: str
    preprocessing: str
    polarity: str
    trained_on: str
    training_sets: tuple[str, ...]
    code: Licence
    weights: Licence
    paper: str
    project: str
    figures: tuple[Figure, ...]
    verified: str
    unverified: str
    notes: tuple[str, ...] = ()
