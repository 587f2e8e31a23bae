"""A registry of functions answered from the cache equals what a full search would find now."""

from collections.abc import Callable

import pytest
from throwaway import App, rename, replace, write

LIST = """
from app.registry import FILTERS
out = [[repr(FILTERS.info(name)) for name in FILTERS], FILTERS.failures]
"""
STATUS = """
from app.registry import FILTERS
list(FILTERS)
report = FILTERS.report
out = report.status, report.reason and report.reason.name, report.saved and report.saved.status
"""
BLUR = "app/filters/blur.py"
CHANGES: dict[str, tuple[Callable[[App], None], str]] = {
    "module renamed": (rename(BLUR, "app/filters/z.py"), "SOURCE_REMOVED"),
    "__init__ removed": (lambda app: app.remove("app/filters/__init__.py"), "SOURCE_REMOVED"),
    "compiled module added": (write("app/filters/a.pyc", "no byte code"), "SOURCE_ADDED"),
    "version changed": (replace("app/__init__.py", "1.0", "1.1"), "VERSION_CHANGED"),
    "class of facts edited": (replace("app/facts.py", "0.0", "1.0"), "SOURCE_CHANGED"),
    "another class of facts": (replace("app/registry.py", "Facts)", "Other)"), "SETTINGS_CHANGED"),
    "declared on another line": (
        replace("app/registry.py", "FILTERS =", "\nFILTERS ="),
        "SETTINGS_CHANGED",
    ),
    "made strict": (
        replace("app/registry.py", "Facts)", "Facts, strict=True)"),
        "SETTINGS_CHANGED",
    ),
    "function from elsewhere edited": (replace("vendor.py", "From", "Of"), "SOURCE_CHANGED"),
}
#: Changes that might have changed the answer, and did not.
SAME = ["__init__ removed", "declared on another line", "made strict"]
FILES = {
    "app/facts.py": """
        import attrs
        @attrs.define
        class Facts:
            cost: float = 0.0
        @attrs.define
        class Other:
            cost: float = 0.0
            more: int = 1
        """,
    "app/registry.py": """
        from app.facts import Facts, Other
        from regcache_functions import FunctionRegistry
        FILTERS = FunctionRegistry("filters", "app.filters", facts=Facts)
        """,
    "app/filters/bring.py": "import vendor\nfrom app.registry import FILTERS\n"
    "FILTERS.register('sold')(vendor.sell)\n",
    "vendor.py": "def sell(x=0):\n    'From elsewhere.'\n",
}


@pytest.fixture
def shop(filters: App) -> App:
    """The filters, a class of facts in a file of its own, and a function from elsewhere."""
    filters.write(FILES)
    return filters


@pytest.mark.parametrize("name", CHANGES)
def test_change_is_seen_by_the_next_process(name: str, shop: App) -> None:
    """After a change the next start is a miss with its reason, and right; then it hits."""
    change, reason = CHANGES[name]
    first = shop.run(LIST)
    hit = shop.run(STATUS)
    change(shop)

    truth = shop.run(LIST, REGCACHE_DISABLE="1", PYTHONWARNINGS="ignore")
    status = shop.run(STATUS, PYTHONWARNINGS="ignore")

    assert ["hit", None, None] == hit
    assert ["miss", reason, "saved"] == status
    assert truth == shop.run(LIST)
    assert ["hit", None, None] == shop.run(STATUS)
    assert (name in SAME) == (truth == first)


def test_file_from_elsewhere_that_vanishes_is_a_miss(shop: App) -> None:
    """Without the file of a function from elsewhere its module fails, and is told of."""
    shop.run(LIST)
    shop.remove("vendor.py")

    assert ["miss", "SOURCE_REMOVED", "saved"] == shop.run(STATUS, PYTHONWARNINGS="ignore")
    assert ["app.filters.bring"] == list(shop.run(LIST)[1])


EDIT = """
import pathlib, time
from app.registry import FILTERS
{load}
path = pathlib.Path({path!r})
time.sleep(0.02)
path.write_text(path.read_text().replace({old!r}, {new!r}))
names = list(FILTERS)
out = names, FILTERS.report.saved.reason.name
"""


@pytest.mark.parametrize(
    ("load", "path", "old", "new", "reason"),
    [
        ("", "app/facts.py", "0.0", "1.0", "SOURCE_CHANGED"),
        ("import vendor", "vendor.py", "From", "Of", "SOURCE_CHANGED"),
    ],
)
def test_answer_of_an_outdated_process_is_not_saved(
    load: str, path: str, old: str, new: str, reason: str, shop: App
) -> None:
    """After an edit this process answers as it knows, and the next one is right."""
    names, told = shop.run(EDIT.format(load=load, path=path, old=old, new=new))

    assert (["gaussian", "median", "sold", "sobel"], reason) == (names, told)
    assert [] == shop.cache_files()
    assert shop.run(LIST, REGCACHE_DISABLE="1") == shop.run(LIST)


ODD = """
    import os
    from app.registry import FILTERS
    if {}:
        @FILTERS.register("odd")
        def {}(): return "{}"
    """
USE = """
from app.registry import FILTERS
listed = list(FILTERS)
try:
    found = FILTERS["odd"]()
except KeyError as error:
    found = str(error)
out = listed, found, list(FILTERS), FILTERS.report.reason and FILTERS.report.reason.name
"""
NAMES = ["gaussian", "median", "sobel"]


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("NOTHING", ["one", [*NAMES, "odd"], None]),
        ("GONE", ["filters has no function 'odd'.", NAMES, "ITEM_REFUSED"]),
        ("MOVED", ["elsewhere", [*NAMES, "odd"], "ITEM_REFUSED"]),
        ("OTHER", ["other", [*NAMES, "odd"], None]),
    ],
)
def test_function_that_depends_on_the_environment(
    how: str, answer: list[object], filters: App
) -> None:
    """Where its module does not register a listed function this time, it is looked for again."""
    filters.write(
        {
            "app/filters/one.py": ODD.format(
                "not {'GONE', 'MOVED', 'OTHER'} & {*os.environ}", "one", "one"
            ),
            "app/filters/place.py": ODD.format("'MOVED' in os.environ", "one", "elsewhere"),
        }
    )
    path = filters.folder / "app/filters/one.py"
    path.write_text(
        f"{path.read_text()}if 'OTHER' in os.environ:\n"
        "    @FILTERS.register('odd')\n    def two(): return 'other'\n"
    )
    filters.run("from app.registry import FILTERS\nout = len(FILTERS)")

    assert [[*NAMES, "odd"], *answer] == filters.run(USE, **{how: "1"})
