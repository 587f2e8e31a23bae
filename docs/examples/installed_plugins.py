"""Registries of what entry points name: their names are keys, and loading imports one."""

# [declare]
from regcache_functions import FunctionRegistry
from regcache_meta import LazyDiscoveryDict


class Reader:
    """What the classes of group ``app.readers`` derive from."""

    def read(self, path: str) -> str:
        """Read a file."""
        raise NotImplementedError


READERS = LazyDiscoveryDict.for_entry_points("app.readers", Reader)
FILTERS: FunctionRegistry = FunctionRegistry("filters", entry_points="app.filters")
# [use]


def names() -> list[str]:
    """The names of all readers; nothing of theirs is imported."""
    return list(READERS)


def open_reader(name: str) -> Reader:
    """Import one reader, and make it."""
    return READERS[name]()


def installed_by(name: str) -> str:
    """Who installed a reader."""
    info = READERS.info(name)
    return f"{info.distribution} {info.version}"


def problems() -> list[str]:
    """What is installed and does not work, why, and what would help."""
    return [
        f"{name}: {failure} {failure.install and f'(pip install {failure.install})'}"
        for name, failure in READERS.failures.items()
    ]


# [end]
