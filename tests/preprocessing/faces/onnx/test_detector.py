"""Face detectors from files: the faces a network tells are found where it tells them, and other files are refused."""

import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from preprocessing.errors import FacefakeError
from preprocessing.faces import find_face_detector, load_face_detector
from preprocessing.faces.onnx import OnnxFaceDetector
from preprocessing.faces.onnx.forms import RETINAFACE, SCRFD, YUNET
from tests.face_networks import known, retinaface, scrfd, write, yunet

FACES = [known(40, 60, 50), known(200, 100, 120, 0.9), known(400, 150, 200, 0.85)]
FORMS = {
    "scrfd": (lambda faces: scrfd(faces), 0.0),
    "scrfd with five grids": (lambda faces: scrfd(faces, 5, 1), 0.0),
    "yunet": (yunet, 0.5),
    "retinaface": (retinaface, 0.5),
}
BLANK = np.zeros((1, 640, 640, 3), np.uint8)


def refused(path: Path) -> FacefakeError:
    with pytest.raises(FacefakeError) as caught:
        OnnxFaceDetector(path)
    return caught.value


@pytest.mark.parametrize("form", FORMS)
def test_faces_are_where_the_network_tells_them_largest_first(form, tmp_path):
    raw, edge = FORMS[form]
    found = OnnxFaceDetector(write(tmp_path / "any name.onnx", raw(FACES))).detect(BLANK)[0]
    assert len(found) == 3
    for face, truth in zip(found, reversed(FACES), strict=True):
        np.testing.assert_allclose(face.landmarks, np.array(truth.landmarks) - edge, atol=1e-3)
        np.testing.assert_allclose(face.box, np.array(truth.box) - edge, atol=1e-3)
        assert face.confidence == pytest.approx(truth.confidence, abs=1e-6)
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert left_eye[1] < nose[1] < left_mouth[1]
        assert face.landmarks.dtype == face.box.dtype == np.float32


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_outputs_and_their_leading_one_do_not_matter(form, tmp_path):
    outputs = FORMS[form][0](FACES)
    plain = OnnxFaceDetector(write(tmp_path / "a.onnx", outputs))
    other = OnnxFaceDetector(write(tmp_path / "b.onnx", [each[0] for each in outputs[::-1]]))
    assert plain.name != other.name  # other bytes
    for one, two in zip(plain.detect(BLANK)[0], other.detect(BLANK)[0], strict=True):
        np.testing.assert_array_equal(one.landmarks, two.landmarks)


@pytest.mark.parametrize(
    ("form", "shape", "factor"),
    [
        ("scrfd", (360, 640), (1, 1)),
        ("scrfd", (320, 320), (0.5, 0.5)),  # insightface enlarges
        ("scrfd", (480, 854), (480 / 359, 480 / 359)),  # cuts sides down and takes the height's factor for both
        ("scrfd", (1280, 960), (2, 2)),
        ("yunet", (320, 320), (1, 1)),
        ("yunet", (1080, 1920), (3, 3)),
        ("yunet", (480, 854), (854 / 640, 480 / 360)),
        ("retinaface", (1280, 1280), (2, 2)),
    ],
)
def test_what_is_found_in_a_reduced_frame_is_mapped_back(form, shape, factor, tmp_path):
    raw, edge = FORMS[form]
    (face,) = OnnxFaceDetector(write(tmp_path / "a.onnx", raw(FACES[:1]))).detect(np.zeros((1, *shape, 3), np.uint8))[0]
    # pixel edges scale by the factor; centres lie half a pixel in
    np.testing.assert_allclose(face.landmarks, np.array(FACES[0].landmarks) * factor - edge, rtol=1e-5)


def test_one_face_is_found_once_and_what_is_hardly_one_not_at_all(tmp_path):
    faces = [known(100, 100, 100, 0.8), known(104, 102, 100, 0.9), known(300, 300, 100, 0.3)]
    for form, (raw, _) in FORMS.items():
        (face,) = OnnxFaceDetector(write(tmp_path / f"{form}.onnx", raw(faces))).detect(BLANK)[0]
        assert face.confidence == pytest.approx(0.9, abs=1e-6)


