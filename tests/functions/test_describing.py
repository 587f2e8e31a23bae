"""What is kept of a function for listings: signature, documentation, kind, and where it is from."""

import copy
import enum
import functools
import importlib
import inspect
import json
import keyword
import os
import warnings
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcache_functions import FunctionRegistry, Parameter, ScanWarning, Signature
from regcache_functions._cold.describe import describe
from regcache_functions.metadata import FunctionMetadata

OWNER = {"distribution": "", "version": ""}
HERE = __name__


def info(function: Any, module: str = HERE, name: str = "f") -> Any:
    """Metadata of a function, made from its record."""
    return metadata(describe(function, module, name, name), name)


def metadata(record: Any, name: str = "f") -> Any:
    """Metadata from a record."""
    return FunctionMetadata(name, record, OWNER, {}, lambda name: print)


def signature(function: Any) -> Signature:
    """The signature that is kept of a function."""
    found: Signature = info(function).signature
    return found


class Odd:
    """A value that cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("not today")


class Colour(enum.Enum):
    """A value that shows itself as no Python."""

    RED = 1


class _NoValue:
    def __repr__(self) -> str:
        return "<no value>"


def every_kind(a, /, b, c: int = 1, *args: str, d, e: "list[int]" = (), **more: Any) -> bool: ...


def test_every_kind_of_parameter_is_kept() -> None:
    """Names, kinds, defaults and annotations; the text is that of ``help`` but for quotes."""
    found = signature(every_kind)
    shown = str(inspect.signature(every_kind)).replace("'list[int]'", "list[int]")

    assert (
        Parameter("a", "positional-only"),
        Parameter("b", "positional or keyword"),
        Parameter("c", "positional or keyword", "1", "int"),
        Parameter("args", "variadic positional", None, "str"),
        Parameter("d", "keyword-only"),
        Parameter("e", "keyword-only", "()", "list[int]"),
        Parameter("more", "variadic keyword", None, "Any"),
    ) == tuple(
        Parameter(p.name, p.kind, p.default, p.annotation and p.annotation.replace("typing.", ""))
        for p in found.parameters
    )
    assert "bool" == found.returns
    assert shown == found.text == str(found)
    assert f"f{shown}" == str(info(every_kind))


@pytest.mark.parametrize(
    ("default", "text"),
    [
        (None, "None"),
        ("it's", '"it\'s"'),
        (object(), "<object object>"),
        ([object()], "[<object object>]"),
        (Odd(), "<Odd>"),
        (_NoValue(), "<no value>"),
        (Colour.RED, "<Colour.RED: 1>"),
        ({3, 1, 2}, "{1, 2, 3}"),
        ({"b", "a"}, "{'a', 'b'}"),
        (frozenset({"b", "a"}), "frozenset({'a', 'b'})"),
        (set(), "set()"),
        ({1}, "{1}"),
        (int, "int"),
        (len, "len"),
        (os.path.join, f"{os.path.join.__module__}.join"),
        (json.JSONDecoder, "json.decoder.JSONDecoder"),
        (Colour, f"{HERE}.Colour"),
        ("x" * 200, "'" + "x" * 76 + "..."),
        (list(range(1000)), f"{str(list(range(1000)))[:77]}..."),
        ("two\nlines", r"'two\nlines'"),
        (functools.partial(int, base=2), "functools.partial(<class 'int'>, base=2)"),
    ],
)
def test_defaults_are_short_texts_without_addresses(default: Any, text: str) -> None:
    """Whatever a default is, its text is of one line, of bounded length, and of every process."""

    def function(value: Any = default) -> None: ...

    (parameter,) = signature(function).parameters
    assert text == parameter.default
    assert ("value", "positional or keyword") == (parameter.name, parameter.kind)


def test_defaults_over_several_lines_are_of_one() -> None:
    """An array over many lines becomes one line."""
    numpy = pytest.importorskip("numpy")

    def function(kernel: Any = numpy.eye(3)) -> None: ...  # noqa: B008

    default = signature(function).parameters[0].default
    assert default is not None
    assert default.startswith("array([[1., 0., 0.], [0., 1., 0.],")
    assert "\n" not in default


def test_annotations_are_texts() -> None:
    """Objects and texts as annotations become what an author would write."""

    def function(a: "numpy.ndarray", b: list[int], c: Colour, d: None, e: object()) -> "x": ...  # noqa: F821

    found = signature(function)
    assert ["numpy.ndarray", "list[int]", f"{HERE}.Colour", "None", "<object object>"] == [
        parameter.annotation for parameter in found.parameters
    ]
    assert "x" == found.returns


def test_a_signature_that_is_no_python_keeps_its_parts() -> None:
    """Defaults like ``<no value>`` do not hide the other parameters."""

    def function(a: Any, b: Any = _NoValue(), *, c: Any = 1) -> None: ...  # noqa: B008

    record = describe(function, HERE, "f", "f")
    assert ["a", "b", "c"] == [p.name for p in metadata(record).signature.parameters]
    assert "parameters" in record
    assert "parameters" not in describe(every_kind, HERE, "f", "f")


class Signed:
    """A callable with a foreign idea of a signature, and other attributes as given."""

    __signature__ = 3

    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)

    def __call__(self) -> None: ...


def test_a_foreign_signature_may_be_anything() -> None:
    """A ``__signature__`` that is none costs only the signature."""
    assert None is info(Signed()).signature
    assert "f(...)" == str(info(Signed()))


@pytest.mark.parametrize(
    ("doc", "text", "line"),
    [
        ("f(a, b=1) -> int\n\nAdd.", "(a, b=1)", "Add."),
        ("f(a, b=(1, 2))\n    more(x)\n\nAdd.", "(a, b=(1, 2))", "Add."),
        ("f(a[, b])\nAdd.", "(a, b=...)", ""),
        ("f(a, *[, key=g])\n\nAdd.", "(a, *, key=g)", "Add."),
        ("f(a, [b=1[, c, *d]])\n\nAdd.", "(a, b=1, c=..., *d)", "Add."),
        ("f([start, ]stop, axes=[0, 1])\n\nAdd.", "([start, ]stop, axes=[0, 1])", "Add."),
        ("f(\n  a,\n  b)\n\nAdd.", "( a, b)", "Add."),
        ("f(a", None, "f(a"),
        ("g(a)\n\nAdd.", None, "g(a)"),
        ("\n\n   Add.\n\n   More.", None, "Add."),
        ("", None, ""),
        (None, None, ""),
        (3, None, ""),
    ],
)
def test_documentation_tells_signatures_that_python_does_not_know(
    doc: Any, text: str | None, line: str
) -> None:
    """The first line of C code's documentation may be a signature, and then is no description."""
    found = info(Signed(__name__="f", __doc__=doc))

    assert (text, line) == (found.signature and found.signature.text, found.doc)


