"""``facefake doctor``: what this machine has, and what would stop the other commands."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import click

from facefake._version import __version__
from preprocessing.errors import FacefakeError

PACKAGES = (
    *("torch", "torchvision", "open_clip_torch", "facenet-pytorch", "decord", "av", "opencv-python", "numpy"),
    *("scikit-learn", "lightning", "pyarrow", "safetensors", "huggingface_hub", "onnxruntime", "onnx", "onnxscript"),
)
OPTIONAL = frozenset({"decord", "onnxruntime", "onnx", "onnxscript"})


def _packages() -> str:
    lines, missing = [], []
    for name in PACKAGES:
        try:
            lines.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            if name not in OPTIONAL:
                missing.append(name)
            lines.append(f"{name} missing")
    if missing:
        raise FacefakeError("internal", f"not installed: {', '.join(missing)}", "Install facefake again with pip.")
    return ", ".join(lines)


def _torch() -> str:
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
        return "cuda: " + ", ".join(names)
    return f"no GPU; CPU with {torch.get_num_threads()} threads"


def _decoders() -> str:
    """Encode a second of grey and read it back with each backend: what works, not what is installed."""
    import tempfile

    import av
    import numpy as np

    from preprocessing.video import BACKENDS, open_video

    working = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "grey.mp4"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, np.uint8), format="rgb24")
            container.mux([packet for _ in range(10) for packet in stream.encode(picture)] + stream.encode(None))
        for name in BACKENDS:
            try:
                with open_video(path, backend=name) as reader:
                    frames = sum(len(batch.rgb) for batch in reader.read(range(10)))
                    working.append(f"{reader.backend} reads {frames} of 10 frames")
            except FacefakeError as error:
                working.append(f"{name} does not work here ({error.message})")
    return "; ".join(working)


def _face_detector() -> str:
    import numpy as np

    from preprocessing.faces import load_face_detector

    detector = load_face_detector("mtcnn", device="cpu")
    faces = detector.detect(np.zeros((1, 120, 160, 3), np.uint8))
    return f"{detector.name} loads and finds {len(faces[0])} faces in the dark"


def _clip_weights() -> str:
    from facefake.models.backbone import DEFAULT, find_weights

    path = find_weights(DEFAULT)
    return f"{DEFAULT.name} ({DEFAULT.weights}): " + (
        str(path) if path else "not on this machine yet, fetched on first use"
    )


def _published_detectors() -> str:
    from facefake.hub.cache import kept_file
    from facefake.registry.entries import DEFAULT, ENTRIES

    here = [name for name in ENTRIES if kept_file(name).is_file()]
    default = "" if DEFAULT in here else f"; {DEFAULT}, the default, is fetched on first use"
    return (", ".join(here) or "none here") + f" of {len(ENTRIES)}{default}"


def _data() -> str:
    from preprocessing.datasets import READERS

    roots = [Path(root) for root in os.environ.get("FACEFAKE_DATA", "").split(os.pathsep) if root] + [Path("data")]
    found = [str(root / name) for root in roots for name in READERS if (root / name).is_dir()]
    return ", ".join(found) or "none in $FACEFAKE_DATA or ./data; name it with --data"


CHECKS: dict[str, Callable[[], str]] = {
    "packages": _packages,
    "device": _torch,
    "decoders": _decoders,
    "face detector": _face_detector,
    "CLIP weights": _clip_weights,
    "published detectors": _published_detectors,
    "data sets": _data,
}


@click.command("doctor")
def command() -> None:
    """Check packages, decoders, face detector, GPU, weights and data sets, and say what is wrong.

    \b
    facefake doctor
    """
    click.echo(f"facefake {__version__}, Python {platform.python_version()}, {platform.platform()}")
    failed = False
    for name, check in CHECKS.items():
        try:
            click.echo(f"ok    {name}: {check()}")
        except (FacefakeError, ImportError, OSError, RuntimeError) as error:
            failed = True
            click.echo(f"FAIL  {name}: {error}")
    sys.exit(1 if failed else 0)
