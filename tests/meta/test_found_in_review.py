"""What a review with fresh eyes broke once: wrong answers, and answers that were never kept."""

import pytest
from throwaway import App

from regcache_core import ConfigError, Reason
from regcache_meta import AutoRegister, AutoRegisterMeta, LazyDiscoveryDict

LIST = "from app.readers.base import READERS; out = [*READERS], READERS.report.status"
SCAN = """
from app.readers.base import Reader
from regcache_meta import LazyDiscoveryDict
def keys(**options):
    registry = LazyDiscoveryDict.for_package("app.readers", Reader, **options)
    return [*registry], registry.report.status
"""


def truth(app: App) -> list[str]:
    """The keys as a process without a cache finds them."""
    keys: list[str] = app.run(LIST.replace(", READERS.report.status", ""), REGCACHE_DISABLE="1")
    return keys


FUNCTIONS = {
    "lambda": ("lambda n, c: n.lower()", "lambda n, c: n.upper()"),
    "closure": (
        "(lambda end: lambda n, c: n + end)('1')",
        "(lambda end: lambda n, c: n + end)('2')",
    ),
    "default": ("lambda n, c, end='1': n + end", "lambda n, c, end='2': n + end"),
    "partial": (
        "functools.partial(lambda p, n, c: p + n, '1')",
        "functools.partial(lambda p, n, c: p + n, '2')",
    ),
    "set": ("lambda n, c: n if n in {'CsvReader', 'x'} else None", "lambda n, c: n"),
}


@pytest.mark.parametrize("functions", FUNCTIONS.values(), ids=FUNCTIONS)
def test_registries_with_other_functions_do_not_share(readers: App, functions: list[str]) -> None:
    """Registries that differ by what a nameless function does have files of their own."""
    code = f"{SCAN}\nimport functools\nout = [keys(key=f) for f in ({', '.join(functions)})]"

    cold = readers.run(code)
    warm = readers.run(code)

    assert [["miss", "miss"], ["hit", "hit"]] == [[s for _, s in each] for each in (cold, warm)]
    assert [keys for keys, _ in cold] == [keys for keys, _ in warm]
    assert cold[0][0] != cold[1][0]


@pytest.mark.parametrize(
    "function",
    [
        "type('K', (), {'__call__': lambda s, n, c: n, '__slots__': ('x',)})()",
        "(lambda o: lambda n, c: o and n)(object())",
        "Holder().key",
    ],
)
def test_function_that_no_text_tells_apart_switches_the_cache_off(
    readers: App, function: str
) -> None:
    """A function with a nameless object in it could be any: there is no file, and a reason."""
    code = f"""{SCAN}
class Holder:
    def key(self, n, c): return n
registry = LazyDiscoveryDict.for_package("app.readers", Reader, key={function})
out = [*registry], registry.report.status, registry.report.reason.name"""

    keys, status, reason = readers.run(code)

    assert ["CsvReader", "JsonReader"] == keys
    assert ("disabled", "NOT_IDENTIFIED") == (status, reason)
    assert [] == readers.cache_files()


def test_function_that_holds_itself_is_no_trap(readers: App) -> None:
    """A recursive function in a closure switches the cache off; nothing recurses for ever."""
    code = f"""{SCAN}
def make():
    def key(n, c, depth=0): return n if depth else key(n, c, 1)
    return key
out = keys(key=make())"""

    assert [["CsvReader", "JsonReader"], "disabled"] == readers.run(code)


def test_base_classes_made_by_one_function_are_not_cached(readers: App) -> None:
    """Two base classes of one name in a function cannot be told apart by a file."""
    readers.write(
        {
            "app/made/__init__.py": "",
            "app/made/base.py": """
                from regcache_meta import AutoRegisterMeta
                def make():
                    class Base(metaclass=AutoRegisterMeta):
                        __registry_key__ = "key"
                    return Base
                In, Out = make(), make()
                """,
            "app/made/a.py": "from .base import In, Out\nclass A(In): key = 'a'\n",
            "app/made/b.py": "from .base import In, Out\nclass B(Out): key = 'b'\n",
        }
    )
    code = """
        from app.made.base import In, Out
        out = [[*each.__registry__] for each in (In, Out)], In.__registry__.report.reason.name
        """

    assert [[["a"], ["b"]], "NOT_IDENTIFIED"] == readers.run(code)
    assert [[["a"], ["b"]], "NOT_IDENTIFIED"] == readers.run(code)


