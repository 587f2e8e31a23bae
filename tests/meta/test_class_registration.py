"""Which classes register themselves, in which registry and under which key."""

import abc
import enum
import inspect
import logging
import sys
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

import pytest
from throwaway import App

from regcache_meta import (
    AutoRegister,
    AutoRegisterMeta,
    LazyDiscoveryDict,
    MissingKeyError,
    RegistryConfig,
    deserialize_plugin_class,
    extract_key_from_backend_suffix,
    extract_key_from_class_name,
    extract_key_from_handler_suffix,
    is_published,
    make_suffix_extractor,
    serialize_plugin_class,
)
from regcache_meta.classes import is_abstract


def config(**settings: Any) -> RegistryConfig:
    """The set-up of a registry that is filled by class statements alone."""
    return RegistryConfig(**{"registry_dict": {}, "key_attribute": "key", **settings})


@pytest.mark.parametrize(("metaclass", "bases"), [(AutoRegisterMeta, ()), (type, (AutoRegister,))])
def test_class_attributes_declare_a_registry(metaclass: Any, bases: Any) -> None:
    """``__registry_key__`` alone declares a lazy registry that sub-classes of all levels fill."""
    reader = metaclass("Reader", bases, {"__registry_key__": "format", "__slots__": ()})

    class Csv(reader):
        format = "csv"

    class Tsv(Csv):
        format = "tsv"

    assert metaclass is type(reader)
    assert isinstance(reader.__registry__, LazyDiscoveryDict)
    assert {"csv": Csv, "tsv": Tsv} == reader.__registry__
    assert reader.__registry__ is Csv.__registry__


def test_all_class_attributes_are_taken_over() -> None:
    """Registry, extractor, skipping, secondaries, name and facts come from attributes."""
    registry: LazyDiscoveryDict[str, Any] = LazyDiscoveryDict(enable_cache=False)

    class Reader(metaclass=AutoRegisterMeta):
        __registry_key__ = "format"
        __registry__ = registry
        __key_extractor__ = staticmethod(make_suffix_extractor("Reader"))
        __skip_if_no_key__ = False
        __secondary_registries__ = ()
        __registry_name__ = "image reader"
        __registry_facts__ = ("suffix",)

    class TiffReader(Reader):
        suffix = ".tif"

    assert {"tiff": TiffReader} == registry
    assert {"suffix": ".tif"} == registry.info("tiff").facts
    assert "image reader" == Reader.__registry_config__.registry_name
    assert not Reader.__registry_config__.skip_if_no_key


@pytest.mark.parametrize(
    ("metaclass", "bases", "form"),
    [
        (AutoRegisterMeta, (), "body"),
        (AutoRegisterMeta, (), "keyword"),
        (type, (AutoRegister,), "keyword"),
    ],
)
def test_registry_config_declares_a_registry(metaclass: Any, bases: Any, form: str) -> None:
    """``__registry_config__`` in the body and ``registry_config=`` as keyword are the same."""
    given = config(registry_name="reader")
    body = {"__registry_config__": given} if form == "body" else {}
    keywords = {"registry_config": given} if form == "keyword" else {}

    base = metaclass("Base", bases, body, **keywords)
    plugin = metaclass("Plugin", (base,), {"key": "a"})

    assert {"a": plugin} == given.registry_dict
    assert given is base.__registry_config__


@pytest.mark.parametrize(
    ("base", "name"),
    [("ImageReaderBase", "image reader"), ("ZMQServer", "zmq server"), ("Base", "base")],
)
def test_registry_config_without_a_name_takes_that_of_its_base_class(base: str, name: str) -> None:
    """``registry_name`` is inferred: the base class's name in words."""
    given = RegistryConfig(LazyDiscoveryDict(), "key")

    AutoRegisterMeta(base, (), {"__registry_config__": given})

    assert name == given.registry_name


def test_class_without_any_registry_is_just_a_class() -> None:
    """A class that declares and inherits no registry is left alone."""

    class Plain(metaclass=AutoRegisterMeta):
        pass

    assert not hasattr(Plain, "__registry__")


