"""What people see of an error where no program of ours prints it."""

import copy
import traceback

from preprocessing.errors import FacefakeError


def test_a_traceback_ends_in_what_to_do():
    error = FacefakeError("empty_file", "a.mp4 has zero bytes", "Copy it again.")
    for each in (error, copy.copy(error)):
        assert each.__notes__ == ["hint: Copy it again. [empty_file]"]
    if hasattr(BaseException, "add_note"):  # Python 3.11
        assert "".join(traceback.format_exception(error)).endswith("hint: Copy it again. [empty_file]\n")
