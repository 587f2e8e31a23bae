"""Several registries as one mapping."""

import json
import pickle
import re
from typing import Any

import pytest
from throwaway import App

from regcache_core import ConfigError
from regcache_functions import Catalogue, FunctionRegistry, Reject, UnknownFunctionError

LIBRARIES = {
    "north.py": """
        __all__ = ["turn", "go"]
        def turn(angle): '''Turn north.'''
        def go(): return "north"
        jump = go
        __all__ += ["jump"]
        """,
    "south.py": """
        __all__ = ["turn", "stay", "jump"]
        def turn(angle, speed=1): '''Turn south.'''
        def stay(): return "south"
        def jump(): return "south"
        """,
}


@pytest.fixture
def catalogue(app: App) -> Catalogue:
    """Two libraries that share a name."""
    app.write(LIBRARIES)
    return Catalogue([scan("north"), scan("south")])


def scan(library: str, **options: Any) -> FunctionRegistry[Any]:
    """A registry of a library."""
    registry: FunctionRegistry[Any] = FunctionRegistry.scan(library, **options)
    return registry


KEYS = ["north:go", "north:turn", "south:jump", "south:stay", "south:turn"]


def test_keys_are_registry_and_function(catalogue: Catalogue) -> None:
    """Each function is listed under the names of its registry and its own; conflicts are told."""
    assert KEYS == list(catalogue) == [*reversed([*reversed(catalogue)])]
    assert 5 == len(catalogue)
    assert ["north", "south"] == [registry.name for registry in catalogue.registries]
    assert {"turn": ["north:turn", "south:turn"]} == catalogue.conflicts


def test_a_key_gives_the_function(catalogue: Catalogue) -> None:
    """The full key, also with an alias or a place after the colon, gives the registry's object."""
    import north  # type: ignore[import-not-found]

    keys = ["north:go", "north:jump", "north:north.go", "go", "north.go"]
    assert [north.go] * 5 == [catalogue[key] for key in keys]
    assert north.go is catalogue.registries[0]["go"]


def test_a_name_that_one_registry_has_is_enough(catalogue: Catalogue) -> None:
    """A function's own name is a name of the catalogue where no other registry has it."""
    assert "south" == catalogue["stay"]()
    assert "south:stay" == catalogue.info("stay").name
    assert {"stay", "go"} == {name for name in ("stay", "go", "turn", "jump") if name in catalogue}


@pytest.mark.parametrize(
    ("name", "keys"), [("turn", ["north:turn", "south:turn"]), ("jump", ["north:go", "south:jump"])]
)
def test_an_ambiguous_name_is_an_error_that_names_all(
    name: str, keys: list[str], catalogue: Catalogue
) -> None:
    """A name, or an alias, that several registries have is refused with their keys."""
    with pytest.raises(UnknownFunctionError, match=f"'{keys[0]}' or '{keys[1]}'") as caught:
        catalogue[name]
    assert tuple(keys) == caught.value.close


@pytest.mark.parametrize("name", ["absent", "north:absent", "west:go", "north:", 3, None])
def test_an_unknown_name_is_an_error(name: Any, catalogue: Catalogue) -> None:
    """A name that nobody has is a ``KeyError`` of the registry or the catalogue."""
    with pytest.raises(UnknownFunctionError):
        catalogue[name]
    with pytest.raises(KeyError):
        catalogue.info(name)
    assert name not in catalogue
    assert None is catalogue.get(name)


def test_a_misspelt_name_is_told_what_is_close(catalogue: Catalogue) -> None:
    """The error proposes keys that look alike."""
    with pytest.raises(UnknownFunctionError, match="Did you mean 'south:stay'"):
        catalogue["soth:stay"]


def test_a_rejected_function_is_told_by_its_registry(app: App) -> None:
    """Asking for a key whose function was refused tells the reason."""
    app.write(LIBRARIES)

    def refuse(function: Any) -> None:
        if function.__name__ == "go":
            raise Reject("too far")

    catalogue = Catalogue([scan("north", probe=refuse)])

    with pytest.raises(UnknownFunctionError, match="rejected: too far"):
        catalogue["north:go"]


def test_failed_modules_are_told(app: App) -> None:
    """The error of an unknown name lists modules that could not be imported."""
    app.write({"half/__init__.py": "def one(): ...\n", "half/bad.py": "1 / 0\n", **LIBRARIES})
    catalogue = Catalogue([scan("half"), scan("north")])
    with pytest.warns(UserWarning, match=r"half\.bad"):
        len(catalogue)

    with pytest.raises(UnknownFunctionError, match=r"failed to import .*half\.bad"):
        catalogue["two"]


def test_registries_need_different_names(app: App) -> None:
    """Two registries of one name, or one with a colon in its name, cannot be told apart."""
    with pytest.raises(ConfigError, match="registries"):
        Catalogue([scan("north"), scan("south", name="north")])
    with pytest.raises(ConfigError, match="a:b"):
        Catalogue([scan("north", name="a:b")])


@pytest.mark.parametrize("given", [["json"], "json", 5, {"a": 1}, [None]], ids=repr)
def test_catalogue_is_made_of_registries(given: Any) -> None:
    """Names of libraries are no list of registries."""
    expected = re.escape(f"registries is {given!r}; give a list of FunctionRegistry objects")

    with pytest.raises(ConfigError, match=expected):
        Catalogue(given)


