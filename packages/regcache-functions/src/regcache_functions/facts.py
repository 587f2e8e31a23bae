"""A user's facts about a function: to JSON values and back, by cattrs. The cold side."""

from __future__ import annotations

from functools import cache
from typing import Any

from cattrs import Converter
from cattrs.errors import BaseValidationError

from regcache_core import make_converter

from .errors import FactsError


def to_stored(facts_type: type | None, registry: str, name: str, facts: Any) -> dict[str, Any]:
    """Facts as a record holds them.

    Args:
        facts_type: The class that the registry declares for them; ``None`` if it declares none.
        registry: Name of the registry, for messages.
        name: Name of the function, for messages.
        facts: A mapping, or an instance of ``facts_type``.

    Raises:
        FactsError: They do not fit the class.
    """
    if facts_type is None:
        return dict(facts)
    if not isinstance(facts, facts_type):
        facts = from_stored(facts_type, registry, name, facts)
    stored: dict[str, Any] = _converter().unstructure(facts, unstructure_as=facts_type)
    return stored


def from_stored(facts_type: type | None, registry: str, name: str, stored: dict[str, Any]) -> Any:
    """Facts as ``info`` gives them: an instance of the declared class, else a mapping.

    Raises:
        FactsError: They do not fit the class.
    """
    if facts_type is None:
        return dict(stored)
    try:
        return _converter().structure(stored, facts_type)
    except (BaseValidationError, TypeError, ValueError, LookupError) as error:
        raise FactsError(registry, name, _problem(error)) from error


def _problem(error: BaseException) -> str:
    if isinstance(error, BaseValidationError):
        from cattrs import transform_error

        return "; ".join(transform_error(error))
    return f"{type(error).__name__}: {error}"


@cache
def _converter() -> Converter:
    return make_converter(forbid_extra_keys=True)