@pytest.mark.parametrize(
    "declaration", [{"__registry__": LazyDiscoveryDict()}, {"__registry_key__": "tool"}]
)
def test_sub_class_may_declare_a_registry_of_its_own(declaration: dict[str, Any]) -> None:
    """A registry, or another key, in the body of a sub-class starts a registry; it is no plugin."""

    class Outer(metaclass=AutoRegisterMeta):
        __registry_key__ = "key"

    inner: Any = type(Outer)("Inner", (Outer,), {"__module__": __name__, **declaration})

    class Plugin(inner):
        key = tool = "a"

    class Same(Outer):
        __registry_key__ = "key"
        key = "same"

    assert {"same": Same} == Outer.__registry__
    assert {"a": Plugin} == inner.__registry__


def test_two_inherited_registries_are_refused() -> None:
    """A class of two registries is a TypeError that names both."""

    class First(metaclass=AutoRegisterMeta, registry_config=config(registry_name="readers")):
        pass

    class Second(metaclass=AutoRegisterMeta, registry_config=config(registry_name="writers")):
        pass

    with pytest.raises(TypeError, match=r"inherits two registries, 'readers' and 'writers'\. "):
        type(First)("Both", (First, Second), {"key": "a"})

    class Own(First, Second):
        __registry_config__ = config(registry_name="both")

    assert "both" == Own.__registry_config__.registry_name


def test_diamond_of_one_registry_registers_once() -> None:
    """Two parents of the same registry are one registry; without a key they are skipped."""
    base: Any = AutoRegisterMeta("Base", (), {}, registry_config=config(skip_if_no_key=True))
    left, right = AutoRegisterMeta("Left", (base,), {}), AutoRegisterMeta("Right", (base,), {})

    plugin: Any = AutoRegisterMeta("Plugin", (left, right), {"key": "a"})

    assert {"a": plugin} == base.__registry__
    assert left.__registry__ is base.__registry__  # type: ignore[attr-defined]


def test_one_lazy_registry_belongs_to_one_base_class() -> None:
    """A second base class with the same LazyDiscoveryDict is refused, and both are named."""
    registry: LazyDiscoveryDict[str, Any] = LazyDiscoveryDict()
    AutoRegisterMeta("First", (), {}, registry_config=config(registry_dict=registry))

    with pytest.raises(ValueError, match=r"Second .* declares a registry that belongs to .*First"):
        AutoRegisterMeta("Second", (), {}, registry_config=config(registry_dict=registry))


def test_plain_dict_opts_out_of_discovery() -> None:
    """A plain dict as registry stays this dict, holds what was imported, and writes no cache."""
    registry: dict[str, type] = {}

    class Base(metaclass=AutoRegisterMeta):
        __registry_key__ = "key"
        __registry__ = registry

    class Plugin(Base):
        key = "a"

    assert registry is Base.__registry__
    assert {"a": Plugin} == registry


def test_own_dictionary_without_a_key_attribute_is_no_declaration() -> None:
    """``__registry__`` without a ``__registry_key__`` leaves a class in the one it inherits."""

    class Base(metaclass=AutoRegisterMeta, registry_config=config()):
        pass

    class Plugin(Base):
        key = "a"
        __registry__: ClassVar[Any] = {}

    assert {"a": Plugin} == Base.__registry_config__.registry_dict


class Abstract(abc.ABC):
    """Two abstract methods."""

    @abc.abstractmethod
    def one(self) -> None: ...

    @property
    @abc.abstractmethod
    def two(self) -> int: ...


class HalfConcrete(Abstract):
    """One of two."""

    def one(self) -> None: ...


class Concrete(HalfConcrete):
    """Both, over two levels."""

    two = 2  # type: ignore[assignment]


class MadeAbstractAgain(Concrete):
    """An override that is abstract."""

    @abc.abstractmethod
    def one(self) -> None: ...


