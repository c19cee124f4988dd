"""From a file nobody trusts to upright RGB frames with index and time.

Example:
    >>> from preprocessing.video import Sampling, open_video
    >>> def middle_frames(path):  # four frames, batch by batch
    ...     with open_video(path) as reader:
    ...         wanted = Sampling("uniform", n=4).order(reader.times, reader.keyframes)
    ...         for batch in reader.read(list(wanted)):
    ...             yield from zip(batch.index, batch.time, batch.rgb)
"""

from preprocessing.video.reader import BACKENDS, VideoReader, open_video, probe
from preprocessing.video.safe import PICTURES, VIDEOS, check_file
from preprocessing.video.sampling import Sampling
from preprocessing.video.still import decode_still, read_still
from preprocessing.video.truncation import WHOLE_SHARE
from preprocessing.video.types import FrameBatch, Limits, VideoInfo

__all__ = [
    "BACKENDS",
    "PICTURES",
    "VIDEOS",
    "WHOLE_SHARE",
    "FrameBatch",
    "Limits",
    "Sampling",
    "VideoInfo",
    "VideoReader",
    "check_file",
    "decode_still",
    "open_video",
    "probe",
    "read_still",
]
