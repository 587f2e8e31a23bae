"""Importing a package whole, its modules one by one; one that fails costs only itself.

Which of their contents count is the business of each registry.
"""

from __future__ import annotations

import importlib
import os
import sys
from _thread import get_ident
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from time import time_ns

from ..._cold.lock import touch_locks
from ..._file import RACY_NS
from ..._modules import IMPORTING, find_package, find_spec, is_path, peek, source_modules, stamp_of
from ..._patterns import head_of, is_pattern
from ...errors import CacheWarning, ImportStalledError, StandInError, warn_caller
from ..modules import is_gone, lies_in
from ..packages import expand
from .failures import Failures
from .import_hook import FOLLOWED
from .loaded import find_stand_ins, find_used, watch_imports
from .packages import iter_module_names, loaded_names
from .threads import await_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping
    from types import ModuleType
    from typing import Any, TypeVar

    from ..listing import Adapter, Cache

    K = TypeVar("K")

#: How often a step is taken that fails where another thread takes the same one.
_TRIES = 100
#: Modules that have ended, or tried to end, the program while they were imported.
_EXITED: set[str] = set()
_UNSOUND = "a plugin has changed sys.modules, sys.path or sys.meta_path: importing works no more"


def import_modules(
    paths: Iterable[str],
    prefix: str,
    on_failure: Callable[[str, BaseException], object],
    *,
    recursive: bool = True,
    exclude: Iterable[str] = (),
    packages: bool = False,
    skip: Container[str] = (),
) -> Iterator[ModuleType]:
    """Import the modules of a package one by one; one that fails costs only itself.

    Args:
        paths: The package's ``__path__``.
        prefix: Name of the package and a dot.
        on_failure: Called with the name and the exception of each module that failed, such as
            ``Failures.add``; what it raises ends the search.
        recursive: Whether sub-packages are searched; each is imported before its modules.
        exclude: Modules whose full name contains one of these are not imported.
        packages: Whether sub-packages themselves are imported where they are not searched.
        skip: Full names of modules that are not imported.

    Yields:
        Each module when it has been imported, sorted by name in each folder.

    Raises:
        Exception: Whatever ``on_failure`` raises.
        ImportStalledError: Another thread executes the module, and does not go on.
        BaseException: What is no ``Exception``, such as Ctrl-C; see ``reraise_exit``.

    >>> import json
    >>> def ignore(name, error): pass
    >>> [module.__name__ for module in import_modules(json.__path__, "json.", ignore)]
    ['json.decoder', 'json.encoder', 'json.scanner', 'json.tool']
    """
    exclude = tuple(exclude)
    for name, is_package in iter_module_names(list(paths), prefix):
        is_excluded = name in skip or any(part in name for part in exclude)
        if is_excluded or (is_package and not (recursive or packages)):
            continue
        module = import_module(name, on_failure)
        if module is None:
            continue
        yield module
        if is_package and recursive:
            folders = find_package(name) or ()  # its own code may have put anything there
            yield from import_modules(folders, f"{name}.", on_failure, exclude=exclude, skip=skip)


def import_module(
    name: str, on_failure: Callable[[str, BaseException], object]
) -> ModuleType | None:
    """Import one module.

    Args:
        name: Full name of the module.
        on_failure: Called with the name and the exception if the module failed.

    Returns:
        The module, or ``None`` if it failed.

    Raises:
        Exception: Whatever ``on_failure`` raises.
        ImportStalledError: Another thread executes the module, and does not go on.
        BaseException: What is no ``Exception``, such as Ctrl-C; see ``reraise_exit``.
    """
    try:
        module = _import(name)
        if getattr(module, "__name__", None).__class__ is not str:
            raise ImportError(f"{name} has put something in its place that has no __name__")
        vars(module)  # what it defines is looked up there
        return module
    except ImportStalledError:
        raise
    except BaseException as error:  # plugin code may raise anything
        reraise_exit(name, error)
        on_failure(name, error)
        return None
    finally:
        touch_locks()


def _import(name: str) -> ModuleType:
    """Import a module whole: who waits for a thread in which that fails gets a half one of Python.

    Then it is not among the modules any more, and is tried here, for its own error.
    """
    here = name, get_ident()
    for _ in range(_TRIES):
        await_module(name)
        IMPORTING.append(here)
        try:
            __import__(name)
        finally:
            IMPORTING.remove(here)
        if name in sys.modules:
            break
    return sys.modules[name]


