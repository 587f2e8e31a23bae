"""What is asked of a registry of either kind, by the same names; no answer imports a plugin."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from throwaway import FILES, LIST, App

from regcache_core import ConfigError

DIRECTORY = {"classes": "readers", "functions": "filters"}
_ITEM = {
    "classes": (
        "from app.readers.base import Reader\n"
        "class {name}(Reader):\n"
        "    '''{doc}'''\n"
        "    format, __registry_aliases__ = {key!r}, {aliases!r}\n"
        "    suffixes, lossy, depth = {suffixes!r}, {lossy!r}, {depth!r}\n"
    ),
    "functions": (
        "from app.registry import FILTERS\n"
        "@FILTERS.register({key!r}, aliases={aliases!r},\n"
        "    suffixes={suffixes!r}, lossy={lossy!r}, depth={depth!r})\n"
        "def {name}(data):\n"
        "    '''{doc}'''\n"
    ),
}
#: Key -> its aliases, the first line of its documentation, suffixes, lossy, depth.
ITEMS: dict[str, tuple[Any, ...]] = {
    "jpeg": (("jpg", "picture"), "Photographs.", (".jpg", ".jpeg"), True, 8),
    "png": ((), "Images of the web, of tiff too.", (".png",), False, 16),
    "tiff": (("tif", "TIFF"), "Tagged images.", (".tif", ".tiff"), False, 16),
    "tiff-big": (["btf"], "Large images.", (".btf",), False, {"bits": [1, 2.0, None]}),
    "Zarr": (("tensor",), "Arrays in folders <b>.", (), None, 1),
}
KEYS = [*ITEMS]


def module_of(kind: str, key: str, item: tuple[Any, ...]) -> str:
    """The source of a module with one plugin."""
    aliases, doc, suffixes, lossy, depth = item
    name = f"Is{key.replace('-', '')}"
    more = {"suffixes": suffixes, "lossy": lossy, "depth": depth}
    return _ITEM[kind].format(key=key, name=name, aliases=aliases, doc=doc, **more)


def files_of(kind: str) -> dict[str, str]:
    """An application with these plugins alone, each in a module of its own."""
    kept = ("app/__init__.py", "/__init__.py", "base.py", "registry.py")
    files = {name: text for name, text in FILES[kind].items() if name.endswith(kept)}
    for number, (key, item) in enumerate(ITEMS.items()):
        files[f"app/{DIRECTORY[kind]}/m{number}.py"] = module_of(kind, key, item)
    return {
        name: text.replace('("suffixes",)', '("suffixes", "lossy", "depth")')
        for name, text in files.items()
    }


@pytest.fixture
def registry(kind: str, app: App) -> Any:
    """The registry of an application, discovered in this process."""
    app.write(files_of(kind))
    module, _, name = LIST[kind].removeprefix("from ").partition(" import ")
    return getattr(app.load(module), name.partition(" ")[0])


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("*", KEYS),
        ("ti*", ["tiff", "tiff-big"]),
        ("*[fg]", ["jpeg", "png", "tiff", "tiff-big"]),
        ("????", ["jpeg", "tiff", "Zarr"]),
        ("TI*", []),
        ("tif", []),
        ("zarr", []),
    ],
)
def test_list_gives_keys_that_fit_a_pattern(pattern: str, keys: list[str], registry: Any) -> None:
    """Patterns are those of shells, in the case that is given; aliases are not listed."""
    assert keys == registry.list(pattern) == registry.query().list(pattern)
    assert KEYS == registry.list()


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ({}, KEYS),
        ({"lossy": False}, ["png", "tiff", "tiff-big"]),
        ({"lossy": 0}, []),
        ({"lossy": None}, ["Zarr"]),
        ({"depth": 16}, ["png", "tiff"]),
        ({"depth": 16.0}, ["png", "tiff"]),
        ({"depth": True}, []),
        ({"depth": {"bits": (1, 2, None)}}, ["tiff-big"]),
        ({"depth": {"bits": (True, 2, None)}}, []),
        ({"depth": {"bits": [1, 2]}}, []),
        ({"suffixes": (".png",)}, ["png"]),
        ({"suffixes": [".png"]}, ["png"]),
        ({"suffixes": ()}, ["Zarr"]),
        ({"text": "TIFF"}, ["png", "tiff", "tiff-big"]),
        ({"text": "images", "lossy": False, "depth": 16}, ["png", "tiff"]),
        ({"module": "app"}, KEYS),
        ({"module": "ap"}, []),
        ({"where": lambda info: len(info.aliases) == 1}, ["tiff-big", "Zarr"]),
        ({"where": lambda info: info.doc[0] == "T", "depth": 16}, ["tiff"]),
    ],
)
def test_query_gives_what_fits_all_that_is_given(
    question: dict[str, Any], keys: list[str], registry: Any
) -> None:
    """Facts are equal as JSON values are: lists for tuples, and ``true`` is no number."""
    assert keys == list(registry.query(**question)) == list(registry.query().query(**question))


def test_query_by_module_takes_one_or_a_package_above(kind: str, registry: Any) -> None:
    """A module's full name selects its items, and nothing of a module of a longer name."""
    place = f"app.{DIRECTORY[kind]}"

    assert ["png"] == list(registry.query(module=f"{place}.m1"))
    assert KEYS == list(registry.query(module=place))
    assert [] == list(registry.query(module=f"{place}.m"))


