"""Which registries have a cache file of their own, and which have none."""

from throwaway import App


def test_function_that_no_text_tells_apart_switches_the_cache_off(readers: App) -> None:
    """A function with a nameless object in it could be any: no file, and a reason."""
    code = """
        from app.readers.base import Reader
        from regcache_meta import LazyDiscoveryDict
        class Holder:
            def key(self, n, c): return n
        registry = LazyDiscoveryDict.for_package("app.readers", Reader, key=Holder().key)
        out = [*registry], registry.report.status, registry.report.reason.name
        """

    assert [["CsvReader", "JsonReader"], "disabled", "NOT_IDENTIFIED"] == readers.run(code)
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
