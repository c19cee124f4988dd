"""Small real video files for tests, with the number of each frame painted into its picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import av
import numpy as np
from av.bitstream import BitStreamFilterContext

TICKS = 90_000  # units of time stamps in a second; a multiple of every frame rate used here
_BITS = 8

# quality high enough to read the painted blocks; the encoders' own words kept off the terminal
_OPTIONS = {
    "libx264": {"crf": "16", "preset": "veryfast", "x264-params": "log-level=none"},
    "libx265": {"crf": "16", "preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx-vp9": {"crf": "16", "b": "0", "deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "8", "crf": "5"},
    "mpeg4": {"qscale": "2"},
    "libvpx": {"crf": "10", "b": "1M", "deadline": "realtime", "cpu-used": "8"},
}
_WITH_B_FRAMES = ("libx264", "libx265", "mpeg4", "mpeg2video")
_PIXELS = {"mjpeg": "yuvj420p", "prores": "yuv422p10le"}


def numbered_frame(number: int, width: int = 160, height: int = 96) -> np.ndarray:
    """A picture that can be told from all others and that has an upper left: ``(height, width, 3)`` uint8 RGB.

    Top half: red, green, blue and grey quarters. Bottom half: ``number`` in binary, eight blocks black or white,
    the highest bit on the left.
    """
    picture = np.full((height, width, 3), 128, np.uint8)
    for place, colour in enumerate([(210, 30, 30), (30, 190, 30), (30, 30, 210)]):
        picture[: height // 2, place * width // 4 : (place + 1) * width // 4] = colour
    for bit in range(_BITS):
        if number >> (_BITS - 1 - bit) & 1:
            picture[height // 2 :, bit * width // _BITS : (bit + 1) * width // _BITS] = 240
        else:
            picture[height // 2 :, bit * width // _BITS : (bit + 1) * width // _BITS] = 15
    return picture


def read_number(picture: np.ndarray) -> int:
    """The number painted into an upright picture by :func:`numbered_frame`."""
    height, width = picture.shape[:2]
    row = picture[height * 3 // 4 - 2 : height * 3 // 4 + 3].mean(axis=(0, 2))
    middles = [(2 * bit + 1) * width // (2 * _BITS) for bit in range(_BITS)]
    return sum(int(row[middle] > 128) << (_BITS - 1 - bit) for bit, middle in enumerate(middles))


def write_video(
    path: Path,
    frames: Iterable[np.ndarray] | int = 30,
    fps: float | Fraction = 25,
    *,
    codec: str = "libx264",
    container: str | None = None,
    rotation: int = 0,
    mirrored: bool = False,
    gop: int = 12,
    b_frames: int = 2,
    size: tuple[int, int] = (160, 96),
    times: Sequence[float] | None = None,
    pixel_format: str | None = None,
    audio: bool = False,
    options: dict[str, str] | None = None,
) -> Path:
    """Encode a video file.

    Args:
        path: Where to; its suffix names the container unless ``container`` does.
        frames: Upright RGB pictures, or how many numbered ones.
        fps: Frames a second.
        codec: FFmpeg's encoder.
        container: FFmpeg's muxer.
        rotation: Degrees clockwise that a player must turn the stored picture by: what is stored is ``frames`` turned
            the other way.
        mirrored: A player must swap left and right before it turns the picture, which are stored swapped.
        gop: Frames from keyframe to keyframe.
        b_frames: Frames between two others that are predicted from both, for codecs that have them.
        size: Width and height of numbered frames.
        times: Seconds at which the frames are shown, instead of ``fps``.
        pixel_format: FFmpeg's name.
        audio: Add a track of silence.
        options: More of the encoder's options.
    """
    if isinstance(frames, int):
        frames = (numbered_frame(number, *size) for number in range(frames))
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w", format=container) as sink:
        stream = None
        for place, upright in enumerate(frames):
            turned = np.rot90(upright, rotation // 90)
            picture = np.ascontiguousarray(turned[:, ::-1] if mirrored else turned)
            if stream is None:
                stream = sink.add_stream(codec, rate=rate)
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = pixel_format or _PIXELS.get(codec, "yuv420p")
                stream.options = {**_OPTIONS.get(codec, {}), "g": str(gop), **(options or {})}
                if codec in _WITH_B_FRAMES:
                    stream.options = {**stream.options, "bf": str(b_frames)}
                if times is not None:
                    stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
                if rotation or mirrored:
                    stream.set_display_matrix(_display_matrix(rotation // 90, mirrored))
                if audio:
                    sound = sink.add_stream("aac", rate=16_000)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.time_base = Fraction(1, TICKS) if times is not None else 1 / rate
            frame.pts = round(times[place] * TICKS) if times is not None else place
            sink.mux(stream.encode(frame))
        assert stream is not None, "no frames"
        sink.mux(stream.encode())
        if audio:
            sink.mux(_silence(sound))
    return path


def _display_matrix(turns: int, mirrored: bool) -> list[int]:
    """Of a picture that is mirrored and then turned clockwise by so many quarter turns."""
    cos, sin = (1, 0, -1, 0)[turns], (0, 1, 0, -1)[turns]
    first = -1 if mirrored else 1
    one = 1 << 16
    return [first * cos * one, first * sin * one, 0, -sin * one, cos * one, 0, 0, 0, 1 << 30]


def write_audio(path: Path) -> Path:
    """A second of silence: a container without pictures."""
    with av.open(str(path), "w") as sink:
        sink.mux(_silence(sink.add_stream("aac", rate=16_000)))
    return path


def _silence(stream: av.audio.stream.AudioStream) -> list[av.packet.Packet]:
    packets = []
    for block in range(16):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 16_000, block * 1000, Fraction(1, 16_000)
        packets += stream.encode(frame)
    return packets + stream.encode()


def move_index_first(path: Path) -> Path:
    """Rewrite an MP4 in place with its ``moov`` atom before the data, so that a cut file still opens."""
    faster = path.with_name("faststart_" + path.name)
    with av.open(str(path)) as source, av.open(str(faster), "w", options={"movflags": "faststart"}) as sink:
        stream = source.streams.video[0]
        copy = sink.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                sink.mux(packet)
    faster.replace(path)
    return path


def cut(path: Path, share: float) -> Path:
    """Keep only the first ``share`` of the bytes of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


