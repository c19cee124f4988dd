"""Where the shipped configs are: inside an installed wheel, or beside the packages in a checkout."""

from __future__ import annotations

from pathlib import Path


def configs_dir() -> Path:
    """The folder of shipped configs (recipes, official splits, small backbones).

    Example:
        >>> (configs_dir() / "splits" / "ffpp" / "train.json").is_file()
        True
    """
    package = Path(__file__).resolve().parent
    installed = package / "_configs"
    return installed if installed.is_dir() else package.parent / "configs"