def test_boxes_end_at_the_frames_edge_and_landmarks_do_not(tmp_path):
    (face,) = OnnxFaceDetector(write(tmp_path / "a.onnx", yunet([known(-30, 20, 100)]))).detect(BLANK)[0]
    assert face.box[0] == 0
    assert face.landmarks[0, 0] == pytest.approx(-0.5)
    outside = OnnxFaceDetector(write(tmp_path / "b.onnx", yunet([known(500, 500, 100)])))
    assert outside.detect(np.zeros((1, 300, 300, 3), np.uint8)) == [[]]


def test_numbers_that_are_none_are_left_out(tmp_path):
    outputs = yunet(FACES)
    outputs[6][outputs[0][..., 0] > 1, 2] = 1e9  # a side of e to that
    outputs[10][outputs[1][..., 0] > 1, 3] = np.nan
    assert len(OnnxFaceDetector(write(tmp_path / "a.onnx", outputs)).detect(BLANK)[0]) == 1


def test_no_frames_and_frames_that_are_none(tmp_path):
    detector = OnnxFaceDetector(write(tmp_path / "a.onnx", yunet(FACES)))
    assert detector.detect(np.zeros((0, 480, 640, 3), np.uint8)) == []
    assert len(detector.detect(np.repeat(BLANK, 3, axis=0))) == 3
    with pytest.raises(ValueError, match="uint8"):
        detector.detect(BLANK.astype(np.float32))


def test_the_name_says_form_and_weights_and_not_where_the_file_lies(tmp_path):
    one, two = write(tmp_path / "one.onnx", scrfd(FACES)), tmp_path / "elsewhere" / "two.bin"
    two.parent.mkdir()
    two.write_bytes(one.read_bytes())
    assert find_face_detector(f"onnx:{one}")[0] == find_face_detector(f"onnx:{two}")[0]
    assert find_face_detector(f"onnx:{one}") == (f"scrfd-{hashlib.sha256(one.read_bytes()).hexdigest()[:12]}", one)
    assert str(tmp_path) not in str(OnnxFaceDetector(one).settings)


def test_a_file_that_was_replaced_is_not_taken_for_the_one_it_was(tmp_path):
    name, file = find_face_detector(f"onnx:{write(tmp_path / 'a.onnx', scrfd(FACES))}")
    write(file, scrfd(FACES[:1]))
    with pytest.raises(FacefakeError, match="replaced") as caught:
        load_face_detector(name, file)
    assert caught.value.code == "face_detector_invalid"


@pytest.mark.parametrize(
    ("outputs", "words"),
    [
        (scrfd(FACES)[:6], "five landmarks"),  # exported without
        ([np.zeros((1, 100, 16))], "five landmarks"),  # YOLO5Face
        ([np.zeros((1, 4420, 2)), np.zeros((1, 4420, 4))], "five landmarks"),  # Ultra-Light
        ([each[:, ::2] for each in scrfd(FACES)][:3] + scrfd(FACES)[3:], "640 by 640"),
        ([retinaface(FACES)[0][:, :100], *retinaface(FACES)[1:]], "640 by 640"),
        ([each * 8 - 4 for each in scrfd(FACES)], "last layer"),  # no sigmoid
        ([np.float32(3)], "five landmarks"),
    ],
)
def test_another_network_is_refused_with_what_it_puts_out(outputs, words, tmp_path):
    error = refused(write(tmp_path / "a.onnx", outputs))
    assert error.code == "face_detector_invalid"
    assert words in error.hint
    assert "a.onnx: it" in error.message


def test_a_network_of_something_else_than_pictures_is_refused(tmp_path):
    error = refused(write(tmp_path / "a.onnx", scrfd(FACES), channels=1))
    assert (error.code, "[1, 1, 640, 640]" in error.message) == ("face_detector_invalid", True)
    error = refused(write(tmp_path / "b.onnx", scrfd(FACES), size=1_000_000))
    assert (error.code, "1000000 by 1000000" in error.message) == ("face_detector_invalid", True)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04K\x01.", "half"])
def test_what_is_no_onnx_file_is_refused(content, tmp_path):
    whole = write(tmp_path / "a.onnx", scrfd(FACES)).read_bytes()
    (tmp_path / "b.onnx").write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    assert refused(tmp_path / "b.onnx").code == "face_detector_invalid"


