import pytest

from facefake.config_file import Section, parse_override, read_yaml, validated
from preprocessing.errors import FacefakeError


class Leaf(Section):
    size: int = 0


class Tree(Section):
    leaves: tuple[Leaf, ...] = ()
    root: Leaf = Leaf()


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ({"leafs": []}, "there is no key leafs", "Did you mean leaves?"),
        ({"leaves": [{"sise": 1}]}, "there is no key leaves.0.sise", "Did you mean leaves.size?"),
        ({"size": 1}, "there is no key size", "Did you mean leaves.size or root.size?"),
        ({"root": {"bark": 1}}, "there is no key root.bark", "Known are: size."),
    ],
)
def test_an_unknown_key_is_refused_with_what_may_be_meant(values, message, hint):
    with pytest.raises(FacefakeError) as caught:
        validated(Tree, values, "suite")
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("config_unknown_key", message, hint)


@pytest.mark.parametrize("what", ["config", "suite", "study"])
def test_the_error_is_of_what_was_read(tmp_path, what):
    (tmp_path / "bad.yaml").write_text("a: [")
    for fails in (
        lambda: read_yaml(tmp_path / "bad.yaml", what),
        lambda: parse_override("size=[", what),
        lambda: parse_override("size", what),
        lambda: validated(Tree, {"root": {"size": "big"}}, what),
    ):
        with pytest.raises(FacefakeError) as caught:
            fails()
        assert caught.value.code == f"{what}_invalid"
    assert caught.value.message.startswith("root.size = 'big': input should be")