def test_nested_base_classes_of_one_name_have_files_of_their_own(readers: App) -> None:
    """``X.Base`` and ``Y.Base`` in one module are two registries."""
    readers.write(
        {
            "app/two/__init__.py": "",
            "app/two/base.py": """
                from regcache_meta import AutoRegisterMeta
                class X:
                    class Base(metaclass=AutoRegisterMeta): __registry_key__ = "key"
                class Y:
                    class Base(metaclass=AutoRegisterMeta): __registry_key__ = "key"
                """,
            "app/two/a.py": "from .base import X, Y\nclass A(X.Base): key = 'a'\n"
            "class B(Y.Base): key = 'b'\n",
        }
    )
    code = """
        from app.two.base import X, Y
        registries = [X.Base.__registry__, Y.Base.__registry__]
        out = [([*each], each.report.status) for each in registries]
        """
    readers.run(code)

    assert [[["a"], "hit"], [["b"], "hit"]] == readers.run(code)


def test_module_of_the_package_may_list_at_import(readers: App) -> None:
    """Choices of a command line that are made at import are whole, cold and warm."""
    readers.write(
        {
            "app/readers/cli.py": """
                from .base import READERS
                CHOICES = list(READERS)
                """
        }
    )
    code = """
        from app.readers import cli
        from app.readers.base import READERS
        out = cli.CHOICES, [*READERS], READERS.report.status
        """

    assert [["csv", "json"], ["csv", "json"], "miss"] == readers.run(code)
    assert [["csv", "json"], ["csv", "json"], "hit"] == readers.run(code)


def test_package_that_lists_itself_before_its_own_plugin_is_kept_whole(readers: App) -> None:
    """A class that a package defines after it has listed the registry is in the cache too."""
    readers.write(
        {
            "app/readers/__init__.py": """
                from .base import READERS, Reader
                SEEN = list(READERS)
                class Late(Reader):
                    format = "late"
                """
        }
    )

    cold = readers.run(LIST)

    assert cold[0] == readers.run(LIST)[0] == truth(readers)
    assert {"csv", "json", "late"} == set(cold[0])


@pytest.mark.parametrize("name", ["a_broken", "z_broken"])
def test_classes_of_a_module_that_failed_are_dropped(readers: App, name: str) -> None:
    """A module that raises after its class statement brings no plugin, wherever it sorts."""
    readers.write(
        {
            f"app/readers/{name}.py": """
                from .base import Reader
                class Half(Reader):
                    format = "half"
                raise RuntimeError("boom")
                """
        }
    )

    cold, warm = readers.run(LIST), readers.run(LIST)

    assert [["csv", "json"], "miss"] == cold
    assert [["csv", "json"], "hit"] == warm


@pytest.mark.parametrize("error", ["PermissionError('locked')", "DeprecationWarning('old')"])
def test_failure_that_may_pass_is_not_kept(readers: App, error: str) -> None:
    """A disk or a warning filter of one moment does not take a plugin from later processes."""
    readers.write(
        {
            "app/readers/x_reader.py": f"""
                import os
                from .base import Reader
                if "FAIL" in os.environ:
                    raise {error}
                class X(Reader):
                    format = "x"
                """
        }
    )
    code = f"""{LIST}
out = *out, READERS.report.saved and READERS.report.saved.reason.name"""

    assert [["csv", "json"], "miss", "PASSING_FAILURE"] == readers.run(code, FAIL="1")
    assert [["csv", "json", "x"], "miss"] == readers.run(LIST)


def test_class_made_at_run_time_is_not_kept(readers: App) -> None:
    """A function of the package that makes plugins when called adds them to its process only."""
    readers.write(
        {
            "app/readers/made.py": """
                from .base import Reader
                def make(name):
                    class Made(Reader):
                        format = name
                    return Made
                make("own")
                """
        }
    )
    code = f"""
        from app.readers.made import make
        make("mine")
        {LIST}
        """

    assert {"csv", "json", "own", "mine"} == set(readers.run(code)[0])
    assert [["csv", "json", "own"], "hit"] == readers.run(LIST)
    assert "Made" == readers.run(
        "from app.readers.base import READERS\nout = READERS['own'].__name__"
    )


def test_alias_that_a_plugin_sets_at_import_is_listed_warm(readers: App) -> None:
    """``registry["alias"] = cls`` at import is part of what discovery finds."""
    readers.write(
        {
            "app/readers/tab_reader.py": """
                from .base import READERS, Reader
                class Tab(Reader):
                    format = "tab"
                READERS["alias"] = Tab
                """
        }
    )
    code = f"""{LIST}
out = *out, [[k, v.__name__] for k, v in READERS.items()]"""

    cold, warm = readers.run(code), readers.run(code)

    assert (["csv", "json", "tab", "alias"], "miss", "hit") == (cold[0], cold[1], warm[1])
    assert cold[2] == warm[2]
    assert ["alias", "Tab"] == warm[2][-1]


