"""Lists the plugins of microlab by a loop written by hand: what a program without regcache does.

The plugins import their bases from modules that import ``regcache_meta``. So that the very same
plugin modules are measured without it, ``list_all()`` puts a stand-in of that name in its place:
an ``ABCMeta`` that enters classes into dicts, and little else. It therefore wants a process in
which neither regcache nor microlab was imported before: ``python tests/apps/microlab_loop.py``.
"""

import importlib
import pkgutil
import sys
from abc import ABCMeta
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PACKAGES = ("microscopes", "storage", "servers", "libraries", "formats")


def list_all() -> "dict[str, list[str]]":
    """Import every module of the five packages and give the keys of each registry."""
    install_stand_in()
    for package_name in PACKAGES:
        package = importlib.import_module("microlab." + package_name)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"microlab.{package_name}.{module.name}")
    registries = importlib.import_module("microlab.registries").REGISTRIES
    return {name: list(registry) for name, registry in registries.items()}


def install_stand_in() -> None:
    """Make ``import regcache_meta`` give the stand-in; once is enough, too late is an error."""
    present = sys.modules.get("regcache_meta")
    if isinstance(present, StandIn):
        return
    if present is not None or "microlab" in sys.modules:
        raise RuntimeError("the listing by hand needs a process without regcache_meta and microlab")
    sys.modules["regcache_meta"] = StandIn("regcache_meta")


def enter(cls: type, key_name: str, extract: "Any", registry: "dict[Any, type]") -> "Any":
    """Put a class that is not abstract into ``registry`` and give its key, or None."""
    names = [name for owner in cls.__mro__ for name in vars(owner)]
    if any(getattr(getattr(cls, name, None), "__isabstractmethod__", False) for name in names):
        return None
    key = getattr(cls, key_name)
    if callable(key):
        key = key()
    if key is None and extract is not None:
        key = extract(cls.__name__, cls)
    if key is None:
        raise ValueError(f"{cls.__qualname__} has no {key_name}")
    registry[key] = cls
    return key


class RegistryConfig:
    """The settings of a registry, as they were given."""

    def __init__(self, **settings: "Any") -> None:
        """Keep them under their names."""
        self.__dict__.update(settings)
        self.key_extractor = settings.get("key_extractor")
        self.secondary_registries = settings.get("secondary_registries", ())


class AutoRegisterMeta(ABCMeta):
    """Enters the subclasses of a base into its dict."""

    def __new__(
        mcs,
        name: str,
        bases: "tuple[type, ...]",
        namespace: "dict[str, Any]",
        registry_config: "Any" = None,
    ) -> "Any":
        """Make the class; the first of a family makes the registry, the others go into it."""
        cls: Any = super().__new__(mcs, name, bases, namespace)
        if not any(isinstance(base, AutoRegisterMeta) for base in bases):
            cls.__registry_config__ = registry_config or RegistryConfig(
                registry_dict={},
                key_attribute=namespace["__registry_key__"],
                key_extractor=namespace.get("__key_extractor__"),
            )
            cls.__registry__ = cls.__registry_config__.registry_dict
            return cls
        config = cls.__registry_config__
        key = enter(cls, config.key_attribute, config.key_extractor, config.registry_dict)
        if key is not None:
            for target, _, attribute in config.secondary_registries:
                target[key] = getattr(cls, attribute)
        return cls


class AutoRegister:
    """Does the same for classes without that metaclass."""

    def __init_subclass__(cls, **keywords: "Any") -> None:
        """Give a direct subclass a registry, and enter the others into it."""
        super().__init_subclass__(**keywords)
        family: Any = cls
        if AutoRegister in cls.__bases__:
            family.__registry__ = {}
        else:
            enter(cls, family.__registry_key__, None, family.__registry__)


class StandIn(ModuleType):
    """The names of ``regcache_meta`` that the bases of microlab import."""

    PRIMARY_KEY = None
    AutoRegister = AutoRegister
    AutoRegisterMeta = AutoRegisterMeta
    LazyDiscoveryDict = dict
    RegistryConfig = RegistryConfig

    @staticmethod
    def SecondaryRegistry(  # noqa: N802 - as the class that it stands for
        *parts: "Any",
    ) -> "tuple[Any, ...]":
        """Give (dict, source of the key, attribute) as they were given."""
        return parts

    @staticmethod
    def make_suffix_extractor(suffix: str) -> "Any":
        """Make a function that takes ``suffix`` off a class name and makes the rest lower case."""
        return lambda name, cls: name.removesuffix(suffix).lower()

    @staticmethod
    def extract_key_from_handler_suffix(name: str, cls: type) -> str:
        """Take "Handler" off a class name and make the rest lower case."""
        return name.removesuffix("Handler").lower()


if __name__ == "__main__":
    for registry_name, keys in list_all().items():
        print(f"{registry_name}: {', '.join(keys)}")
