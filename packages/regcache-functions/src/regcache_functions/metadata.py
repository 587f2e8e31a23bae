"""What is known of a function without importing it: ``FunctionMetadata``.

Written by hand, since importing attrs, or what reads signatures, would cost more than the question
that is answered.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Generic, TypeVar

    from typing_extensions import dataclass_transform

    F = TypeVar("F")
    Function = Callable[..., Any]

    @dataclass_transform(frozen_default=True)
    class _Frozen: ...
else:
    F = _Frozen = object  # for the base classes below; a checker sees that nothing can be set

    class Generic:
        """``FunctionMetadata[Facts]`` at run time, without importing ``typing``."""

        __class_getitem__ = classmethod(type(list[int]))


class _Values(_Frozen):
    """Equality, hash and ``repr`` by annotated attributes, which a sub-class puts into ``vars``."""

    def fields(self) -> "dict[str, Any]":
        """The public attributes, in order."""
        return {name: getattr(self, name) for name in type(self).__annotations__}

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.fields() == other.fields()

    def __hash__(self) -> int:
        return hash(tuple(self.fields().values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.fields().items())
        return f"{type(self).__name__}({fields})"

    if not TYPE_CHECKING:  # pragma: no branch - it is False whenever this runs

        def __setattr__(self, name, value):
            raise AttributeError(f"{name} of a {type(self).__name__} cannot be changed")

        def __delattr__(self, name):
            raise AttributeError(f"{name} of a {type(self).__name__} cannot be removed")


class Parameter(_Values):
    """One parameter of a function.

    Attributes:
        name: Its name, without stars.
        kind: As ``inspect.Parameter.kind.description`` has it: ``"positional-only"``,
            ``"positional or keyword"``, ``"variadic positional"``, ``"keyword-only"`` or
            ``"variadic keyword"``.
        default: The default value as text; ``None`` if there is none.
        annotation: The annotation as text; ``None`` if there is none.
    """

    name: "str"
    kind: "str"
    default: "str | None"
    annotation: "str | None"

    def __init__(
        self,
        name: str,
        kind: str = "positional or keyword",
        default: "str | None" = None,
        annotation: "str | None" = None,
    ) -> None:
        vars(self).update(name=name, kind=kind, default=default, annotation=annotation)

    def __str__(self) -> str:
        from .signatures import parameter_text

        return parameter_text(self.name, self.kind, self.default, self.annotation)


class Signature(_Values):
    """The signature of a function; its text is read when its parameters are asked for.

    Attributes:
        text: As Python shows it: ``(image, sigma=1, *, mode='nearest')``.
        parameters: The parameters, in order; empty if the text is no valid Python.
        returns: The annotation of the result as text; ``None`` if there is none.
    """

    text: "str"
    parameters: "tuple[Parameter, ...]"
    returns: "str | None"

    def __init__(self, text: str, parts: "list[Any] | None" = None) -> None:
        vars(self)["text"] = text
        if parts:
            self._read(parts)

    def _read(self, parts: "list[Any]") -> None:
        returns, *parameters = parts
        made = tuple(Parameter(*each) for each in parameters)
        vars(self).update(parameters=made, returns=returns)

    if not TYPE_CHECKING:  # pragma: no branch - it is False whenever this runs

        def __getattr__(self, name):
            if name not in ("parameters", "returns"):
                raise AttributeError(f"a {type(self).__name__} has no {name}")
            from .signatures import parse

            self._read(parse(self.text) or [None])
            return vars(self)[name]

    def __str__(self) -> str:
        return self.text


class FunctionMetadata(_Values, Generic[F]):
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
        distribution: The distribution that it is installed by, or whose entry point names it; empty
            if it is in none.
        version: Version of the distribution, or of the application.
        facts: The registry's declared class of facts, or a mapping of JSON values.
    """

    name: "str"
    module: "str"
    qualname: "str"
    original_name: "str"
    defined_in: "str"
    kind: "str"
    signature: "Signature | None"
    doc: "str"
    tags: "tuple[str, ...]"
    aliases: "tuple[str, ...]"
    contract: "str | None"
    distribution: "str"
    version: "str"
    facts: "F"

    if TYPE_CHECKING:
        _load: Callable[[str], Function]

    def __init__(
        self,
        name: str,
        record: "Mapping[str, Any]",
        owner: "Mapping[str, Any]",
        facts: F,
        load: "Callable[[str], Function]",
    ) -> None:
        vars(self).update(
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
            distribution=record.get("distribution", owner["distribution"]),
            version=record.get("version", owner["version"]),
            facts=facts,
            _load=load,
        )

    def __hash__(self) -> int:
        return hash((self.name, self.module, self.qualname))  # facts may be of any kind

    def _called(self, name: str, load: "Callable[[str], Function]") -> "FunctionMetadata[F]":
        """The same under another name, by which ``load`` imports it."""
        other: FunctionMetadata[F] = object.__new__(type(self))
        vars(other).update(vars(self), name=name, _load=load)
        return other

    @property
    def func(self) -> "Function":
        """The function itself, imported on first use."""
        return self._load(self.name)

    def load(self) -> "Function":
        """Import the function.

        Raises:
            FunctionImportError: Its module fails to give it (an ``ImportError``).
        """
        return self._load(self.name)

    def __call__(self, *args: "Any", **kwargs: "Any") -> "Any":
        """Call the function, imported on first use."""
        return self._load(self.name)(*args, **kwargs)

    def read_doc(self) -> str:
        """The function's whole documentation; imports it."""
        from ._cold.describe import doc_of

        return doc_of(self.load())

    def __str__(self) -> str:
        return f"{self.name}{self.signature or '(...)'}"


def signature_from(record: "Mapping[str, Any]") -> "Signature | None":
    """The signature that a record holds, if it holds one."""
    text = record.get("signature")
    return None if text is None else Signature(text, record.get("parameters"))
