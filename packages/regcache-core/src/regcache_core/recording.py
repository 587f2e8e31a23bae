"""Hearing of modules and distributions that nothing finds: a finder behind all others."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    from .import_path import ImportPath


class Recorder:
    """A context in which a finder stands at the end of ``sys.meta_path`` and finds nothing.

    ``import X`` asks it only if no other finder has ``X``, whoever catches the error then; so does
    ``importlib.util.find_spec``, and ``importlib.metadata`` for a distribution.

    Args:
        path: Is told of the names when the context ends.
    """

    def __init__(self, path: ImportPath) -> None:
        self._path = path
        # Dictionaries, since other threads may import too: adding to one is a single step.
        self._modules: dict[str, None] = {}
        self._distributions: dict[str, None] = {}
        self._finders: list[Any] = []

    def __enter__(self) -> Recorder:
        self._finders = sys.meta_path
        self._finders.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for finders in (self._finders, sys.meta_path):  # plugins may replace the list, or sort it
            finders[:] = [finder for finder in finders if finder is not self]
        # One that was appended later may have found what this one was asked for before.
        self._path.add([*self._modules])
        known = self._path.probed
        known.extend(name for name in [*self._distributions] if name not in known)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Note the name of a module that nothing before has found."""
        self._modules[name] = None

    def find_distributions(self, context: Any = None) -> list[Any]:
        """Note the name of a distribution that nothing before has found."""
        name = getattr(context, "name", None)
        if isinstance(name, str):  # None asks for all there are
            self._distributions[name] = None
        return []
