import json
import subprocess
import sys

import pytest

from facefake.cli.detectors import COMMANDS
from facefake.registry.entries import DEFAULT, ENTRIES, NOT_RUN
from tests.facefake.cli.conftest import command
from tests.facefake.cli.detectors.conftest import keep

HEAVY = {"torch", "open_clip", "timm", "transformers", "onnxruntime", "lightning", "sklearn", "scipy", "pyarrow"}


def row(said, name):
    return next(line for line in said.splitlines() if line.split()[:1] == [name])


@pytest.mark.parametrize("width", [80, 100, 200])
def test_every_detector_is_a_line_of_one_screen(width, columns):
    columns(width)
    lines = command("detectors").stdout.rstrip().splitlines()
    assert len(lines) <= 32
    assert max(len(line.rstrip()) for line in lines if not line.startswith("https://")) <= width
    assert NOT_RUN[0][2] in lines  # in one piece, to be copied
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


def test_a_mistyped_sub_command_gets_the_nearest():
    assert "Did you mean 'info'?" in command("detectors", "inof", DEFAULT).stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there_and_explains_itself_with_a_worked_example(name):
    done = command("detectors", name, "--help")
    assert done.returncode == 0
    assert f"facefake detectors {name}" in done.stdout.split("Options:")[0].split("Usage:")[1].partition("\n")[2]
