"""Functions as text, HTML, JSON and tables."""

import json
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import attrs
import pytest
from throwaway import App

from regcache_functions import FunctionRegistry


@attrs.frozen
class Cost:
    """Facts of a declared class."""

    steps: int
    where: tuple[str, ...] = ()


def make(count: int = 2) -> FunctionRegistry[Any]:
    """A registry of some functions."""
    registry: FunctionRegistry[Any] = FunctionRegistry("tools")
    for number in range(count):

        def function(image: Any, size: int = number) -> None:
            """Work <hard> & well."""

        registry.register(f"tool_{number}", tags=["a", "b"], contract="3d", cost=number)(function)
    return registry


def test_text_is_a_heading_and_a_line_for_each() -> None:
    """The representation says how many there are, and how each is called and what it does."""
    assert [
        "FunctionRegistry 'tools': 2 functions",
        "  tool_0(image: Any, size: int = 0) -> None  Work <hard> & well.",
        "  tool_1(image: Any, size: int = 1) -> None  Work <hard> & well.",
    ] == repr(make()).replace("typing.", "").splitlines()


@pytest.mark.parametrize(
    ("count", "heading", "more"),
    [
        (0, "FunctionRegistry 'tools': 0 functions", []),
        (1, "FunctionRegistry 'tools': 1 function", []),
        (20, "FunctionRegistry 'tools': 20 functions", []),
        (21, "FunctionRegistry 'tools': 21 functions", ["  ... and 1 more"]),
    ],
)
def test_text_of_many_is_cut_and_says_so(count: int, heading: str, more: list[str]) -> None:
    """What does not fit on a screen is counted; the heading is English."""
    lines = repr(make(count)).splitlines()

    assert (heading, more) == (lines[0], lines[21:])
    assert 1 + min(count, 20) + len(more) == len(lines)


def test_long_lines_are_cut() -> None:
    """A line is as wide as a screen at most, and shows that it was cut."""
    registry: FunctionRegistry[Any] = FunctionRegistry("tools")

    def exact() -> None: ...
    def longer() -> None: ...

    exact.__doc__ = "x" * (100 - len("  exact() -> None  "))
    longer.__doc__ = "x" * 100
    registry.register(exact)
    registry.register(longer)
    lines = repr(registry).splitlines()

    assert [100, 100] == [len(line) for line in lines[1:]]
    assert [False, True] == [line.endswith("...") for line in lines[1:]]


