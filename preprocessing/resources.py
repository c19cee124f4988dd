"""Where the shipped configs are: inside an installed wheel, or beside the packages in a checkout."""

from __future__ import annotations

from pathlib import Path

from preprocessing.errors import FacefakeError


def configs_dir() -> Path:
    """The folder of shipped configs (recipes, official splits, small backbones).

    Example:
        >>> (configs_dir() / "splits" / "ffpp" / "train.json").is_file()
        True
    """
    package = Path(__file__).resolve().parent
    installed = package / "_configs"
    return installed if installed.is_dir() else package.parent / "configs"


def find_config(path_or_name: str | Path, kind: str, folder: str = "") -> Path:
    """A YAML file of the user's, or a shipped one by its name.

    Args:
        path_or_name: ``my.yaml``, or ``robustness``.
        kind: What it is, for the words of the error.
        folder: Of the shipped ones, below :func:`configs_dir`.

    Raises:
        FacefakeError: ``config_not_found``, naming those shipped.

    Example:
        >>> find_config("robustness", "suite", "suites").name
        'robustness.yaml'
    """
    shipped = configs_dir() / folder
    for path in (Path(path_or_name), shipped / f"{path_or_name}.yaml"):
        if path.is_file():
            return path
    names = ", ".join(sorted(path.stem for path in shipped.glob("*.yaml")))
    raise FacefakeError(
        "config_not_found", f"there is no {kind} {path_or_name}", f"Name a YAML file, or one of: {names}."
    )
