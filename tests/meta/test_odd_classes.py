"""One class that cannot be registered or described costs its module, and nothing else."""

import pytest
from throwaway import App

GOOD = "from app.base import Reader\nclass {0}(Reader):\n    name = {0!r}\n    size = 1\n"
#: What a class is -> how the package is listed.
ODD = {
    "key is a property": ("@property\n    def name(self): return 'odd'", ""),
    "key is a list": ("name = ['odd', 'other']", ""),
    "key is a descriptor that raises": ("name = Raises()", ""),
    "key function raises": ("name = 'odd'", "key=lambda name, cls: cls.codes[0] and name"),
    "include raises": ("name = 'odd'", "include=lambda cls: cls.codes[0] == 1"),
    "fact raises": ("name = 'odd'\n    size = Raises()", "facts=['size']"),
}
BASE = """
class Raises:
    def __get__(self, instance, owner): raise RuntimeError("no device")
class Reader: codes = [1]
"""
LIST = """
import warnings
from app.base import Reader
from regcache_meta import LazyDiscoveryDict
warnings.simplefilter("ignore")
options = dict(key="name") | dict({options})
REG = LazyDiscoveryDict.for_package("app.readers", Reader, **options)
out = [sorted(REG), sorted(REG.failures), REG.report.status]
"""


@pytest.mark.parametrize("place", ["a_odd", "z_odd"])
@pytest.mark.parametrize("odd", ODD)
def test_odd_class_costs_its_module(odd: str, place: str, tmp_path: object) -> None:
    """Cold and warm the others are listed, wherever it sorts; ``failures`` has its module."""
    body, options = ODD[odd]
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write({"app/__init__.py": "", "app/base.py": BASE, "app/readers/__init__.py": ""})
    app.write({f"app/readers/{name}.py": GOOD.format(name.title()) for name in ("csv", "json")})
    text = f"from app.base import Raises, Reader\nclass Odd(Reader):\n    codes = []\n    {body}\n"
    app.write({f"app/readers/{place}.py": text})
    listing = LIST.format(options=options)

    cold, warm = app.run(listing), app.run(listing)

    assert [["Csv", "Json"], [f"app.readers.{place}"], "miss"] == cold
    assert [["Csv", "Json"], [f"app.readers.{place}"], "hit"] == warm


def test_strict_registry_raises(tmp_path: object) -> None:
    """Where each failure is to be told at once, this one is."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write({"app/__init__.py": "", "app/base.py": BASE, "app/readers/__init__.py": ""})
    app.write({"app/readers/odd.py": "from app.base import Reader\nclass Odd(Reader): name = []\n"})
    code = LIST.format(options="strict=True").partition("out =")[0]

    told = app.run(
        f"{code}\ntry:\n    out = list(REG)\nexcept Exception as error:\n    out = str(error)"
    )

    assert "app.readers.odd" in told


PROTOCOLS = """
from typing import Protocol, runtime_checkable
class Plain(Protocol):
    def run(self): ...
@runtime_checkable
class Checkable(Protocol):
    def run(self): ...
@runtime_checkable
class WithData(Protocol):
    size: int
    def run(self): ...
"""
NAMING = """
from protocols import {name}
class Named({name}):
    size = 1
    def run(self): return 1
class Further(Named): pass
class Wider({name}, __import__("typing").Protocol):
    def stop(self): ...
class Alike:
    size = 1
    def run(self): return 1
"""


@pytest.mark.parametrize("name", ["Plain", "Checkable", "WithData"])
def test_plugins_of_a_protocol_are_those_that_name_it(name: str, app: App) -> None:
    """Whether it can be asked at run time or not; one that looks alike, or a protocol, is none."""
    app.write({"protocols.py": PROTOCOLS, "pack/__init__.py": ""})
    app.write({"pack/a.py": NAMING.format(name=name)})
    listing = f"""
        from protocols import {name}
        from regcache_meta import LazyDiscoveryDict
        registry = LazyDiscoveryDict.for_package("pack", {name})
        out = [[*registry], [cls.__name__ for cls in registry.values()], {{**registry.failures}}]
        """

    seen = [app.run(listing), app.run(listing)]

    assert [[["Named", "Further"]] * 2 + [{}]] * 2 == seen


def test_protocol_registers_what_names_it(app: App) -> None:
    """The base class of a registry may be a Protocol; a wider one below it is no plugin."""
    seen = app.run("""
        from typing import Protocol
        from regcache_meta import AutoRegisterMeta
        class Meta(AutoRegisterMeta, type(Protocol)): pass
        class Base(Protocol, metaclass=Meta):
            __registry_key__ = "__name__"
        class Plugin(Base): pass
        class Wider(Base, Protocol): pass
        class Other(Wider): pass
        out = [*Base.__registry__]
        """)

    assert ["Plugin", "Other"] == seen