def reraise_exit(name: str, error: BaseException) -> None:
    """Pass on an exception by which the program is told to end: that is no module's own affair.

    All that are no ``Exception`` are such: Ctrl-C, and the time limits that libraries raise in a
    thread (gevent, dramatiq, func_timeout). Only what test runners and generators raise by design
    is a module's own. ``SystemExit`` might be, but the handler of a signal may have raised it;
    stevedore, pytest and pkgutil have it so, too. A warning names the module. One that exits each
    time it is imported ends the program once, and has failed the second time.

    Args:
        name: The module that was being imported.
        error: What was raised.

    Raises:
        SystemExit: It is that, for the first time.
        BaseException: It is no ``Exception``, or the handler of a signal raised it.
    """
    if is_signalled(error):
        raise error
    is_own = isinstance(error, (Exception, GeneratorExit)) or _is_outcome(error)
    if is_own or (isinstance(error, SystemExit) and name in _EXITED):
        return
    if isinstance(error, SystemExit):
        _EXITED.add(name)
        with suppress(CacheWarning):  # where warnings are errors
            warn_caller(f"{name} ends the program: it raised {error!r} at import", CacheWarning)
    raise error


def _is_outcome(error: BaseException) -> bool:
    """Whether a module says that its tests do not run here: ``pytest.importorskip``, ``skip``."""
    return any(cls.__module__ == "_pytest.outcomes" for cls in type(error).__mro__)


def is_signalled(error: BaseException) -> bool:
    """Whether the handler of a signal raised an exception: it is given the frame it interrupts."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        frame, called = trace.tb_frame, trace.tb_next.tb_frame
        for value in called.f_locals.values():
            if value is frame or (type(value) is tuple and any(each is frame for each in value)):
                return True
        trace = trace.tb_next
    return False


def raise_if_signalled(error: BaseException) -> None:
    """Raise an exception of a signal's handler again: it is no affair of what it interrupts.

    To be called where any exception of foreign code is caught, and kept with the answer.

    Raises:
        BaseException: The handler of a signal raised it, such as a timeout by ``SIGALRM``.
    """
    if is_signalled(error):
        raise error


class Discovered:
    """What a discovery found.

    Args:
        records: Key -> record, in order; made of JSON values.
        extra: What is stored beside the records; ``extra["failures"]`` is ``Failures.texts``.
        transient: An error of this moment (a disk, a warning filter), if one made a module fail;
            or that importing works no more, so that those fail that come after.
        unfinished: Whether modules of the package are still being executed, further up.
        beside: ``extra`` as the adapter keeps it; by default as it is stored.
    """

    def __init__(
        self,
        records: dict[Any, dict[str, Any]],
        extra: dict[str, Any],
        transient: BaseException | None,
        unfinished: bool = False,
        beside: Any = None,
    ) -> None:
        self.records = records
        self.extra = extra
        self.beside = extra if beside is None else beside
        self.transient = transient if is_importing_sound() else ImportError(_UNSOUND)
        self.unfinished = unfinished

    def warn_of_failures(self, category: type[Warning], *, duplicates: bool = True) -> None:
        """Warn of each module that failed, at the line of the application.

        Once of those that lack the same module, or say the same.

        Args:
            category: The kind of warning.
            duplicates: Whether to tell, too, of items of modules (``module:name``) that do not
                have the key which they claim.
        """
        groups: dict[str, dict[str, str]] = {}
        for name, (error, _) in self.extra["failures"].items():
            if not is_item(name):
                groups.setdefault(_lack_in(error), {})[name] = error
            elif duplicates:
                warn_caller(error, category)
        for lack, errors in groups.items():
            names, more = [*errors][:_NAMED], len(errors) - _NAMED
            names += [f"{more} more (see .failures)"] if more > 0 else []
            said = lack if len({*errors.values()}) > 1 else errors[names[0]]
            warn_caller(f"{', '.join(names)} failed to import: {said}", category)


def is_item(name: str) -> bool:
    """Whether a failure is one of an item (``module:name``), not of a module or entry point.

    Args:
        name: What the failure is entered under.

    >>> [is_item(name) for name in ("pack.a:Reader", "pack.a", "reader = pack.a:Reader")]
    [True, False, False]
    """
    return ":" in name and " = " not in name


#: So many modules are named in one warning.
_NAMED = 5


def _lack_in(error: str) -> str:
    """The module that a failure is for want of, as Python says it; else all that is said of it."""
    _, said, rest = error.partition("No module named '")
    return f"{said}{rest.partition(chr(39))[0]}'" if said else error


def is_importing_sound() -> bool:
    """Whether modules that are there can be imported still, and are what they were: we, say."""
    is_this = peek(__name__, "__dict__") is globals()
    return is_this and find_spec(__name__.partition(".")[0]) is not None


def is_out_of_turn(
    error: BaseException, module: str, lookup_errors: tuple[type[Exception], ...]
) -> bool:
    """Whether a module failed to import for want of others, so that a discovery may import it.

    There is no such module (any more), it looked up a key that was not there or failed to load,
    or modules import each other in a circle which can be entered from one side only.

    Args:
        error: What was raised.
        module: Full name of the module.
        lookup_errors: What a lookup raises.
    """
    if isinstance(error, ModuleNotFoundError) and find_spec(module) is None:
        return True
    behind: BaseException | None = error
    while behind is not None:
        texts = [each for each in behind.args if type(each) is str]
        if isinstance(behind, lookup_errors) or any(_PARTIAL in text for text in texts):
            return True
        behind = behind.__cause__ or behind.__context__
    return False


#: How Python names a module in a circle of imports that is not there yet.
_PARTIAL = "partially initialized module"


def reexported_by(module: ModuleType, foreign: Mapping[K, tuple[object, str]]) -> list[K]:
    """What a module imports of classes and functions from elsewhere.

    Args:
        module: An imported module.
        foreign: Key -> class or function, and the name of the module that defines it.

    Returns:
        Keys of those that it holds itself, or whose module it imports.
    """
    if not foreign:
        return []
    held, names = {*map(id, [*vars(module).values()])}, _names_in(module)
    return [
        key
        for key, (thing, home) in foreign.items()
        if held & {id(thing), id(sys.modules.get(home, thing))} or home in names
    ]


def _names_in(module: ModuleType) -> set[str]:
    """Names in a module's code, among them those of the modules that it imports."""
    get_code = getattr(getattr(module, "__loader__", None), "get_code", None)
    code = get_code(module.__name__) if get_code is not None else None
    return set(code.co_names) if code is not None else set()


