"""What people read: terminal tables and the Markdown report."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from facefake.reporting.markdown import markdown_report, write_markdown, write_report_markdown
from facefake.reporting.tables import why
from facefake.reporting.terminal import MAX_ROWS, print_report, print_results
from facefake.scoring.result import (
    ClipResult,
    ErrorFacts,
    FrameScore,
    Opinion,
    PersonResult,
    Truth,
    VideoFacts,
    document_head,
)
from facefake.scoring.verdict import REASONS, FrameCounts

from .reports import comparison, empty_report, report
from .test_files import HOSTILE

HEAD = document_head({"name": "demo", "backbone": "ViT|B"}, {"pooling": "mean", "abstention": {"min_frames": 4}})
FRAME = FrameScore(0, 0.0, 0.9, (0.0, 0.0, 9.0, 9.0), ((1.0, 1.0),) * 5, 0.99)


def scored(name, label, score, method="Deepfakes"):
    return ClipResult(
        path=name,
        sha256=None,
        kind="video",
        status="scored",
        verdict="fake" if score >= 0.5 else "real",
        probability=score,
        score=score,
        people=(PersonResult(0, score, score, (replace(FRAME, score=score),)),),
        truth=Truth(name, "folder", method if label else "real", None, label),
    )


FAILED = ClipResult("b.mp4", None, "video", "error", error=ErrorFacts("timeout", "It took too long.", "Wait longer."))
NO_FACE = ClipResult("c.mp4", None, "video", "inconclusive", reason="no_face")
CLIPS = [scored("r1", 0, 0.1), scored("r2", 0, 0.2), scored("f1", 1, 0.8), scored("f2", 1, 0.9, "Face_Swap|<b>")]
REPORT = report()


def printed(*results, document=None, width=200):
    file = io.StringIO()
    console = Console(file=file, width=width)
    if results:
        print_results(results, console)
    if document:
        print_report(document, console)
    return file.getvalue()


def written(tmp_path, document):
    write_report_markdown(tmp_path / "report.md", document)
    return (tmp_path / "report.md").read_text(encoding="utf-8")


def test_each_clip_has_its_verdict_or_why_there_is_none():
    text = printed(scored("a.mp4", 1, 0.912), FAILED, NO_FACE)
    rows = {line.split("│")[1].strip(): line for line in text.splitlines() if ".mp4" in line}
    assert "fake" in rows["a.mp4"]
    assert "0.912" in rows["a.mp4"]
    assert "It took too long. (timeout)" in rows["b.mp4"]
    assert REASONS["no_face"].words in rows["c.mp4"]
    assert "hint (timeout): Wait longer." in text


def test_labelled_clips_show_what_the_verdict_should_have_said():
    text = printed(scored("a.mp4", 1, 0.1), scored("b.mp4", 0, 0.1))
    assert [cell.strip() for cell in next(line for line in text.splitlines() if "a.mp4" in line).split("│")[2:4]] == [
        "fake: Deepfakes",
        "real",
    ]
    assert "labelled" not in printed(NO_FACE)


def test_a_hint_is_given_once_however_many_clips_need_it():
    assert printed(*[FAILED] * 5).count("Wait longer.") == 1


def test_people_set_aside_are_told_apart():
    extra = PersonResult(1, None, 0.99, (FRAME,), "too_few_faces")
    clip = scored("a.mp4", 1, 0.1)
    assert "1 of 2 people" in printed(replace(clip, people=(*clip.people, extra)))


SILENT = Opinion("face", "inconclusive", "inconclusive", None, None, "no_face")


def test_what_was_judged_is_named_a_picture_a_video_or_people():
    whole = replace(scored("a.jpg", 1, 0.9), via="image", kind="image")
    text = printed(whole, replace(whole, path="b.mp4", kind="video"), scored("c.mp4", 1, 0.1))
    for name, judged in (("a.jpg", "whole picture"), ("b.mp4", "whole frames"), ("c.mp4", "1 person")):
        assert judged in next(line for line in text.splitlines() if name in line)
    assert "other path" not in text


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (SILENT, "faces: no face was found for certain"),
        (replace(SILENT, status="error", reason="timeout"), "faces: error (timeout)"),
        (Opinion("face", "scored", "real", 0.25, 0.25, None), "faces: real, 0.250"),
    ],
)
def test_of_both_paths_the_other_ones_answer_stands_beside(other, words):
    clip = replace(scored("a.jpg", 1, 0.9), via="image", kind="image", other=other)
    assert words in printed(clip)
    assert f"| a.jpg | fake | 0.900 | whole picture | {words} |" in markdown_report(HEAD, [clip])


def test_a_shortfall_says_how_much_came():
    clip = replace(NO_FACE, reason="decode_shortfall", frames=FrameCounts(32, 7, 7))
    assert "7 of 32 frames came" in printed(clip)


def test_what_was_done_to_a_video_is_said():
    notes = ("The frame size changes (320x180, 1280x720).", "Interlaced frames were deinterlaced.")
    video = VideoFacts("h264", 320, 180, 25.0, 4.0, 0, notes=notes)
    good = ClipResult("a.mp4", "0", "video", "scored", "fake", 0.97, 0.97, video=video)
    assert why(good) == "The frame size changes (320x180, 1280x720); Interlaced frames were deinterlaced"
    small = replace(good, status="inconclusive", verdict="inconclusive", reason="faces_too_small")
    assert why(small).startswith("the faces are too small; The frame size changes")
    assert "deinterlaced" in printed(good)


def test_long_lists_end_in_how_many_more_there_are():
    text = printed(*[FAILED] * (MAX_ROWS + 3))
    assert text.count("b.mp4") == MAX_ROWS
    assert "3 more are not shown" in text


def test_clips_that_are_not_there_are_counted_and_not_listed():
    absent = replace(FAILED, path="gone.mp4", error=ErrorFacts("absent", "It is not there.", "Get it."))
    text = printed(scored("a.mp4", 1, 0.9), *[absent] * 1388)
    assert "1388 more are named by the data set and not there" in text
    assert "gone.mp4" not in text
    assert "gone.mp4" not in markdown_report(HEAD, [absent], REPORT)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("width", [40, 200])
def test_no_name_reaches_the_terminal_as_anything_but_text(name, width):
    error = ErrorFacts("not_found", f"{name} is gone", f"Look for {name}.")
    text = printed(replace(FAILED, path=name, error=error), scored(name, 1, 0.9), width=width)
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode("utf-8")


def test_markup_in_a_name_is_shown_as_it_is():
    assert "[bold red]x[/].mp4" in printed(scored("[bold red]x[/].mp4", 1, 0.9))


def test_the_report_is_shown_with_intervals_methods_coverage_and_notes():
    text = printed(*CLIPS, document=REPORT)
    auc, frame = REPORT["video"]["auc"], REPORT["frame"]["auc"]
    for level in (auc, frame, REPORT["per_method"]["FaceSwap"]["auc"], REPORT["datasets"]["dfdc"]["video"]["auc"]):
        assert f"{level['value']:.3f} [{level['low']:.3f}, {level['high']:.3f}]" in text
    assert "600 of 620 clips scored (96.8 %), 12 inconclusive, 3 failed, 5 missing" in text
    assert "ranked wrong: 0.870" in text
    assert "threshold 0.43: equal error rate on ffpp val" in text
    assert all(note in text for note in REPORT["notes"])


def test_warnings_published_figures_and_corruptions_are_shown():
    text = printed(document=REPORT)
    assert text.startswith(f"warning: {REPORT['leakage'][0]}")
    assert "Effort, table 2" in text
    assert "20: -" in text  # a level without figure
    plain = printed(document=report(("celebdf",), suite=False))
    assert not any(word in plain for word in ("warning", "published", "corruption", "mean"))


def test_figures_of_one_method_from_two_sources_are_kept_apart(tmp_path):
    elsewhere = REPORT["anchors"][0] | {"dataset": "ffpp", "value": 0.992, "source": "a rival", "note": ""}
    text = written(tmp_path, REPORT | {"anchors": [*REPORT["anchors"], elsewhere]})
    assert "| GenD | 0.960 | 0.871 | - | GenD, table 2; trained on FF++ c23 |" in text
    assert "| GenD | - | - | 0.992 | a rival |" in text


def test_a_comparison_is_shown_with_differences():
    document = comparison()
    text = printed(document=document)
    difference = document["pairs"][1]["difference"]
    assert f"{difference['value']:+.3f} [{difference['low']:+.3f}, {difference['high']:+.3f}]" in text
    assert "A: ours.safetensors" in text


def test_a_report_without_figures_is_shown_too(tmp_path):
    for text in (printed(document=empty_report()), written(tmp_path, empty_report())):
        assert "0 of 4 clips scored (0.0 %)" in text
        assert "No clip was scored, so there are no metrics." in text


@pytest.mark.parametrize("document", [report(("celebdf",)), REPORT, comparison(), empty_report()])
def test_every_row_of_a_markdown_table_is_as_long_as_its_head(tmp_path, document):
    length = None
    for line in written(tmp_path, document).splitlines():
        if not line.startswith("|"):
            length = None
            continue
        columns = line.replace("\\|", "").count("|")
        length = length or columns
        assert columns == length


@pytest.mark.parametrize("name", ["Face_Swap|<b>", "a\n# heading", "`x`", "![](http://x)"])
def test_markdown_holds_no_markup_of_strangers(tmp_path, name):
    document = report((name,))
    document["datasets"][name]["per_method"] = {name: document["per_method"]["one"]}
    # the command stands in a block of code, where nothing is markup
    text = written(tmp_path, document | {"leakage": [name], "notes": [name], "threshold_source": name})
    assert "<b>" not in text
    assert "\n# heading" not in text
    assert not re.search(r"(?<!\\)(`|\]\()", text)


def test_markdown_holds_what_it_takes_to_repeat_it(tmp_path):
    text = written(tmp_path, REPORT)
    for fact in (
        "600 of 620 clips scored (96.8 %)",
        "1000 resamples, seed 0",
        "threshold 0.43 (equal error rate on ffpp val)",
        "    facefake score --dataset celebdf --data 'Celeb DF/v2' --detector face-ln.safetensors",
        r"| settings.abstention.min\_frames | 4 |",
        "| detector.training.datasets | ffpp |",
        "| calibration.temperature | 1.7 |",
        "| celebdf | 1 | 620 | test 620 | 5f1d",
        "| scores.json | 5f1d",
        "> **Warning:** The detector was trained on ffpp train",
        "| Effort | 0.956 | 0.843 | - | Effort, table 2; trained on FF++ c23 |",
        "| 5 | the data set's own list names the clip, and its file is not there | absent |",
    ):
        assert fact in text, fact


def test_markdown_of_a_comparison_has_differences_and_each_report(tmp_path):
    document = comparison()
    text = written(tmp_path, document)
    pair = document["pairs"][2]
    assert f"| A - B | dfdc | 600 | {pair['difference']['value']:+.3f} [" in text
    assert f"{pair['delong']['p']:.3f} |" in text
    assert "620 of 640 clips scored" in text
    assert all(f"\n# {name}" in text for name in ("A: ours.safetensors", "B: theirs.csv"))


def test_markdown_beside_results_names_their_detector(tmp_path):
    write_markdown(tmp_path / "report.md", HEAD, CLIPS, report() | {"provenance": {}})
    text = (tmp_path / "report.md").read_text()
    assert r"| settings.abstention.min\_frames | 4 |" in text
    assert r"| detector.backbone | ViT\|B |" in text


def test_markdown_lists_the_clips_that_the_report_does_not_speak_of():
    text = markdown_report(HEAD, [*CLIPS, NO_FACE], REPORT)
    assert f"| c.mp4 | inconclusive |  | nobody | {REASONS['no_face'].words} |" in text
    assert "| f1 |" not in text


def test_markdown_without_labels_lists_every_clip():
    text = markdown_report(HEAD, [CLIPS[2], FAILED])
    assert "| f1 | fake | 0.800 | 1 person |  |" in text
    assert r"| b.mp4 | error |  |  | It took too long. (timeout) |" in text
    assert "AUC" not in text


def test_tables_go_to_stderr(capsys):
    print_results(CLIPS)
    print_report(REPORT)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Detection report" in captured.err
