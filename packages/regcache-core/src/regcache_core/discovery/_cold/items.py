"""Items that are globals of modules, found by importing all modules of a package."""

from __future__ import annotations

from ..._cold.write import as_json
from ..._modules import attribute_of, module_of
from ...errors import ConfigError, DuplicateItemError
from .entry_points import load_entry_point, load_installed
from .importing import Discovered, discovering, import_package, raise_if_signalled
from .packages import Excluded
from .threads import is_unfinished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from types import ModuleType
    from typing import Any

    from ..listing import Adapter, Cache


def discover_items(adapter: Adapter[Any], cache: Cache) -> Discovered:
    """What ``Adapter.discover`` does by default.

    Raises:
        DuplicateItemError: Two items have the same key.
    """
    records: dict[Hashable, dict[str, Any]] = {}
    values: dict[Hashable, Any] = {}

    def put(module: str, attribute: str, name: str, value: object) -> None:
        try:
            accepted = adapter.accept(name, value)
        except Exception as error:  # a global may be anything, such as a proxy of nothing yet
            raise_if_signalled(error)
            failures.add(f"{module}.{attribute}", error)
            return
        if accepted is None:
            return
        key, facts = _checked(adapter, f"{module}.{attribute}", accepted)
        record = {**facts, "module": module, "attribute": attribute}
        holder = records.setdefault(key, record)
        if values.setdefault(key, value) is not value:  # the same one is brought in by another
            first = f"{holder['module']}.{holder['attribute']}"
            raise DuplicateItemError(adapter.name, key, first, f"{module}.{attribute}")

    def load(name: str, value: str) -> None:
        home, attribute, found = module_of(value), attribute_of(value), load_entry_point(value)
        if attribute:
            put(home, attribute, name, found)
        else:
            put_all(found)

    def put_all(module: ModuleType) -> None:
        for name in [*vars(module)]:
            try:
                value = getattr(module, name)  # now, what it imports lazily
            except ModuleNotFoundError:  # what is missing there is an error when it is used
                continue
            except Exception as error:
                raise_if_signalled(error)
                failures.add(f"{module.__name__}.{name}", error)
                continue
            put(module.__name__, name, name, value)

    def add(name: str, error: BaseException) -> None:
        # These are no broken module, but a broken registry.
        if isinstance(error, (ConfigError, DuplicateItemError)):
            raise error
        failures.add(name, error)

    excluded = Excluded(adapter.packages, adapter.exclude)
    with discovering(adapter, cache) as failures, cache.import_path.recording():
        for module in import_package(adapter.packages, add, skip=excluded):
            put_all(module)
        load_installed(cache, failures, load, add)
    extra = {"failures": failures.texts, "skipped": excluded.noted}
    return Discovered(records, extra, failures.transient, is_unfinished(adapter.packages))


def _checked(adapter: Adapter[Any], place: str, accepted: Any) -> tuple[Hashable, dict[str, Any]]:
    """A key, and what is stored with it, as JSON gives it back.

    Raises:
        ConfigError: It is something else.
    """
    try:
        key, facts = accepted
        hash(key)
        facts = as_json(dict(facts), place)
        if facts.keys() & {"module", "attribute"}:
            raise TypeError("module and attribute are what the listing stores")
    except (TypeError, ValueError) as error:
        field = f"accept() of {adapter.name!r} for {place}"
        expected = f"a key and a dict of JSON values, or None ({error})"
        raise ConfigError(field, accepted, expected) from error
    return key, facts
