"""Hearing of modules that are imported, and of what nothing finds: a finder before all others, and
one behind them."""

from __future__ import annotations

import sys
from _thread import allocate_lock

from ..._modules import call_in_forked_child, peek
from ..modules import is_initializing
from .threads import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType, TracebackType
    from typing import Any

    from ..listing import ImportPath

#: Held for a moment, to put the finder into ``sys.meta_path`` or to take it out.
_LOCK = allocate_lock()
#: Those that listen now.
_ACTIVE: list[Recorder] = []
#: What modules of this process asked for and nothing found; heard, or read from their code.
MISSED: dict[str, None] = {}
#: Modules that were asked for, and may be there, but are not loaded.
FAILED: dict[str, None] = {}
#: Modules of which that is known -> their ``__dict__``: another one is another module.
FOLLOWED: dict[str, Any] = {}
#: ``sys.meta_path`` as it was before the first of them.
_ORIGINAL: list[list[Any]] = []


class Recorder:
    """A context in which the names of modules and distributions are noted that nothing finds.

    Args:
        path: Is told of the names when the context ends.
    """

    def __init__(self, path: ImportPath) -> None:
        self._path = path
        self._entry = Entry(sys._getframe())
        # Dictionaries, since other threads may import too: adding to one is a single step.
        self.modules: dict[str, None] = {}
        self.distributions: dict[str, None] = {}
        self.tried: dict[str, None] = {}

    def __enter__(self) -> Recorder:
        self._entry = Entry(sys._getframe(1))
        with _LOCK:
            # Ctrl-C may have come just before one ended.
            _ACTIVE[:] = [*(each for each in _ACTIVE if not each.is_over), self]
            if _FINDER not in sys.meta_path:
                # Another list: who goes through one to which something is added, or from which
                # something is taken, may miss what comes next.
                _ORIGINAL[:] = [sys.meta_path]
                sys.meta_path = [_WITNESS, *sys.meta_path, _FINDER]
        return self

    @property
    def is_over(self) -> bool:
        """Whether the context was left for good."""
        return self._entry.is_over

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with _LOCK:
            _ACTIVE[:] = [each for each in _ACTIVE if each is not self]
            _restore()
        self._path.tried.update(self.tried)
        MISSED.update(self.modules)
        absent = [each for each in self.tried if each not in sys.modules]
        FAILED.update((each, None) for each in absent if each not in self.modules)
        whole = {each: peek(each, "__dict__") for each in self.tried if not is_initializing(each)}
        FOLLOWED.update((name, it) for name, it in whole.items() if it is not None)
        self._path.add([*self.modules])
        self._path.late += [
            name
            for name in self.modules
            if name not in sys.modules and name not in self._path.names
        ]
        self._path.probed.update(self.distributions)


def _restore() -> None:
    """Take the finders out when nobody listens any more."""
    if not _ACTIVE and _FINDER in sys.meta_path:
        (original,) = _ORIGINAL
        finders = [each for each in sys.meta_path if each not in (_WITNESS, _FINDER)]
        if original != finders:  # plugins have changed the other list
            original[:] = finders
        sys.meta_path = original


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


class _Witness:
    """Stands at the beginning of ``sys.meta_path`` and finds nothing.

    A module that fails while it is imported is not among those that are loaded afterwards.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Note the name of a module that is about to be imported."""
        for recorder in [*_ACTIVE]:
            recorder.tried[name] = None


_FINDER, _WITNESS = _Finder(), _Witness()


def _after_fork() -> None:
    """In a forked child: other threads do not go on here, and record nothing any more."""
    global _LOCK
    _LOCK = allocate_lock()
    _ACTIVE[:] = [each for each in _ACTIVE if not each.is_over]
    _restore()


call_in_forked_child(_after_fork)
