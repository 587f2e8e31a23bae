"""Questions to a registry that are answered from what is stored, with nothing imported."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from throwaway import App

from regcache_core import ConfigError
from regcache_functions import FunctionRegistry, UnknownFunctionError


@pytest.fixture(scope="module")
def filters() -> FunctionRegistry[Any]:
    """A registry in which ``blur`` is in every place that a search looks in; no test changes it."""
    registry: FunctionRegistry[Any] = FunctionRegistry("filters")

    def add(name: str, doc: str = "", **more: Any) -> None:
        def function(image: Any, sigma: float = 1.0) -> None: ...

        function.__doc__ = doc
        registry.register(name, **more)(function)

    add("sharpen", "The opposite of a BLUR.\n\nSecond paragraph: edges.")
    add("soften", aliases=["gaussian_blur"])
    add("smear", tags=["blur", "Motion"])
    add("motion_blur", "Move.")
    add("blurred", "As a noun.")
    add("blur", "Do it.", contract="3d")
    add("edge", "Find edges.", tags=["edges"], contract="2d")
    add("straße")
    return registry


FOUND = ["blur", "blurred", "motion_blur", "soften", "smear", "sharpen"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("blur", FOUND),
        ("BluR", FOUND),
        ("STRASSE", ["straße"]),
        ("blur motion", ["motion_blur", "smear"]),
        ("opposite sharpen blur", ["sharpen"]),
        ("blur nowhere", []),
        ("edges", ["edge"]),
        ("blurdo", []),
        ("smearblur", []),
        ("", []),
        ("   ", []),
        ("\n", []),
    ],
)
def test_search_finds_and_ranks(
    text: str, names: list[str], filters: FunctionRegistry[Any]
) -> None:
    """All words must be found, each in the name, a label or the first line; that is their order.

    Case does not matter; nothing reaches from one field into another; no word finds nothing.
    """
    assert names == list(filters.search(text))


@pytest.mark.parametrize("limit", [0, 2, 100])
def test_a_limit_keeps_the_best(limit: int, filters: FunctionRegistry[Any]) -> None:
    """At most so many are given, the best ones."""
    assert FOUND[:limit] == list(filters.search("blur", limit=limit))


WORDS = st.text("abAB ", max_size=4)


@given(
    functions=st.lists(
        st.tuples(
            st.text("abAB_", min_size=1, max_size=5),
            WORDS,
            st.lists(st.text("abAB", min_size=1, max_size=3), max_size=2, unique=True),
        ),
        unique_by=lambda function: function[0],
        max_size=8,
    ),
    text=WORDS,
)
def test_search_is_what_looking_at_each_function_would_give(
    functions: list[tuple[str, str, list[str]]], text: str
) -> None:
    """Found and ranked as the rules say, whatever is searched for in whatever there is."""
    registry: FunctionRegistry[Any] = FunctionRegistry("any")
    for name, doc, tags in functions:

        def function() -> None: ...

        function.__doc__ = doc
        registry.register(name, tags=tags)(function)
    words = text.casefold().split()

    def rank(word: str, name: str, doc: str, tags: list[str]) -> int | None:
        name = name.casefold()
        if name == word:
            return 0
        if name.startswith(word):
            return 1
        if word in name:
            return 2
        if any(word in tag.casefold() for tag in tags):
            return 3
        return 4 if word in doc.strip().casefold() else None

    ranks = {each[0]: [rank(word, *each) for word in words] for each in functions}
    found = [name for name, each in ranks.items() if words and None not in each]
    expected = sorted(found, key=lambda name: sum(each or 0 for each in ranks[name]))

    assert expected == list(registry.search(text))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ({"tag": "blur"}, ["smear"]),
        ({"tag": "Blur"}, []),
        ({"contract": "3d"}, ["blur"]),
        ({"contract": "3"}, []),
        ({"text": "EDGE"}, ["edge"]),
        ({"text": "do it"}, ["blur"]),
        ({"text": "blur"}, ["sharpen", "motion_blur", "blurred", "blur"]),
        ({"text": "blur", "contract": "3d"}, ["blur"]),
        ({"text": "blur", "tag": "blur"}, []),
        ({"where": lambda info: info.contract}, ["blur", "edge"]),
        ({"where": lambda info: info.contract, "tag": "edges"}, ["edge"]),
        ({"parameter": "sig"}, []),
        ({"parameter": "absent"}, []),
    ],
)
def test_questions_select_functions_in_their_order(
    question: Any, names: list[str], filters: FunctionRegistry[Any]
) -> None:
    """Every question is a condition; all that are given must hold."""
    assert names == list(filters.query(**question))


@pytest.mark.parametrize("question", [{}, {"parameter": "sigma"}])
def test_question_that_all_fit_selects_everything(
    question: dict[str, str], filters: FunctionRegistry[Any]
) -> None:
    """A query without conditions, or with one that holds for each, is the whole."""
    assert list(filters) == list(filters.query(**question))


@pytest.mark.parametrize(
    "field", ["tag", "module", "contract", "parameter", "text", "where", "search"]
)
def test_bad_questions_are_refused(field: str, filters: Any) -> None:
    """A question, or a search, of the wrong kind is no question without an answer."""
    with pytest.raises(ConfigError) as caught:
        filters.search(3) if field == "search" else filters.query(**{field: 3})

    assert field.replace("search", "text") == caught.value.field


@pytest.mark.parametrize("limit", [-1, 2.0, "3", True])
def test_limit_is_a_number(limit: Any, filters: FunctionRegistry[Any]) -> None:
    """One below 0 would leave out the last functions, and no others."""
    with pytest.raises(ConfigError, match=f"limit is {limit!r}; give a number, 0 or more"):
        filters.search("blur", limit=limit)


def test_where_sees_only_what_fits_the_rest(filters: FunctionRegistry[Any]) -> None:
    """The expensive condition comes last."""
    seen: list[str] = []
    filters.query(contract="2d", where=lambda info: seen.append(info.name))

    assert ["edge"] == seen


def test_a_selection_is_a_mapping_that_can_be_asked_further(
    filters: FunctionRegistry[Any],
) -> None:
    """Selections select from selections, give functions and metadata, and know only their own."""
    some = filters.query(text="blur")
    less = some.query(contract="3d")

    assert ["blur"] == list(less) == [info.name for info in [less.info("blur")]]
    assert filters["blur"] is less["blur"] is dict(less)["blur"]
    assert ["blur", "blurred"] == list(some.search("blur", limit=2))
    assert (4, 1, True, False) == (len(some), len(less), "blur" in less, "edge" in less)
    assert "selection of filters" == less.name
    with pytest.raises(UnknownFunctionError):
        less["edge"]
    with pytest.raises(KeyError):
        less.info("edge")


MODULES = {
    "optics/__init__.py": "from .lens import focus\n__all__ = ['focus']\n",
    "optics/lens/__init__.py": "from .glass import focus, zoom\n__all__ = ['focus', 'zoom']\n",
    "optics/lens/glass.py": "__all__ = []\ndef focus(at): ...\ndef zoom(at): ...\n",
    "optics/lenses.py": "__all__ = ['stack']\ndef stack(): ...\n",
}


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("optics", ["focus", "zoom", "stack"]),
        ("optics.lens", ["focus", "zoom"]),
        ("optics.lens.glass", ["focus", "zoom"]),
        ("optics.lenses", ["stack"]),
        ("optics.len", []),
        ("lens", []),
    ],
)
def test_modules_are_where_functions_are_public_or_defined(
    module: str, names: list[str], app: App
) -> None:
    """A module, or a package above it, is asked for by its full name."""
    app.write(MODULES)
    registry: FunctionRegistry[Any] = FunctionRegistry.scan("optics")

    assert names == list(registry.query(module=module))


def test_parameters_are_found_where_the_text_is_no_python() -> None:
    """A signature with a default that is no Python tells its parameters all the same."""
    registry: FunctionRegistry[Any] = FunctionRegistry("odd")

    def function(first: Any, kernel: Any = object(), *, last: Any = 1) -> None: ...  # noqa: B008

    registry.register(function)
    registry.register("max")(max)

    assert ["function"] == list(registry.query(parameter="last"))
    assert ["function"] == list(registry.query(parameter="kernel"))
    assert [] == list(registry.query(parameter="object"))
    assert ["max"] == list(registry.query(parameter="iterable"))