def plain() -> None:
    """Do a thing.

    And more.
    """


def test_first_line_is_plain_text() -> None:
    """Control characters and addresses of objects are left out of what is shown."""
    registry: FunctionRegistry[Any] = FunctionRegistry("plain")

    def colored() -> None: ...

    colored.__doc__ = "Paints\x07 <Pen at 0x7f00aa> in \x1b[31mred.\nMore."
    registry.register(colored)

    assert "Paints <Pen> in [31mred." == registry.info("colored").doc


def test_a_record_leaves_out_what_repeats_its_name() -> None:
    """The file of a large library holds only what differs from the plain case."""
    record = describe(plain, HERE, "plain", "plain")
    renamed = describe(plain, "public", "plain", "other")

    assert {"module", "qualname", "signature", "doc"} == set(record)
    assert ("plain", HERE) == (renamed["original_name"], renamed["defined_in"])
    assert {"module": "m", "qualname": "q", "defined_in": HERE} == describe(Signed(), "m", "q", "f")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.tuples(st.integers(0, 9), st.text(max_size=3)),
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from([_NoValue(), Colour.RED]),
)
NAMES = st.text("abcdefgh_", min_size=1, max_size=6).filter(
    lambda name: not keyword.iskeyword(name)
)
ANNOTATIONS = st.sampled_from([inspect.Parameter.empty, int, list[int], dict[str, int], None])


@st.composite
def signatures(draw: st.DrawFn) -> inspect.Signature:
    """Signatures with all kinds of parameters in an order that Python allows."""
    names = draw(st.lists(NAMES, unique=True, max_size=7))
    kinds = sorted(draw(st.sampled_from(list(inspect._ParameterKind))) for _ in names)
    parameters: list[inspect.Parameter] = []
    for name, kind in zip(names, kinds, strict=True):
        star = kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        if star and any(each.kind == kind for each in parameters):
            continue
        positional = kind <= inspect.Parameter.POSITIONAL_OR_KEYWORD
        needed = positional and any(each.default is not each.empty for each in parameters)
        has_default = not star and (needed or draw(st.booleans()))
        default = draw(VALUES) if has_default else inspect.Parameter.empty
        annotation = draw(ANNOTATIONS)
        parameters.append(inspect.Parameter(name, kind, default=default, annotation=annotation))
    return inspect.Signature(parameters, return_annotation=draw(ANNOTATIONS))


