"""Installed plugins: listed without importing them, or what lists them."""

# [listing]
from regcache_core.discovery import EntryPoint, entry_points


def readers() -> dict[str, EntryPoint]:
    """Name -> entry point of each installed reader; nothing of theirs is imported."""
    return {point.name: point for point in entry_points(group="app.readers")}


def installed_by(name: str) -> str:
    """Who installed a reader."""
    point = readers()[name]
    return f"{point.dist_name} {point.dist_version}"


def open_reader(name: str) -> object:
    """Import one reader."""
    return readers()[name].load()


# [end]