class Cells(HTMLParser):
    """Reads the cells of a table back, as a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.paragraphs: list[str] = []
        self.tags: set[str] = set()
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        """Begin a row or a cell."""
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th", "p"):
            self._into = self.paragraphs if tag == "p" else self.rows[-1]
            self._into.append("")

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        self._into = None

    def handle_data(self, data: str) -> None:
        """Text of a cell."""
        assert self._into is not None, data
        self._into[-1] += data


def read(html: str) -> Cells:
    """The table in a text of HTML."""
    cells = Cells()
    cells.feed(html)
    return cells


def test_html_is_a_table() -> None:
    """A notebook shows name, signature, module, labels and first line; many are cut as in text."""
    cells = read(make()._repr_html_().replace("typing.", ""))
    many = read(make(23)._repr_html_())

    assert ["FunctionRegistry 'tools': 2 functions"] == cells.paragraphs
    assert ["name", "signature", "module", "tags", "contract", "doc"] == cells.rows[0]
    signature = "(image: Any, size: int = 0) -> None"
    assert ["tool_0", signature, __name__, "a, b", "3d", "Work <hard> & well."] == cells.rows[1]
    assert (3, 21, "... and 3 more") == (len(cells.rows), len(many.rows), many.paragraphs[-1])


def test_nothing_of_a_library_is_markup() -> None:
    """Names, texts and defaults that look like HTML are shown, not obeyed."""
    evil = "<script>alert('x')</script>&amp;"
    registry: FunctionRegistry[Any] = FunctionRegistry(evil)

    def function(value: Any = evil) -> None: ...

    function.__doc__ = evil
    registry.register(evil, tags=[evil], contract=evil)(function)
    cells = read(registry._repr_html_())

    assert {"p", "table", "tr", "th", "td"} == cells.tags
    assert [evil] * 4 == [cells.rows[1][column] for column in (0, 3, 4, 5)]
    assert evil in cells.paragraphs[0]


def test_functions_without_a_signature_are_shown() -> None:
    """What nobody knows the signature of has an empty cell, and dots in text."""

    class Odd:
        __signature__ = 3

        def __call__(self) -> None: ...

    registry: FunctionRegistry[Any] = FunctionRegistry("odd")
    registry.register("odd")(Odd())

    assert "  odd(...)" == repr(registry).splitlines()[1]
    assert ["odd", "", __name__, "", "", ""] == read(registry._repr_html_()).rows[1]
    assert None is json.loads(registry.to_json())[0]["signature"]


def test_json_holds_everything() -> None:
    """Each function is an object with all fields; signatures and facts are objects in it."""
    rows = json.loads(make().to_json())

    fields = {*make().info("tool_0").fields()}
    assert [fields] * 2 == [set(row) for row in rows]
    assert {"cost": 1} == rows[1]["facts"]
    assert ["a", "b"] == rows[1]["tags"]
    assert [None, "1"] == [each["default"] for each in rows[1]["signature"]["parameters"]]


def test_a_table_has_a_row_for_each_function() -> None:
    """A data frame has fields and facts as columns, and names as its index; JSON has them too."""
    pytest.importorskip("pandas")
    registry: FunctionRegistry[Cost] = FunctionRegistry("tools", facts=Cost)
    registry.register("length", tags=["size"], steps=3)(len)
    registry.register("upper", steps=4, where=("here",))(str.upper)
    table = registry.to_dataframe()

    assert ["length", "upper"] == list(table.index) == list(table["name"])
    assert [3, 4] == list(table["facts.steps"])
    assert ["(obj, /)", ("size",), "builtins"] == [
        table.loc["length", field] for field in ("signature", "tags", "module")
    ]
    assert {"steps": 4, "where": ["here"]} == json.loads(registry.to_json())[1]["facts"]


def test_an_empty_table_is_one() -> None:
    """No functions are no rows, with the columns of any table."""
    pytest.importorskip("pandas")
    registry = make(0)
    empty = registry.to_dataframe()
    registry.register("f")(lambda: None)

    assert 0 == len(empty)
    assert list(registry.to_dataframe().columns) == list(empty.columns)


def test_a_fact_that_is_called_like_a_field_is_kept_apart() -> None:
    """A fact named ``doc`` hides neither the documentation nor itself."""
    pytest.importorskip("pandas")
    registry: FunctionRegistry[Any] = FunctionRegistry("tools")

    def function() -> None:
        """Work."""

    registry.register(doc="a fact")(function)
    table = registry.to_dataframe()

    assert ("Work.", "a fact") == (table.loc["function", "doc"], table.loc["function", "facts.doc"])


def test_without_pandas_the_error_says_what_to_install() -> None:
    """The extra is named where the module is missing."""
    code = (
        "import sys\n"
        "sys.modules['pandas'] = None\n"
        "from regcache_functions import FunctionRegistry\n"
        "try: FunctionRegistry('x').to_dataframe()\n"
        "except ImportError as error: print(error.name, error)"
    )
    shown = subprocess.check_output([sys.executable, "-c", code], text=True)

    assert "pandas to_dataframe() needs pandas: pip install pandas" == (shown.strip())


def test_a_selection_shows_itself() -> None:
    """Answers of queries are shown as registries are, with their own heading."""
    some = make().query(where=lambda info: info.facts["cost"] == 1)

    assert "Selection 'selection of tools': 1 function" == repr(some).splitlines()[0]
    assert ["tool_1"] == [row["name"] for row in json.loads(some.to_json())]
    assert "tool_1" == read(some._repr_html_()).rows[1][0]


def test_ipython_completes_names(app: App) -> None:
    """After ``functions["`` it offers all names, of registry, selection and catalogue alike.

    To ask for them imports no function.
    """
    app.write({"pots.py": "__all__ = ['boil', 'bake']\ndef boil(): ...\ndef bake(): ...\n"})
    code = """
        from regcache_functions import Catalogue, FunctionRegistry
        pots = FunctionRegistry.scan("pots")
        kinds = pots, pots.query(text="bo"), Catalogue([pots])
        out = [each._ipython_key_completions_() for each in kinds], "pots" in sys.modules
        """

    offered = [app.run(code), app.run(code)]

    names = [["bake", "boil"], ["boil"], ["pots:bake", "pots:boil"]]
    assert [[names, True], [names, False]] == offered