@pytest.mark.parametrize("question", ["module", "text", "where", "search", "pattern", "limit"])
def test_bad_questions_are_refused(question: str, registry: Any) -> None:
    """An argument of the wrong kind is no question without an answer."""
    asked: Any = {
        "search": lambda: registry.search(3),
        "pattern": lambda: registry.list(3),
        "limit": lambda: registry.search("a", limit=-1),
    }
    with pytest.raises(ConfigError) as caught:
        asked.get(question, lambda: registry.query(**{question: 3}))()

    assert question.replace("search", "text") == caught.value.field


def test_misspelt_question_is_refused(registry: Any) -> None:
    """It is told from a fact that nobody has, with what was perhaps meant."""
    with pytest.raises(ConfigError, match=r"modul is 'x'; give it as module: .* has no such fact"):
        registry.query(modul="x")
    with pytest.raises(ConfigError, match=r"lossy is <object .*; give a JSON value"):
        registry.query(lossy=object())
    with pytest.raises(ConfigError, match="lossy is nan"):
        registry.query(lossy=float("nan"))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("tiff", ["tiff", "tiff-big", "png"]),
        ("TIF", ["tiff", "tiff-big", "png"]),
        ("big", ["tiff-big"]),
        ("jpg", ["jpeg"]),
        ("picture", ["jpeg"]),
        ("phot", ["jpeg"]),
        ("web images", ["png"]),
        ("images tiff", ["tiff", "tiff-big", "png"]),
        ("nothing", []),
        (" ", []),
    ],
)
def test_search_gives_the_best_first(text: str, keys: list[str], registry: Any) -> None:
    """A key counts most, then aliases, then the first line of the documentation."""
    assert keys == list(registry.search(text))
    assert keys[:1] == list(registry.search(text, limit=1))
    assert [key for key in keys if key != "png"] == list(
        registry.query(where=lambda info: "web" not in info.doc).search(text)
    )


@pytest.mark.parametrize(("alias", "key"), [("tif", "tiff"), ("TIFF", "tiff"), ("btf", "tiff-big")])
def test_alias_leads_to_its_item(alias: str, key: str, registry: Any) -> None:
    """``[]``, ``get``, ``in`` and ``info`` take aliases; what is listed are keys."""
    item = registry[key]

    assert (True, item, item) == (alias in registry, registry[alias], registry.get(alias))
    assert key == next(each for each in registry if registry.info(each) == registry.info(alias))
    assert alias in registry.info(alias).aliases
    assert item is registry.info(alias).load() is registry.search(key)[alias]
    assert (KEYS, len(KEYS), KEYS) == (list(registry), len(registry), [*registry.keys()])


