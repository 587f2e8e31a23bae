"""Declarations that are wrong, or that only a closer look tells from wrong ones."""

from difflib import get_close_matches

from regcache_core import ConfigError

from .config import check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from .config import RegistryConfig


def check_use(config: "RegistryConfig", is_lazy: bool) -> None:
    """Refuse settings of a registry that does not discover, and only one that does can follow.

    Args:
        config: The registry's set-up.
        is_lazy: Whether the registry is a ``LazyDiscoveryDict``.

    Raises:
        ConfigError: There is one.
    """
    where = "it to a registry that is a LazyDiscoveryDict"
    check("max_age_days", config.max_age_days, is_lazy or config.max_age_days == 7, where)
    searched = "discovery_package", "packages", "discovery_entry_points"
    for name in ("strict", "facts", "depends_on", "cache_dir", "exclude", *searched):
        value = getattr(config, name)
        check(name, value, is_lazy or not value, where)
        is_used = config.discover or name not in searched or not value
        check(name, value, is_used, "it to a registry that discovers")


def check_names(
    cls: type, names: "Iterable[str]", declaring: "Collection[str]", is_inherited: bool
) -> None:
    """Refuse attributes that are called like one of a registry, and are none, or are of no use.

    Args:
        cls: A class that has been made.
        names: Those of its attributes.
        declaring: The attributes that declare a registry.
        is_inherited: Whether its registry is that of a class above it.

    Raises:
        ConfigError: There is one; with the names that are close to it.
    """
    for name in names:
        if not name.endswith("__"):
            continue
        field, value = f"{cls.__module__}.{cls.__qualname__}.{name}", vars(cls)[name]
        if name in declaring:
            base = "the class that declares the registry"
            where = f"it to {base}" if is_inherited else "it with a __registry_key__"
            check(field, value, value is None, where)
        elif not any(hasattr(base, name) for base in cls.__bases__):
            known = {each.strip("_").removeprefix("registry_"): each for each in declaring}
            word = name.strip("_").removeprefix("registry_")
            close = [known[each] for each in get_close_matches(word, known, 2)]
            expected = f"it as {' or '.join(close or sorted(declaring))}: no other name is known"
            check(field, value, False, expected)


def respelt(error: Exception, names: "Mapping[str, str]") -> Exception:
    """An error of ``check`` with the name that a setting has where it was declared."""
    if not isinstance(error, ConfigError):
        return error
    return ConfigError(names.get(error.field, error.field), error.value, error.expected)