class OneFromMixin:
    """What is abstract elsewhere."""

    def one(self) -> None: ...

    two = 2


class ConcreteByMixin(OneFromMixin, Abstract):
    """The methods come from beside."""


class MixinTooLate(Abstract, OneFromMixin):
    """The abstract ones come first."""


class OverriddenByNone(Abstract):
    """None is no abstract method."""

    one = None  # type: ignore[assignment]
    two = None  # type: ignore[assignment]


class AbstractClassMethod(abc.ABC):
    """Abstract without self."""

    @classmethod
    @abc.abstractmethod
    def make(cls) -> None: ...


@pytest.mark.parametrize(
    "cls",
    [
        Abstract,
        HalfConcrete,
        Concrete,
        MadeAbstractAgain,
        ConcreteByMixin,
        MixinTooLate,
        OverriddenByNone,
        AbstractClassMethod,
        AutoRegister,
        int,
    ],
)
def test_abstract_is_what_inspect_calls_abstract(cls: type) -> None:
    """The light check agrees with ``inspect.isabstract``, over several levels and mixins."""

    assert inspect.isabstract(cls) == is_abstract(cls)


def test_abstract_is_known_before_abcmeta_counted() -> None:
    """Within ``__init_subclass__`` the check gives what ``inspect.isabstract`` gives there."""
    seen = []

    class Base(abc.ABC):
        def __init_subclass__(cls) -> None:
            seen.append((inspect.isabstract(cls), is_abstract(cls)))

        @abc.abstractmethod
        def run(self) -> None: ...

    still_abstract = type(Base)("StillAbstract", (Base,), {})
    type(Base)("Real", (still_abstract,), {"run": len})

    assert [(True, True), (False, False)] == seen


def test_abstract_classes_are_not_registered() -> None:
    """Classes with open abstract methods are no plugins, on whatever level; they need no key."""

    class Base(metaclass=AutoRegisterMeta, registry_config=config()):
        @abc.abstractmethod
        def run(self) -> None: ...

    class Middle(Base):
        key = "middle"

    class Plugin(Middle):
        key = "plugin"

        def run(self) -> None: ...

    assert {"plugin": Plugin} == Base.__registry__


@pytest.mark.parametrize(
    ("value", "key"),
    [(classmethod(lambda cls: cls.__name__.upper()), "PLUGIN"), (complex, complex)],
    ids=["classmethod", "class"],
)
def test_key_may_be_called_for(value: Any, key: object) -> None:
    """A callable under the key attribute is called for the key; a class is the key itself."""
    base: Any = AutoRegisterMeta("Base", (), {}, registry_config=config())

    plugin = AutoRegisterMeta("Plugin", (base,), {"key": value})

    assert {key: plugin} == base.__registry__


def test_attribute_goes_before_the_extractor() -> None:
    """A key is derived where the attribute gives none; it becomes that, and is not inherited."""
    given = config(key_extractor=make_suffix_extractor("Reader"))

    class Base(metaclass=AutoRegisterMeta, registry_config=given):
        key: ClassVar[Any] = None

    class CsvReader(Base):
        key = "comma"

    class TiffReader(Base):
        pass

    class BigTiffReader(TiffReader):
        pass

    expected = {"comma": CsvReader, "tiff": TiffReader, "bigtiff": BigTiffReader}
    assert expected == Base.__registry__
    assert ("tiff", "bigtiff") == (TiffReader.key, BigTiffReader.key)


