"""What checkers know of regcache_meta; read by mypy and pyright, never executed."""

from collections.abc import Iterator
from typing import Any

from pygments.lexer import Lexer
from typing_extensions import assert_type

from regcache_core import EnvironmentVariable, File, Report, Verification
from regcache_core.discovery import Selection
from regcache_meta import (
    AutoRegister,
    AutoRegisterMeta,
    LazyDiscoveryDict,
    PluginFailure,
    PluginInfo,
    RegistryConfig,
    SecondaryRegistry,
    SecondaryRegistryDict,
    deserialize_plugin_class,
    discover_registry_classes,
    make_suffix_extractor,
    serialize_plugin_class,
)


class Base:
    """A base class of plugins."""


READERS: "LazyDiscoveryDict[str, type[Reader]]" = LazyDiscoveryDict()


class Reader(metaclass=AutoRegisterMeta, registry_config=RegistryConfig(READERS, "format")):
    """A base class with a declared registry."""


class Writer(AutoRegister):
    """A base class without a metaclass."""

    __registry_key__ = "format"
    __registry_depends_on__ = [File("a")]  # noqa: RUF012


class Blind(Writer):
    """A plugin that depends on something else."""

    __registry_depends_on__ = [EnvironmentVariable("A")]  # noqa: RUF012


def dictionary(registry: LazyDiscoveryDict[str, type[Base]], key: str) -> None:
    """A registry is a dict of its parameters."""
    assert_type(registry[key], type[Base])
    assert_type(registry.get(key), type[Base] | None)
    assert_type(registry.get(key, 5), type[Base] | int)
    assert_type(registry.pop(key), type[Base])
    assert_type(registry.popitem(), tuple[str, type[Base]])
    assert_type(registry.copy(), dict[str, type[Base]])
    assert_type(list(registry), list[str])
    assert_type(iter(registry), Iterator[str])
    assert_type(list(registry.keys()), list[str])
    assert_type(list(registry.values()), list[type[Base]])
    assert_type(list(registry.items()), list[tuple[str, type[Base]]])
    assert_type(registry == {}, bool)
    assert_type(key in registry, bool)
    assert_type(dict(registry), dict[str, type[Base]])
    assert_type({**registry}, dict[str, type[Base]])
    assert_type(registry | {"a": Base}, dict[str, type[Base]])
    plain: dict[str, type[Base]] = registry
    plain["a"] = Base


def more(registry: LazyDiscoveryDict[str, type[Base]]) -> None:
    """What a registry has beyond a dict."""
    assert_type(registry.info("a"), PluginInfo)
    assert_type(registry.info("a").module, str)
    assert_type(registry.info("a").load(), Any)
    assert_type(registry.list("a*"), list[str])
    some = registry.query(module="a", suffix=".tif", where=lambda info: info.doc != "")
    assert_type(some, Selection[str, type[Base], PluginInfo])
    assert_type(some["a"], type[Base])
    assert_type(some.search("b", limit=3).info("a"), PluginInfo)
    assert_type(some.to_json(), str)
    registry.query(where=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(registry.failures, dict[str, PluginFailure])
    assert_type(registry.verify(), Verification)
    assert_type(registry.failures["m"].error, str)
    assert_type(registry.report, Report | None)


def over_a_package() -> None:
    """for_package gives sub-classes of its base."""
    lexers = LazyDiscoveryDict.for_package("pygments.lexers", Lexer)
    assert_type(lexers, LazyDiscoveryDict[Any, type[Lexer]])
    assert_type(lexers["PythonLexer"], type[Lexer])
    assert_type(lexers["PythonLexer"](), Lexer)


def over_a_package_by_text() -> None:
    """A base class as text gives classes of any kind; a declared type says of which."""
    lexers = LazyDiscoveryDict.for_package("pygments.lexers", "pygments.lexer:Lexer", include="a:b")
    assert_type(lexers, LazyDiscoveryDict[Any, type[Any]])  # pyright: ignore[reportAssertTypeFailure]
    lexers["PythonLexer"]().get_tokens("pass")
    typed: LazyDiscoveryDict[str, type[Lexer]] = LazyDiscoveryDict.for_package(
        "pygments.lexers", "pygments.lexer:Lexer", key="app.rules:key_of"
    )
    assert_type(typed["PythonLexer"], type[Lexer])


def over_several_packages(registry: LazyDiscoveryDict[str, type[Base]]) -> None:
    """Further packages are any collection of names and patterns."""
    lexers = LazyDiscoveryDict.for_package("pygments.lexers", Lexer, packages=["lexers.*"])
    assert_type(lexers, LazyDiscoveryDict[Any, type[Lexer]])
    LazyDiscoveryDict.for_package("pygments.lexers", Lexer, packages={"lexers.*", "more"})
    LazyDiscoveryDict.for_package("a", Lexer, packages=[1])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    RegistryConfig(registry, "format", packages=("lexers.*",))


def over_entry_points() -> None:
    """for_entry_points gives sub-classes of its base by text; without one, classes of any kind."""
    lexers = LazyDiscoveryDict.for_entry_points("pygments.lexers", Lexer, on_duplicate="first")
    assert_type(lexers, LazyDiscoveryDict[str, type[Lexer]])
    assert_type(lexers["ipython"](), Lexer)
    assert_type(lexers.info("ipython").distribution, str)
    plugins = LazyDiscoveryDict.for_entry_points("pygments.lexers")
    assert_type(plugins, LazyDiscoveryDict[str, type[Any]])  # pyright: ignore[reportAssertTypeFailure]
    plugins["ipython"]().get_tokens("pass")
    typed: LazyDiscoveryDict[str, type[Lexer]] = LazyDiscoveryDict.for_entry_points(
        "pygments.lexers", "pygments.lexer:Lexer", include="app.rules:wanted"
    )
    assert_type(typed["ipython"], type[Lexer])
    LazyDiscoveryDict.for_entry_points("app.readers", exclude=["tests"])  # type: ignore[call-overload,call-arg,unused-ignore]  # pyright: ignore[reportCallIssue]


def dependent(registry: LazyDiscoveryDict[str, type[Base]]) -> None:
    """What is declared is any collection of dependencies."""
    RegistryConfig(registry, "format", depends_on=[File("a"), EnvironmentVariable("A")])
    RegistryConfig(registry, "format", depends_on="a")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    lexers = LazyDiscoveryDict.for_package(
        "pygments.lexers", Lexer, depends_on={File("a")}, cache_dir="a"
    )
    assert_type(lexers["PythonLexer"], type[Lexer])


def declared() -> None:
    """The registry of a base class."""
    assert_type(READERS["tiff"], type[Reader])
    assert_type(Reader.__registry__["tiff"], type[Reader])
    assert_type(Writer.__registry__["tiff"], Any)


def secondary(primary: LazyDiscoveryDict[str, type[Base]]) -> None:
    """A secondary registry is a dict of its parameters."""
    table: SecondaryRegistryDict[str, int] = SecondaryRegistryDict(primary)
    assert_type(table["a"], int)
    SecondaryRegistry(table, "key", "value")
    SecondaryRegistry({}, "key", "value")


def functions() -> None:
    """Functions that programs of before call."""
    assert_type(serialize_plugin_class(Base), dict[str, str])
    assert_type(deserialize_plugin_class({}), type)
    assert_type(discover_registry_classes([], "p.", Base), list[type])
    assert_type(make_suffix_extractor("Reader")("TiffReader", Base), str)
