"""A user's facts about a function: to JSON values and back, by cattrs. The cold side."""

from __future__ import annotations

import json
from functools import cache

from .errors import FactsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from cattrs import Converter


def to_stored(facts_type: type | None, registry: str, name: str, facts: Any) -> dict[str, Any]:
    """Facts (a mapping, or an instance of their class) as the file gives them back.

    So a cold answer equals a warm one.

    Raises:
        FactsError: They do not fit the class.
    """
    if facts_type is not None:
        if not isinstance(facts, facts_type):
            facts = from_stored(facts_type, registry, name, facts)
        facts = converter().unstructure(facts, unstructure_as=facts_type)
        from_stored(facts_type, registry, name, facts)
    try:
        return json.loads(json.dumps(facts, allow_nan=False))  # type: ignore[no-any-return]
    except (TypeError, ValueError):
        return dict(facts)  # the save refuses them, with the place and the reason


def from_stored(facts_type: type, registry: str, name: str, stored: dict[str, Any]) -> Any:
    """Facts as ``info`` gives them: an instance of the declared class.

    Raises:
        FactsError: They do not fit the class.
    """
    from cattrs import BaseValidationError
    from cattrs.errors import StructureHandlerNotFoundError

    unfit = (BaseValidationError, StructureHandlerNotFoundError)
    try:
        return converter().structure(stored, facts_type)
    except (*unfit, TypeError, ValueError, LookupError) as error:
        from regcache_core.discovery import told

        raise FactsError(registry, name, told(error)) from error


@cache
def converter() -> Converter:
    """The converter of facts: a name that the class does not have is an error, not dropped."""
    from regcache_core import make_converter  # not needed where a registry declares no facts

    return make_converter(forbid_extra_keys=True)
