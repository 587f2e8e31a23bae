"""Generated packages of plugins: the same plugin modules for each registry system."""

from __future__ import annotations

from pathlib import Path

#: How the base class of the plugins is declared in each system.
BASES = {
    "regcache": """\
from regcache_meta import AutoRegisterMeta


class Plugin(metaclass=AutoRegisterMeta):
    __registry_key__ = "name"
""",
    "loop": """\
REGISTRY = {}


class Plugin:
    def __init_subclass__(cls):
        REGISTRY[cls.name] = cls
""",
    "table": """\
class Plugin:
    pass
""",
    "metaclass-registry": """\
from metaclass_registry import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig


class Plugin(metaclass=AutoRegisterMeta):
    __registry_config__ = RegistryConfig(
        registry_dict=LazyDiscoveryDict(),
        key_attribute="name",
        discovery_package="fleet",
    )
    name = None
""",
    "stevedore": """\
class Plugin:
    pass
""",
    "catalogue": """\
import catalogue

PLUGINS = catalogue.create("fleet", entry_points=True)


class Plugin:
    pass
""",
    "autoregistry": """\
from autoregistry import Registry


class Plugin(Registry):
    pass
""",
}

#: The systems that know plugins by the entry points of an installed distribution.
BY_ENTRY_POINTS = ("stevedore", "catalogue")

PLUGIN = '''\
"""Plugin {name} of a generated package."""

{first}from {base} import Plugin
{work}

class {class_name}(Plugin):
    """Does nothing, and says that it is {name}."""

    name = "{name}"
'''


def names_of(count: int) -> list[str]:
    """The names of so many plugins, in order."""
    return [f"plugin{number:05d}" for number in range(count)]


def make_fleet(folder: Path, system: str, count: int, seconds: float) -> Path:
    """A package ``fleet`` of plugins for one system, in a folder to be put on ``sys.path``.

    Args:
        folder: Where; made anew.
        system: For which system the base class is declared.
        count: How many plugins.
        seconds: How long the import of each plugin takes, besides reading it.
    """
    package = folder / "fleet"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.0"\n', encoding="utf-8")
    (package / "base.py").write_text(BASES[system], encoding="utf-8")
    for name in names_of(count):
        (package / f"{name}.py").write_text(_plugin(name, ".base", seconds), encoding="utf-8")
    if system in BY_ENTRY_POINTS:
        _install(folder, count)
    if system == "table":
        _write_table(folder, count)
    return folder


def make_orchard(folder: Path, count: int) -> Path:
    """A package ``fleet`` for regcache with 100 tiny plugin modules in each sub-package."""
    package = folder / "fleet"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "1.0"\n', encoding="utf-8")
    (package / "base.py").write_text(BASES["regcache"], encoding="utf-8")
    for number, name in enumerate(names_of(count)):
        part = package / f"part{number // 100:03d}"
        if number % 100 == 0:
            part.mkdir()
            (part / "__init__.py").write_text("", encoding="utf-8")
        (part / f"{name}.py").write_text(_plugin(name, "..base", 0), encoding="utf-8")
    return folder


def _plugin(name: str, base: str, seconds: float) -> str:
    first, work = ("from time import sleep\n\n", f"\nsleep({seconds})\n") if seconds else ("", "")
    return PLUGIN.format(name=name, base=base, class_name=name.title(), first=first, work=work)


def _install(folder: Path, count: int) -> None:
    """What an installer leaves of a distribution that has one entry point for each plugin."""
    info = folder / "fleet-1.0.dist-info"
    info.mkdir()
    metadata = "Metadata-Version: 2.1\nName: fleet\nVersion: 1.0\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    lines = [f"{name} = fleet.{name}:{name.title()}" for name in names_of(count)]
    (info / "entry_points.txt").write_text("\n".join(["[fleet]", *lines, ""]), encoding="utf-8")


def _write_table(folder: Path, count: int) -> None:
    """The table that somebody could have written by hand."""
    lines = [f'    "{name}": "fleet.{name}:{name.title()}",' for name in names_of(count)]
    text = "\n".join(['"""Which plugins there are."""', "", "TABLE = {", *lines, "}", ""])
    (folder / "fleet_table.py").write_text(text, encoding="utf-8")
