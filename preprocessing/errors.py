"""Errors a user can act on: a stable code, plain words, a hint.

Scripts match on :attr:`FacefakeError.code`; people read the message and the hint. The codes are listed once, here.
"""

from __future__ import annotations

from preprocessing.text import valid_text

CODES: dict[str, str] = {
    # input files
    "not_found": "nothing exists at the path",
    "not_a_file": "the path is a folder, a device, a socket or a pipe where a file was expected",
    "url_path": "the path has the form of a URL or of a decoder protocol (scheme:...)",
    "no_videos": "a folder holds no video or image",
    "empty_file": "the file has zero bytes",
    "not_a_video": "the bytes are not those of a supported video container or picture",
    "no_video_stream": "the container holds no picture track (audio only, say)",
    "unreadable": "the container is recognised but cannot be opened (no moov atom, damaged header)",
    "encrypted": "the video is encrypted and cannot be decoded without its key",
    "nothing_decoded": "the video opened, but not one frame could be decoded",
    "too_small": "the picture is too small to be judged",
    "too_large": "the file is over a limit on bytes, pixels, frames or seconds",
    "file_changed": "the file changed while it was read",
    "timeout": "the clip took longer than the wall-clock limit and its process was killed",
    "decoder_crashed": "the process that decoded the clip died",
    # data sets and stores
    "dataset_unknown": "no reader has that name",
    "dataset_not_found": "the data set's folder or one it must contain is missing",
    "split_empty": "a split that was asked for holds no clip",
    "labels_invalid": "a labels file cannot be read or names what is not there",
    "absent": "the data set's own list names the clip, and its file is not there",
    "crops_invalid": "released face crops are not pictures, or an archive of them is damaged or unsafe",
    "protocol_mismatch": "a protocol file was changed by hand, or is of another data set or version",
    "split_leak": "clips of the same footage or person stand on both sides of a split",
    "store_recipe_mismatch": "the face store was made with other settings",
    "store_missing": "there is no face store at the path",
    "store_conflict": "a face store holds another file under the same name",
    "store_outdated": "a face store's faces of a clip are not known to be of the file as it is now",
    "store_damaged": "a file of the face store is missing or unreadable",
    "not_writable": "the output folder cannot be written",
    "corruption_invalid": "a corruption or a level of it does not exist, or cannot be done to this kind of file",
    # configs
    "config_not_found": "the config file is missing",
    "config_invalid": "a config value is out of range, of the wrong type, or contradicts another",
    "suite_invalid": "an evaluation suite names what does not exist or contradicts itself",
    "study_invalid": "a study names what does not exist or contradicts itself",
    "config_unknown_key": "the config has a key that does not exist",
    "usage": "options that do not fit together",
    # models and detectors
    "backbone_unknown": "open_clip knows no backbone of that name",
    "weights_not_found": "the backbone's weights cannot be had",
    "weights_invalid": "the weights file is damaged, unsafe, or belongs to another backbone",
    "backbone_mismatch": "the detector was trained on another backbone or other backbone weights",
    "crop_mismatch": "the faces were cropped with another geometry than the detector's",
    "detector_not_found": "there is no detector file at the path",
    "detector_corrupt": "the detector file is damaged or is not one of facefake's",
    "detector_pickle": "the file is a pickle, which can run code; it was not opened",
    "device_unavailable": "the device asked for is not there",
    # published detectors
    "detector_unknown": "no published detector of that name is known",
    "import_damaged": "the published file is damaged or cut short",
    "import_unsafe": "the published file holds more than tensors and plain values, and was not opened",
    "import_mismatch": "the file is not of the published form it was said to be",
    "licence_not_accepted": "the weights' licence restricts their use and has not been acknowledged",
    "download_failed": "a file could not be fetched",
    "upload_failed": "a detector could not be published on the hub",
    "digest_mismatch": "a file is not, byte for byte, the one that is known",
    "export_failed": "the detector cannot be brought into the form asked for",
    "export_drift": "the exported model does not answer like the detector it was made from",
    "export_invalid": "the exported model is damaged or not one of facefake's",
    "face_detector_invalid": "the file is no face detector of a form that is known",
    "package_missing": "an optional package is not installed",
    # evaluation
    "labels_missing": "a report needs labels and there are none",
    "one_class": "a metric needs real and fake clips and only one of the two was scored",
    "scores_invalid": "scores are empty, not finite, out of range or do not fit the labels",
    "no_score": "scores of other code hold none for the clip",
    "calibration_invalid": "the scores are not ones a detector may be calibrated on",
    "internal": "a fault of facefake itself",
}


class FacefakeError(Exception):
    """An error with a stable ``code``, a ``message`` in plain words and a ``hint`` that says what to do.

    Args:
        code: One of :data:`CODES`.
        message: What is wrong, naming the thing it is wrong with.
        hint: What the user can do about it.

    Example:
        >>> error = FacefakeError("empty_file", "a.mp4 has zero bytes", "Download or copy it again.")
        >>> error.code, str(error)
        ('empty_file', 'a.mp4 has zero bytes')
    """

    def __init__(self, code: str, message: str, hint: str) -> None:
        if code not in CODES:
            raise ValueError(f"unknown error code {code!r}; add it to preprocessing.errors.CODES")
        # names of files are in many messages, and stores and JSON take valid Unicode only
        message, hint = valid_text(message), valid_text(hint)
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.__notes__ = [f"hint: {hint} [{code}]"]  # which Python shows below a traceback

    def __reduce__(self) -> tuple[type[FacefakeError], tuple[str, str, str]]:
        # default pickling passes only the message, and the error must cross process boundaries whole
        return type(self), (self.code, self.message, self.hint)

    def to_dict(self) -> dict[str, str]:
        """``{"code", "message", "hint"}``, as it stands in JSON results."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


def first_line(error: Exception) -> str:
    """What another library's error says, without the pages that some go on for; its kind, if it says nothing.

    Example:
        >>> first_line(OSError("no space")), first_line(OSError())
        ('no space', 'OSError')
    """
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
