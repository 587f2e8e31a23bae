"""Tables named in modules: an adapter of its own, on the public names of regcache_core alone.

A table is a global of a module, made of rows; the registry lists tables by name, with the number of
their rows, and imports the module of a table when it is asked for. Installed distributions add some
by entry points of the group ``lab.tables``.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from regcache_core import Report, Verification
from regcache_core.discovery import Adapter, Listing, load_object

#: Key -> record, and the tables that are loaded.
State = tuple[Mapping[str, dict[str, Any]], dict[str, "Table"]]


class Table:
    """Rows of equal length."""

    def __init__(self, *rows: tuple[float, ...]) -> None:
        self.rows = rows


class TableAdapter(Adapter[State]):
    """Which globals are tables, and what is stored of them."""

    entry_points = "lab.tables"

    def accept(self, name: str, value: Any) -> tuple[str, dict[str, Any]] | None:
        """Every table counts, under its name in lower case."""
        return (name.lower(), {"rows": len(value.rows)}) if isinstance(value, Table) else None

    def combined(self, records: Mapping[Any, Any]) -> State:
        """Nothing is loaded yet."""
        return records, {}


class Tables(Mapping[str, Table]):
    """The tables of a package: listed from a cache, imported one at a time."""

    def __init__(self, package: str) -> None:
        self.package = package
        self._listing = Listing(TableAdapter("tables", package))

    def __iter__(self) -> Iterator[str]:
        return iter(self._opened()[0])

    def __len__(self) -> int:
        return len(self._opened()[0])

    def __getitem__(self, name: str) -> Table:
        records, tables = self._opened()
        if name not in records and self._listing.recheck():
            records, tables = self._opened()
        if name not in tables and not self._load(name, records[name], tables):
            self._listing.refute(name)  # the module does not hold what the cache says
            records, tables = self._opened()
            if not self._load(name, records[name], tables):
                raise KeyError(name)
        return tables[name]

    def _load(self, name: str, record: dict[str, Any], tables: dict[str, Table]) -> bool:
        """Import a table; whether it is there."""
        module, attribute = record["module"], record["attribute"]
        if not self._listing.may_import(module):
            return False
        found: Any = self._listing.load(
            module,
            lambda: getattr(load_object(module), attribute, None),
            lambda: ImportError(f"table {name!r} cannot be loaded: {module} fails to import"),
        )
        if isinstance(found, Table):
            tables[name] = found
        return isinstance(found, Table)

    def rows(self, name: str) -> int:
        """How many rows a table has; imports nothing."""
        return int(self._opened()[0][name]["rows"])

    @property
    def report(self) -> Report | None:
        """What the cache did."""
        return self._listing.report

    @property
    def failures(self) -> dict[str, list[str]]:
        """Modules that failed to import: name -> error and place."""
        self._opened()
        return dict(self._listing.adapter.answer()[1]["failures"])

    def refresh(self) -> None:
        """Import all modules now, and write the cache anew."""
        self._listing.refresh()

    def verify(self) -> Verification:
        """Compare what the cache file says with what a fresh process finds."""
        return self._listing.verify(show, partial(_found, self.package))

    def _opened(self) -> State:
        state = self._listing.adapter.state()
        return self._listing.open() if state is None else state


def show(records: Mapping[Any, Any], beside: Any) -> dict[str, Any]:
    """What is compared of an answer."""
    return {"items": dict(records), "extra": beside}


def _found(package: str) -> dict[str, Any]:
    """What this process finds, in which caching is switched off."""
    tables = Tables(package)
    len(tables)
    return show(*tables._listing.adapter.answer())
