"""What is known of a function without importing it: ``FunctionMetadata``. The cold side.

A listing needs none of this; it is made from a record when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import attrs

from . import signatures

F = TypeVar("F")


@attrs.frozen
class Parameter:
    """One parameter of a function.

    Attributes:
        name: Its name, without stars.
        kind: As ``inspect.Parameter.kind.description`` has it: ``"positional-only"``,
            ``"positional or keyword"``, ``"variadic positional"``, ``"keyword-only"`` or
            ``"variadic keyword"``.
        default: The default value as text; ``None`` if there is none.
        annotation: The annotation as text; ``None`` if there is none.
    """

    name: str
    kind: str = signatures.EITHER
    default: str | None = None
    annotation: str | None = None

    def __str__(self) -> str:
        return signatures.parameter_text(self.name, self.kind, self.default, self.annotation)


@attrs.frozen
class Signature:
    """The signature of a function.

    Attributes:
        text: As Python shows it: ``(image, sigma=1, *, mode='nearest')``.
        parameters: The parameters, in order; empty if the text is no valid Python.
        returns: The annotation of the result as text; ``None`` if there is none.
    """

    text: str
    parameters: tuple[Parameter, ...] = ()
    returns: str | None = None

    def __str__(self) -> str:
        return self.text


@attrs.frozen
class FunctionMetadata(Generic[F]):
    """What a registry knows of one function, from its cache: nothing of it is imported.

    Attributes:
        name: Its name in the registry.
        module: The module that it is imported from: where it is public, or registered.
        qualname: Its place in there (dotted for a method).
        original_name: What it is called where it is defined (its ``__name__``).
        defined_in: The module that defines it; empty if it does not say (ufuncs of C libraries).
        kind: ``"function"``, ``"coroutine"``, ``"generator"`` or ``"async generator"``.
        signature: Its signature; ``None`` if neither Python nor its documentation tells.
        doc: First line of its documentation; ``read_doc()`` gives all.
        tags: Tags, in the order in which they were given.
        aliases: Other names that it can be asked for by.
        contract: What it was found, or declared, to work on; ``None`` if nobody said.
        distribution: The distribution that it is installed by; empty if it is in none.
        version: Version of the distribution, or of the application.
        facts: The registry's declared class of facts, or a mapping of JSON values.
    """

    name: str
    module: str
    qualname: str
    original_name: str
    defined_in: str
    kind: str
    signature: Signature | None
    doc: str
    tags: tuple[str, ...]
    aliases: tuple[str, ...]
    contract: str | None
    distribution: str
    version: str
    facts: F = attrs.field(hash=False)
    _loader: Callable[[str], Callable[..., Any]] = attrs.field(alias="loader", repr=False, eq=False)

    @property
    def func(self) -> Callable[..., Any]:
        """The function itself, imported on first use."""
        return self._loader(self.name)

    def load(self) -> Callable[..., Any]:
        """Import the function.

        Raises:
            FunctionImportError: Its module fails to give it (an ``ImportError``).
        """
        return self._loader(self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, imported on first use."""
        return self._loader(self.name)(*args, **kwargs)

    def read_doc(self) -> str:
        """The function's whole documentation; imports it."""
        from ._cold.describe import doc_of

        return doc_of(self.load())

    def __str__(self) -> str:
        return f"{self.name}{self.signature or '(...)'}"


def make_metadata(
    name: str,
    record: Mapping[str, Any],
    owner: Mapping[str, Any],
    facts: Any,
    loader: Callable[[str], Callable[..., Any]],
) -> FunctionMetadata[Any]:
    """Metadata from a record as ``describe`` makes it, and facts that are converted."""
    return FunctionMetadata(
        name=name,
        module=record["module"],
        qualname=record["qualname"],
        original_name=record.get("original_name", name),
        defined_in=record.get("defined_in", record["module"]),
        kind=record.get("kind", "function"),
        signature=signature_from(record),
        doc=record.get("doc", ""),
        tags=tuple(record.get("tags", ())),
        aliases=tuple(record.get("aliases", ())),
        contract=record.get("contract"),
        distribution=owner["distribution"],
        version=owner["version"],
        facts=facts,
        loader=loader,
    )


def signature_from(record: Mapping[str, Any]) -> Signature | None:
    """The signature that a record holds, if it holds one."""
    text = record.get("signature")
    if text is None:
        return None
    returns, *parts = record.get("parameters") or signatures.parse(text) or [None]
    return Signature(text, tuple(Parameter(*each) for each in parts), returns)
