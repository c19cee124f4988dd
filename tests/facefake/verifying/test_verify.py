"""What verification says of a detector that is as published, and of ones that are not."""

import sys
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from facefake.hub import keep
from facefake.hub.cache import kept_file
from facefake.hub.resolve import detector_file
from facefake.models import BackboneSpec
from facefake.models.tower import check_name
from facefake.probes import generated_pictures
from facefake.registry.entries import DEFAULT
from facefake.registry.entry import Manual
from facefake.verifying import verify
from preprocessing.errors import FacefakeError
from tests.facefake import timm_towers
from tests.facefake.hub.hubs import no_network
from tests.facefake.importing import published

PICTURES = generated_pictures(48)
# of a file whose digest nobody knows, and of which no detector is kept
ALL_THAT_CAN_BE = {"published": "unknown", "base": "ok", "detector": "unknown", "answers": "ok"}


def outcomes(entry, **given):
    """Outcome and words of each check by its first word."""
    return {check.what.split()[0]: check for check in verify.verify(entry, PICTURES, **given)}


def test_a_detector_that_is_as_published_passes_everything(hosted, offline):
    found = outcomes(hosted.entry)
    assert {what: check.outcome for what, check in found.items()} == dict.fromkeys(
        ("published", "base", "detector", "answers"), "ok"
    )
    assert hosted.entry.sources[0].sha256 in found["published"].words


@pytest.mark.parametrize(
    ("form", "build", "save"),
    [
        ("ln-clip", published.ln_clip, lambda network, path: torch.save(published.lightning(network), path)),
        ("effort", published.Effort, lambda network, path: torch.save(network.state_dict(), path)),
    ],
)
def test_other_forms_answer_as_their_authors_modules_too(tmp_path, monkeypatch, offline, form, build, save):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path))
    base = published.base_file(tmp_path)
    save(build(base).eval(), tmp_path / "published.pth")
    found = outcomes(published.entry(form, base), file=tmp_path / "published.pth")
    assert {what: check.outcome for what, check in found.items()} == ALL_THAT_CAN_BE


@pytest.mark.parametrize("form", ["gend-pe", "gend-dinov3"])
def test_towers_of_timm_and_dinov3_do_too(tmp_path, monkeypatch, offline, form):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path))
    check_name(published.NAME)
    timm_towers.register(tmp_path)
    name = timm_towers.PE if form == "gend-pe" else timm_towers.DINO
    tower = timm_towers.pe_core() if form == "gend-pe" else timm_towers.dinov3()
    save_file(timm_towers.published_names(tower), tmp_path / "base.safetensors")
    network = timm_towers.Published(tower, timm_towers.WIDTHS[name])
    network.tune("norm")
    save_file(network.file(), tmp_path / "published.safetensors")
    base = tmp_path / "base.safetensors"
    entry = replace(published.entry("gend-clip", base), form=form, backbone=BackboneSpec(name, str(base)))
    found = outcomes(entry, file=tmp_path / "published.safetensors")
    assert {what: check.outcome for what, check in found.items()} == ALL_THAT_CAN_BE


def test_a_detector_that_is_sure_of_everything_can_be_checked_too(tmp_path, monkeypatch, offline):
    monkeypatch.setenv("FACEFAKE_CACHE", str(tmp_path))
    base = published.base_file(tmp_path)
    network = published.gend(base)
    with torch.no_grad():
        network.model.linear.bias.copy_(torch.tensor([-20.0, 30.0]))  # scores are 1 to the last digit
    torch.save(network.state_dict(), tmp_path / "published.pth")
    found = outcomes(published.entry("gend-clip", base), file=tmp_path / "published.pth")
    assert found["answers"].outcome == "ok", found["answers"].words


def test_an_import_that_went_wrong_is_found_by_its_answers(hosted, offline, monkeypatch):
    def swapped(fetched, entry, out):
        card = keep.convert_fetched(fetched, entry, out)
        tensors = load_file(out)
        name = next(name for name in tensors if name.endswith("linear.weight"))
        tensors[name] = tensors[name].flip(0).contiguous()
        with safe_open(out, "np") as file:
            save_file(tensors, out, metadata=file.metadata())
        return card

    monkeypatch.setattr(verify, "convert_fetched", swapped)
    found = outcomes(hosted.entry)
    assert (found["answers"].outcome, found["detector"].outcome) == ("failed", "failed")


def test_a_kept_file_with_other_tensors_is_found(hosted, offline):
    path = detector_file(None)
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    found = outcomes(hosted.entry)
    assert found["detector"].outcome == "failed"
    assert str(kept_file(hosted.entry.name)) in found["detector"].words
    assert found["answers"].outcome == "ok"


def test_what_cannot_be_checked_is_said(hosted, offline, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    unknown = replace(hosted.entry, sources=(replace(hosted.entry.sources[0], sha256=None),))
    found = outcomes(unknown)
    assert found["published"].outcome == "unknown"
    assert "not known" in found["published"].words
    assert found["answers"].outcome == "unknown"
    assert "transformers" in found["answers"].words


def test_without_a_network_the_error_says_how_to_name_a_file_that_was_brought(hosted):
    brought = hosted.file.resolve().rename(hosted.cache / "brought.safetensors")
    with no_network(), pytest.raises(FacefakeError) as error:
        outcomes(hosted.entry)
    assert error.value.code == "download_failed"
    assert f"facefake detectors verify {DEFAULT} --source FILE" in error.value.hint
    assert outcomes(hosted.entry, file=brought)["published"].outcome == "ok"


def test_a_file_that_was_fetched_by_hand_is_asked_for(hosted, offline):
    manual = replace(hosted.entry, sources=(Manual("https://example.org", "weights.zip"),))
    with pytest.raises(FacefakeError, match="by hand"):
        outcomes(manual)
    assert outcomes(manual, file=hosted.file)["answers"].outcome == "ok"
    with pytest.raises(FacefakeError) as error:
        outcomes(manual, file=hosted.file.with_name("none"))
    assert error.value.code == "not_found"
