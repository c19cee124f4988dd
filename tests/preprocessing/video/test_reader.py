"""Opening, choosing a decoder, and what is said of the file."""

import tracemalloc

import av
import numpy as np
import pytest

from preprocessing.errors import FacefakeError
from preprocessing.video import Limits, open_video, probe
from preprocessing.video.backends import pyav as pyav_backend
from tests.clips import cut, move_index_first, numbered_frame, read_number, write_audio, write_video


def refusal(path, **arguments):
    with pytest.raises(FacefakeError) as caught:
        open_video(path, **arguments)
    return caught.value.code


def numbers(reader, indices):
    return [read_number(picture) for part in reader.read(indices) for picture in part.rgb]


def test_probe_says_what_the_header_says(tmp_path):
    info = probe(write_video(tmp_path / "clip.mov", 30, rotation=90, audio=True))
    assert (info.container, info.codec, info.rotation, info.frames_reported) == ("mp4", "h264", 90, 30)
    assert (info.width, info.height) == (160, 96)
    assert info.fps == pytest.approx(25)
    assert info.duration == pytest.approx(1.2, abs=0.1)


def test_auto_takes_pyav_first(tmp_path):
    with open_video(write_video(tmp_path / "clip.mp4", 3)) as reader:
        assert reader.backend == f"pyav {av.__version__}"


def test_auto_tries_decord_where_pyav_decodes_nothing(tmp_path, monkeypatch):
    pytest.importorskip("decord")
    clip = write_video(tmp_path / "clip.mp4", 3)
    # as a PyAV built without the codec would answer
    monkeypatch.setattr(pyav_backend.PyAVBackend, "_decode", lambda self: (item for item in ()))
    assert refusal(clip, backend="pyav") == "nothing_decoded"
    with open_video(clip) as reader:
        assert reader.backend.startswith("decord ")
        assert numbers(reader, [0, 1, 2]) == [0, 1, 2]


def test_an_unknown_backend_is_a_usage_error(tmp_path):
    assert refusal(write_video(tmp_path / "clip.mp4", 2), backend="opencv") == "usage"


@pytest.mark.parametrize("indices", [[-1], [30], [0, 99]])
def test_indices_outside_the_clip_are_a_usage_error(tmp_path, indices):
    with open_video(write_video(tmp_path / "clip.mp4", 30)) as reader, pytest.raises(FacefakeError) as caught:
        list(reader.read(indices))
    assert caught.value.code == "usage"


def test_reading_nothing_gives_nothing(tmp_path):
    with open_video(write_video(tmp_path / "clip.mp4", 3)) as reader:
        assert list(reader.read([])) == []


@pytest.mark.parametrize(
    "limits", [Limits(frames=29), Limits(seconds=1.0), Limits(pixels=160 * 96 - 1), Limits(bytes=100)]
)
def test_limits(tmp_path, limits):
    assert refusal(write_video(tmp_path / "clip.mp4", 30), limits=limits) == "too_large"


