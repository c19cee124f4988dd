"""Open a checked file and read its packets: what the index and the decoders do alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import av
from av.stream import Disposition

from preprocessing.errors import FacefakeError

# the demuxer is forced, so that FFmpeg never guesses a playlist
_DEMUXERS = {
    "mp4": "mov",
    "matroska": "matroska",
    "avi": "avi",
    "mpegts": "mpegts",
    "mpeg": "mpeg",
    "flv": "flv",
    "asf": "asf",
    "avif-sequence": "mov",
    "heif-sequence": "mov",
}


def open_container(path: Path, container: str, options: Mapping[str, str] | None = None) -> av.container.InputContainer:
    """Open a checked file with the demuxer of its own kind and no protocol but local files.

    Args:
        path: The file.
        container: Its kind, as :func:`~preprocessing.video.safe.check_file` sniffed it.
        options: More of the demuxer's options, e.g. ``{"ignore_editlist": "1"}``.

    Raises:
        FacefakeError: ``unreadable``.
    """
    try:
        return av.open(
            str(path),
            format=_DEMUXERS[container],
            options={**(options or {}), "protocol_whitelist": "file"},
            metadata_errors="ignore",
        )
    except av.error.FFmpegError as error:
        raise FacefakeError(
            "unreadable",
            f"{path.name} looks like {container} but cannot be opened: {error.strerror}",
            "The file is damaged or was cut off while being written; get it again from its source.",
        ) from error


def pixel_limit(pixels: int) -> dict[str, str]:
    """Options of a decoder that keep it from frames far over a limit on pixels.

    FFmpeg counts rows with their padding, so it gets twice the limit, which itself is checked where pictures are made.
    """
    return {"max_pixels": str(2 * pixels)}


def pick_stream(container: av.container.InputContainer, name: str) -> av.video.stream.VideoStream:
    """The video stream that FFmpeg's own tools would show; never a cover picture.

    Raises:
        FacefakeError: ``no_video_stream``, or ``unreadable`` if there is no stream at all.
    """
    if not container.streams:
        raise FacefakeError("unreadable", f"{name} holds no stream", "The file is damaged; get it again.")
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        raise FacefakeError("no_video_stream", f"{name} holds no video", "Is it an audio file?")
    best = container.streams.best("video")
    return best if best in streams else streams[0]


def read_packets(
    container: av.container.InputContainer, *streams: av.stream.Stream, empty: bool = False
) -> Iterator[av.packet.Packet]:
    """The packets of ``streams`` up to the end of the file or to damage that the demuxer cannot pass.

    Args:
        container: The open file.
        streams: Of it.
        empty: Also those without data, which a decoder must not get: it would take them for the end.
    """
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        except IndexError:  # PyAV before the first packet, where damage made FFmpeg number the streams anew
            return
        if packet.size or (empty and packet.dts is not None):
            yield packet


def is_hidden(codec: str, packet: av.packet.Packet) -> bool:
    """Whether a packet holds a frame that is never shown: one that others are predicted from in VP8 and VP9.

    Args:
        codec: FFmpeg's name.
        packet: Not empty. A VP9 packet of several frames shows its last.
    """
    data = memoryview(packet)
    first, last = data[0], data[-1]
    if codec == "vp8":
        return not first & 0x10
    if codec != "vp9" or first >> 6 != 0b10 or last & 0xE0 == 0xC0:
        return False
    # behind two bits of profile, and one that is reserved in profile 3: show_existing_frame, frame_type, show_frame
    header = (first << 8 | data[1]) << (1 if first & 0x30 == 0x30 else 0) if len(data) > 1 else 0xFFFF
    return not header & 0x0800 and not header & 0x0200
