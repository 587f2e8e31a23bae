"""The contract trial: what a function of an image library does with a volume, found by a call.

A function is tried only if its signature says that one image is all it needs; it is then given a
small volume, and a plane if it refuses the volume. The idea is OpenHCS' `ProcessingContract`.

- ``3d``: gives a volume for a volume (z, y, x).
- ``volume to slice``: gives an array of fewer dimensions for a volume.
- ``2d``: refuses a volume, gives a plane for a plane.

A function that gives a number, a tuple or a generator has no contract. An image is anything with
the number of dimensions of one: sizes may change, as in a pyramid.
"""

from __future__ import annotations

import inspect
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import numpy as np

#: How libraries call the image that a function is about. Trying what takes something else is not
#: harmless: ``moments_coords`` takes a row of
#: sixteen numbers for a point in sixteen dimensions, and gigabytes for its moments.
IMAGE_NAMES = frozenset({"array", "image", "img", "input", "label_image", "label_img", "labels"})

#: The last axis is longer than four, so that nobody takes it for colours. 16 bits would make
#: ``threshold_multiotsu`` reserve eight gigabytes for its histogram: so numbers with a point.
SHAPE = (4, 16, 16)

_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class NoContractError(TypeError):
    """A function does not turn one image into an array; the message says how it fails."""


def classify(function: Callable[..., Any]) -> dict[str, str]:
    """The contract of a function, or `NoContractError`."""
    _require_one_image(function)
    with _quiet():
        volume, refusal = _dimensions(function, _volume())
        if not refusal:
            return {"contract": "3d" if volume == len(SHAPE) else "volume to slice"}
        plane, second = _dimensions(function, _volume()[0])
    if second:
        raise NoContractError(f"volume: {refusal}; plane: {second}")
    if plane != len(SHAPE) - 1:
        raise NoContractError(f"volume: {refusal}; plane: gives {plane} dimensions")
    return {"contract": "2d"}


def _require_one_image(function: Callable[..., Any]) -> None:
    """Refuse what needs more than one argument, or another one than an image."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:
        raise NoContractError("has no signature") from None
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in _VARIADIC]
    first = parameters[0].name if parameters else "nothing"
    if first not in IMAGE_NAMES:
        raise NoContractError(f"takes {first}, not an image")
    if required[1:]:
        raise NoContractError(f"needs {', '.join(required[1:])} too")


def _dimensions(function: Callable[..., Any], image: np.ndarray) -> tuple[int, str]:
    """How many dimensions the result has, or why there is none.

    A text and no exception, since the frames of an exception keep the arrays.
    """
    try:
        result = function(image)
    except Exception as error:
        return 0, f"{type(error).__name__}: {error}"
    if not isinstance(result, np.ndarray):
        return 0, f"gives {type(result).__name__}"
    if result.ndim > image.ndim:
        return 0, f"gives {result.ndim} dimensions"
    return result.ndim, ""


def _volume() -> np.ndarray:
    """The same volume at every call; a function may write into its own."""
    return np.random.default_rng(0).random(SHAPE, dtype=np.float32)


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing printed, warned or drawn: pyplot keeps figures, and writes a cache of fonts."""
    before = sys.modules.get("matplotlib.pyplot", _quiet)
    sys.modules["matplotlib.pyplot"] = None  # type: ignore[assignment]
    try:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        del sys.modules["matplotlib.pyplot"]
        if before is not _quiet:
            sys.modules["matplotlib.pyplot"] = before
