"""Hearing of modules and distributions that nothing finds: a finder behind all others."""

from __future__ import annotations

import sys
from _thread import allocate_lock
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .modules import find_spec

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    from .import_path import ImportPath

#: Held for a moment, to put the finder into ``sys.meta_path`` or to take it out.
_LOCK = allocate_lock()
#: Those that listen now.
_ACTIVE: list[Recorder] = []


class Recorder:
    """A context in which the names of modules and distributions are noted that nothing finds.

    Args:
        path: Is told of the names when the context ends.
    """

    def __init__(self, path: ImportPath) -> None:
        self._path = path
        # Dictionaries, since other threads may import too: adding to one is a single step.
        self.modules: dict[str, None] = {}
        self.distributions: dict[str, None] = {}
        self._finders: list[Any] = []

    def __enter__(self) -> Recorder:
        with _LOCK:
            _ACTIVE.append(self)
            self._finders = sys.meta_path
            if _FINDER not in self._finders:
                self._finders.append(_FINDER)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _LOCK:
            _ACTIVE.remove(self)
            # Plugins may have replaced the list. While others listen it stays as it is: who goes
            # through a list from which something is taken may miss what comes next.
            for finders in () if _ACTIVE else (self._finders, sys.meta_path):
                while _FINDER in finders:
                    finders.remove(_FINDER)
        self._path.add([*self.modules])
        self._path.late += [
            name for name in self.modules if name not in sys.modules and find_spec(name) is not None
        ]
        self._path.probed.update(self.distributions)


class _Finder:
    """Stands at the end of ``sys.meta_path`` and finds nothing.

    ``import X`` asks it only if no other finder has ``X``, whoever catches the error then; so does
    ``importlib.util.find_spec``, and ``importlib.metadata`` for a distribution.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Note the name of a module that nothing before has found."""
        for recorder in [*_ACTIVE]:
            recorder.modules[name] = None

    def find_distributions(self, context: Any = None) -> list[Any]:
        """Note the name of a distribution that nothing before has found."""
        name = getattr(context, "name", None)
        if isinstance(name, str):  # None asks for all there are
            for recorder in [*_ACTIVE]:
                recorder.distributions[name] = None
        return []


_FINDER = _Finder()
