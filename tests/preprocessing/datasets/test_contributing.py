"""The worked example of CONTRIBUTING.md, run as a newcomer would add it: one file beside the others, and its test."""

import re
import sys
from pathlib import Path

import pytest

from preprocessing import datasets

CONTRIBUTING = Path(__file__).parents[3] / "CONTRIBUTING.md"


@pytest.fixture
def example(tmp_path, monkeypatch):
    """The name of the example's module and the source of its test; the module lies where readers are looked for."""
    section = CONTRIBUTING.read_text().split("## Adding a data set")[1].split("\n## ")[0]
    reader, test = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    (name,) = re.findall(r"`preprocessing/datasets/(\w+)\.py`", section)
    (tmp_path / "newcomer").mkdir()
    (tmp_path / "newcomer" / f"{name}.py").write_text(reader)
    monkeypatch.setattr(datasets, "__path__", [*datasets.__path__, str(tmp_path / "newcomer")])
    yield name, test
    sys.modules.pop(f"preprocessing.datasets.{name}", None)


def test_the_reader_of_the_example_is_found_without_being_listed(example):
    name, _ = example
    readers = datasets.discover()
    assert readers[name].name == name
    assert set(readers) == {*datasets.READERS, name}


def test_the_test_of_the_example_passes(example, tmp_path):
    _, source = example
    namespace = {}
    exec(compile(source, "CONTRIBUTING.md", "exec"), namespace)
    tests = {name: run for name, run in namespace.items() if name.startswith("test_")}
    assert len(tests) == 2
    for name, run in tests.items():
        (tmp_path / name).mkdir()
        run(tmp_path / name)