def test_alias_of_two_items_is_no_name(kind: str, app: App) -> None:
    """The error names those that might be meant; both have their keys, and one is a failure."""
    files = files_of(kind)
    rival = module_of(kind, "photo", (("jpg",), "A rival.", (), None, 1))
    app.write({**files, f"app/{DIRECTORY[kind]}/m9.py": rival})
    code = f"""
        import warnings
        warnings.simplefilter("ignore")
        {LIST[kind]}
        told = []
        for ask in (REG.__getitem__, REG.info, REG.query().__getitem__):
            try:
                told.append(ask("jpg"))
            except KeyError as error:
                told.append([type(error).__name__, *error.close])
        alone = REG.query(text="rival")
        out = told, "jpg" in REG, REG.get("jpg"), [*REG.failures], alone.info("jpg").doc
        """

    error = {"classes": "UnknownKeyError", "functions": "UnknownFunctionError"}[kind]
    failed = [f"app.{DIRECTORY[kind]}.m9:Isphoto"]
    answer = [[[error, "jpeg", "photo"]] * 3, False, None, failed, "A rival."]
    assert [answer, answer] == [app.run(code), app.run(code)]


def test_key_of_two_items_is_shown_and_asked_for(kind: str, app: App) -> None:
    """Looking it up raises, by an alias too; questions and tables have it."""
    for name in "ab":
        rival = module_of(kind, "twice", ((f"{name}2",), "Rivals.", (), None, 1))
        app.write({**files_of(kind), f"app/{DIRECTORY[kind]}/{name}.py": rival})
    code = f"""
        import json, warnings
        warnings.simplefilter("ignore")
        {LIST[kind]}
        told = []
        for ask in (REG.__getitem__, REG.info, REG.search("twice").__getitem__):
            for name in ("twice", "a2"):
                try:
                    told.append(ask(name))
                except ValueError as error:
                    told.append(type(error).__name__)
        some = REG.query(where=lambda info: info.doc == "Rivals.")
        shown = [html.count("Rivals") for html in (repr(some), REG._repr_html_(), REG.to_json())]
        out = told, [*some], shown
        """

    error = {"classes": "DuplicateKeyError", "functions": "DuplicateFunctionError"}[kind]
    answer = [[error] * 6, ["twice"], [1, 1, 1]]
    assert [answer, answer] == [app.run(code), app.run(code)]


def test_key_goes_before_an_alias(kind: str, app: App) -> None:
    """Wherever the item stands whose key it is."""
    files = files_of(kind)
    own = module_of(kind, "tif", ((), "Its own.", (), None, 1))
    app.write({**files, f"app/{DIRECTORY[kind]}/m9.py": own})
    code = f"{LIST[kind]}\nout = REG.info('tif').doc, REG.info('TIFF').doc, 'tif' in REG.keys()"

    assert [["Its own.", "Tagged images.", True]] * 2 == [app.run(code), app.run(code)]


def test_selection_is_a_mapping_of_its_items_alone(registry: Any) -> None:
    """It has its order, loads what is asked for, can be asked further, and shows itself."""
    some = registry.search("tiff")
    less = some.query(depth=16)

    assert ["tiff", "png"] == list(less) == less.list() == less._ipython_key_completions_()
    assert (["png", "tiff"], 2) == ([*reversed(less)], len(less))
    assert [registry["tiff"], registry["png"]] == list(less.values())
    assert (True, True, False, False) == tuple(key in less for key in ("tiff", "tif", "jpeg", "x"))
    assert (None, registry["tiff"]) == (less.get("jpeg"), less.get("tif"))
    assert registry.info("tiff") == less.info("tif")
    assert f"selection of {registry.query().name}" != less.name == some.name
    for missing in ("jpeg", "btf", "nothing"):
        with pytest.raises(KeyError):
            less[missing]
        with pytest.raises(KeyError):
            less.info(missing)
    again = pickle.loads(pickle.dumps(less))
    assert (list(less), type(less), registry["png"]) == (list(again), type(again), again["png"])