def test_class_without_key_is_refused_with_advice() -> None:
    """Where keys are required, a class without one is a MissingKeyError that says what to do."""
    given = config(registry_name="reader")
    base: Any = AutoRegisterMeta("Base", (), {}, registry_config=given)

    with pytest.raises(MissingKeyError) as caught:
        AutoRegisterMeta("Csv", (base,), {"__module__": "app.csv"})

    error = caught.value
    assert isinstance(error, ValueError)
    assert ("reader", "Csv", "key") == (error.registry, error.cls.__name__, error.attribute)
    assert (
        "reader: app.csv.Csv has no key. Set its class attribute 'key', give the registry a "
        "key_extractor, or set skip_if_no_key." == str(error)
    )


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (["csv"], r"app\.Csv has a key that is not hashable: \['csv'\]"),
        (property(lambda self: "x"), r"Csv: 'key' is a .* classmethod"),
        (lambda self: "x", r"Csv: 'key' is a .* classmethod"),
    ],
)
def test_key_that_can_be_none_is_refused(key: Any, problem: str) -> None:
    """What is not hashable, or what only instances have, is a TypeError that names the class."""
    base: Any = AutoRegisterMeta("Base", (), {}, registry_config=config())

    with pytest.raises(TypeError, match=problem):
        AutoRegisterMeta("Csv", (base,), {"__module__": "app", "key": key})
    assert {} == base.__registry__


def test_package_recursion_and_name_are_inferred(app: App) -> None:
    """The package is the one that the base class's module lies in, with its sub-packages."""
    app.write(
        {
            "app/__init__.py": "",
            "app/handlers/__init__.py": "",
            "app/handlers/base.py": """
                from regcache_meta import AutoRegisterMeta

                class ZMQMicroscopeHandler(metaclass=AutoRegisterMeta):
                    __registry_key__ = "key"
                """,
            "app/handlers/one.py": """
                from .base import ZMQMicroscopeHandler as Base
                class One(Base):
                    key = "one"
                """,
            "app/handlers/more/__init__.py": "",
            "app/handlers/more/two.py": """
                from ..base import ZMQMicroscopeHandler as Base
                class Two(Base):
                    key = "two"
                """,
            "app/other.py": "raise RuntimeError('not in the package')\n",
        }
    )

    base = app.load("app.handlers.base").ZMQMicroscopeHandler

    assert "app.handlers" == base.__registry__._scope.package
    assert "zmq microscope" == base.__registry_config__.registry_name
    assert ["two", "one"] == list(base.__registry__)


def test_explicit_package_and_recursion_are_obeyed(app: App) -> None:
    """``discovery_package`` and ``discovery_recursive=False`` say what is searched."""
    app.write(
        {
            "app/__init__.py": "",
            "app/base.py": """
                from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig

                class Base(metaclass=AutoRegisterMeta):
                    __registry_config__ = RegistryConfig(
                        LazyDiscoveryDict(), "key",
                        discovery_package="plugins", discovery_recursive=False,
                    )
                """,
            "plugins/__init__.py": "",
            "plugins/one.py": "from app.base import Base\nclass One(Base):\n    key = 1\n",
            "plugins/more/__init__.py": "from app.base import Base\nclass Two(Base): key = 2\n",
        }
    )

    assert [1] == list(app.load("app.base").Base.__registry__)


def test_discovery_function_discovers_in_our_place(app: App) -> None:
    """A ``discovery_function`` gets folders, prefix and base; what it imports is listed."""
    app.write(
        {
            "app/__init__.py": "",
            "app/base.py": """
                import importlib
                from regcache_meta import AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig

                calls = []

                def discover(paths, prefix, base):
                    calls.append((paths, prefix, base))
                    importlib.import_module(prefix + "one")

                class Base(metaclass=AutoRegisterMeta):
                    __registry_config__ = RegistryConfig(
                        LazyDiscoveryDict(), "key", discovery_function=discover
                    )
                """,
            "app/one.py": "from .base import Base\nclass One(Base):\n    key = 'one'\n",
            "app/two.py": "from .base import Base\nclass Two(Base):\n    key = 'two'\n",
        }
    )
    base = app.load("app.base")

    keys = list(base.Base.__registry__)

    assert ["one"] == keys
    assert [([str(app.folder / "app")], "app.", base.Base)] == base.calls
    assert ["one"] == app.run("from app.base import Base\nout = list(Base.__registry__)")