def test_a_clip_just_within_its_limits_opens(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", 30)
    with open_video(clip, limits=Limits(frames=30, seconds=1.16, pixels=160 * 96)) as reader:
        assert len(reader) == 30


def test_audio_alone_is_no_video(tmp_path):
    assert refusal(write_audio(tmp_path / "sound.mp4")) == "no_video_stream"


def test_a_cover_picture_is_no_video(tmp_path):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as sink:
        sound = sink.add_stream("aac", rate=16_000)
        cover = sink.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 160, 96, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        sink.mux(sound.encode(frame))
        sink.mux(cover.encode(av.VideoFrame.from_ndarray(numbered_frame(1), format="rgb24")))
        sink.mux([*sound.encode(), *cover.encode()])
    assert refusal(path) == "no_video_stream"


def test_a_picture_is_sent_to_read_still(tmp_path):
    from PIL import Image

    Image.fromarray(numbered_frame(1)).save(tmp_path / "picture.png")
    assert refusal(tmp_path / "picture.png") == "not_a_video"
    info = probe(tmp_path / "picture.png")
    assert (info.container, info.width, info.height) == ("png", 160, 96)


def test_a_truncated_file_has_only_the_frames_that_are_there(tmp_path):
    clip = cut(move_index_first(write_video(tmp_path / "clip.mp4", 120, gop=120)), 0.5)
    with open_video(clip) as reader:
        assert reader.info.frames_reported == 120
        assert 10 < len(reader) < 110
        assert numbers(reader, range(len(reader))) == list(range(len(reader)))
        assert reader.failed == {}


def test_decord_refuses_a_truncated_file_rather_than_repeat_frames(tmp_path):
    pytest.importorskip("decord")
    clip = cut(move_index_first(write_video(tmp_path / "clip.mp4", 120, gop=120)), 0.5)
    assert refusal(clip, backend="decord") == "unreadable"


def test_damage_in_the_middle_costs_only_what_it_hits(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", 60, gop=12, b_frames=0)
    with av.open(str(clip)) as source:
        victim = [packet for packet in source.demux(video=0) if packet.size][30]
        place, size = victim.pos, victim.size
    data = bytearray(clip.read_bytes())
    data[place : place + size] = b"\xff" * size
    clip.write_bytes(data)
    with open_video(clip) as reader:
        got = [int(index) for part in reader.read(range(60)) for index in part.index]
        assert set(got) | set(reader.failed) == set(range(60))
        assert 30 in reader.failed
        assert set(range(30)) | set(range(36, 60)) <= set(got), "before the damage and from the next keyframe on"
        assert numbers(reader, range(36, 60)) == list(range(36, 60))


@pytest.mark.parametrize(
    ("suffix", "arguments"),
    [
        ("mp4", {}),
        ("mp4", {"codec": "libx265"}),
        ("mp4", {"options": {"x264-params": "open-gop=1:log-level=none"}}),
        ("mkv", {}),
        ("webm", {"codec": "libvpx-vp9"}),
        ("ts", {}),
        ("avi", {"codec": "mpeg4", "b_frames": 0}),
    ],
)
def test_seeking_jumps_over_what_is_not_wanted(tmp_path, suffix, arguments):
    clip = write_video(tmp_path / f"clip.{suffix}", 250, gop=10, size=(64, 48), **arguments)
    with open_video(clip, backend="pyav") as reader:
        decoded = []
        decode = reader._backend._decode

        def counted():
            for rank, frame in decode():
                decoded.append(rank)
                yield rank, frame

        reader._backend._decode = counted
        assert numbers(reader, [75, 149, 222]) == [75, 149, 222]
        # a GOP each, and where the first frames of an open one come before its keyframe, the one before it
        assert len(decoded) <= 3 * 20


def test_memory_does_not_grow_with_the_clip(tmp_path):
    clip = write_video(tmp_path / "clip.mp4", 200)
    with open_video(clip) as reader:
        tracemalloc.start()
        for _ in reader.read(range(200), batch=4):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 16 * 160 * 96 * 3, "a few pictures, not two hundred"


def test_negative_and_late_first_time_stamps(tmp_path):
    late = write_video(tmp_path / "late.mkv", 5, times=[7.0, 7.1, 7.2, 7.3, 7.4])
    with open_video(late) as reader:
        assert reader.times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4], abs=1e-3)
        assert numbers(reader, [0, 4]) == [0, 4]


# ---- facts of real files ----


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "size", "frames", "rotation", "codec"),
    [
        ("nasa_13013_rotated.mp4", (270, 480), 17, 270, "h264"),
        ("nasa_13013.mp4", (480, 270), 390, 0, "h264"),  # the larger of its two video streams
        ("video_90.mov", (320, 568), 3, 90, "h264"),
        ("with-gps.mov", (320, 568), 120, 90, "h264"),  # variable rate
        ("fire2.mp4", (1280, 720), 25, 180, "h264"),
        ("100_0306.AVI", (320, 240), 41, 0, "mjpeg"),
        ("video.avi", (1280, 720), 205, 0, "h264"),  # an MP4 by its bytes
        ("av1_video.mkv", (640, 360), 125, 0, "av1"),
        ("h265_video.mp4", (128, 128), 10, 0, "hevc"),
        ("no_duration.webm", (1280, 720), 74, 0, "vp9"),
        ("bitmap.mp4", (1, 1), 5, 0, "h264"),
    ],
)
def test_real_files(test_data, name, size, frames, rotation, codec):
    with open_video(test_data / "videos" / name) as reader:
        info = reader.info
        assert (info.width, info.height, len(reader), info.rotation, info.codec) == (*size, frames, rotation, codec)
        ends = [0, frames - 1]
        assert [int(index) for part in reader.read(ends) for index in part.index] == ends


@pytest.mark.data
def test_a_real_phone_clip_stands_upright(test_data):
    """The lid of the box is blue and on top: a wrong turn or swapped channels would put red or dark there."""
    with open_video(test_data / "videos" / "with-gps.mov") as reader:
        picture = next(reader.read([60])).rgb[0].astype(int)
    lid = picture[60:80, 60:260].reshape(-1, 3).mean(axis=0)
    middle = picture[160:200, 60:260].reshape(-1, 3).mean(axis=0)
    assert lid[2] > lid[0] + 30
    assert middle[0] > middle[2] + 60


@pytest.mark.data
def test_a_real_damaged_file_names_the_frames_it_lost(test_data):
    with open_video(test_data / "videos" / "corrupted.mp4") as reader:
        got = [int(index) for part in reader.read(range(50)) for index in part.index]
        assert 30 in reader.failed
        assert sorted([*got, *reader.failed]) == list(range(50))
        assert len(got) >= 45


@pytest.mark.data
@pytest.mark.parametrize("name", ["broken_183_253.mp4", "broken_878_866.mp4"])
def test_real_files_without_an_index_are_unreadable(test_data, name):
    assert refusal(test_data / "videos" / name) == "unreadable"
