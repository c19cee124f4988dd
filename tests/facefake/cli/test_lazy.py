"""A group of commands, one file each: listed by its summaries, imported to be run."""

import sys

import pytest
from click.testing import CliRunner

from facefake.cli.lazy import LazyGroup

FILE = "import click\n\n\n@click.command()\ndef command():\n    click.echo('{}')\n"


@pytest.fixture
def group(tmp_path, monkeypatch):
    package = tmp_path / "some_commands"
    package.mkdir()
    for name in ("__init__", "fetch", "import_file"):
        (package / f"{name}.py").write_text(FILE.format(name))
    monkeypatch.syspath_prepend(tmp_path)
    yield LazyGroup(package="some_commands", summaries={"fetch": "Bring it.", "import": "Take it."})
    for name in [name for name in sys.modules if name.startswith("some_commands")]:
        del sys.modules[name]


def test_help_imports_no_command(group):
    said = CliRunner().invoke(group, ["--help"]).output
    assert said.index("fetch") < said.index("Bring it.") < said.index("import") < said.index("Take it.")
    assert "some_commands" not in sys.modules


@pytest.mark.parametrize(("name", "file"), [("fetch", "fetch"), ("import", "import_file")])
def test_a_command_is_its_file(group, name, file):
    assert CliRunner().invoke(group, [name]).output == f"{file}\n"


def test_what_is_not_listed_does_not_exist(group):
    ended = CliRunner().invoke(group, ["__init__"])
    assert ended.exit_code == 2
    assert "some_commands" not in sys.modules