def test_everything_that_is_known_comes_out(kind: str, registry: Any) -> None:
    """As text, HTML, JSON and a table, of a registry and of a selection."""
    some = registry.query(depth=16)
    rows = json.loads(registry.to_json())
    html = registry._repr_html_()

    assert [rows[1], rows[2]] == json.loads(some.to_json())
    assert [
        {"suffixes": list(item[2]), "lossy": item[3], "depth": item[4]} for item in ITEMS.values()
    ] == [row["facts"] for row in rows]
    assert [list(item[0]) for item in ITEMS.values()] == [row["aliases"] for row in rows]
    assert [f"app.{DIRECTORY[kind]}.m{number}" for number in range(5)] == [
        row["module"] for row in rows
    ]
    assert (6, 5 * html.count("<th>")) == (html.count("<tr>"), html.count("<td>"))
    assert "<td>Arrays in folders &lt;b&gt;.</td>" in html
    lines = repr(some).splitlines()
    noun = {"classes": "plugins", "functions": "functions"}[kind]
    assert (f"Selection {some.name!r}: 2 {noun}", 3) == (lines[0], len(lines))
    assert lines[2].endswith("  Tagged images.")


def test_table_has_a_column_for_each_fact(registry: Any) -> None:
    """Its rows are indexed by key; nothing is a table without rows."""
    pytest.importorskip("pandas")
    table, empty = registry.to_dataframe(), registry.search("nothing").to_dataframe()

    assert KEYS == list(table.index)
    assert [8, 16, 16] == list(table["facts.depth"][:3])
    assert [each for each in table.columns if "facts" not in each] == list(empty.columns)


def test_items_of_this_process_are_asked_too(kind: str, registry: Any) -> None:
    """One that is registered later, elsewhere, has its aliases and facts."""
    exec(module_of(kind, "tar", (("late",), "Late.", (".x",), None, 16)), {"__name__": "outside"})

    assert ["png", "tiff", "tar"] == list(registry.query(depth=16))
    assert registry["tar"] is registry["late"] is registry.info("late").load()
    assert (["tar"], ["tar"]) == (list(registry.search("late")), registry.list("ta*"))
    assert ["late"] == json.loads(registry.to_json())[-1]["aliases"]


ASK = """
import pickle, sys
{imports}
found = [
    REG.list("ti*"), [*REG.query(depth=16, text="t")], [*REG.search("picture")],
    REG.info("tif").doc, "tif" in REG, "photo" in REG, len(REG.to_json()), len(REG._repr_html_()),
    repr(REG.query(depth=16)), [*pickle.loads(pickle.dumps(REG.query(lossy=True)))],
]
imported = sorted(name for name in sys.modules if name.startswith("app.{folder}.m"))
loaded = REG["btf"] is not None, REG.info("btf").load() is REG["tiff-big"]
out = found, imported, loaded, REG.report.status
"""


def test_questions_import_no_plugin(kind: str, app: App) -> None:
    """Answers from the cache are those of the discovery; only what is loaded is imported."""
    app.write(files_of(kind))
    code = ASK.format(imports=LIST[kind], folder=DIRECTORY[kind])

    cold, warm = app.run(code), app.run(code)

    assert cold[0] == warm[0]
    assert [[], [True, True], "hit"] == warm[1:]
    assert [["tiff", "tiff-big"], ["png", "tiff"], ["jpeg"]] == warm[0][:3]


def test_another_alias_is_another_answer(kind: str, app: App) -> None:
    """An edit of a class's or a function's aliases is seen by the next start."""
    app.write(files_of(kind))
    code = f"{LIST[kind]}\nout = 'tif' in REG, 'new' in REG, [*REG.info('tiff').aliases]"
    before = [app.run(code), app.run(code)]
    edited = module_of(kind, "tiff", (("new",), *ITEMS["tiff"][1:]))
    app.write({f"app/{DIRECTORY[kind]}/m2.py": edited})

    assert [[True, False, ["tif", "TIFF"]]] * 2 == before
    assert [False, True, ["new"]] == app.run(code)
