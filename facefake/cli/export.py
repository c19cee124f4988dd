"""``facefake export``: a detector in another program's form."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from facefake.cli.outputs import keep_apart
from facefake.cli.paths import chosen_file

if TYPE_CHECKING:
    from facefake.export import Exported


@click.command("export")
@click.argument("detector", metavar="DETECTOR")
@click.option("--to", "form", type=click.Choice(["onnx"]), default="onnx", show_default=True, help="The form.")
@click.option(
    "--precision",
    type=click.Choice(["fp32", "fp16", "int8"]),
    default="fp32",
    show_default=True,
    help="Of the products: int8 for CPUs, fp16 for GPUs or half the size.",
)
@click.option("--out", type=click.Path(path_type=Path), help="The file to write. [default: DETECTOR-PRECISION.onnx]")
@click.option(
    "--crops",
    type=click.Path(path_type=Path),
    help="A folder of pictures, cut as the detector wants them, to compare on. [default: generated ones]",
)
def command(detector: str, form: str, precision: str, out: Path | None, crops: Path | None) -> None:
    """Export a detector as one ONNX file that holds its base's weights and needs neither torch nor this program.

    DETECTOR is a file or a published name. The export is compared with the detector as torch runs it in fp32: in fp32 a
    score may differ by 1e-4, else nothing is written; in fp16 and int8 the difference is told, here and in the file.
    Scores are those before calibration; what a file holds is described in the README.

    \b
    facefake export detector.safetensors --out detector.onnx
    facefake export gend-clip-l14 --precision int8 --crops crops/
    facefake score clip.mp4 --detector detector.onnx
    """
    from facefake.export import export_detector
    from facefake.reporting import check_output

    source = chosen_file(detector)
    target = out or Path(f"{source.stem}-{precision}.onnx")
    keep_apart([target], [source])
    check_output(target)
    click.echo(f"exporting {source}; of a large model that takes minutes", err=True)
    exported = export_detector(source, target, precision=precision, crops=crops)  # type: ignore[arg-type]
    for line in _summary(exported):
        click.echo(line, err=True)
    click.echo(f"facefake score FILE --detector {shlex.quote(str(target))}")


def _summary(exported: Exported) -> list[str]:
    parity, size = exported.parity, exported.path.stat().st_size
    lines = [
        f"{exported.path}: {size / 1e6:.1f} MB, one file",
        f"compared on {parity.pictures} pictures with the detector in fp32: scores differ by at most "
        f"{parity.score_difference:.1e}, {parity.mean_difference:.1e} on average; "
        f"{parity.verdicts_changed} verdicts change",
    ]
    if exported.card.export is not None and exported.card.export.precision == "fp16":
        lines.append(
            "that was on a CPU, where ONNX Runtime computes products of float16 in float32: a GPU differs more"
        )
    return lines