class Part(NamedTuple):
    """A run of frames that an encoder of its own makes.

    Attributes:
        frames: Stored RGB pictures of one size.
        aspect: Width of a pixel by its height, ``None`` to say nothing.
        options: More of the encoder's options.
        flags: FFmpeg's flags of the encoder, :data:`INTERLACED` say.
        bitstream: A filter that its packets go through.
    """

    frames: Sequence[np.ndarray]
    aspect: Fraction | None = None
    options: Mapping[str, str] = MappingProxyType({})
    flags: int = 0
    bitstream: str | None = None


INTERLACED = 1 << 18 | 1 << 29  # motion estimation and DCT of fields


def write_parts(path: Path, parts: Sequence[Part], codec: str, *, gop: int = 6, pixel_format: str = "yuv420p") -> Path:
    """Encode a video of several parts, as recorders and broadcasters do whose frame size changes on the way.

    Args:
        path: Where to; its suffix names the container.
        parts: One behind the other, 25 frames a second. Header fields are those of the first.
        codec: FFmpeg's encoder.
        gop: Frames from keyframe to keyframe.
        pixel_format: FFmpeg's name.
    """
    time_base, start = Fraction(1, 25), 0
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream(codec, rate=25)
        for part in parts:
            encoder = av.CodecContext.create(codec, "w")
            for context in (encoder, stream.codec_context) if not start else (encoder,):
                context.height, context.width = part.frames[0].shape[:2]
                context.pix_fmt, context.time_base, context.framerate = pixel_format, time_base, Fraction(25)
                context.flags |= part.flags
                context.options = {**_OPTIONS.get(codec, {}), "g": str(gop), **part.options}
                if part.aspect:
                    context.sample_aspect_ratio = part.aspect
            packets = []
            for place, picture in enumerate(part.frames, start):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixel_format)
                frame.pts, frame.time_base = place, time_base
                packets += encoder.encode(frame)
            packets += encoder.encode(None)
            for packet in _filtered(packets, stream, part.bitstream):
                packet.stream, packet.time_base = stream, time_base
                sink.mux(packet)
            start += len(part.frames)
    return path


def _filtered(packets: list[av.Packet], stream: av.video.stream.VideoStream, text: str | None) -> list[av.Packet]:
    if text is None:
        return packets
    bitstream = BitStreamFilterContext(text, in_stream=stream)
    return [out for packet in (*packets, None) for out in bitstream.filter(packet)]
