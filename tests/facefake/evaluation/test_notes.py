"""Whose detector answered, beside every answer."""

from facefake.evaluation.notes import notes_on

ORIGIN = {"name": "gend-clip-l14", "licence": "MIT"}


def _head(*, origin=ORIGIN, calibration=None, **settings):
    return {"detector": {"name": "a.safetensors", "origin": origin, "calibration": calibration}, "settings": settings}


def test_weights_of_others_are_named_with_their_terms_and_that_they_are_no_probabilities():
    whose, uncalibrated = notes_on(_head())
    assert whose.startswith("gend-clip-l14 has weights that others published, licence MIT: ")
    assert "`facefake detectors info gend-clip-l14`" in whose
    assert "not calibrated" in uncalibrated


def test_the_default_is_called_so_and_only_it():
    assert notes_on(_head(default_detector="gend-clip-l14"))[0].startswith("gend-clip-l14, the default, has")
    assert notes_on(_head(default_detector="another"))[0].startswith("gend-clip-l14 has")


def test_of_a_calibrated_one_only_whose_it_is():
    assert len(notes_on(_head(calibration={"method": "sigmoid"}))) == 1


def test_of_ones_own_detector_only_what_was_noted():
    assert notes_on(_head(origin=None, notes=["Foreign crops."])) == ["Foreign crops."]
    assert notes_on({}) == []


def test_an_export_says_how_far_it_may_be_off_unless_it_is_exact():
    def head(precision):
        export = {"precision": precision, "pictures": 12, "score_difference": 0.0046}
        return {"detector": {"name": "a.onnx", "origin": None, "export": export}}

    assert notes_on(head("fp32")) == []
    (note,) = notes_on(head("int8"))
    assert "a.onnx is an export in int8" in note
    assert "4.6e-03" in note


def test_each_path_is_spoken_of():
    paths = {via: {"detector": {"name": via, "origin": {**ORIGIN, "name": via}}} for via in ("face", "image")}
    assert [line.split()[0] for line in notes_on({"settings": {"paths": paths}})] == [
        "face",
        "P(fake)",
        "image",
        "P(fake)",
    ]