def forget_searches() -> None:
    """Let importing search anew, also for new portions of a namespace package.

    As ``importlib.invalidate_caches``, which fails where two threads call it at once: each removes
    entries that the other is about to remove.
    """
    for _ in range(_TRIES):
        try:
            importlib.invalidate_caches()
        except KeyError:
            continue
        # Its last step imports importlib.metadata, where a plugin has left Python unable to import.
        except (ImportError, TypeError, ValueError):
            pass
        return


def forget_folder_listings() -> None:
    """Let a file be found that is younger than Python's listing of its folder.

    As ``importlib.invalidate_caches``, which from Python 3.13 imports importlib.metadata as well.
    A folder that has not moved since the last time, nor just before, was listed as it is: an
    application has many registries, and listing ``site-packages`` takes long.
    """
    since_ns, _forgotten_ns[0] = _forgotten_ns[0], time_ns()
    for path, finder in list(sys.path_importer_cache.items()):
        invalidate = getattr(finder, "invalidate_caches", None)
        # Zeros of what is no file: a place in an archive, or what some hook stands for.
        if invalidate is not None and not 0 < max(stamp_of(path)[:2]) < since_ns - RACY_NS:
            invalidate()


#: When all listings were as good as new.
_forgotten_ns = [0]


@contextmanager
def discovering(adapter: Adapter[Any], cache: Cache) -> Iterator[Failures]:
    """Make inputs of what is loaded when modules have been imported, and described.

    What is missing is noted by ``ImportPath.recording``, to be entered inside, while modules are
    imported: by the frame that enters it, it tells whether that is over.

    Args:
        adapter: Of the registry for which they are imported.
        cache: Its cache.

    Yields:
        What is to be told of the modules that fail.
    """
    failures = Failures(cache.import_path, cache.elsewhere, cache.declared)
    loaded = {*sys.modules}
    forget_folder_listings()
    known = [os.path.abspath(place) for place in (*adapter.places(), *_places_above(adapter))]
    stand_ins = find_stand_ins()
    _import_what_is_ours()
    yield failures
    more = [each.partition(".")[0] for each in adapter.packages[1:]]
    tops = dict.fromkeys((adapter.application, *more))
    stand_in = find_used(stand_ins, adapter.contains, tops, cache.import_path.tried)
    if stand_in:
        failures.transient = failures.transient or StandInError(stand_in)
    cache.elsewhere.add(_places_beside(known, adapter))
    inputs = adapter.contains, cache.import_path, cache.elsewhere
    for top in tops:
        watch_imports(top, loaded, *inputs)
    for module in source_modules(adapter.parts()):
        top = module.partition(".")[0]
        if top not in tops:
            watch_imports(top, loaded, *inputs, root=module)


