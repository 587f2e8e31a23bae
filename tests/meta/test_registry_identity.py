"""Which registries have a cache file of their own, and which have none."""

import pytest
from throwaway import App

SCAN = """
from app.readers.base import Reader
from regcache_meta import LazyDiscoveryDict
def keys(**options):
    registry = LazyDiscoveryDict.for_package("app.readers", Reader, **options)
    return [*registry], registry.report.status
"""
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
        "make()",
    ],
)
def test_function_that_no_text_tells_apart_switches_the_cache_off(
    readers: App, function: str
) -> None:
    """A function with a nameless object, or itself, in it could be any: no file, and a reason."""
    code = f"""{SCAN}
class Holder:
    def key(self, n, c): return n
def make():
    def key(n, c, depth=0): return n if depth else key(n, c, 1)
    return key
registry = LazyDiscoveryDict.for_package("app.readers", Reader, key={function})
out = [*registry], registry.report.status, registry.report.reason.name"""

    keys, status, reason = readers.run(code)

    assert ["CsvReader", "JsonReader"] == keys
    assert ("disabled", "NOT_IDENTIFIED") == (status, reason)
    assert [] == readers.cache_files()


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


def test_optimized_processes_have_files_of_their_own(readers: App) -> None:
    """Under ``-OO`` there are no docstrings: such an answer is not for other processes."""
    code = "from app.readers.base import READERS\nprint(READERS.info('csv').doc)"

    assert "" == readers.start(code, "-OO").stdout.strip()
    assert "Reads tables." == readers.start(code).stdout.strip()
