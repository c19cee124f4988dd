"""What a detector file says of itself: everything needed to rebuild it and to refuse what does not match."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from facefake.config_file import Section
from facefake.models.spec import Interpolation
from facefake.models.tuning import AdapterSettings, Feature, Head, LoraSettings, Strategy
from facefake.scoring.calibration import Calibration
from facefake.scoring.rules import UNCHOSEN

FORMAT: Final = 1

ExportPrecision: TypeAlias = Literal["fp32", "fp16", "int8"]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BackboneCard(Section):
    """The base the tuned tensors belong to.

    Attributes:
        name: Model of open_clip.
        weights: Tag, path, ``hf-hub:`` name or ``random:SEED`` the base was loaded from.
        sha256: Digest of the base tower before training (:func:`facefake.models.backbone.weights_digest`).
        image_size: Side of its pictures, pixels.
        mean: Per-channel mean of the normalisation, 0..1 scale.
        std: Per-channel standard deviation.
        feature: Where the tower ends: ``pooled`` (before the projection; older files are silent and mean this) or
            ``joint`` (after it).
        interpolation: How its pictures are resized; older files are silent and mean ``bicubic``.
    """

    name: str
    weights: str
    sha256: Digest
    image_size: Annotated[int, Field(gt=0)]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    feature: Feature = "pooled"
    interpolation: Interpolation = "bicubic"


class TrainingCard(Section):
    """What it was trained on.

    Attributes:
        datasets: Names of the data sets.
        split: Split trained on.
        clips: Number of clips.
        crops: Number of crops.
        manifest_sha256: Digest over the rows of the face store that were used, training and validation.
        config_sha256: Digest of the training config.
    """

    datasets: list[str]
    split: str
    clips: int
    crops: int
    manifest_sha256: Digest
    config_sha256: Digest


class SelectionCard(Section):
    """How this checkpoint was chosen among all of the run, or that none was.

    Attributes:
        datasets: Names of the data sets it was chosen on; empty in older files: those it was trained on.
        split: Their split; never a test split.
        metric: The figure that was compared; ``last_epoch`` where none was, and the last epoch was kept.
        value: Its value; of the last epoch the AUC over clips.
        epoch: The epoch it was reached in, from 0.
    """

    datasets: list[str] = Field(default_factory=list)
    split: str
    metric: str
    value: float
    epoch: int


class OriginCard(Section):
    """Whose weights these are, of a detector that others published.

    Attributes:
        name: Its name in :mod:`facefake.registry`.
        source: Address, or the file's name, of what was imported.
        revision: Commit of that address; ``None`` if none was known.
        sha256: Digest of the imported file.
        licence: Of the weights.
        project: Address of its code.
        training_sets: Data sets whose training split it was trained on, by their readers' names; empty if not known.
        base_deviation: Largest difference of an untuned weight from the base, relative to the tensor's largest value;
            ``None`` where the imported file held none, and the base is taken on trust.
    """

    name: str
    source: str
    revision: str | None
    sha256: Digest
    licence: str
    project: str
    training_sets: list[str] = Field(default_factory=list)
    base_deviation: float | None


class ExportCard(Section):
    """How a detector was brought into another program's form, and how far its answers moved by that.

    Attributes:
        source: Name of the detector file.
        sha256: Its digest.
        precision: Of the products: ``fp32``; ``fp16``; ``int8``: weights and, as they come, activations.
        opset: Version of ONNX's operators.
        versions: Of the packages that made it.
        pictures: How many it was compared on with the detector file, which torch ran in fp32.
        score_difference: Largest difference of a score among them, 0..1.
        verdicts_changed: Pictures on the other side of the threshold than before.
    """

    source: str
    sha256: Digest
    precision: ExportPrecision
    opset: int
    versions: dict[str, str]
    pictures: int
    score_difference: float
    verdicts_changed: int


class DetectorCard(Section):
    """The metadata of a detector file.

    Attributes:
        format: Version of the file format.
        tool_version: facefake that wrote it.
        backbone: The base.
        strategy: What of it was trained.
        head: The head on it; a file's is never ``text``, which is folded into ``hyperspherical`` when it is written.
        adapter: Of the strategy adapter; ``None`` with the others.
        lora: Of the strategy lora; ``None`` with the others.
        classes: Order of the logits.
        geometry: Crop geometry, as :meth:`preprocessing.faces.CropGeometry.to_dict` gives it.
        face_detector: Name of the face detector the crops were found with.
        pooling: How frame scores become a video's score.
        calibration: How a score becomes a probability, and what that was fitted on; ``None``: the score is it.
        threshold: Probability from which on the verdict is fake.
        threshold_source: How the threshold was chosen.
        training: What it was trained on, if that is known.
        selection: How the checkpoint was chosen, if one was.
        metrics: Figures on the selection split.
        origin: Whose weights these are; ``None`` for those trained here.
        export: Of an exported detector; ``None`` for a ``.safetensors``.
    """

    format: Literal[1] = FORMAT
    tool_version: str
    backbone: BackboneCard
    strategy: Strategy
    head: Head
    adapter: AdapterSettings | None = None
    lora: LoraSettings | None = None
    classes: tuple[Literal["real"], Literal["fake"]] = ("real", "fake")
    geometry: dict[str, str | float | int | None]
    face_detector: str
    pooling: str = "mean"
    calibration: Calibration | None = None
    threshold: Annotated[float, Field(ge=0, le=1)] = 0.5
    threshold_source: str = UNCHOSEN
    training: TrainingCard | None = None
    selection: SelectionCard | None = None
    metrics: dict[str, float] = Field(default_factory=dict)
    origin: OriginCard | None = None
    export: ExportCard | None = None
