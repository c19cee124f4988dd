import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from preprocessing.corruptions import Corruption, seed_of
from preprocessing.corruptions.reader import corrupt_still, open_corrupted
from preprocessing.corruptions.reencode import reencode
from preprocessing.errors import FacefakeError
from preprocessing.scratch import scratch_folder
from preprocessing.video import Limits, open_video, read_still
from tests.clips import Part, cut, move_index_first, numbered_frame, read_number, write_parts, write_video

LIMITS = Limits()


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", textured(30), 25)


def textured(count, width=160, height=96):
    """Numbered frames with grain, for encoders to lose."""
    grain = np.random.default_rng(0)
    for number in range(count):
        frame = numbered_frame(number, width, height).astype(int)
        yield (frame + grain.integers(-25, 25, frame.shape)).clip(0, 255).astype(np.uint8)


def frames(path, text=None, key="a", limits=LIMITS):
    """Everything a corrupted clip gives: info, and index, time and picture of each frame."""
    corruption = Corruption.parse(text) if text else None
    with open_corrupted(path, corruption, key, limits=limits) as reader:
        found = [
            (int(index), float(time), rgb)
            for batch in reader.read(range(len(reader)))
            for index, time, rgb in zip(batch.index, batch.time, batch.rgb, strict=True)
        ]
        assert not reader.failed
        assert np.allclose([time for _, time, _ in found], reader.times)
        return reader.info, found


def psnr(one, other):
    errors = [np.square(a.astype(float) - b).mean() for (_, _, a), (_, _, b) in zip(one, other, strict=True)]
    return 10 * np.log10(255**2 / np.mean(errors))


def test_without_a_corruption_a_clip_is_read_as_it_is(clip):
    with open_video(clip) as reader:
        (batch,) = reader.read([3, 9])
    _, found = frames(clip)
    assert (batch.rgb == [found[3][2], found[9][2]]).all()


def test_a_picture_corruption_is_done_to_each_frame_with_a_seed_of_its_own(clip):
    _, clean = frames(clip)
    _, noisy = frames(clip, "noise:9", key="some/clip.mp4")
    for (index, time, before), (same_index, same_time, after) in zip(clean, noisy, strict=True):
        assert (index, time) == (same_index, same_time)
        assert (after == Corruption.parse("noise:9").at_crop(before, seed_of("some/clip.mp4", index))).all()
    _, others = frames(clip, "noise:9", key="another.mp4")
    assert (others[0][2] != noisy[0][2]).any()


def test_frames_are_the_same_however_they_are_asked_for(clip):
    _, every = frames(clip, "noise:9")
    with open_corrupted(clip, Corruption.parse("noise:9"), "a", limits=LIMITS) as reader:
        found = [(batch.index.tolist(), batch.rgb) for batch in reader.read([20, 4, 11], batch=2)]
    assert [index for index, _ in found] == [[4, 11], [20]]
    assert (found[1][1][0] == every[20][2]).all()


@pytest.mark.parametrize("kind", ["h264", "hevc"])
def test_an_encoder_loses_more_with_every_step_of_the_ladder_and_no_frame(clip, kind):
    _, clean = frames(clip)
    ladder = [frames(clip, f"{kind}:{crf}") for crf in (10, 25, 40, 50)]
    fidelity = [psnr(clean, found) for _, found in ladder]
    assert fidelity == sorted(fidelity, reverse=True)
    assert fidelity[0] > 30 > fidelity[-1] + 3
    for info, found in ladder:
        assert info.codec == kind
        assert [(index, time) for index, time, _ in found] == [(index, time) for index, time, _ in clean]
        assert [read_number(rgb) for _, _, rgb in found] == list(range(30))


@pytest.mark.parametrize("kind", ["h264", "hevc"])
def test_encoding_twice_gives_the_same_bytes(clip, tmp_path, kind):
    files = []
    for name in ("one.mp4", "two.mp4"):
        with open_video(clip) as reader:
            reencode(reader, Corruption(kind, 30), tmp_path / name)
        files.append((tmp_path / name).read_bytes())
    assert files[0] == files[1]


def test_colours_survive_encoding_in_any_resolution(tmp_path):
    path = write_video(tmp_path / "hd.mp4", [numbered_frame(5, 1280, 720)] * 3, 25)
    _, clean = frames(path)
    _, coded = frames(path, "h264:10")
    for place in (100, 400, 800, 1200):  # the middles of the four colour fields
        assert np.abs(coded[0][2][100, place].astype(int) - clean[0][2][100, place]).max() <= 3


def test_sides_that_are_odd_and_turned_stay_as_they_are(tmp_path):
    path = write_video(tmp_path / "odd.mp4", 4, size=(97, 161), pixel_format="yuv444p", rotation=90)
    info, clean = frames(path)
    coded_info, coded = frames(path, "h264:12")
    assert (info.width, info.height) == (coded_info.width, coded_info.height) == (97, 161)
    assert coded[0][2].shape == (161, 97, 3)
    assert psnr(clean, coded) > 25


