"""Arguments and attributes that can never work are told where they are given, as they are spelt."""

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from regcache_core import ConfigError, File
from regcache_meta import (
    AutoRegister,
    AutoRegisterMeta,
    LazyDiscoveryDict,
    RegistryConfig,
    SecondaryRegistry,
    SecondaryRegistryDict,
    discover_registry_classes,
    discover_registry_classes_recursive,
    make_suffix_extractor,
)

#: What is wrong, by the name that ``RegistryConfig`` has for it.
WRONG: dict[str, list[Any]] = {
    "registry_dict": [[], None, "readers", LazyDiscoveryDict],
    "key_attribute": [3, "", "my key", "a.b", None],
    "key_extractor": ["Reader", 3],
    "skip_if_no_key": ["no", None, 1],
    "secondary_registries": [3, [{}], "metadata", SecondaryRegistry({}, "a", "b")],
    "log_registration": ["no", None],
    "registry_name": ["", 3],
    "discovery_package": ["", 3, sys, ".plugins", "app..plugins"],
    "discovery_recursive": ["no", 2],
    "discovery_function": ["walk", 3],
    "strict": ["no", None],
    "facts": ["name", 3, [3], ["a b"], None],
    "depends_on": ["a", [3]],
    "discovery_entry_points": ["", 3],
    "max_age_days": ["7", -1, True],
    "cache_dir": ["", 3],
    "exclude": ["tests", 3, [3], ["a..b"], None],
}
#: What a class calls these.
ATTRIBUTES = {
    "registry_dict": "__registry__",
    "key_attribute": "__registry_key__",
    "key_extractor": "__key_extractor__",
    "skip_if_no_key": "__skip_if_no_key__",
    "secondary_registries": "__secondary_registries__",
    "registry_name": "__registry_name__",
    "facts": "__registry_facts__",
    "discovery_entry_points": "__registry_entry_points__",
    "max_age_days": "__registry_max_age_days__",
    "cache_dir": "__registry_cache_dir__",
    "exclude": "__registry_exclude__",
}
#: What ``for_package`` calls them.
ARGUMENTS = {
    "registry_name": "name",
    "discovery_package": "package",
    "discovery_recursive": "recursive",
    "strict": "strict",
    "facts": "facts",
    "depends_on": "depends_on",
    "discovery_entry_points": "entry_points",
    "max_age_days": "max_age_days",
    "cache_dir": "cache_dir",
    "exclude": "exclude",
}
#: ``None`` means in a class, or in a call, that nothing is said.
UNSAID = [("__registry__", None), ("__registry_key__", None), ("name", None)]


def cases(names: dict[str, str]) -> Iterable[tuple[str, Any]]:
    """Each name with each value that is wrong for it."""
    pairs = [(name, value) for field, name in names.items() for value in WRONG[field]]
    return [pair for pair in pairs if pair not in UNSAID]


@pytest.mark.parametrize(("field", "value"), cases({field: field for field in WRONG}), ids=repr)
def test_config_names_what_is_wrong(field: str, value: Any) -> None:
    """Each argument of ``RegistryConfig``."""
    right = {"registry_dict": LazyDiscoveryDict(), "key_attribute": "key"}

    with pytest.raises(ConfigError) as caught:
        RegistryConfig(**{**right, field: value})

    assert (field, repr(value)) == (caught.value.field, repr(caught.value.value))


@pytest.mark.parametrize("metaclass", [AutoRegisterMeta, type])
@pytest.mark.parametrize(("name", "value"), cases(ATTRIBUTES), ids=repr)
def test_class_names_what_is_wrong(name: str, value: Any, metaclass: Any) -> None:
    """Each attribute, by its own name and that of the class."""
    body = {"__registry_key__": "key", name: value, "__module__": "app", "__qualname__": "Base"}
    bases = (AutoRegister,) if metaclass is type else ()

    with pytest.raises(ConfigError, match=re.escape(f"app.Base.{name} is {value!r}; give ")):
        metaclass("Base", bases, body)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        *cases(ARGUMENTS),
        *(("base", value) for value in ("Lexer", 3, None)),
        *(("key", value) for value in (3, "", "a b")),
        ("include", "x"),
        *(("enable_cache", value) for value in ("no", None)),
    ],
    ids=repr,
)
def test_for_package_names_what_is_wrong(argument: str, value: Any) -> None:
    """Each argument, as it is called there; nothing is imported for it."""
    right: dict[str, Any] = {"package": "no_such_package", "base": int}

    with pytest.raises(ConfigError) as caught:
        LazyDiscoveryDict.for_package(**{**right, argument: value})

    assert (argument, repr(value)) == (caught.value.field, repr(caught.value.value))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: LazyDiscoveryDict.for_package(os, object), "package is <module 'os'"),  # type: ignore[arg-type]
        (lambda: LazyDiscoveryDict("app.plugins"), "enable_cache is 'app.plugins'; give True"),  # type: ignore[arg-type]
        (lambda: SecondaryRegistryDict({}), "primary_registry is {}; give a LazyDiscoveryDict"),  # type: ignore[arg-type]
        (lambda: SecondaryRegistry([], "a", "b"), "registry_dict is []; give a dict"),  # type: ignore[arg-type]
        (lambda: SecondaryRegistry({}, 3, "b"), "key_source is 3; give the name of"),  # type: ignore[arg-type]
        (lambda: SecondaryRegistry({}, "a", "b c"), "attr_name is 'b c'; give the name of"),
        (
            lambda: RegistryConfig({}, "a", exclude="tests"),
            "exclude is 'tests'; give a list of patterns: ['tests']",
        ),
        (lambda: make_suffix_extractor(5), "suffix is 5; give the end of"),  # type: ignore[arg-type]
    ],
)
def test_other_constructors_name_what_is_wrong(call: Any, words: str) -> None:
    """What looks right at a glance, and would fail later or do nothing."""
    with pytest.raises(ConfigError, match=re.escape(words)):
        call()


