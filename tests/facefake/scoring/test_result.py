import json
import os
from dataclasses import replace

import pytest

from facefake.scoring.result import (
    ClipResult,
    ErrorFacts,
    FrameScore,
    Opinion,
    PersonResult,
    Truth,
    VideoFacts,
    document_head,
    valid_text,
)
from facefake.scoring.verdict import FrameCounts

LANDMARKS = ((30.0, 40.0), (70.0, 40.0), (50.0, 60.0), (35.0, 80.0), (65.0, 80.0))
FRAME = FrameScore(12, 0.4812345678, 0.91, (10.123, 20.0, 90.0, 110.0), LANDMARKS, 0.99)
SCORED = ClipResult(
    path="party/anna.mp4",
    sha256="ab" * 32,
    kind="video",
    status="scored",
    verdict="fake",
    probability=0.97,
    score=0.93,
    frames=FrameCounts(32, 32, 31),
    video=VideoFacts("h264", 1920, 1080, 29.97002997, 10.01, 90),
    people=(PersonResult(0, 0.97, 0.93, (FRAME,)),),
)
FAILED = ClipResult(
    path="broken.mp4",
    sha256=None,
    kind="video",
    status="error",
    error=ErrorFacts("not_a_video", "It is text.", "Give a video."),
)
LABELLED = replace(SCORED, truth=Truth("Deepfakes/c23/videos/000_003.mp4", "ffpp", "Deepfakes", "test", 1))
ASIDE = replace(
    SCORED,
    status="inconclusive",
    verdict="inconclusive",
    probability=None,
    score=None,
    reason="too_few_faces",
    people=(PersonResult(0, None, 0.9, (FRAME,), "too_few_faces"),),
)
BY_BOTH = replace(LABELLED, via="image", other=Opinion("face", "inconclusive", "inconclusive", None, None, "no_face"))


def test_a_result_has_the_keys_of_schema_1_in_order():
    data = SCORED.to_dict()
    assert list(data) == [
        *("path", "sha256", "kind", "via", "status", "verdict", "probability", "score", "reason"),
        *("frames", "video", "people", "error"),
    ]
    assert list(data["frames"]) == ["requested", "decoded", "with_face"]
    facts = ["codec", "width", "height", "fps", "duration", "rotation", "clock_restarts", "notes"]
    assert list(data["video"]) == facts
    assert list(data["people"][0]) == ["track", "probability", "score", "frames"]
    assert list(data["people"][0]["frames"][0]) == ["index", "time", "score", "box", "landmarks", "confidence"]
    assert data["error"] is data["reason"] is None


def test_notes_on_the_video_come_back_and_files_from_before_them_are_read():
    noted = replace(SCORED, video=replace(SCORED.video, notes=("Interlaced frames were deinterlaced.",)))
    data = json.loads(json.dumps(noted.to_dict()))
    assert data["video"]["notes"] == ["Interlaced frames were deinterlaced."]
    assert ClipResult.from_dict(data).video.notes == noted.video.notes
    del data["video"]["notes"]
    assert ClipResult.from_dict(data).video.notes == ()


def test_the_document_head_has_the_keys_of_schema_1_in_order():
    head = document_head({"name": "demo", "sha256": "0", "backbone": "x"}, {"pooling": "mean"})
    assert list(head) == ["schema", "tool", "detector", "settings"]
    assert head["schema"] == 1
    assert list(head["tool"]) == ["name", "version"]


def test_an_error_result_says_what_why_and_what_to_do():
    data = FAILED.to_dict()
    assert data["error"] == {"code": "not_a_video", "message": "It is text.", "hint": "Give a video."}
    assert (data["verdict"], data["probability"], data["score"], data["video"]) == ("inconclusive", None, None, None)
    assert data["frames"] == {"requested": 0, "decoded": 0, "with_face": 0}
    assert list(data) == list(SCORED.to_dict())


def test_only_labelled_clips_carry_what_the_data_set_says():
    extra = set(LABELLED.to_dict()) - set(SCORED.to_dict())
    assert extra == {"clip", "dataset", "method", "split", "label", "pair", "compression"}


def test_only_a_person_set_aside_carries_a_reason():
    assert ASIDE.to_dict()["people"][0]["reason"] == "too_few_faces"
    assert "reason" not in SCORED.to_dict()["people"][0]


def test_only_a_result_of_both_paths_carries_the_other_ones_answer():
    assert set(BY_BOTH.to_dict()) - set(LABELLED.to_dict()) == {"other"}
    assert list(BY_BOTH.to_dict()["other"]) == ["via", "status", "verdict", "probability", "score", "reason"]


def test_results_of_before_there_were_two_paths_are_of_the_face_path():
    data = SCORED.to_dict()
    del data["via"]
    assert ClipResult.from_dict(data).via == "face"


@pytest.mark.parametrize("result", [SCORED, FAILED, LABELLED, ASIDE, BY_BOTH])
def test_results_survive_the_way_through_json(result):
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    back = ClipResult.from_dict(data)
    assert back.to_dict() == data
    assert back == replace(result, people=back.people, video=back.video)


def test_numbers_are_rounded():
    frame = FRAME.to_dict()
    assert frame["time"] == 0.481235
    assert frame["box"][0] == 10.12


def test_a_name_that_is_not_utf8_becomes_valid_text():
    path = os.fsdecode(b"caf\xe9.mp4") if os.name != "nt" else "caf\udce9.mp4"
    data = replace(FAILED, path=path).to_dict()
    assert data["path"] == r"caf\xe9.mp4"
    json.dumps(data, ensure_ascii=False).encode("utf-8")


def test_valid_text_leaves_what_is_valid_alone():
    assert valid_text("日本 é 🎬 \n") == "日本 é 🎬 \n"
    assert valid_text("\ud800x") == "\\ud800x"