@pytest.mark.parametrize("text", ["h264:16", "hevc:16", "blur:1", "fps:12.5", "height:64"])
@pytest.mark.parametrize(
    "sizes", [[(160, 96), (320, 192), (96, 161)], [(320, 192), (161, 96)]], ids=["grows", "shrinks"]
)
def test_frames_of_several_sizes_keep_them(tmp_path, text, sizes):
    parts = [Part([numbered_frame(4 * place + k, *size) for k in range(4)]) for place, size in enumerate(sizes)]
    path = write_parts(tmp_path / "clip.mkv", parts, "libx264", pixel_format="yuv444p")
    info, found = frames(path, text)
    _, clean = frames(path)
    assert [index for index, _, _ in found] == list(range(0, 4 * len(sizes), 2 if text == "fps:12.5" else 1))
    for index, _, rgb in found:
        shorter = min(rgb.shape[:2])
        assert rgb.shape == clean[index][2].shape or (text == "height:64" and shorter == 64)
        assert read_number(rgb) == index
    assert len(info.notes) == 1


def test_uneven_times_are_kept(tmp_path):
    times = [0.0, 0.1, 0.15, 0.9, 1.4]
    path = write_video(tmp_path / "uneven.mp4", 5, times=times)
    _, coded = frames(path, "h264:20")
    assert [round(time, 3) for _, time, _ in coded] == times


@pytest.mark.parametrize("rate", [5, 10, 12.5])
def test_a_lower_frame_rate_leaves_out_frames_and_keeps_time(clip, rate):
    _, clean = frames(clip)
    info, found = frames(clip, f"fps:{rate}")
    assert len(found) == round(30 / 25 * rate)
    assert info.fps == pytest.approx(rate)
    for index, time, rgb in found:
        assert read_number(rgb) == index
        assert time == clean[index][1]
        assert (rgb == clean[index][2]).all()
    assert info.duration - 1 / rate <= found[-1][1] - found[0][1] + 1 / rate <= info.duration + 1 / rate


def test_a_higher_frame_rate_changes_nothing(clip):
    _, clean = frames(clip)
    _, found = frames(clip, "fps:60")
    assert [index for index, _, _ in found] == [index for index, _, _ in clean]


def test_a_lower_resolution_has_the_height_asked_for(clip):
    info, found = frames(clip, "height:48")
    assert (info.width, info.height) == (80, 48)
    assert found[0][2].shape == (48, 80, 3)
    assert [read_number(rgb) for _, _, rgb in found] == list(range(30))


def test_height_is_the_shorter_side_of_an_upright_video_and_never_enlarges(tmp_path, clip):
    upright = write_video(tmp_path / "upright.mp4", 2, size=(96, 160))
    assert frames(upright, "height:48")[1][0][2].shape == (80, 48, 3)
    assert frames(clip, "height:720")[1][0][2].shape == (96, 160, 3)


def test_a_cut_file_keeps_the_indices_of_the_frames_it_still_has(tmp_path):
    path = cut(move_index_first(write_video(tmp_path / "cut.mp4", textured(60), 25, options={"crf": "10"})), 0.6)
    clean_info, clean = frames(path)
    info, coded = frames(path, "h264:20")
    assert [(index, read_number(rgb)) for index, _, rgb in coded] == [
        (index, read_number(rgb)) for index, _, rgb in clean
    ]
    assert info.frames_reported == clean_info.frames_reported > len(coded)


def test_limits_hold(clip):
    with pytest.raises(FacefakeError) as caught:
        frames(clip, "h264:30", limits=Limits(frames=10))
    assert caught.value.code == "too_large"


def test_a_still_can_be_blurred_and_not_encoded(tmp_path):
    Image.fromarray(numbered_frame(1)).save(tmp_path / "still.png")
    _, batch = read_still(tmp_path / "still.png")
    assert (corrupt_still(batch, None, "a").rgb == batch.rgb).all()
    assert (corrupt_still(batch, Corruption("blur", 3), "a").rgb != batch.rgb).any()
    assert corrupt_still(batch, Corruption("height", 48), "a").rgb.shape == (1, 48, 80, 3)
    with pytest.raises(FacefakeError) as caught:
        corrupt_still(batch, Corruption("h264", 30), "a")
    assert caught.value.code == "corruption_invalid"


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_nothing_is_left_behind(temporary, clip):
    frames(clip, "h264:30")
    with suppress(KeyboardInterrupt), open_corrupted(clip, Corruption("h264", 30), "a", limits=LIMITS):
        assert any(temporary.iterdir())
        raise KeyboardInterrupt
    assert not any(temporary.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="asking after a process would end it there")
def test_what_a_killed_process_left_is_removed_by_the_next_and_what_the_living_have_is_not(temporary):
    held = "import time\nfrom preprocessing.scratch import scratch_folder\n"
    held += "with scratch_folder() as folder:\n print(folder, flush=True)\n time.sleep(60)"
    start = [sys.executable, "-c", held]
    env = os.environ | {"TMPDIR": str(temporary)}
    with (
        subprocess.Popen(start, stdout=subprocess.PIPE, text=True, env=env) as killed,
        subprocess.Popen(start, stdout=subprocess.PIPE, text=True, env=env) as living,
    ):
        left, kept = Path(killed.stdout.readline().strip()), Path(living.stdout.readline().strip())
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert left.is_dir()
        with scratch_folder():
            assert not left.exists()
            assert kept.is_dir()
        living.kill()