@pytest.mark.parametrize(
    "function", [discover_registry_classes, discover_registry_classes_recursive]
)
@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("app/plugins", "app.plugins.", int), "package_path"),
        ((5, "app.plugins.", int), "package_path"),
        (([], "app.plugins", int), "package_prefix"),
        (([], "app.", "Reader"), "base_class"),
        (([], "app.", int, "tests"), "exclude_modules"),
        (([], "app.", int, (), "x"), "validation_func"),
    ],
)
def test_functions_name_what_is_wrong(function: Any, arguments: Any, field: str) -> None:
    """A text where a list belongs is one of many characters; a prefix ends with a dot."""
    with pytest.raises(ConfigError, match=f"^{field} is "):
        function(*arguments)


@pytest.mark.parametrize("config", ["readers", {}, 0, RegistryConfig])
@pytest.mark.parametrize("how", ["attribute", "keyword"])
def test_something_else_as_config_is_refused(config: Any, how: str) -> None:
    """Also what counts as false: it is no configuration that was left out."""
    body = {"__registry_config__": config} if how == "attribute" else {}
    keyword = {"registry_config": config} if how == "keyword" else {}

    body |= {"__module__": "app", "__qualname__": "Base"}
    told = r"app\.Base\.__registry_config__ is .*; give a RegistryConfig"
    with pytest.raises(ConfigError, match=told):
        AutoRegisterMeta("Base", (), body, **keyword)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"strict": True}, "strict"),
        ({"facts": ["suffix"]}, "facts"),
        ({"depends_on": [File("a")]}, "depends_on"),
        ({"discovery_entry_points": "app"}, "discovery_entry_points"),
        ({"cache_dir": "here"}, "cache_dir"),
        ({"max_age_days": None}, "max_age_days"),
    ],
)
def test_plain_dict_discovers_nothing(options: dict[str, Any], field: str) -> None:
    """What only a registry that discovers can do is refused for another."""
    with pytest.raises(ConfigError, match=f"^{field} is .*give it to a registry that is a Lazy"):

        class Base(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig({}, "key", **options)


def test_plain_dict_of_a_class_discovers_nothing() -> None:
    """The attribute is named, as the class has it."""
    body = {"__registry_key__": "key", "__registry__": {}, "__registry_facts__": ("suffix",)}

    with pytest.raises(ConfigError, match=r"Base\.__registry_facts__ is .*give it to a registry"):
        AutoRegisterMeta("Base", (), body)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("__registry__", LazyDiscoveryDict(enable_cache=False)),
        ("__registry_exclude__", ["tests"]),
        ("__registry_discover__", False),
        ("__registry_max_age_days__", 3),
    ],
)
def test_registry_without_a_key_is_refused(name: str, value: Any) -> None:
    """Nothing would ever be registered in it."""
    told = re.escape(f"Base.{name} is {value!r}; give it with a __registry_key__")
    with pytest.raises(ConfigError, match=told):
        AutoRegisterMeta("Base", (), {name: value})


@pytest.mark.parametrize("name", ["__registry_package__", "__registry_entry_points__"])
def test_registry_that_does_not_discover_searches_nothing(name: str) -> None:
    """A place to be searched is refused where nothing is."""
    body = {"__registry_key__": "key", "__registry_discover__": False, name: "app"}

    with pytest.raises(ConfigError, match=rf"Base\.{name} is 'app'; give it to a registry that"):
        AutoRegisterMeta("Base", (), body)


