"""How a cache file ages and what it is checked against: ``CacheConfig``."""

SECONDS_PER_DAY = 86_400


class CacheConfig:
    """When a cache file may be believed.

    Args:
        max_age_days: Age in days after which a file is stale; ``None`` means for ever. Seven days
            is the seed's default: long enough for every-day use, short enough that a mistake in
            what we watch heals by itself.
        check_mtimes: Whether recorded source files are compared (``st_mtime_ns`` and ``st_size``,
            exactly). Switch it off only for code that cannot change, such as a frozen image.
        cache_version: Version of the layout of *your* items. Change it when a serializer changes.

    Raises:
        ConfigError: A value has the wrong type or is out of range (a ``ValueError``).

    >>> CacheConfig(max_age_days=None)
    CacheConfig(max_age_days=None, check_mtimes=True, cache_version='1.0')
    """

    __slots__ = ("cache_version", "check_mtimes", "max_age_days")

    def __init__(
        self,
        max_age_days: "float | None" = 7,
        check_mtimes: bool = True,
        cache_version: str = "1.0",
    ) -> None:
        if max_age_days is not None and not _is_age(max_age_days):
            refuse("max_age_days", max_age_days, "a number of days >= 0, or None for ever")
        if not isinstance(check_mtimes, bool):
            refuse("check_mtimes", check_mtimes, "True or False")
        if not isinstance(cache_version, str) or not cache_version:
            refuse("cache_version", cache_version, "a non-empty string")
        self.max_age_days = max_age_days
        self.check_mtimes = check_mtimes
        self.cache_version = cache_version

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CacheConfig):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # mutable, as the seed's dataclass was

    def __repr__(self) -> str:
        return (
            f"CacheConfig(max_age_days={self.max_age_days!r}, "
            f"check_mtimes={self.check_mtimes!r}, cache_version={self.cache_version!r})"
        )


def _is_age(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return 0 <= value < float("inf")  # False for NaN too


def refuse(field: str, value: object, expected: str) -> None:
    """Raise ``ConfigError`` for a setting that cannot be used."""
    from .errors import ConfigError

    raise ConfigError(field, value, expected)
