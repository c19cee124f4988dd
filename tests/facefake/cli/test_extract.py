import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from facefake.demo import make_demo_set
from preprocessing.store import FaceStore
from tests.facefake.cli.conftest import command, facefake


def tree(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    root = tmp_path_factory.mktemp("videos")
    make_demo_set(root, scenes={"train": 2}, frames=6)
    (root / "letter.mp4").write_text("Dear editor,")
    return root


@pytest.fixture(scope="module")
def undisturbed(videos, tmp_path_factory):
    out = tmp_path_factory.mktemp("stores") / "undisturbed"
    done = facefake("extract", videos, "--out", out, "--frames", "uniform:4", "--workers", 1)
    assert done.returncode == 1, "one file is no video"
    return out


def test_every_clip_has_an_outcome_and_the_bad_one_stopped_nothing(undisturbed):
    outcomes = {row["clip"]: row["outcome"] for row in FaceStore(undisturbed).clips().to_pylist()}
    assert outcomes.pop("letter.mp4") == "not_a_video"
    assert len(outcomes) == 4
    assert set(outcomes.values()) == {"ok"}


def test_labels_splits_and_pairs_reach_the_manifest(undisturbed):
    rows = FaceStore(undisturbed).manifest().to_pylist()
    assert {(row["label"], row["method"] == "real") for row in rows} == {(0, True), (1, False)}
    assert {row["split"] for row in rows} == {"train"}
    assert len({row["pair"] for row in rows}) == 2
    assert sum(row["main"] for row in rows) == 16


def test_a_second_run_changes_nothing(videos, undisturbed):
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in undisturbed.rglob("*")}
    done = facefake("extract", videos, "--out", undisturbed, "--frames", "uniform:4")
    assert "0 clips extracted, 5 already there" in done.stderr
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in undisturbed.rglob("*")} == before


def test_killed_in_the_middle_and_resumed_the_bytes_are_the_same(videos, undisturbed, tmp_path):
    out = tmp_path / "store"
    command = [sys.executable, "-m", "facefake", "extract", videos, "--out", out, "--frames", "uniform:4"]
    with subprocess.Popen([*command, "--workers", "1"], stderr=subprocess.DEVNULL, start_new_session=True) as process:
        while process.poll() is None and not list(out.glob("*/*/*/clip.json")):
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, "it was done before it could be killed"
    assert not (out / "manifest.parquet").exists()
    facefake("extract", videos, "--out", out, "--frames", "uniform:4", "--workers", 2)
    assert tree(out) == tree(undisturbed)


def test_merged_shards_are_the_same_bytes(videos, undisturbed, tmp_path):
    for part in (1, 2):
        facefake("extract", videos, "--out", tmp_path / f"{part}", "--frames", "uniform:4", "--shard", f"{part}/2")
    done = facefake("extract", tmp_path / "1", tmp_path / "2", "--merge", "--out", tmp_path / "merged")
    assert done.returncode == 0
    assert tree(tmp_path / "merged") == tree(undisturbed)


def test_an_outcome_can_be_done_again(videos, undisturbed):
    done = facefake("extract", videos, "--out", undisturbed, "--frames", "uniform:4", "--redo", "not_a_video")
    assert "1 clips extracted, 4 already there" in done.stderr


def test_a_store_of_a_release_that_kept_no_digests_is_checked_and_not_extracted_again(videos, undisturbed, tmp_path):
    store, own = tmp_path / "store", tmp_path / "videos"
    shutil.copytree(undisturbed, store)
    shutil.copytree(videos, own)
    (store / "sources.parquet").unlink()
    for path in store.glob("*/*/*/clip.json"):
        record = json.loads(path.read_text())
        del record["sources"], record["clip"]["sha256"]
        path.write_text(json.dumps(record))
    real, fake = sorted(own.rglob("clip-*.mp4"))[:2]
    shutil.copy(fake, real)
    done = command("extract", own, "--out", store, "--frames", "uniform:4", "--workers", 1)
    # the replaced video, and the one that is none: of an error nothing is there to compare
    assert "2 clips extracted, 3 already there" in done.stderr
    digests = {row["clip"]: row["sha256"] for row in FaceStore(store).clips().to_pylist()}
    assert digests == {clip: hashlib.sha256((own / clip).read_bytes()).hexdigest() for clip in digests}
    assert (
        "0 clips extracted, 5 already there" in command("extract", own, "--out", store, "--frames", "uniform:4").stderr
    )


def test_another_recipe_gets_another_store(videos, undisturbed):
    done = facefake("extract", videos, "--out", undisturbed, "--frames", "uniform:8")
    assert done.returncode == 2
    assert "error [store_recipe_mismatch]" in done.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["--dataset", "fpp"], "dataset_unknown"),
        (["--dataset", "ffpp", "--data", "."], "dataset_not_found"),
        (["--dataset", "ffpp"], "dataset_not_found"),
        (["VIDEOS", "--frames", "every"], "usage"),
        (["VIDEOS", "--template", "square"], "usage"),
        (["VIDEOS", "--size", "big"], "usage"),
        (["VIDEOS", "--decoder", "vlc"], "usage"),
        (["VIDEOS", "--shard", "3/2"], "usage"),
        (["VIDEOS", "--split", "val"], "split_empty"),
        (["VIDEOS", "--device", "cuda:99"], "device_unavailable"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_code_and_leaves_nothing_behind(videos, tmp_path, monkeypatch, args, code):
    monkeypatch.chdir(tmp_path)
    args = [videos if arg == "VIDEOS" else arg for arg in args]
    done = command("extract", *args, "--out", tmp_path / "store")
    assert done.returncode == 2
    assert f"error [{code}]" in done.stderr
    assert not (tmp_path / "store" / "manifest.parquet").exists()


def test_the_manifest_opens_with_any_parquet_reader(undisturbed):
    table = pq.read_table(undisturbed / "manifest.parquet", columns=["clip", "crop", "label"])
    assert all((undisturbed / crop).is_file() for crop in table["crop"].to_pylist())


@pytest.mark.data
@pytest.mark.slow
def test_ffpp_as_released_gives_a_face_on_every_frame(test_data, tmp_path):
    done = facefake(
        *("extract", test_data / "ffpp", "--dataset", "ffpp", "--compression", "c23", "--out", tmp_path / "store"),
        *("--frames", "spread:8"),
    )
    assert done.returncode == 0
    clips = FaceStore(tmp_path / "store").clips().to_pylist()
    assert len(clips) == 6
    assert sum(clip["with_face"] for clip in clips) >= 0.99 * sum(clip["decoded"] for clip in clips)
