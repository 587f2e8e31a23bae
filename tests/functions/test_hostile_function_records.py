"""Cache files that somebody else wrote: a miss, and never an import of what they name."""

from typing import Any

import pytest
from tampering import Edit, edits_of, extra, tamper
from throwaway import FILTERS, App

LIST = """
import warnings
warnings.simplefilter("ignore")
from app.registry import FILTERS
names = list(FILTERS)
report = FILTERS.report
out = {
    "names": names, "status": report.status, "reason": report.reason and report.reason.name,
    "where": report.where, "failures": list(FILTERS.failures), "rejected": FILTERS.rejected,
    "infos": [repr(FILTERS.info(name)) for name in names],
    "asked": [
        list(FILTERS.query(parameter="size")), list(FILTERS.search("smooth")), "gauss" in FILTERS
    ],
    "shown": [repr(FILTERS), FILTERS.to_json(), FILTERS._repr_html_()],
    "called": [FILTERS[name](1) for name in names], "canary": "canary" in sys.modules,
}
"""

change, drop, put = edits_of("gaussian")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[App, bytes]:
    """An application with a cache, and a module that must not be imported; and the cache file."""
    app = App(tmp_path_factory.mktemp("written"))
    app.write({**FILTERS, "canary.py": "def chirp(): ...\n", "app/canary.py": "import canary\n"})
    app.run(LIST)
    (file,) = app.cache_files()
    return app, file.read_bytes()


@pytest.fixture
def cached(written: tuple[App, bytes]) -> App:
    """That application, with the file as it was written."""
    app, content = written
    app.cache_files()[0].write_bytes(content)
    return app


def check_right(answer: dict[str, Any]) -> None:
    """The answer is that of the application, and nothing foreign was imported."""
    called = [["gaussian", 1, 1.0, "nearest"], ["median", 1, 3], ["sobel", 1]]
    assert ["gaussian", "median", "sobel"] == answer["names"]
    assert called == answer["called"]
    assert [["median"], ["gaussian"], True] == answer["asked"]
    assert "doc='Smooth an image.'" in answer["infos"][0]
    assert not answer["canary"]


@pytest.mark.parametrize(
    "edit",
    [
        change(module="canary", qualname="chirp"),
        change(module="app.canary"),
        change(module="app.filtersx"),
        change(module="app"),
        change(module=""),
        change(module=5),
        change(module=None),
        change(qualname=None),
        change(qualname=["gaussian"]),
        change(original_name=5),
        change(defined_in=["app"]),
        change(kind=None),
        change(signature=5),
        change(signature=None),
        change(doc=["a"]),
        change(tags="blur"),
        change(tags=[5]),
        change(tags={}),
        change(aliases=[None]),
        change(aliases=[["a"]]),
        change(contract=3),
        change(facts=["a"]),
        change(facts=None),
        change(parameters="image"),
        change(parameters=[]),
        change(parameters=[5]),
        change(parameters=[None, "image"]),
        change(parameters=[None, ["image"]]),
        change(parameters=[None, ["image", "keyword-only", None, None, None]]),
        change(parameters=[None, [None, "keyword-only", None, None]]),
        change(parameters=[None, ["image", None, None, None]]),
        change(parameters=[None, ["image", "keyword-only", 5, None]]),
        change(parameters=[None, ["image", "keyword-only", None, {}]]),
        change(unheard_of=""),
        drop("module"),
        drop("qualname"),
        put("gaussian"),
        put(None),
        put([]),
        put({}),
        put(5),
    ],
)
def test_refused_record_is_a_miss(edit: Edit, cached: App) -> None:
    """A record that names something elsewhere, or is malformed, is refused before any import."""
    tamper(cached, edit)

    answer = cached.run(LIST)

    check_right(answer)
    told = answer["status"], answer["reason"], answer["where"]
    assert ("miss", "ITEM_REFUSED", "gaussian") == told
    assert "hit" == cached.run(LIST)["status"]


@pytest.mark.parametrize(
    "edit",
    [
        extra(failures=["app.filters.blur"]),
        extra(failures={"app.filters.blur": 5}),
        extra(failures={"app.filters.blur": [5]}),
        extra(failures={"app.filters.blur": None}),
        extra(failures=None),
        extra(rejected=["a"]),
        extra(rejected={"a": 5}),
        extra(rejected=None),
        extra(owner={}),
        extra(owner=None),
        extra(owner={"distribution": "", "version": 5}),
        extra(owner={"distribution": "", "version": "", "more": ""}),
        lambda document: document["extra"].pop("failures"),
        lambda document: document["extra"].pop("rejected"),
        lambda document: document["extra"].pop("owner"),
        lambda document: document.update(extra=[]),
        lambda document: document.update(extra={}),
    ],
)
def test_malformed_extra_is_a_miss(edit: Edit, cached: App) -> None:
    """What lies beside the records is checked as they are."""
    tamper(cached, edit)

    answer = cached.run(LIST)

    check_right(answer)
    assert ([], {}) == (answer["failures"], answer["rejected"])
    assert ("miss", "WRONG_SHAPE") == (answer["status"], answer["reason"])
    assert "hit" == cached.run(LIST)["status"]


@pytest.mark.parametrize(
    "edit",
    [
        change(module="app.filters.edges"),
        change(module="app.filters.gone"),
        change(module="app.filters"),
        change(module="app.filters.blur.gaussian"),
        change(qualname="median_filter"),
        change(qualname="os.system"),
        lambda document: document["items"].__setitem__("new", document["items"]["gaussian"]),
    ],
)
def test_record_of_no_such_function_gives_no_other(edit: Edit, cached: App) -> None:
    """A record inside the package that is not true gives the right function, or an error."""
    tamper(cached, edit)
    code = """
        from app.registry import FILTERS
        out = []
        for name in [*FILTERS]:
            try:
                out.append(FILTERS[name](1)[0])
            except (ImportError, KeyError) as error:
                out.append(type(error).__name__)
        out = [*out, "canary" in sys.modules]
        """

    answer = cached.run(code)

    assert {"median", "sobel"} < {*answer}
    assert {*answer} <= {
        "gaussian",
        "median",
        "sobel",
        "FunctionImportError",
        "UnknownFunctionError",
        False,
    }


def test_facts_of_another_shape_are_told(filters: App) -> None:
    """Stored facts that do not fit the declared class are an error of ``info``, by name."""
    filters.write(
        {
            "app/registry.py": """
                import attrs
                from regcache_functions import FunctionRegistry
                @attrs.frozen
                class Facts:
                    cost: float = 0.0
                FILTERS = FunctionRegistry("filters", "app.filters", facts=Facts)
                """
        }
    )
    filters.run("from app.registry import FILTERS\nout = len(FILTERS)")
    tamper(filters, change(facts={"costs": 1}))
    code = """
        from app.registry import FILTERS
        try:
            FILTERS.info("gaussian")
        except TypeError as error:
            out = type(error).__name__, str(error), FILTERS.info("sobel").facts.cost
        """

    kind, message, cost = filters.run(code)

    assert ("FactsError", 0.0) == (kind, cost)
    assert "filters: the facts of 'gaussian' do not fit: " in message


def test_name_that_is_no_text_is_a_miss(cached: App) -> None:
    """A key of another type, which managers may have, is no function's name."""
    tamper(
        cached, lambda document: document["items"].update({"!int 1": document["items"]["sobel"]})
    )

    answer = cached.run(LIST)

    check_right(answer)
    told = answer["status"], answer["reason"], answer["where"]
    assert ("miss", "KEY_REFUSED", "items") == told