@pytest.mark.parametrize("pattern", ["appx", "appx.tests", "appx.*"])
def test_patterns_begin_below_the_package(pattern: str) -> None:
    """One that begins with the package, in a class or a call, would fit nothing."""
    body = {"__registry_key__": "key", "__registry_exclude__": ["old", pattern]}
    told = rf"exclude(__)? is .*'{re.escape(pattern)}'\); give patterns that begin below appx"

    with pytest.raises(ConfigError, match=rf"Base\.__registry_{told}"):
        AutoRegisterMeta("Base", (), {**body, "__registry_package__": "appx"})
    with pytest.raises(ConfigError, match=rf"^{told}"):
        LazyDiscoveryDict.for_package("appx", int, exclude=["old", pattern])
    for package in ("appx.sub", "tests"):  # also where the default is the name of the package
        LazyDiscoveryDict.for_package(package, int)


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("__registry_fact__", "__registry_facts__"),
        ("__registry_entrypoints__", "__registry_entry_points__"),
        ("__registry_kye__", "__registry_key__"),
        ("__registry_dependson__", "__registry_depends_on__"),
        ("__registry_cache_folder__", "__registry_cache_dir__"),
    ],
)
@pytest.mark.parametrize("declared", ["attributes", "config", "nothing"])
def test_misspelt_attribute_is_told_with_what_is_close(
    name: str, close: str, declared: str
) -> None:
    """However the registry is declared, or if it is not, for want of the attribute."""
    body: dict[str, Any] = {name: "x", "__module__": "app", "__qualname__": "Base"}
    if declared == "attributes":
        body["__registry_key__"] = "key"
    if declared == "config":
        body["__registry_config__"] = RegistryConfig(LazyDiscoveryDict(), "key")

    with pytest.raises(ConfigError, match=rf"app\.Base\.{name} is 'x'; give it as .*{close}"):
        AutoRegisterMeta("Base", (), body)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("__registry_replace__", "give it as __registry_replaces__"),
        ("__registry_depend_on__", "give it as __registry_depends_on__"),
        ("__registry_zzz__", "no other name is known"),
        ("__registry_exclude__", "give it to the class that declares the registry"),
        ("__registry_on_duplicate__", "give it to the class that declares the registry"),
        ("__registry_discover__", "give it to the class that declares the registry"),
    ],
)
@pytest.mark.parametrize("base", [(AutoRegisterMeta, ()), (type, (AutoRegister,))])
def test_attribute_of_a_plugin_that_does_nothing_is_told(name: str, told: str, base: Any) -> None:
    """A plugin says of a registry what plugins may, and no name that is misspelt."""
    metaclass, bases = base
    body = {"__registry_key__": "key", "__module__": "app", "__qualname__": "Base"}
    parent = metaclass("Base", bases, {**body, "__registry_discover__": False})
    with pytest.raises(ConfigError, match=rf"app\.Plugin\.{name} is 'first'; .*{told}"):
        metaclass("Plugin", (parent,), {"__module__": "app", "key": "a", name: "first"})

    assert not parent.__registry__


def test_plugin_may_say_what_counts() -> None:
    """Also by a class that is made twice, one that declares a registry, and from a metaclass."""
    config = RegistryConfig(LazyDiscoveryDict(enable_cache=False), "key", discover=False)

    class Meta(AutoRegisterMeta):
        def __new__(mcs, name: str, bases: Any, body: Any) -> Any:
            return super().__new__(mcs, name, bases, {"__registry_config__": config, **body})

    class Base(metaclass=Meta): ...

    @dataclass(slots=True)
    class Tiff(Base):
        key: ClassVar[str] = "tiff"
        __registry_depends_on__: ClassVar[Any] = [File("a")]
        __registry_replaces__: ClassVar[str] = "app.Png"
        size: int = 0

    class Own(metaclass=AutoRegisterMeta):
        __registry_key__ = "key"
        __registry_discover__ = False

    class Other(Own):
        __registry_key__ = "other"
        __registry_on_duplicate__ = "last"

    assert {"tiff": Tiff} == config.registry_dict
    assert Own.__registry__ is not Other.__registry__


def test_attribute_that_is_close_to_none_is_told_with_all() -> None:
    """Names that are ours alone are not offered."""
    with pytest.raises(ConfigError, match="__registry__ or __registry_aliases__ or ") as caught:
        AutoRegisterMeta("Base", (), {"__registry_zzz__": 1, "__registry_key__": "key"})

    assert "declaration" not in str(caught.value)


def test_attributes_of_others_are_theirs() -> None:
    """A foreign base class, what overrides it, and other names may be called as they like."""

    class Foreign:
        __registry_of_theirs__ = 1

    class Base(Foreign, metaclass=AutoRegisterMeta):
        __registry_key__ = "key"
        __registryless__ = __registry_open = registry_fact = __register_me__ = 1

    class Plugin(Base):
        key = "a"
        __registry_of_theirs__ = 2

    assert {"a": Plugin} == Base.__registry__
