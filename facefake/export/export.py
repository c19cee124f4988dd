"""From a detector file to an ``.onnx`` that anything can run, checked against the detector before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from facefake._version import __version__
from facefake.export.graph import as_graph, require_exporter
from facefake.export.lower import LOWER
from facefake.export.parity import Parity, compare
from facefake.models.card import DetectorCard, ExportCard, ExportPrecision
from facefake.models.detector import Detector, load_detector
from facefake.models.file import HEADER_KEY, check_suffix, is_onnx, read_card
from facefake.models.onnx.file import mapped, with_metadata
from facefake.models.onnx.runner import OnnxRunner
from facefake.models.runner import TorchRunner
from facefake.probes import generated_pictures, pictures_of
from preprocessing.errors import FacefakeError
from preprocessing.faces import CropGeometry
from preprocessing.files import making, write_pieces, writing
from preprocessing.onnx_runtime import load_runtime

_PACKAGES = ("torch", "onnx", "onnxscript", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported detector.

    Attributes:
        path: The file.
        card: Its card.
        parity: How it compares with the detector.
    """

    path: Path
    card: DetectorCard
    parity: Parity


def export_detector(
    source: Path,
    out: Path,
    *,
    precision: ExportPrecision = "fp32",
    crops: Path | None = None,
    backbone_weights: str | None = None,
) -> Exported:
    """Export a detector as ONNX, in one file with its base's weights; nothing is written unless it answers alike.

    The graph takes ``pictures`` (n, 3, size, size) uint8 RGB, resized as :class:`facefake.models.preprocess.Preprocess`
    does, and gives ``score`` (n,), P(fake) before calibration, ``feature`` (n, dim) and ``logits`` (n, 2), all float32.
    The card, with what the comparison found, is in the metadata under ``facefake``.

    Args:
        source: A detector file.
        out: The ``.onnx`` to write.
        precision: Of the matrix products: ``int8`` for CPUs, ``fp16`` for GPUs, or for half the size.
        crops: A folder of pictures to compare on, as the detector's geometry cuts them; generated ones unless given.
        backbone_weights: As :func:`facefake.models.load_detector` takes it.

    Raises:
        FacefakeError: ``export_drift`` if scores in fp32 differ by more than 1e-4, or any is no number; ``usage`` for
            names that do not fit; ``too_large``, ``export_failed``, ``package_missing``, ``not_writable``; what loading
            the detector and reading the pictures raises.
    """
    check_suffix(out, exported=True)
    if is_onnx(source):
        raise FacefakeError(
            "usage", f"{source} is an exported detector already.", "Name the detector file it was made from."
        )
    load_runtime()  # missing, it should be known before the work and not after it
    require_exporter()
    card = read_card(source)
    geometry, side = CropGeometry.from_dict(card.geometry), card.backbone.image_size
    pictures = generated_pictures(side) if crops is None else pictures_of(crops, geometry)
    reference = load_detector(source, "cpu", backbone_weights, precision="fp32")
    # drafts are on the disk that has room for the result
    with making(out.with_name(f"{out.name}.draft"), out) as folder:
        draft = folder / out.name
        with writing(out):
            folder.mkdir(exist_ok=True)
            opset = _write_graph(reference, precision, draft)
        try:
            parity = compare(reference, OnnxRunner(draft, reference.card, precision, "cpu"), pictures)
        except FacefakeError as error:
            raise _drifted(out, f"does not run, or gives what is no number ({error.code})") from error
        if not parity.within(precision):
            raise _drifted(out, f"differs from the detector by {parity.score_difference:.1e} in a score")
        card = _card(reference, precision, opset, parity)
        write_pieces(out, with_metadata(mapped(draft), {HEADER_KEY: card.model_dump_json()}))
    return Exported(out, card, parity)


def _write_graph(reference: Detector, precision: ExportPrecision, file: Path) -> int:
    """Returns the version of its operators."""
    assert isinstance(reference.runner, TorchRunner)  # loaded from a detector file
    model = as_graph(reference.runner.network)
    LOWER[precision](model, file)
    return int(next(each.version for each in model.opset_import if not each.domain))


def _card(reference: Detector, precision: ExportPrecision, opset: int, parity: Parity) -> DetectorCard:
    facts = reference.facts()
    exported = ExportCard(
        source=facts["name"],
        sha256=facts["sha256"],
        precision=precision,
        opset=opset,
        versions={name: version(name) for name in _PACKAGES},
        pictures=parity.pictures,
        score_difference=parity.score_difference,
        verdicts_changed=parity.verdicts_changed,
    )
    return reference.card.model_copy(update={"tool_version": __version__, "export": exported})


def _drifted(out: Path, what: str) -> FacefakeError:
    return FacefakeError(
        "export_drift",
        f"the export {what}; {out} was not written",
        "Export in fp32; if that is it, please report the backbone, with the versions of torch and onnxruntime.",
    )
