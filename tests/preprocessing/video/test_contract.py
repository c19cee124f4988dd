"""What every decoder must do, tested on the same generated clips."""

import importlib.util

import numpy as np
import pytest

from preprocessing.errors import FacefakeError
from preprocessing.video import BACKENDS, open_video
from tests.clips import numbered_frame, read_number, write_video

VARIABLE = [0.0, 0.1, 0.15, 0.4, 0.5, 1.0, 1.5, 1.6, 1.9, 2.5, 2.51, 4.0]

# name: (suffix, arguments of write_video)
CLIPS = {
    "h264": ("mp4", {}),
    "h264_mkv": ("mkv", {}),
    "h264_flv": ("flv", {}),
    "h264_ts": ("ts", {}),
    "h264_avi": ("avi", {}),
    "h264_open_gop": ("mp4", {"options": {"x264-params": "open-gop=1:log-level=none"}}),
    "h264_10_bit": ("mp4", {"pixel_format": "yuv420p10le"}),
    "h264_444": ("mp4", {"pixel_format": "yuv444p"}),
    "h264_full_range": ("mp4", {"pixel_format": "yuvj420p"}),
    "h264_with_audio": ("mp4", {"audio": True}),
    "h264_all_keyframes": ("mp4", {"gop": 1}),
    "turned_90": ("mp4", {"rotation": 90}),
    "turned_180": ("mp4", {"rotation": 180}),
    "turned_270": ("mov", {"rotation": 270}),
    "variable_rate": ("mp4", {"frames": len(VARIABLE), "times": VARIABLE}),
    "one_frame": ("mp4", {"frames": 1}),
    "odd_size": ("mp4", {"size": (161, 97), "pixel_format": "yuv444p"}),
    "odd_size_rgb": ("mkv", {"size": (161, 97), "codec": "ffv1", "pixel_format": "bgr0"}),
    "hevc": ("mp4", {"codec": "libx265"}),
    "vp8": ("webm", {"codec": "libvpx"}),
    "vp9": ("webm", {"codec": "libvpx-vp9"}),
    "av1": ("mkv", {"codec": "libsvtav1"}),
    "mpeg4_mp4": ("mp4", {"codec": "mpeg4"}),
    "mpeg4_avi": ("avi", {"codec": "mpeg4"}),
    "mpeg4_avi_no_b": ("avi", {"codec": "mpeg4", "b_frames": 0}),
    "mpeg2_ps": ("mpg", {"codec": "mpeg2video"}),
    "mpeg2_ps_small_frames": ("mpg", {"codec": "mpeg2video", "size": (64, 48), "frames": 250}),
    "mjpeg_avi": ("avi", {"codec": "mjpeg"}),
    "wmv": ("wmv", {"codec": "wmv2"}),
}
# decord says no to these; a clear refusal is right, other frames than those asked for would not be
REFUSED = {
    "decord": [
        "av1",
        "h264_ts",
        "h264_avi",
        "h264_open_gop",
        "hevc",
        "mpeg4_mp4",
        "mpeg4_avi",
        "mpeg2_ps",
        "mpeg2_ps_small_frames",
    ],
    "pyav": [],
}


PLAYED = [(backend, name) for backend in BACKENDS for name in CLIPS if name not in REFUSED[backend]]


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """Makes each clip once."""
    folder = tmp_path_factory.mktemp("clips")

    def make_once(name):
        suffix, arguments = CLIPS[name]
        path = folder / f"{name}.{suffix}"
        return path if path.exists() else write_video(path, **{"frames": 30, **arguments})

    return make_once


def need(backend):
    if importlib.util.find_spec(backend.replace("pyav", "av")) is None:
        pytest.skip(f"{backend} has no wheel for this machine")


@pytest.fixture(params=PLAYED, ids="-".join)
def reader(request, make):
    """An open reader of each clip that the backend plays."""
    backend, name = request.param
    need(backend)
    with open_video(make(name), backend=backend) as opened:
        yield opened


@pytest.fixture
def made_as(reader, request):
    """How the clip of ``reader`` was made."""
    return CLIPS[request.node.callspec.params["reader"][1]][1]


def pictures(reader, indices, batch=8):
    got = {}
    for part in reader.read(indices, batch=batch):
        assert part.rgb.dtype == np.uint8
        assert part.rgb.shape == (len(part), reader.info.height, reader.info.width, 3)
        assert 1 <= len(part) <= batch
        assert np.array_equal(part.time, reader.times[part.index])
        assert not got or min(part.index) > max(got), "ascending and unique"
        got.update(zip(part.index.tolist(), part.rgb, strict=True))
    return got


def test_every_frame_is_the_one_asked_for(reader, made_as):
    count = made_as.get("frames", 30)
    got = pictures(reader, range(count))
    assert {index: read_number(picture) for index, picture in got.items()} == {k: k for k in range(count)}
    assert reader.failed == {}


def test_times_are_the_truth(reader, made_as, request):
    count = made_as.get("frames", 30)
    truth = np.array(made_as.get("times", np.arange(count) / 25))
    assert len(reader) == count
    # a program stream has one time stamp for several small frames
    tolerance = 0.1 if "small_frames" in request.node.callspec.params["reader"][1] else 1e-3
    assert np.abs(reader.times - truth).max() <= tolerance


def test_pictures_are_upright_and_rgb(reader, made_as):
    width, height = made_as.get("size", (160, 96))
    assert (reader.info.width, reader.info.height) == (width, height)
    assert reader.info.rotation == made_as.get("rotation", 0)
    picture = pictures(reader, [0])[0].astype(int)
    truth = numbered_frame(0, width, height).astype(int)
    for place in range(4):  # red, green, blue and grey, from the left
        spot = height // 4, (2 * place + 1) * width // 8
        assert np.abs(picture[spot] - truth[spot]).max() <= 8
    assert np.abs(picture[height * 3 // 4] - 15).max() <= 12, "black of the right level"


def test_frames_come_alike_in_any_order_and_any_batch(reader):
    all_at_once = pictures(reader, range(len(reader)), batch=64)
    picked = [index for index in (25, 3, 3, 17, 11, 0) if index < len(reader)]
    again = pictures(reader, picked, batch=2)
    assert sorted(again) == sorted(set(picked))
    for index in picked:  # one by one, back and forth
        again[index] = pictures(reader, [index])[index]
        assert np.array_equal(again[index], all_at_once[index])


def test_the_backend_says_who_it_is(reader, request):
    assert reader.backend.split()[0] == request.node.callspec.params["reader"][0]


@pytest.mark.parametrize(("backend", "name"), [(backend, name) for backend in BACKENDS for name in REFUSED[backend]])
def test_what_a_backend_cannot_do_right_it_refuses(backend, name, make):
    need(backend)
    with pytest.raises(FacefakeError) as caught:
        open_video(make(name), backend=backend)
    assert caught.value.code == "unreadable"
