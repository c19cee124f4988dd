"""Data flows one way: what a package or a file imports stands before it (CONTRIBUTING.md, "The shape of the house")."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# an import within a function counts, one for type checkers alone does not
ORDER = (
    *("_version", "progress", "config_file", "digest", "connection", "probes", "demo"),
    *("opening", "scoring", "models", "features", "training", "evaluation", "reporting"),
    *("export", "registry", "importing", "hub", "verifying", "publishing"),
    *("api", "__init__", "cli", "__main__"),
)


def modules(package: str) -> dict[str, Path]:
    """The modules of a package and their files; a package's ``__init__`` has the package's own name."""
    files = (ROOT / package).rglob("*.py")
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imports(tree: ast.AST) -> Iterator[str]:
    """Everything that may be a module, of what a file imports to run."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)
        else:
            yield from imports(node)


def place(module: str) -> int:
    return ORDER.index([*module.split("."), "__init__"][1])


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """Every module, and those it imports."""
    known = modules("preprocessing") | modules("facefake")
    return {
        module: {name for name in imports(ast.parse(file.read_text(encoding="utf-8"))) if name in known}
        for module, file in known.items()
    }


def test_preprocessing_knows_nothing_of_facefake(graph):
    assert not {
        (module, name)
        for module, names in graph.items()
        for name in names
        if module.startswith("preprocessing") and name.startswith("facefake")
    }


def test_a_package_imports_what_stands_before_it(graph):
    upwards = {
        (module, name)
        for module, names in graph.items()
        for name in names
        if module.startswith("facefake") and name.startswith("facefake.") and place(name) > place(module)
    }
    assert upwards == set()


def test_no_file_imports_itself_by_a_detour(graph):
    # a package's own name stands for its front door, which its files do not go through
    inner = {
        module: {name for name in names if not f"{module}.".startswith(f"{name}.")} for module, names in graph.items()
    }
    assert list(TopologicalSorter(inner).static_order())
