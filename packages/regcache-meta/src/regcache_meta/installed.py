"""Registries of what entry points name, without a package: ``for_entry_points``."""

from .config import Scope, check, is_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterable
    from typing import Any, Literal

    from typing_extensions import TypeVar

    from regcache_core import Dependency

    from .lazydict import LazyDiscoveryDict

    B = TypeVar("B", default=Any)  # for a base class that is given as text, or not at all


class InstalledScope(Scope):
    """The base class, the group of entry points and the options of one registry.

    Args:
        scope: The same, with a package that contains nothing.
        group: The group.
    """

    __slots__ = ("group",)

    def __init__(self, scope: Scope, group: str) -> None:
        super().__init__(scope.given, scope.config, scope.package, True, scope.include)
        self.group = group

    def arguments(self, enable_cache: bool) -> "dict[str, Any]":
        """The arguments of ``for_entry_points`` that make this scope again."""
        given = super().arguments(enable_cache)
        unused = "package", "packages", "key", "recursive", "entry_points", "exclude", "watch"
        for name in unused:
            del given[name]
        return {"group": self.group, **given}


class Installed:
    """What ``LazyDiscoveryDict`` has for plugins that installed distributions name."""

    @classmethod
    def for_entry_points(
        cls,
        group: str,
        base: "Callable[..., B] | str | None" = None,
        *,
        include: "Callable[[type[B]], bool] | str | None" = None,
        strict: bool = False,
        facts: "Iterable[str]" = (),
        depends_on: "Collection[Dependency]" = (),
        name: "str | None" = None,
        on_duplicate: "Literal['error', 'first', 'last', 'qualify']" = "error",
        enable_cache: bool = True,
        max_age_days: "float | None" = 7,
        cache_dir: "str | os.PathLike[str] | None" = None,
    ) -> "LazyDiscoveryDict[str, type[B]]":
        """A registry of the classes that installed distributions name by entry points.

        Keys are the names of the entry points. What they name is imported to be listed, once; a
        later start lists it without, and a lookup imports one. What is no class, is abstract, is no
        sub-class of ``base`` or fails stands in ``failures``, with the distribution.

        Args:
            group: The group of entry points.
            base: The class that plugins derive from, or its place as text, ``"module:qualname"``,
                which is imported for a discovery, or with a plugin. By default any class counts.
            include: Which of these count, a function or its place as text; by default all.
            strict: Raise if one fails.
            facts: Names of class attributes to be stored, see ``info``.
            depends_on: What decides beside the sources and what is installed which plugins there
                are: ``File``, ``EnvironmentVariable`` and ``Distribution`` objects.
            name: What the registry is called in messages and in its cache file's name.
            on_duplicate: What becomes of a name that several distributions give to classes of
                theirs: looking it up is an ``"error"``, or the ``"first"`` or ``"last"`` of them in
                the order of their names has it, or each class is listed under its place
                (``"qualify"``: ``"fast_http.client.http"``).
            enable_cache: Whether a cache file is used.
            max_age_days: Age in days after which the cache file is stale; ``None`` means for ever.
            cache_dir: Folder for the cache file, as ``CacheConfig`` of regcache_core has it.

        Raises:
            ConfigError: An argument is of the wrong kind (a ``ValueError``).
            DiscoveryError: On first use: what is given as text cannot be imported (if it is of the
                wrong kind, a ConfigError), or a plugin failed (strict).
            DuplicateKeyError: On a lookup of a name that two classes have; on first use (strict).

        >>> from regcache_meta import LazyDiscoveryDict
        >>> readers = LazyDiscoveryDict.for_entry_points("app.readers", "app.base:Reader")
        """
        check("group", group, is_group(group), "the name of a group of entry points")
        package = f"entry points {group}"  # no module can be called so: nothing lies in it
        make: Any = cls
        registry: Any = make.for_package(
            package,
            object if base is None else base,
            key=unnamed,
            include=include,
            strict=strict,
            facts=facts,
            depends_on=depends_on,
            name=package if name is None else name,
            entry_points=group,
            exclude=(),
            on_duplicate=on_duplicate,
            enable_cache=enable_cache,
            max_age_days=max_age_days,
            cache_dir=cache_dir,
        )
        registry._scope = InstalledScope(registry._scope, group)
        return registry  # type: ignore[no-any-return]


def unnamed(name: str, cls: type) -> None:
    """A key extractor: none, so that the entry point's name is the key."""