def _import_what_is_ours() -> None:
    """Import what our modules import lazily (PEP 810): a plugin may break importing."""
    seen: set[str] = set()
    while hasattr(sys, "lazy_modules"):  # since Python 3.15
        new = {name for name in loaded_names() if name.startswith("regcache_")} - seen
        if not new:
            break
        seen |= new
        for name in new:
            for each in [*peek(name, "__dict__", {})]:
                peek(name, each)


def _places_beside(known: list[str], adapter: Adapter[Any]) -> Iterator[str]:
    """Where modules of packages lie, and are looked for, beside what was known before the import.

    A package may add to its ``__path__`` then, and a finder may bring modules from anywhere
    (``pkgutil.extend_path``, editable installs).
    """
    inside = tuple(os.path.join(place, "") for place in known)
    names = loaded_names(adapter.packages) if adapter.packages else []
    found = [[*(find_package(name) or ()), peek(name, "__file__")] for name in names]
    for places in (*found, _places_above(adapter)):
        for place in places:
            is_plain = isinstance(place, str) and place.startswith(inside) and ".." not in place
            if place and not is_plain and is_path(place):
                full = os.path.abspath(place)
                if full not in known and not full.startswith(inside):
                    yield full


def _places_above(adapter: Adapter[Any]) -> list[str]:
    """The folders in which the packages lie that patterns mean."""
    heads = map(head_of, filter(is_pattern, adapter.packages))
    return [place for head in heads for place in find_package(head) or ()]


def import_package(
    packages: str | Iterable[str],
    on_failure: Callable[[str, BaseException], object],
    *,
    recursive: bool = True,
    skip: Container[str] = (),
) -> Iterator[ModuleType]:
    """Import a package and its modules one by one; one that fails costs only itself.

    Args:
        packages: Name of the package; several, or patterns, one after the other.
        on_failure, recursive, skip: As ``import_modules`` has them.

    Yields:
        Each module when it has been imported; then those of the package that these have imported
        though no folder lists them (``__main__``, in folders without ``__init__``). Nothing if the
        package itself fails.

    Raises:
        Exception: As ``import_modules`` does.
    """
    seen: set[str] = set()
    for name in iter_packages(packages, on_failure, skip):
        for module in _import_whole(name, on_failure, recursive, skip):
            if module.__name__ not in seen:
                seen.add(module.__name__)
                yield module


def iter_packages(
    packages: str | Iterable[str],
    on_failure: Callable[[str, BaseException], object],
    skip: Container[str] = (),
) -> Iterator[str]:
    """The packages that are meant, in order; what a pattern begins with is imported for that.

    A package may add to its ``__path__`` then.

    Args:
        packages: Name of a package; several, or patterns.
        on_failure, skip: As ``import_modules`` has them.

    Yields:
        Full names, each once.

    Raises:
        Exception: As ``import_modules`` does.
    """
    seen: set[str] = set()
    for package in [packages] if isinstance(packages, str) else packages:
        names = [package]
        if is_pattern(package):
            head = head_of(package)
            if find_package(head) is None or import_module(head, on_failure) is None:
                continue
            names = [*expand(names)]
        for name in names:
            if name not in seen and name not in skip:
                seen.add(name)
                yield name


def _import_whole(
    name: str,
    on_failure: Callable[[str, BaseException], object],
    recursive: bool,
    skip: Container[str],
) -> Iterator[ModuleType]:
    before, seen = {*sys.modules}, {name}
    failed: set[str] = set()

    def refuse(module: str, error: BaseException) -> None:
        failed.add(module)  # it may be loaded, but is none that can be used
        on_failure(module, error)

    package = import_module(name, refuse)
    if package is None:
        return
    yield package
    paths = find_package(name) or ()
    for module in import_modules(paths, f"{name}.", refuse, recursive=recursive, skip=skip):
        seen.add(module.__name__)
        yield module
    for each in sorted({*loaded_names(name)} - seen):
        is_new = each not in before or each in FOLLOWED
        is_searched = each not in skip and (recursive or "." not in each.removeprefix(f"{name}."))
        is_found = isinstance(peek(each, "__spec__"), ModuleSpec) and not is_gone(each)
        if is_new and is_searched and is_found and not lies_in(each, failed):
            yield sys.modules[each]
