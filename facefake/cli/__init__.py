"""The command line: one file for each command."""


def main() -> None:
    """Entry point of the ``facefake`` console script."""
