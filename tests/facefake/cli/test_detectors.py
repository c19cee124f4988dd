"""``facefake detectors`` alone, ``info`` and ``accept``."""

import json
import subprocess
import sys

import pytest

from facefake.cli.doctor import CHECKS
from facefake.hub.cache import cache_dir, kept_file
from facefake.registry.entries import DEFAULT, ENTRIES
from facefake.registry.licences import accepted
from tests.facefake.cli.conftest import command

HEAVY = {"torch", "open_clip", "timm", "transformers", "onnxruntime", "lightning", "sklearn", "pyarrow"}
each = pytest.mark.parametrize("name", ENTRIES)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def columns(monkeypatch):
    """Set the width of the terminal."""
    return lambda width: monkeypatch.setenv("COLUMNS", str(width))


def keep(name):
    kept_file(name).parent.mkdir(parents=True, exist_ok=True)
    kept_file(name).touch()


def row(said, name):
    return next(line for line in said.splitlines() if line.split()[:1] == [name])


# ---------------------------------------------------------------- the overview


@pytest.mark.parametrize("width", [80, 100, 200])
def test_every_detector_is_a_line_of_one_screen(width, columns):
    columns(width)
    lines = command("detectors").stdout.rstrip().splitlines()
    assert len(lines) <= 32
    assert max(len(line.rstrip()) for line in lines) <= width
    for name, entry in ENTRIES.items():
        assert row("\n".join(lines), name).rstrip().endswith(entry.use_for)


def test_a_line_tells_size_base_and_terms(columns):
    columns(80)
    said = command("detectors").stdout
    assert row(said, DEFAULT).split()[1:6] == ["no", "1.2", "GB", "CLIP", "MIT"]
    assert row(said, "effort-ffpp").split()[1:6] == ["terms", "by", "hand", "CLIP", "CC-BY-NC-4.0"]
    assert "CLIP ViT-L/14 1.7 GB (MIT)" in said
    assert "ForensicsAdapter does not run here" in said


def test_what_is_here_and_what_was_acknowledged_show(columns):
    columns(80)
    keep(DEFAULT)
    assert command("detectors", "accept", "effort-ffpp", "--yes").returncode == 0
    said = command("detectors").stdout
    assert row(said, DEFAULT).split()[1] == "yes"
    assert row(said, "effort-ffpp").split()[1] == "no"
    assert row(said, "effort-genimage").split()[1] == "terms"


def test_json_holds_all_that_is_known():
    said = json.loads(command("detectors", "--json", "-").stdout)
    assert (said["schema"], said["kind"]) == (1, "detectors")
    assert [found["name"] for found in said["detectors"]] == list(ENTRIES)
    first = said["detectors"][0]
    assert first["sources"][0] == {
        "kind": "hub",
        "repository": "yermandy/GenD_CLIP_L_14",
        "file": "model.safetensors",
        "revision": "9413725434bfe93ef069b7b4dcdf817cd83529b3",
        "sha256": "d76f0bdfd74a29fe1b1c1b84a80ac92486993e426878e8c7a3944281fbb96833",
        "size": 1215928160,
    }
    assert first["geometry"] == {"template": "gend", "scale": 1.3, "size": None}
    assert first["state"] == {"file": None, "accepted": True}
    assert [found["name"] for found in said["not_run"]] == ["ForensicsAdapter"]


@pytest.mark.parametrize("arguments", [["detectors"], ["detectors", "info", DEFAULT], ["detectors", "--help"]])
def test_the_list_loads_no_model_library(arguments):
    code = (
        "import sys\nfrom facefake.cli import cli\n"
        f"cli.main({arguments!r}, standalone_mode=False)\nprint(sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "[]"


# ---------------------------------------------------------------- one of them


@each
def test_a_sheet_leaves_nothing_out(name, columns):
    columns(200)
    entry = ENTRIES[name]
    said = " ".join(command("detectors", "info", name).stdout.split())
    for known in (entry.title, entry.preprocessing, entry.polarity, entry.trained_on, entry.verified, entry.unverified):
        assert known in said
    for known in (entry.weights.url, entry.code.url, entry.paper, entry.project, *entry.notes):
        assert known in said
    for figure in entry.figures:
        assert f"{figure.dataset} {figure.value:.3f}" in said
        assert figure.source in said


@each
def test_addresses_are_not_broken_however_narrow(name, columns):
    columns(40)
    words = command("detectors", "info", name).stdout.split()
    assert f"({ENTRIES[name].weights.url})" in words
    assert ENTRIES[name].project in words


def test_a_sheet_says_how_to_have_it():
    assert "facefake score FILE --detector gend-clip-l14" in command("detectors", "info", DEFAULT).stdout
    said = " ".join(command("detectors", "info", "effort-ffpp").stdout.split())
    assert "no: `facefake detectors accept effort-ffpp`, then fetch it with a browser" in said
    keep(DEFAULT)
    assert str(kept_file(DEFAULT)) in command("detectors", "info", DEFAULT).stdout


def test_a_sheet_as_json():
    said = json.loads(command("detectors", "info", "ufd-clip-l14", "--json", "-").stdout)
    assert (said["kind"], said["name"], said["sources"][0]["kind"]) == ("detector", "ufd-clip-l14", "link")


@pytest.mark.parametrize("sub_command", ["info", "accept"])
def test_an_unknown_name_gets_the_nearest(sub_command):
    done = command("detectors", sub_command, "gend-clip-l41")
    assert done.returncode == 2
    assert "[detector_unknown]" in done.stderr
    assert "Did you mean 'gend-clip-l14'?" in done.stderr


def test_a_mistyped_sub_command_gets_the_nearest():
    assert "Did you mean 'info'?" in command("detectors", "inof", DEFAULT).stderr


# ---------------------------------------------------------------- acknowledging


def test_nobody_is_there_to_ask_so_nothing_is_acknowledged():
    done = command("detectors", "accept", "effort-ffpp")
    assert done.returncode == 2
    assert "[licence_not_accepted]" in done.stderr
    assert "--yes" in done.stderr
    assert not accepted(ENTRIES["effort-ffpp"], cache_dir())


@pytest.mark.parametrize(("answer", "noted"), [("y", True), ("n", False), ("", False)])
def test_the_answer_counts(answer, noted, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: answer)
    done = command("detectors", "accept", "effort-ffpp")
    assert (done.returncode == 0) == noted
    assert accepted(ENTRIES["effort-ffpp"], cache_dir()) == noted
    assert ENTRIES["effort-ffpp"].weights.url in done.stdout


def test_it_is_asked_once():
    assert "Noted in" in command("detectors", "accept", "effort-ffpp", "--yes").stdout
    assert "acknowledged before" in command("detectors", "accept", "effort-ffpp").stdout


def test_what_asks_for_nothing_says_so():
    said = command("detectors", "accept", DEFAULT).stdout
    assert "asks for nothing" in said
    assert not cache_dir().exists()


# ---------------------------------------------------------------- doctor


def test_doctor_says_which_are_here():
    line = CHECKS["published detectors"]
    assert line() == f"none here of {len(ENTRIES)}; {DEFAULT}, the default, is fetched on first use"
    keep(DEFAULT)
    keep("ufd-clip-l14")
    assert line() == f"{DEFAULT}, ufd-clip-l14 of {len(ENTRIES)}"
