"""A registry answered from the cache equals what full discovery would find now."""

from collections.abc import Callable

import pytest
from throwaway import App, rename, replace, write

LIST = """
from app.readers.base import READERS
out = [[key, READERS.info(key).module, READERS.info(key).facts] for key in READERS]
"""
STATUS = (
    LIST + "\nout = READERS.report.status, READERS.report.reason and READERS.report.reason.name"
)
KEYS = "from app.readers.base import READERS; out = [*READERS], READERS.report.status"
READER = "from app.readers.base import Reader\nclass New(Reader):\n    format = 'new'\n"
CHANGES: dict[str, tuple[Callable[[App], None], str]] = {
    "plugin renamed": (
        rename("app/readers/csv_reader.py", "app/readers/z_reader.py"),
        "SOURCE_REMOVED",
    ),
    "base class edited": (
        replace("app/readers/base.py", '("suffixes",)', '("suffixes", "format")'),
        "SETTINGS_CHANGED",
    ),
    "text beside the base class edited": (
        replace("app/readers/base.py", "READERS =", "MORE = 1\nREADERS ="),
        "SOURCE_CHANGED",
    ),
    "version changed": (replace("app/__init__.py", "1.0", "1.1"), "VERSION_CHANGED"),
    "key attribute changed": (
        replace("app/readers/base.py", '"format"', '"__name__"'),
        "SETTINGS_CHANGED",
    ),
    "compiled plugin added": (write("app/readers/a.pyc", "no byte code"), "SOURCE_ADDED"),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.filterwarnings("ignore:.*failed to import")
def test_change_is_seen_by_the_next_process(name: str, readers: App) -> None:
    """After a change the next start is a miss with its reason, and right; then it hits."""
    change, reason = CHANGES[name]
    readers.run(LIST)
    hit = readers.run(STATUS)
    change(readers)

    truth = readers.run(LIST, REGCACHE_DISABLE="1")
    status = readers.run(STATUS, PYTHONWARNINGS="ignore")

    assert ["hit", None] == hit
    assert ["miss", reason] == status
    assert truth == readers.run(LIST)
    assert ["hit", None] == readers.run(STATUS)


EDIT = """
import pathlib, time
from app.readers.base import READERS
{load}
path = pathlib.Path({path!r})
time.sleep(0.02)
path.write_text(path.read_text().replace({old!r}, {new!r}))
keys = list(READERS)
out = keys, READERS.report.saved.reason.name
"""


def test_reloaded_base_class_saves_nothing(readers: App) -> None:
    """Plugins of the base class before its reload are not those of the new one."""
    code = """
        import importlib
        import app.readers.base, app.readers.csv_reader, app.readers.json_reader
        importlib.reload(app.readers.base)
        registry = app.readers.base.READERS
        out = list(registry), registry.report.saved.reason.name
        """

    _, reason = readers.run(code)

    assert "EDITED_SINCE_IMPORT" == reason
    assert [] == readers.cache_files()
    assert ["csv", "json"] == [key for key, *_ in readers.run(LIST)]


def test_plugin_that_reads_the_registry_at_import_sees_what_is_there(readers: App) -> None:
    """While plugins are imported, a plugin sees those so far, and what it assigned itself."""
    readers.write(
        {
            "app/readers/d_reader.py": """
                from .base import READERS, Reader
                READERS.setdefault("by hand", 5)
                SEEN = sorted(READERS)
                class DReader(Reader):
                    format = "d"
                    suffixes = SEEN
                """
        }
    )
    cold = """
        from app.readers.base import READERS
        keys = list(READERS)
        out = keys, READERS.info("d").facts["suffixes"], READERS["by hand"]
        """
    alone = """
        import app.readers.d_reader
        from app.readers.base import READERS
        out = app.readers.d_reader.SEEN, list(READERS)
        """

    found = ["csv", "by hand", "d", "json"]

    assert [found, ["by hand", "csv"], 5] == readers.run(cold)
    assert [["by hand", "csv"], found] == readers.run(alone)


def test_plugins_that_look_for_each_other_at_import_find_what_they_found(readers: App) -> None:
    """In a circle of lookups at import the first finds nothing, and the second the first."""
    readers.write(
        {
            "app/readers/one_reader.py": """
                from .base import READERS, Reader
                OTHER = READERS["two"] if "two" in READERS else None
                class OneReader(Reader):
                    format = "one"
                """,
            "app/readers/two_reader.py": """
                from .base import READERS, Reader
                OTHER = READERS["one"]
                class TwoReader(Reader):
                    format = "two"
                """,
        }
    )
    code = """
from app.readers.base import READERS
keys = list(READERS)
one = READERS["one"]
import app.readers.two_reader
status = READERS.report.status
other = app.readers.two_reader.OTHER.__name__
out = keys, one.__name__, other, status, "app.readers.csv_reader" in sys.modules
"""
    keys = ["csv", "json", "one", "two"]

    assert [keys, "OneReader", "OneReader", "miss", True] == readers.run(code)
    assert [keys, "OneReader", "OneReader", "hit", True] == readers.run(code)


def test_first_use_by_a_module_of_the_package_is_answered_and_not_kept(readers: App) -> None:
    """A module that is imported first and reads the registry sees the others; that is not final."""
    readers.write(
        {
            "app/readers/d_reader.py": """
                from .base import READERS, Reader
                SEEN = READERS.get("d"), len(READERS), list(READERS), READERS.report
                class DReader(Reader):
                    format = "d"
                """
        }
    )
    code = """
        import app.readers.d_reader
        from app.readers.base import READERS
        out = app.readers.d_reader.SEEN, list(READERS), READERS.report.saved.status
        """

    seen, keys, saved = readers.run(code)

    assert [None, 2, ["csv", "json"], None] == seen
    assert (["csv", "d", "json"], "saved") == (keys, saved)
    assert ["csv", "d", "json"] == readers.run(
        "from app.readers.base import READERS; out = [*READERS]"
    )


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

    cold = readers.run(KEYS)

    assert cold[0] == readers.run(KEYS)[0] == readers.run(KEYS, REGCACHE_DISABLE="1")[0]
    assert {"csv", "json", "late"} == set(cold[0])


ELSEWHERE = {
    "vendor.py": """
        from app.readers.base import Reader
        class VendorReader(Reader):
            format = "vendor"
        """,
    "mixins.py": "class Named:\n    format = 'mixed'\n",
    "app/readers/from_vendor.py": "from vendor import VendorReader\n",
    "app/readers/mixed.py": """
        from mixins import Named
        from .base import Reader
        class Mixed(Named, Reader):
            pass
        """,
}


@pytest.mark.parametrize(
    "statement", ["from vendor import VendorReader", "import vendor", "import vendor as _vendor"]
)
@pytest.mark.parametrize("before", ["", "import vendor", "import app.readers.from_vendor"])
def test_class_brought_in_from_outside_is_listed(statement: str, before: str, readers: App) -> None:
    """A class of another package is loaded through the plugin module that brings it in.

    Also where the program had it already.
    """
    readers.write(ELSEWHERE | {"app/readers/from_vendor.py": f"{statement}\n"})
    code = """
from app.readers.base import READERS
keys = list(READERS)
early = "vendor" in sys.modules
out = keys, early, READERS["vendor"].__module__, READERS.info("vendor").module
"""
    keys = ["csv", "vendor", "json", "mixed"]

    cold, *rest = readers.run(f"{before}\n{code}")
    assert (sorted(keys), [True, "vendor", "vendor"]) == (sorted(cold), rest)
    assert [keys, False, "vendor", "vendor"] == readers.run(code)


@pytest.mark.parametrize(
    ("change", "reason", "keys"),
    [
        (replace("vendor.py", '"vendor"', '"sold"'), "SOURCE_CHANGED", {"sold", "mixed"}),
        (replace("mixins.py", "mixed", "moved"), "SOURCE_CHANGED", {"vendor", "moved"}),
        (lambda app: app.remove("vendor.py"), "SOURCE_REMOVED", {"mixed"}),
    ],
    ids=["class", "base class", "gone"],
)
def test_file_outside_of_the_package_is_watched(
    change: Callable[[App], None], reason: str, keys: set[str], readers: App
) -> None:
    """Files that brought-in classes and base classes come from are inputs of the answer."""
    readers.write(ELSEWHERE)
    readers.run(LIST)
    hit = readers.run(STATUS)
    change(readers)

    assert ["hit", None] == hit
    assert ["miss", reason] == readers.run(STATUS, PYTHONWARNINGS="ignore")
    assert {"csv", "json", *keys} == {key for key, *_ in readers.run(LIST)}


def test_class_from_a_module_without_a_file(readers: App) -> None:
    """A class brought in from a module that has no file is listed; no file is watched for it."""
    readers.write(
        {
            "app/readers/made.py": """
                import sys, types
                from .base import Reader
                sys.modules["made_up"] = module = types.ModuleType("made_up")
                exec("class Made(Reader): format = 'made'", vars(module) | {"Reader": Reader})
                """
        }
    )
    keys = ["csv", "json", "made"]

    assert keys == [key for key, *_ in readers.run(LIST)]
    assert ["hit", None] == readers.run(STATUS)


def test_file_outside_that_was_edited_since_is_not_saved(readers: App) -> None:
    """A class from outside whose file changed after its import spoils the answer for others."""
    readers.write(ELSEWHERE)
    code = EDIT.format(load="import vendor", path="vendor.py", old='"vendor"', new='"sold"')

    _, reason = readers.run(code)

    assert "SOURCE_CHANGED" == reason
    assert "sold" in [key for key, *_ in readers.run(LIST)]


MADE = """
from .base import Reader
def make(name):
    class Made(Reader):
        format = name
    return Made
"""


def test_classes_without_a_name_of_their_own_are_listed(readers: App) -> None:
    """Classes made in functions or by ``type()`` are found by the name a module gives them."""
    second = 'type(Reader)("Other", (Reader,), {"format": "second"})'
    text = f"First = make('first')\nSecond = {second}\nHidden = [make('hidden')]\n"
    readers.write({"app/readers/made.py": MADE + text})
    code = """
        from app.readers.base import READERS
        keys = list(READERS)
        imported = "app.readers.made" in sys.modules
        out = keys, imported, [READERS[key].format for key in keys]
        """
    keys = ["csv", "json", "first", "second", "hidden"]

    assert [keys, True, keys] == readers.run(code)
    assert [keys, False, keys] == readers.run(code)


def test_class_made_at_run_time_is_not_kept(readers: App) -> None:
    """A function of the package that makes plugins when called adds them to its process only."""
    readers.write({"app/readers/made.py": MADE + "make('own')\n"})
    code = f"""
        from app.readers.made import make
        make("mine")
        {KEYS}
        """

    assert {"csv", "json", "own", "mine"} == set(readers.run(code)[0])
    assert [["csv", "json", "own"], "hit"] == readers.run(KEYS)
    assert "Made" == readers.run(
        "from app.readers.base import READERS\nout = READERS['own'].__name__"
    )


def test_classes_of_a_foreign_hierarchy_without_names(app: App) -> None:
    """In a foreign package too, a class is found by the name its module has for it."""
    app.write(
        {
            "base_of_all.py": "class Base: pass\n",
            "pack/__init__.py": "",
            "pack/made.py": """
                from base_of_all import Base
                def make():
                    class Made(Base): pass
                    return Made
                Public = make()
                """,
        }
    )
    code = """
        from base_of_all import Base
        from regcache_meta import LazyDiscoveryDict
        pack = LazyDiscoveryDict.for_package("pack", Base)
        out = list(pack), pack["Made"].__qualname__, pack.report.status
        """

    assert [["Made"], "make.<locals>.Made", "miss"] == app.run(code)
    assert [["Made"], "make.<locals>.Made", "hit"] == app.run(code)


def test_class_that_depends_on_the_environment(readers: App) -> None:
    """A module that defines another class under its key this time gives that class."""
    readers.write(
        {
            "app/readers/odd_reader.py": """
                import os
                from .base import Reader
                if "OTHER" in os.environ:
                    class Other(Reader):
                        format = "odd"
                else:
                    class Odd(Reader):
                        format = "odd"
                """
        }
    )
    code = "from app.readers.base import READERS\nout = list(READERS), READERS['odd'].__name__"

    assert [["csv", "json", "odd"], "Odd"] == readers.run(code)
    assert [["csv", "json", "odd"], "Other"] == readers.run(code, OTHER="1")


@pytest.mark.parametrize("how", ["WITHOUT", "ABSTRACT"])
def test_plugin_that_is_not_there_this_time(how: str, readers: App) -> None:
    """A listed plugin that its module does not define this time is looked for, then unknown."""
    readers.write(
        {
            "app/readers/odd_reader.py": """
                import abc, os
                from .base import Reader
                if "WITHOUT" not in os.environ:
                    class Odd(Reader):
                        format = "odd"
                        if "ABSTRACT" in os.environ:
                            @abc.abstractmethod
                            def read(self): ...
                """
        }
    )
    readers.run(LIST)
    code = """
        from app.readers.base import READERS
        listed = list(READERS)
        try:
            READERS["odd"]
        except KeyError as error:
            out = listed, str(error), list(READERS)
        """
    keys = ["csv", "json"]

    expected = [[*keys, "odd"], "reader has no key 'odd'.", keys]
    assert expected == readers.run(code, **{how: "1"})


def test_class_of_a_sub_package_that_is_not_searched(readers: App) -> None:
    """Without recursion, a class of a sub-package counts if a plugin module imports it."""
    readers.write(
        {
            "app/readers/base.py": """
                from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig
                READERS = LazyDiscoveryDict()
                class Reader(metaclass=AutoRegisterMeta):
                    __registry_config__ = RegistryConfig(
                        READERS, "format", discovery_recursive=False
                    )
                """,
            "app/readers/a_reader.py": "from .more.inner import Inner as _\n",
            "app/readers/more/__init__.py": "",
            "app/readers/more/inner.py": READER.replace("New", "Inner").replace("new", "inner"),
            "app/readers/more/other.py": READER,
        }
    )
    code = """
        from app.readers.base import READERS
        keys = list(READERS)
        out = keys, "app.readers.more.inner" in sys.modules, READERS["inner"].__name__
        """
    keys = ["inner", "csv", "json"]

    assert [keys, True, "Inner"] == readers.run(code)
    assert [keys, False, "Inner"] == readers.run(code)


NESTED = {
    "base_of_all.py": "class Base: pass\n",
    "inner_registry.py": """
        from base_of_all import Base
        from regcache_meta import LazyDiscoveryDict
        INNER = LazyDiscoveryDict.for_package("inner", Base)
        """,
    "inner/__init__.py": "",
    "inner/x.py": "from base_of_all import Base\nclass X(Base): pass\n",
    "outer/__init__.py": "",
    "outer/a.py": """
        import inner_registry
        class A(inner_registry.Base): names = list(inner_registry.INNER)
        """,
    "outer/b.py": """
        from base_of_all import Base
        try:
            import optional_one
            class B(Base): pass
        except ImportError:
            pass
        """,
}


def test_what_is_missing_counts_after_a_plugin_has_listed_another_registry(app: App) -> None:
    """One discovery inside another does not end the noting of what nothing finds."""
    app.write(NESTED)
    code = """
from base_of_all import Base
from regcache_meta import LazyDiscoveryDict
out = list(LazyDiscoveryDict.for_package("outer", Base))
"""
    assert ["A"] == app.run(code) == app.run(code)

    app.write({"optional_one.py": ""})

    assert ["A", "B"] == app.run(code)