@pytest.mark.parametrize("module", ["decimal", "a_notebook_without_module"])
def test_class_outside_of_packages_has_a_registry_without_discovery(module: str) -> None:
    """Where there is no package (plain modules, notebooks) classes register, no more."""
    base: Any = AutoRegisterMeta("Base", (), {"__module__": module, "__registry_key__": "key"})
    plugin = AutoRegisterMeta("Plugin", (base,), {"__module__": module, "key": "a"})

    assert {"a": plugin} == base.__registry__
    assert base.__registry__.report is None
    assert {} == base.__registry__.failures
    base.__registry__.refresh()
    assert ["a"] == list(base.__registry__)


def test_script_runs_as_main(app: App) -> None:
    """A program that declares its base class itself uses the registry, and imports no logging."""
    done = app.start(
        "import sys\nfrom regcache_meta import AutoRegister\n"
        "class Base(AutoRegister):\n    __registry_key__ = 'key'\n"
        "class One(Base):\n    key = 'one'\n"
        "registry = Base.__registry__\n"
        "print(dict(registry), repr(registry.info('one')), 'logging' in sys.modules)"
    )

    assert "" == done.stderr
    assert done.stdout.startswith("{'one': <class '__main__.One'>} PluginInfo(key='one'")
    assert done.stdout.endswith(" False\n")
    assert [] == app.cache_files()


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


def test_registration_is_logged_where_logging_is_in_use(caplog: pytest.LogCaptureFixture) -> None:
    """Each registration is one message at level DEBUG, unless the registry says otherwise."""
    with caplog.at_level(logging.DEBUG, "regcache_meta"):
        for log in (True, False):
            given = config(log_registration=log, registry_name="reader")
            base: Any = AutoRegisterMeta("Base", (), {}, registry_config=given)
            AutoRegisterMeta("Csv", (base,), {"__qualname__": "Csv", "key": "csv"})

    assert ["reader: registered Csv as 'csv'"] == caplog.messages


def test_metaclass_passes_class_keywords_on() -> None:
    """Class keywords that are not ours reach ``__init_subclass__``."""
    seen = []

    class Base(metaclass=AutoRegisterMeta, registry_config=config(skip_if_no_key=True)):
        def __init_subclass__(cls, **kwargs: Any) -> None:
            seen.append(kwargs)

    class Plugin(Base, colour="red"):
        pass

    assert [{"colour": "red"}] == seen


def test_ready_made_extractors() -> None:
    """The ready-made extractors drop their suffix; a name that is nothing else stays."""

    assert "imagexpress" == extract_key_from_handler_suffix("ImageXpressHandler", object)
    assert "disk" == extract_key_from_backend_suffix("DiskBackend", object)
    assert "Disk" == extract_key_from_class_name("Disk", object)
    assert "reader" == make_suffix_extractor("Reader")("Reader", object)
    assert "tiffwriter" == make_suffix_extractor("Reader")("TiffWriter", object)


