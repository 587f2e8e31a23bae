"""What one process says of all registries of the application: its keys, facts, failures, classes.

Run in a child of the fork server, and by ``python -c`` in a process of its own.
"""

import importlib
import importlib.machinery
import os
import re
import sys
import types

#: Registry -> the module that holds it, and its name there.
REGISTRIES = {
    "readers": ("app.readers.base", "READERS"),
    "pack": ("app.registries", "PACK"),
    "filters": ("app.registries", "FILTERS"),
    "lib": ("app.registries", "LIB"),
}


def main(root, load):
    """List every registry; nothing that a registry raises ends the process.

    The variable ``STAND_IN`` says what stands in the place of which module, ``ASKED_IN`` whether
    that is in a ``thread`` or in a ``loop``.

    Args:
        root: The folder that the application and everything beside it lies in.
        load: Whether all plugins are loaded, too, when they have been listed.

    Returns:
        ``answers`` (what must be equal with and without a cache), ``reports`` (what the cache
        did) and ``imported`` (modules of the application that listing imported); JSON values.
    """
    result = {}
    put_stand_in(*os.environ.get("STAND_IN", "").split())
    ask_in(os.environ.get("ASKED_IN"), lambda: result.update(_list_all(root, load)))
    return result


def put_stand_in(how="", name=""):
    """Put what is no module in the place of one, as test sessions do."""
    if how == "finder":
        sys.meta_path.insert(0, Mocks(name))
    elif how:
        sys.modules[name] = None if how == "nothing" else made_by_hand(name)


def made_by_hand(name):
    """A module that nothing has imported, with what plugins take of others."""
    module = types.ModuleType(name)
    vars(module).update(dict.fromkeys(("KEY", "FACT", "VALUE", "K", "F"), "fake"))
    return module


class Mocks:
    """Finds a module where there is none, or another one."""

    def __init__(self, name):
        self._name = name

    def find_spec(self, name, path=None, target=None):
        """Find that module alone."""
        return importlib.machinery.ModuleSpec(name, self) if name == self._name else None

    def create_module(self, spec):
        """Make it by hand."""
        return made_by_hand(spec.name)

    def exec_module(self, module):
        """All is there."""


def ask_in(place, ask):
    """Call a function where other things fail than in the first thread of a program."""
    if place == "thread":
        import threading

        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    elif place == "loop":
        import asyncio

        async def run():
            ask()

        asyncio.run(run())
    else:
        ask()


def _list_all(root, load):
    registries = {name: _guarded(_find, *place) for name, place in REGISTRIES.items()}
    answers = {name: _guarded(_list, each) for name, each in registries.items()}
    imported = sorted(name for name, module in [*sys.modules.items()] if _lies_in(root, module))
    reports = {name: _report(each) for name, each in registries.items()}
    if load:
        for name, each in registries.items():
            answers[f"{name} loaded"] = _guarded(_load_all, each)
    return {"answers": answers, "reports": reports, "imported": imported}


def _guarded(function, *args):
    """What a function returns; what it raises as text.

    Without the files in it: those that only the import of a package leads to are not told by a hit.
    """
    try:
        return function(*args)
    except Exception as error:
        causes = []
        while error is not None:
            causes.append(
                re.sub(r" \([^()]*file\)| \(/[^()]*\)", "", f"{type(error).__name__}: {error}")
            )
            error = error.__cause__
        return {"raised": causes}


def _find(module, name):
    return getattr(importlib.import_module(module), name)


def _list(registry):
    if isinstance(registry, dict) and "raised" in dict.keys(registry):
        return registry
    state = registry._opened()
    records = state[0] if isinstance(state, tuple) else state.records
    answer = {
        "keys": list(registry),
        "records": [records[key] for key in registry],
        "infos": [repr(_guarded(registry.info, key)) for key in registry],
        "failures": {name: repr(error) for name, error in registry.failures.items()},
    }
    if hasattr(registry, "rejected"):
        answer["rejected"] = registry.rejected
    else:
        answer["secondary"] = [
            [repr(k), each._opened()[0][k]] for each in registry._dependents for k in each
        ]
    return answer


def _load_all(registry):
    if isinstance(registry, dict) and "raised" in dict.keys(registry):
        return registry
    # Not in the order of the walk: a module may be loaded before those that change what it adds.
    loaded = {repr(key): _guarded(_loaded, registry, key) for key in reversed(list(registry))}
    for each in getattr(registry, "_dependents", ()):
        loaded.update((f"secondary {key!r}", _guarded(_value, each, key)) for key in list(each))
    return loaded


def _loaded(registry, key):
    """Which class or function it is; what a plugin reads of others at import is its own affair."""
    value = registry[key]
    old = getattr(value, "old", None)
    return [value.__module__, value.__qualname__, old]


def _value(mapping, key):
    return repr(mapping[key])


def _report(registry):
    report = getattr(registry, "report", None)
    if report is None:
        return None
    reason = report.reason and report.reason.name
    saved = report.saved and (
        report.saved.reason.name if report.saved.reason else report.saved.status
    )
    return {"status": report.status, "reason": reason, "where": report.where, "saved": saved}


def _lies_in(root, module):
    place = getattr(module, "__file__", None) or ""
    places = [place, *getattr(module, "__path__", ())]
    return any(str(each).startswith(root + os.sep) for each in places)
