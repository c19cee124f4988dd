"""Display matrices as one of eight orientations."""

import numpy as np
import pytest

from preprocessing.video.orientation import Orientation

ONE = 1 << 16
PICTURE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)

# a, b, c, d of the matrix, and the picture as it is shown
SHOWN = {
    "as stored": ((1, 0, 0, 1), PICTURE),
    "turned right": ((0, 1, -1, 0), np.rot90(PICTURE, -1)),
    "upside down": ((-1, 0, 0, -1), np.rot90(PICTURE, 2)),
    "turned left": ((0, -1, 1, 0), np.rot90(PICTURE, 1)),
    "mirrored": ((-1, 0, 0, 1), PICTURE[:, ::-1]),
    "flipped": ((1, 0, 0, -1), PICTURE[::-1]),
    "transposed": ((0, 1, 1, 0), PICTURE.transpose(1, 0, 2)),
    "transversed": ((0, -1, -1, 0), np.rot90(PICTURE, 2).transpose(1, 0, 2)),
}


def matrix(a, b, c, d, scale=ONE):
    return [int(a * scale), int(b * scale), 0, int(c * scale), int(d * scale), 0, 0, 0, 1 << 30]


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_shown_as_its_matrix_says(name):
    entries, shown = SHOWN[name]
    upright = Orientation.of_matrix(matrix(*entries)).upright(PICTURE)
    assert np.array_equal(upright, shown)
    assert upright.flags.c_contiguous


@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("degrees", [-40, -10, 3, 40])
@pytest.mark.parametrize("scale", [1, 2 * ONE])
def test_what_is_no_quarter_turn_is_taken_for_the_nearest(name, degrees, scale):
    a, b, c, d = SHOWN[name][0]
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = matrix(a * cos - b * sin, a * sin + b * cos, c * cos - d * sin, c * sin + d * cos, 1000 * scale)
    assert Orientation.of_matrix(turned) == Orientation.of_matrix(matrix(a, b, c, d))


def test_a_matrix_of_nothing_leaves_the_picture_as_it_is():
    assert Orientation.of_matrix([0] * 9) == Orientation()