@pytest.mark.parametrize("statement", ["import extras.x", "from extras import x as _x"])
def test_class_that_was_there_before_a_plugin_imports_it_is_kept(
    readers: App, statement: str
) -> None:
    """What a plugin brings in counts, also where the program had imported it already."""
    readers.write(
        {
            "extras/__init__.py": "",
            "extras/x.py": """
                from app.readers.base import Reader
                class X(Reader):
                    format = "x"
                """,
            "app/readers/late.py": f"{statement}\n",
        }
    )

    first = readers.run(f"import extras.x\n{LIST}\nout = *out, READERS['x'].__name__")

    assert ["csv", "json", "x"] == sorted(first[0])
    assert [first[0], "hit"] == readers.run(LIST)
    assert sorted(truth(readers)) == sorted(first[0])


def test_classes_with_the_name_of_a_package_above_are_found(app: App) -> None:
    """Libraries that set ``__module__`` to their public package can be scanned."""
    app.write(
        {
            "lib/__init__.py": "from .base import Base\nfrom ._hidden.x import X\n"
            "X.__module__ = 'lib'\n",
            "lib/base.py": "class Base: pass\n",
            "lib/_hidden/__init__.py": "",
            "lib/_hidden/x.py": "from ..base import Base\nclass X(Base): pass\n",
        }
    )
    code = """
        from lib import Base
        from regcache_meta import LazyDiscoveryDict
        registry = LazyDiscoveryDict.for_package("lib._hidden", Base)
        out = [*registry], registry["X"].__name__, registry.report.status
        """

    assert [["X"], "X", "miss"] == app.run(code)
    assert [["X"], "X", "hit"] == app.run(code)


def test_class_bound_to_a_name_in_the_module_that_brings_it_is_found_there(app: App) -> None:
    """A nameless class with the name of a package above costs one import, not a new discovery."""
    app.write(
        {
            "lib/__init__.py": "from .base import Base\n",
            "lib/base.py": "class Base: pass\n",
            "lib/hidden/__init__.py": "",
            "lib/hidden/x.py": """
                from ..base import Base
                def make():
                    class X(Base): pass
                    X.__module__ = "lib"
                    return X
                Bound = make()
                """,
            "lib/hidden/y.py": "from ..base import Base\nclass Y(Base): pass\n",
        }
    )
    code = """
        from lib import Base
        from regcache_meta import LazyDiscoveryDict
        registry = LazyDiscoveryDict.for_package("lib.hidden", Base)
        out = [*registry], registry["X"].__name__, "lib.hidden.y" in sys.modules
        """

    assert [["X", "Y"], "X", True] == app.run(code)
    assert [["X", "Y"], "X", False] == app.run(code)


def test_application_in_a_zip_is_cached(readers: App) -> None:
    """An archive on ``sys.path`` is a source like others, and seen when it changes."""
    code = """
        import shutil, os
        shutil.make_archive("packed", "zip", ".", "app")
        os.utime("packed.zip", (1, 1))
        out = None
        """
    readers.run(code)
    place = str(readers.folder / "packed.zip")
    listing = (
        f"sys.path.insert(0, {place!r}); {LIST}; out = *out, READERS.info('csv').file; "
        "READERS.refresh()"
    )
    cold, warm = readers.run(listing), readers.run(listing)

    assert ("miss", "hit") == (cold[1], warm[1])
    assert cold[0] == warm[0] == ["csv", "json"]
    assert "packed.zip" in warm[2]


def test_parametrized_generic_model_is_no_plugin(readers: App) -> None:
    """``Model[int]`` makes a class without a class statement; it claims no key."""
    pydantic = pytest.importorskip("pydantic")
    typing = pytest.importorskip("typing")
    value = typing.TypeVar("value")

    class Plugin(AutoRegister, pydantic.BaseModel):
        __registry_key__ = "kind"

    class Box(Plugin, typing.Generic[value]):
        kind: typing.ClassVar[str] = "box"
        content: value

    Box[int](content=1)

    assert {"box": Box} == Plugin.__registry__


@pytest.mark.parametrize("body", ["property(lambda self: 'x')", "lambda self: 'x'"])
def test_key_that_only_instances_have_is_refused_by_name(body: str) -> None:
    """A property or a method in the key's place is an error that says what to write instead."""

    class Plugin(metaclass=AutoRegisterMeta):
        __registry_key__ = "kind"

    with pytest.raises(TypeError, match=r"Bad: 'kind' is a .* classmethod"):
        type(Plugin)("Bad", (Plugin,), {"kind": eval(body), "__module__": __name__})

    assert {} == Plugin.__registry__


