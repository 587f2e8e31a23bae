"""What functions tell when they are asked: ``FunctionSubject``."""

from __future__ import annotations

from regcache_core.discovery import Subject

from .metadata import FunctionMetadata, signature_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, ClassVar

    from .functions import Functions

    Record = Mapping[str, Any]


def _has_parameter(name: str, record: Record, value: str) -> bool:
    if value not in record.get("signature", ""):  # most have not; reading a signature costs more
        return False
    signature = signature_from(record)
    return signature is not None and any(p.name == value for p in signature.parameters)


class FunctionSubject(Subject[str, "FunctionMetadata[Any]"]):
    """What a registry or a catalogue tells when it is asked."""

    noun = "function"
    fields = tuple(FunctionMetadata.__annotations__)
    columns = ("name", "signature", "module", "tags", "contract", "doc")
    questions: ClassVar[Mapping[str, Any]] = {
        "tag": lambda name, record, value: value in record.get("tags", ()),
        "contract": lambda name, record, value: record.get("contract") == value,
        "parameter": _has_parameter,
    }

    def __init__(self, functions: Functions[Any]) -> None:
        super().__init__(functions.name, functions._described().described())
        self.functions = functions
        # Of a declared class every field is stored.
        records = self.records.values() if functions._facts_type is not None else ()
        self.facts = {fact for record in records for fact in record.get("facts", ())} or None

    def info(self, key: str) -> FunctionMetadata[Any]:
        return self.functions._known(key)

    def named(self, alias: Any) -> list[str]:
        return self.functions._named(alias)

    def unknown(self, key: object, close: Iterable[Any]) -> KeyError:
        from .errors import UnknownFunctionError

        return UnknownFunctionError(self.name, key, close, "", ())