def test_published_classes_stand_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """``is_published`` looks into ``__all__`` of the class's module."""
    module = ModuleType("some_module")
    first, second = (type(name, (), {"__module__": module.__name__}) for name in ("A", "B"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    silent = is_published(first)

    module.__all__ = ["A"]  # type: ignore[attr-defined]

    assert (False, True, False) == (silent, is_published(first), is_published(second))


class Outer:
    """Holds a nested class."""

    class Inner:
        """A nested class."""


@pytest.mark.parametrize("cls", [Abstract, Outer.Inner])
def test_classes_come_back_from_their_three_names(cls: type) -> None:
    """``deserialize_plugin_class`` gives the class that ``serialize_plugin_class`` described."""
    data = serialize_plugin_class(cls)

    assert ["class_name", "module", "qualname"] == sorted(data)
    assert cls is deserialize_plugin_class(data)


@pytest.mark.parametrize(
    ("module", "qualname", "error"),
    [
        ("no_such_module_anywhere", "A", ImportError),
        ("abc", "NoSuchClass", LookupError),
        ("abc", "ABC.nothing.here", LookupError),
        ("sys", "version_info.major", LookupError),
        ("sys", "path", LookupError),
    ],
)
def test_missing_module_or_class_is_an_error(
    module: str, qualname: str, error: type[Exception]
) -> None:
    """Names of nothing, or of something that is no class, are an ImportError or LookupError."""
    with pytest.raises(error):
        deserialize_plugin_class({"module": module, "class_name": "A", "qualname": qualname})


def test_auto_register_skips_abstract_classes() -> None:
    """Abstract classes are skipped with ABC, and without it where methods are marked abstract."""

    class WithAbc(AutoRegister, abc.ABC, registry_config=config(skip_if_no_key=True)):
        @abc.abstractmethod
        def run(self) -> None: ...

    class WithoutAbc(AutoRegister, registry_config=config()):
        pass

    type(WithAbc)("Middle", (WithAbc,), {"key": "middle"})
    plugin = type(WithAbc)("Plugin", (WithAbc,), {"key": "plugin", "run": len})
    type("Marked", (WithoutAbc,), {"key": "marked", "run": abc.abstractmethod(lambda self: None)})

    assert {"plugin": plugin} == WithAbc.__registry__  # type: ignore[attr-defined]
    assert {} == WithoutAbc.__registry__  # type: ignore[attr-defined]


def test_pydantic_models_register() -> None:
    """Models, whose metaclass is pydantic's, register and stay working models."""
    pydantic = pytest.importorskip("pydantic")

    class Settings(AutoRegister, pydantic.BaseModel):  # type: ignore[name-defined, misc]
        __registry_key__ = "kind"

    class Camera(Settings):
        kind: ClassVar[str] = "camera"
        exposure_ms: float = 10

    class Stage(Settings):
        kind: ClassVar[str] = "stage"
        axes: list[str] = []  # noqa: RUF012 - pydantic copies defaults

    registry = Settings.__registry__

    assert {"camera": Camera, "stage": Stage} == registry
    assert {"exposure_ms": 2.5} == registry["camera"](exposure_ms="2.5").model_dump()


def test_parametrized_generic_model_is_no_plugin() -> None:
    """``Model[int]`` makes a class without a class statement; it claims no key."""
    pydantic = pytest.importorskip("pydantic")
    value = TypeVar("value")

    class Plugin(AutoRegister, pydantic.BaseModel):
        __registry_key__ = "kind"

    class Box(Plugin, Generic[value]):
        kind: ClassVar[str] = "box"
        content: value

    Box[int](content=1)

    assert {"box": Box} == Plugin.__registry__


def test_enums_register() -> None:
    """Enumerations register by a derived key and keep their members."""

    class Palette(AutoRegister, enum.Enum):
        __registry_key__ = "__palette_name__"
        __key_extractor__ = make_suffix_extractor("Palette")

    class WarmPalette(Palette):
        RED = 1
        ORANGE = 2

    registry: Any = Palette.__registry__  # type: ignore[attr-defined]

    assert {"warm": WarmPalette} == registry
    assert ["RED", "ORANGE"] == [member.name for member in registry["warm"]]


def test_config_shows_what_it_is() -> None:
    """``repr`` of a set-up names key attribute, registry and package."""

    assert (
        "RegistryConfig(key_attribute='key', registry_name='reader', discovery_package=None, "
        "discovery_recursive=None)" == repr(config(registry_name="reader"))
    )


def test_metaclass_of_the_application_may_give_its_config_to_every_class() -> None:
    """A metaclass may pass one ``RegistryConfig`` for the base class and all of its plugins."""
    handlers: dict[str, type] = {}
    given = RegistryConfig(handlers, "kind")

    class HandlerMeta(AutoRegisterMeta):
        def __new__(mcs, name: str, bases: Any, attrs: Any) -> Any:
            return super().__new__(mcs, name, bases, attrs, registry_config=given)

    class Handler(metaclass=HandlerMeta):
        kind: str

    class Opera(Handler):
        kind = "opera"

    assert {"opera": Opera} == handlers