def test_what_is_no_file_is_refused(tmp_path):
    assert refused(tmp_path / "absent.onnx").code == "not_found"
    assert refused(tmp_path).code == "not_a_file"
    for word in ("dlib", "onnx:", "scrfd.onnx"):
        with pytest.raises(FacefakeError, match="no face detector is called") as caught:
            find_face_detector(word)
        assert caught.value.code == "usage"


@pytest.mark.parametrize("location", ["outside.bin", "../outside.bin", "{absolute}"])
def test_a_network_cannot_read_another_file(location, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    for place in (tmp_path, tmp_path / "in"):
        np.zeros(4, np.float32).tofile(place / "outside.bin")
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    where = location.format(absolute=tmp_path / "outside.bin")
    tensor.external_data.add(key="location", value=where)
    shown = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 640, 640])
    value = helper.make_tensor_value_info("out", TensorProto.FLOAT, [4])
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["out"])], "g", [shown], [value], [tensor])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    Path("a.onnx").write_bytes(model.SerializeToString())
    assert onnx.load("a.onnx", load_external_data=False).graph.initializer[0].external_data
    error = refused(Path("a.onnx"))
    assert (error.code, "ONNX Runtime cannot load" in error.message) == ("face_detector_invalid", True)


def test_without_the_package_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    file = write(tmp_path / "a.onnx", scrfd(FACES))
    for module in [name for name in sys.modules if name.split(".")[0] == "onnxruntime"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    error = refused(file)
    assert (error.code, error.hint) == ("package_missing", 'pip install "facefake[export]"')


RED = np.full((100, 200, 3), (200, 0, 0), np.uint8)


@pytest.mark.parametrize(
    ("form", "inside", "beside"),
    [
        (SCRFD, [72.5 / 128, -127.5 / 128, -127.5 / 128], [-127.5 / 128] * 3),
        (YUNET, [0, 0, 200], [0, 0, 0]),
        (RETINAFACE, [-104, -117, 77], [0, 0, 0]),
    ],
)
def test_a_network_is_shown_colours_in_its_order_and_scale(form, inside, beside):
    picture = form.picture(RED, form.fit((200, 100), None, 640))
    assert picture.dtype == np.float32
    np.testing.assert_allclose(picture[:, 0, 0], inside, rtol=1e-6)
    np.testing.assert_allclose(picture[:, -1, -1], beside, rtol=1e-6)


def test_scrfd_sees_640_by_640_and_the_others_the_frame_to_the_next_32():
    assert SCRFD.picture(RED, SCRFD.fit((200, 100), None, None)).shape == (3, 640, 640)
    assert YUNET.picture(RED, YUNET.fit((200, 100), None, None)).shape == (3, 128, 224)
    assert YUNET.picture(RED, YUNET.fit((200, 100), (320, 320), None)).shape == (3, 320, 320)
    assert YUNET.picture(RED, YUNET.fit((200, 100), None, 50)).shape == (3, 32, 64)


@pytest.mark.weights
def test_published_files_find_a_face_where_the_default_does_and_in_its_mirror_image():
    """Those in ``FACEFAKE_FACE_DETECTORS``, a folder of ``.onnx`` files."""
    folder = os.environ.get("FACEFAKE_FACE_DETECTORS")
    if not folder:
        pytest.skip("FACEFAKE_FACE_DETECTORS is not set: no published face detectors to test")
    from skimage.data import astronaut

    portrait = astronaut()
    for file in sorted(Path(folder).glob("*.onnx")):
        detector = OnnxFaceDetector(file)
        ours = load_face_detector().detect(portrait[None])[0][0]
        face, mirrored = (detector.detect(picture[None])[0][0] for picture in (portrait, portrait[:, ::-1].copy()))
        assert np.linalg.norm(face.landmarks - ours.landmarks, axis=1).mean() < 0.1 * ours.inter_eye
        back = 511 - mirrored.landmarks[[1, 0, 2, 4, 3], 0]
        assert abs((face.landmarks[:, 0] - back).mean() / 2) < 0.06 * ours.inter_eye