@given(signatures())
def test_signatures_survive_as_text(expected: inspect.Signature) -> None:
    """Text and parameters of any signature come back from the record's JSON as Python has them."""

    def function() -> None: ...

    function.__signature__ = expected  # type: ignore[attr-defined]
    record = json.loads(json.dumps(describe(function, HERE, "f", "f")))
    found = metadata(record).signature

    def text(annotation: Any) -> str | None:
        return None if annotation is expected.empty else inspect.formatannotation(annotation)

    parameters = [
        (p.name, p.kind.description, None if p.default is p.empty else repr(p.default))
        for p in expected.parameters.values()
    ]
    assert str(expected) == found.text == str(found)
    assert [str(each) for each in expected.parameters.values()] == list(map(str, found.parameters))
    assert parameters == [(p.name, p.kind, p.default) for p in found.parameters]
    assert text(expected.return_annotation) == found.returns
    assert [text(p.annotation) for p in expected.parameters.values()] == [
        p.annotation for p in found.parameters
    ]


@pytest.mark.parametrize(
    "library", ["numpy", "scipy.ndimage", "scipy.signal", "statistics", "math", "builtins"]
)
def test_all_functions_of_a_library_survive_as_json(library: str) -> None:
    """Metadata from the file are those from the scan, and hold no address of this process."""
    pytest.importorskip(library.partition(".")[0])
    registry: Any = FunctionRegistry.scan(library, enable_cache=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScanWarning)  # of modules that need setuptools
        records = {name: registry._opened().records[name] for name in registry}
    again = json.loads(json.dumps(records))

    assert records
    assert " at 0x" not in json.dumps(records)
    assert [metadata(records[name]) for name in records] == [
        metadata(again[name]) for name in again
    ]


@pytest.mark.parametrize("library", ["statistics", "json", "scipy.ndimage"])
def test_signatures_of_a_library_are_those_of_python(library: str) -> None:
    """Names and kinds of all parameters are what ``inspect`` says of the function itself."""
    pytest.importorskip(library.partition(".")[0])
    importlib.import_module(library)
    registry: Any = FunctionRegistry.scan(library, enable_cache=False, recursive=False)

    for name in registry:
        expected = inspect.signature(registry[name]).parameters.values()
        found = registry.info(name).signature.parameters
        assert [(p.name, p.kind.description) for p in expected] == [(p.name, p.kind) for p in found]


def test_metadata_are_values() -> None:
    """Two of one record are equal, have one hash, and cannot be changed."""
    record = describe(plain, HERE, "plain", "f")
    one, two = metadata(record), metadata(dict(record))

    assert one == two
    assert hash(one) == hash(two)
    assert one != metadata({**record, "doc": "Else."})
    assert repr(one).startswith("FunctionMetadata(name='f', module=")
    assert [one, one.signature] == copy.deepcopy([one, one.signature])
    for thing, name in ((one, "doc"), (one.signature, "text"), (one.signature, "parameters")):
        with pytest.raises(AttributeError, match=f"{name} of a .* cannot be changed"):
            setattr(thing, name, "Else.")
        with pytest.raises(AttributeError, match=f"{name} of a .* cannot be removed"):
            delattr(thing, name)


def test_signature_is_what_its_parts_are() -> None:
    """Whether these are read from the text, when they are asked for, or are given with it."""
    read, told = Signature("(a, b=1) -> int"), Signature("(a, b=1) -> int", ["int", ["a"]])
    parameters = (Parameter("a"), Parameter("b", default="1"))

    assert parameters == read.parameters
    assert (parameters[:1], "int", "int") == (told.parameters, told.returns, read.returns)
    assert (True, False) == (read == Signature("(a, b=1) -> int"), read == told)
    assert hash(read) == hash(Signature("(a, b=1) -> int"))
    assert ("a", "b=1") == tuple(map(str, read.parameters))
    assert read != "(a, b=1) -> int"
    assert ((), None) == (Signature("?").parameters, Signature("?").returns)
    with pytest.raises(AttributeError, match="a Signature has no result"):
        _ = read.result  # type: ignore[attr-defined]