def test_registry_by_itself_is_no_list_of_registries() -> None:
    """It is named, and is not searched for that."""
    registry: Any = scan("json")

    with pytest.raises(ConfigError, match="registries is 'json'; give a list of Func"):
        Catalogue(registry)
    with pytest.raises(ConfigError, match="name is 3; give a non-empty string"):
        Catalogue([registry], name=3)  # type: ignore[arg-type]
    assert None is registry.report


def test_metadata_have_the_key_as_their_name(catalogue: Catalogue) -> None:
    """Metadata carry the catalogue's key, and load through it."""
    info = catalogue.info("north:go")

    assert ("north:go", "go", "north") == (info.name, info.original_name, info.module)
    assert "north" == info() == info.load()()


def test_questions_span_all_registries(catalogue: Catalogue) -> None:
    """Queries and searches answer with keys, in order, and can be asked further."""
    assert ["north:turn", "south:turn"] == list(catalogue.query(parameter="angle"))
    assert ["south:turn"] == list(catalogue.query(parameter="angle").query(parameter="speed"))
    assert ["south:turn"] == list(catalogue.search("turn south"))
    assert ["north:go", "north:turn"] == list(catalogue.query(module="north"))
    assert ["north:turn"] == list(catalogue.query(where=lambda info: info.doc == "Turn north."))


def test_each_registry_keeps_its_own_cache(app: App) -> None:
    """A change in one library costs a scan of that library only."""
    app.write(LIBRARIES)
    code = """
        from regcache_functions import Catalogue, FunctionRegistry
        catalogue = Catalogue([FunctionRegistry.scan("north"), FunctionRegistry.scan("south")])
        keys = [*catalogue]
        out = keys, [each.report.status for each in catalogue.registries], "north" in sys.modules
        """
    cold, warm = app.run(code), app.run(code)
    app.write({"south.py": "__all__ = ['rest']\ndef rest(): ...\n"})
    changed = app.run(code)

    assert [KEYS, ["miss", "miss"], True] == cold
    assert [KEYS, ["hit", "hit"], False] == warm
    assert [["north:go", "north:turn", "south:rest"], ["hit", "miss"], False] == changed
    assert 2 == len(app.cache_files())


def test_what_is_registered_later_appears() -> None:
    """A catalogue follows its registries: new functions, and those that are described anew."""
    registry: FunctionRegistry[Any] = FunctionRegistry("mine")
    catalogue = Catalogue([registry])
    seen = [list(catalogue)]

    def declare(tag: str) -> None:
        @registry.register(tags=[tag])
        def function() -> str:
            return tag

    for tag in ("old", "new"):
        declare(tag)
        seen += [list(catalogue.query(tag="old")), list(catalogue.query(tag="new"))]
    registry.register("second")(lambda: 2)

    assert [[], ["mine:function"], [], [], ["mine:function"]] == seen
    assert ["mine:function", "mine:second"] == list(catalogue)
    assert ("new", 2) == (catalogue["mine:function"](), catalogue["second"]())


def test_refreshed_registries_are_seen(app: App) -> None:
    """After ``refresh`` of a member the catalogue lists what there is now."""
    app.write({"grow/__init__.py": "__all__ = ['one']\ndef one(): ...\n"})
    catalogue = Catalogue([scan("grow")])
    before = list(catalogue)
    app.write({"grow/two.py": "__all__ = ['two']\ndef two(): ...\n"})
    catalogue.registries[0].refresh()

    assert (["grow:one"], ["grow:one", "grow:two"]) == (before, list(catalogue))


def test_a_pickled_catalogue_opens_itself_again(catalogue: Catalogue) -> None:
    """Another process gets the same keys from the same caches, and selections too."""
    keys = list(catalogue)
    again = pickle.loads(pickle.dumps(catalogue))
    some = pickle.loads(pickle.dumps(catalogue.query(parameter="angle")))

    assert (keys, "catalogue") == (list(again), again.name)
    assert ["hit", "hit"] == [each.report.status for each in again.registries]
    assert ["north:turn", "south:turn"] == list(some)
    assert catalogue["north:go"] is again["north:go"]


def test_everything_comes_out_with_keys(catalogue: Catalogue) -> None:
    """JSON and tables have a row for each key."""
    rows = json.loads(catalogue.to_json())

    assert KEYS == [row["name"] for row in rows]
    assert "Catalogue 'catalogue': 5 functions" == repr(catalogue).splitlines()[0]
    assert "north:go()" in repr(catalogue)


def test_table_has_a_row_for_each_key(catalogue: Catalogue) -> None:
    """The table of a catalogue is indexed by key."""
    pytest.importorskip("pandas")
    table = catalogue.to_dataframe()

    assert KEYS == list(table.index)
    assert "south" == table.loc["south:stay", "module"]


def test_an_empty_catalogue_is_a_mapping() -> None:
    """No registry is no error."""
    catalogue = Catalogue([], name="nothing")

    assert ([], {}, "[]") == (list(catalogue), catalogue.conflicts, catalogue.to_json())
    assert "Catalogue 'nothing': 0 functions" == repr(catalogue)
