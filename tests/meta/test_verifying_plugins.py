"""``LazyDiscoveryDict.verify``: the cached answer against what a fresh process discovers."""

from typing import Any
from unittest.mock import ANY

import pytest
from tampering import edit
from throwaway import App

from regcache_core import ConfigError, Difference, VerificationError
from regcache_meta import LazyDiscoveryDict

FILES = {
    "app/__init__.py": "",
    "app/base.py": """
        from regcache_meta import *
        BASES = LazyDiscoveryDict()
        TABLE = {}
        class Base(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                BASES, "key", facts=["size"],
                secondary_registries=[SecondaryRegistry(TABLE, PRIMARY_KEY, "value")],
            )
        """,
    "app/broken.py": "1 / 0\n",
    "app/one.py": """
        from .base import Base
        class One(Base):
            key, value, size = 1, "1", 5
        class Other(Base):
            key, value = "other", "2"
        """,
    "app/two.py": "from .base import Base\nclass Two(Base):\n    key = 'two'\n",
}
LIST = "from app.base import BASES, TABLE\nout = list(BASES), list(TABLE)"


@pytest.fixture
def bases(app: App) -> Any:
    """A registry with a cache file, of which this process has read nothing yet."""
    app.write(FILES)
    app.run(LIST, PYTHONWARNINGS="ignore")
    return app.load("app.base").BASES


EDITS: dict[str, tuple[Any, list[tuple[Any, ...]]]] = {
    "a key is missing": (
        lambda items, extra: items.pop("two"),
        [("items['two']", None, {"module": "app.two", "class_name": "Two", "qualname": "Two"})],
    ),
    "another order": (
        lambda items, extra: items.update(other=items.pop("other")),
        [("order of items", "two", "other")],
    ),
    "another fact": (
        lambda items, extra: items["!int 1"]["facts"].update(size=6),
        [("items['!int 1']['facts']['size']", 6, 5)],
    ),
    "a failure is missing": (
        lambda items, extra: extra["failures"].clear(),
        [("extra['failures']['app.broken']", None, ANY)],
    ),
    "another owner": (
        lambda items, extra: extra["secondary"]["value by primary"].update(other="two"),
        [("extra['secondary']['value by primary']['other']", "two", "other")],
    ),
}


@pytest.mark.parametrize("change", EDITS)
def test_each_difference_is_told(change: str, bases: Any, app: App) -> None:
    """A file that was edited by hand is told apart in exactly the place that was edited."""
    function, differences = EDITS[change]
    edit(app, function)

    seen = bases.verify()

    assert ("hit", False) == (seen.status, seen.is_fresh)
    assert tuple(Difference(*each) for each in differences) == seen.differences


def test_present_state_does_not_count(bases: Any) -> None:
    """What this process did to the registry by hand is no difference, and stays."""
    bases["mine"] = int
    del bases["two"]

    assert bases.verify().is_fresh
    assert [1, "other", "mine"] == list(bases)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"failures":{', '"failures":[],"x":{', "WRONG_SHAPE"),
        ('"module":"app.two"', '"module":"os"', "ITEM_REFUSED"),
    ],
)
def test_file_that_is_not_believed_is_a_miss(
    old: str, new: str, reason: str, bases: Any, app: App
) -> None:
    """An answer that would be refused is a miss with its reason, without differences."""
    app.edit_cache(old, new)

    seen = bases.verify()

    assert ("miss", reason, ()) == (seen.status, seen.report.reason.name, seen.differences)


@pytest.mark.parametrize("why", ["no cache", "no name"])
def test_registry_without_a_cache_has_nothing_to_compare(why: str, app: App) -> None:
    """A registry that is never cached: disabled, and the registry's report is left alone."""
    app.write({"pack/__init__.py": "", "pack/a.py": "class A: pass\n"})
    app.write({"keys.py": "class Key:\n    def key(self, *args): ...\n"})
    key = app.load("keys").Key().key if why == "no name" else None
    registry = LazyDiscoveryDict.for_package("pack", object, key=key, enable_cache=why == "no name")

    assert "disabled" == registry.verify().status
    assert registry.report is None


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("raise ValueError('not today')", 1, "ValueError: not today"),
        ("import sys; sys.exit(3)", 3, ""),
        ("import os; os._exit(0)", 0, ""),
    ],
)
def test_plugin_that_ends_the_process_is_an_error(
    code: str, status: int, told: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends discovery, as a failure does in strict mode, is told with what was printed."""
    text = f"import os\nif 'FAIL' in os.environ:\n    {code}\n"
    app.write({"pack/__init__.py": "", "pack/a.py": "class A: pass\n", "pack/b.py": text})
    registry = LazyDiscoveryDict.for_package("pack", object, strict=True)
    list(registry)
    monkeypatch.setenv("FAIL", "1")

    with pytest.raises(VerificationError) as caught:
        registry.verify()
    assert ("pack by class name", status) == (caught.value.name, caught.value.status)
    assert told in caught.value.output


def test_foreign_hierarchy_is_verified(app: App) -> None:
    """A registry over a package opens itself in the other process by its arguments."""
    app.write(
        {
            "base_of_all.py": "class Base: pass\ndef key(name, cls): return name.lower()\n",
            "pack/__init__.py": "",
            "pack/a.py": "from base_of_all import Base\nclass A(Base): pass\n",
        }
    )
    module = app.load("base_of_all")
    registry = LazyDiscoveryDict.for_package("pack", module.Base, key=module.key)
    list(registry)

    assert registry.verify().is_fresh
    edit(app, lambda items, extra: items.update(b=items["a"]))
    assert ["items['b']"] == [each.where for each in registry.verify().differences]


def test_what_another_process_cannot_open_is_an_error(app: App) -> None:
    """A lambda in its set-up, or no package at all: a ConfigError that names the registry."""
    app.write({"pack/__init__.py": "", "pack/a.py": "class A: pass\n"})
    by_lambda: Any = LazyDiscoveryDict.for_package("pack", object, key=lambda name, cls: name)
    for registry, expected in (
        (by_lambda, "give what another process can import"),
        (LazyDiscoveryDict(), "give one of a package; no other has a cache"),
    ):
        with pytest.raises(ConfigError, match=expected) as caught:
            registry.verify()

        assert ("registry", registry._name) == (caught.value.field, caught.value.value)


def test_base_class_of_a_script_is_an_error(app: App) -> None:
    """A base class in ``__main__`` cannot be imported by another process: said so."""
    app.write(FILES)
    program = """
from regcache_core import ConfigError
from regcache_meta import *
class Base(metaclass=AutoRegisterMeta):
    __registry_config__ = RegistryConfig(LazyDiscoveryDict(), "key", discovery_package="app")
try:
    Base.__registry__.verify()
except ConfigError as error:
    out = str(error)
"""
    text = app.run(program)

    assert text.startswith("registry is ")
    assert "Base is defined in __main__" in text