def test_sub_class_that_names_another_key_has_a_registry_of_its_own() -> None:
    """``__registry_key__`` in a class body declares a registry, also below another base class."""

    class Plugin(metaclass=AutoRegisterMeta):
        __registry_key__ = "kind"

    class Tool(Plugin):
        __registry_key__ = "tool"

    class Hammer(Tool):
        tool = "hammer"

    class Same(Plugin):
        __registry_key__ = "kind"
        kind = "same"

    assert {"hammer": Hammer} == Tool.__registry__
    assert {"same": Same} == Plugin.__registry__


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"base": "Lexer"}, "base"),
        ({"base": int, "key": 5}, "key"),
        ({"base": int, "include": "x"}, "include"),
        ({"base": int, "facts": "name"}, "facts"),
    ],
)
def test_wrong_arguments_are_refused_where_they_are_given(
    arguments: dict[str, object], field: str
) -> None:
    """``for_package`` names the argument that cannot be right, before anything is imported."""
    with pytest.raises(ConfigError, match=field):
        LazyDiscoveryDict.for_package("x", **arguments)  # type: ignore[arg-type]


def test_optimized_processes_have_files_of_their_own(readers: App) -> None:
    """Under ``-OO`` there are no docstrings: such an answer is not for other processes."""
    code = f"import sys\n{LIST}\nprint(READERS.info('csv').doc)"

    assert "" == readers.start(code, "-OO").stdout.strip()
    assert "Reads tables." == readers.start(code).stdout.strip()


def test_warning_filters_do_not_stop_a_listing_for_good(readers: App) -> None:
    """Where warnings are errors, a broken plugin raises once, when it is found; the rest works."""
    readers.write({"app/readers/broken.py": "1 / 0\n"})
    code = """
        import warnings
        warnings.simplefilter("error")
        from app.readers.base import READERS
        try:
            list(READERS)
        except Warning as warning:
            first = str(warning)
        out = first, [*READERS], READERS.report.saved.status
        """

    first, keys, saved = readers.run(code)

    assert "app.readers.broken failed to import: ZeroDivisionError" in first
    assert (["csv", "json"], "saved") == (keys, saved)


def test_base_class_in_a_program_discovers_nothing(readers: App) -> None:
    """A base class in ``__main__`` has no package, though ``python -m app`` runs inside one."""
    readers.write(
        {
            "app/__main__.py": """
                from regcache_meta import AutoRegisterMeta
                class Base(metaclass=AutoRegisterMeta): __registry_key__ = "key"
                class A(Base): key = "a"
                print([*Base.__registry__], Base.__registry__.report)
                """
        }
    )

    done = readers.start("import runpy; runpy.run_module('app', run_name='__main__')")

    assert "['a'] None\n" == done.stdout


def test_reasons_of_this_file_exist() -> None:
    """The reasons that these tests name are members."""
    assert {Reason.NOT_IDENTIFIED, Reason.PASSING_FAILURE} <= set(Reason)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"doc":"Reads tables."', '"doc":5', "ITEM_REFUSED"),
        ('"facts":{', '"facts":5,"more":{', "ITEM_REFUSED"),
        ('"secondary":{}', '"secondary":{"else":{}}', "WRONG_SHAPE"),
        ('"failures":{}', '"failed":{}', "WRONG_SHAPE"),
        ('"failures":{}', '"failures":{"app.readers.x":[]}', "WRONG_SHAPE"),
    ],
)
def test_damage_that_is_still_json_is_a_miss(readers: App, old: str, new: str, reason: str) -> None:
    """Facts, failures and secondary keys of another shape are not handed out."""
    cold = readers.run(LIST)
    readers.edit_cache(old, new)

    keys, status, why = readers.run(f"{LIST}\nout = *out, READERS.report.reason.name")

    assert (cold[0], "miss", reason) == (keys, status, why)


@pytest.mark.parametrize(
    "use", ["list(READERS)", "READERS.get('csv')", "discover_registry_classes(*PLACE, Reader)"]
)
def test_warnings_point_at_the_application(readers: App, use: str) -> None:
    """A warning has the place of the line that used the registry, so that filters apply to it."""
    readers.write({"app/readers/broken.py": "1 / 0\n"})
    code = f"""
        import app.readers, warnings
        from app.readers.base import READERS, Reader
        from regcache_meta import discover_registry_classes
        PLACE = app.readers.__path__, "app.readers."
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            {use}
        out = [[w.category.__name__, w.filename] for w in caught]
        """

    assert [["DiscoveryWarning", "<string>"]] == readers.run(code)
