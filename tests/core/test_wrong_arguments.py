"""Arguments that cannot be used are told at once, in the user's own spelling."""

import re

import pytest

from regcache_core import ConfigError, Input, SourceTree


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inputs": SourceTree(["palettes"])}, "give a list of inputs, such as [SourceTree("),
        ({"inputs": "palettes"}, "inputs is 'palettes'; give a list of inputs"),
        ({"inputs": ["palettes"]}, "inputs is 'palettes'; give a list of inputs"),
        ({"inputs": 5}, "inputs is 5; give a list of inputs"),
        ({"inputs": [SourceTree(["a"]), SourceTree(["b"])]}, "'file_mtimes'; give a member of its"),
        ({"item_type": 5}, "item_type is 5; give"),
        ({"item_type": "Palette"}, "item_type is 'Palette'; give"),
        ({"item_type": len}, "item_type is <built-in function len>; give"),
        ({"item_type": int, "converter": str}, "converter is <class 'str'>; give a cattrs.Conv"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_manager_refuses_what_it_cannot_use(options, words, make):
    """One input, texts, things that are no types, a function for a converter."""
    with pytest.raises(ConfigError, match=re.escape(words)):
        make(**options)


@pytest.mark.parametrize("suffix", ["*.json", "palette?", "[ab].txt"])
def test_pattern_is_no_ending(suffix):
    """It would match no file, and nothing would be watched."""
    with pytest.raises(ConfigError, match=r"patterns such as '\*\.json' are for include="):
        SourceTree(["palettes"], [suffix])


@pytest.mark.parametrize("built", [None, 5, ["red"], [("red", 1)], "red"], ids=str)
def test_build_must_give_a_mapping(built, make):
    """What it gave is shown."""
    with pytest.raises(ConfigError, match=re.escape(f"what build() returned is {built!r}; give a")):
        make(item_type=int).get_or_build(lambda: built)


def test_two_trees_have_members_of_their_own(tmp_path, make):
    """Both are watched."""
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()

    def open_manager():
        trees = [SourceTree([folders[0]]), SourceTree([folders[1]], member="overrides")]
        return make(inputs=trees)

    open_manager().get_or_build(lambda: {"red": 1})
    hit = open_manager().load_cache()
    (folders[1] / "mine.json").write_text("")

    manager = open_manager()
    assert {"red": 1} == hit
    assert manager.load_cache() is None
    assert str(folders[1]) in manager.last_report.where


def test_types_that_are_not_classes_are_item_types(make):
    """Unions, generics and what typing makes."""
    from typing import Any, Literal

    for kind in (int | str, list[int], dict[str, list[int]], Any, Literal["a"]):
        assert make(item_type=kind).save_cache({})


def test_errors_of_cattrs_name_the_field(make, edit):
    """They say only how many there are, by themselves."""
    manager = make(item_type=list[int])
    manager.save_cache({"sizes": [1, 2]})
    edit(manager, items={"sizes": [1, "two"]})

    manager.load_cache()

    assert "invalid value for type, expected int @ $[1]" in str(manager.last_report)


def test_plain_input_is_an_input(make):
    """The smallest list that can be given."""
    assert make(inputs=[Input("limit", lambda: 1)]).save_cache({})
