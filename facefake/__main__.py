"""``python -m facefake``."""

from facefake.cli import main

main()
