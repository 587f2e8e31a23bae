"""Scans of libraries that are written for one test, and know nothing of registries."""

import os
import sysconfig
import time
import warnings
from pathlib import Path
from typing import Any

import attrs
import pytest
from tampering import tamper
from throwaway import App

from regcache_core import ConfigError, Reason
from regcache_functions import (
    FunctionRegistry,
    Reject,
    ScanError,
    ScanWarning,
    UnknownFunctionError,
)

#: Private and test modules say so when they are imported; nobody should.
PAINT = {
    "paint/__init__.py": """
        '''A library for painting.'''
        import os
        from os.path import join
        from .blur import soften
        from .draw import line as stroke
        from .draw import Pen, WIDTH

        __version__ = "1.5"
        __all__ = ["soften", "stroke", "Pen", "WIDTH", "soften"]
        """,
    "paint/blur.py": """
        from .draw import line
        __all__ = ["soften", "smear"]

        def soften(image, sigma=1.0):
            '''Soften edges.'''
            return "soften", image, sigma

        def smear(image):
            return "smear", image

        def helper(image): ...
        """,
    "paint/draw.py": """
        from collections import deque
        from math import hypot
        from .blur_tools import fade
        WIDTH = 3

        class Pen:
            pass

        def line(start, end):
            '''Draw a line.'''
            return "line", start, end

        def dot(at): ...
        def _private(): ...
        rule = line
        """,
    "paint/blur_tools.py": "def fade(image): ...\n",
    "paint/deep/__init__.py": """
        from ..blur import soften
        __all__ = ["soften", "dig"]
        def dig(): ...
        """,
    "paint/deep/deeper.py": "__all__ = ['bury']\ndef bury(): ...\n",
    "paint/_private.py": "raise SystemExit('private')",
    "paint/tests/__init__.py": "raise SystemExit('tests')",
    "paint/deep/conftest.py": "raise SystemExit('conftest')",
}

LISTING = """
from regcache_functions import FunctionRegistry
paint = FunctionRegistry.scan("paint"{arguments})
out = [list(paint), sorted(name for name in sys.modules if name.split(".")[0] == "paint")]
"""


@pytest.fixture
def paint(app: App) -> App:
    """A library: some modules with ``__all__``, some without, private ones and tests."""
    app.write(PAINT)
    return app


def scan(library: str = "paint", **options: Any) -> FunctionRegistry[Any]:
    """A registry of a library, as a reader would write it."""
    registry: FunctionRegistry[Any] = FunctionRegistry.scan(library, **options)
    return registry


def test_what_all_says_is_listed(paint: App) -> None:
    """Functions in ``__all__`` of the library and the modules below count; classes do not."""
    assert ["soften", "stroke", "smear", "dig", "bury"] == list(scan())


def test_private_and_test_modules_are_not_imported(paint: App) -> None:
    """Modules that begin with an underscore, and tests, are left alone."""
    _, imported = paint.run(LISTING.format(arguments=""))

    modules = ["", ".blur", ".blur_tools", ".deep", ".deep.deeper", ".draw"]
    assert [f"paint{name}" for name in modules] == imported


def test_functions_give_what_the_library_gives(paint: App) -> None:
    """A name, an alias and a place lead to the function itself."""
    registry = scan()

    import paint as library  # type: ignore[import-not-found]

    names = ["soften", "blur.soften", "deep.soften", "paint.soften", "stroke"]
    expected = [library.soften] * 4 + [library.stroke]
    assert expected == [registry[name] for name in names]


def test_library_that_says_nothing_publishes_its_own_public_functions(paint: App) -> None:
    """A named module without ``__all__`` gives what it defines, not what it imports."""
    registry = scan(modules=["draw"])

    assert ["dot", "fade", "line"] == sorted(registry)
    assert ("rule", "draw.rule") == registry.info("line").aliases


def test_public_names_look_past_all(paint: App) -> None:
    """With ``public="names"`` all functions count that the library defines and names publicly."""
    registry = scan(public="names")

    assert ["bury", "dig", "dot", "fade", "helper", "line", "smear", "soften"] == sorted(
        registry.info(name).original_name for name in registry
    )


def test_public_names_of_a_module_in_the_standard_library() -> None:
    """C code that does not say where it is defined belongs to the module that has it."""
    registry = scan("math", public="names")

    assert {"hypot", "sin"} <= set(registry)
    assert not any(name.startswith("_") for name in registry)


@pytest.mark.parametrize("module", ["blur", "paint.blur"])
def test_modules_are_named_with_or_without_the_library(module: str, paint: App) -> None:
    """A module in the library may be given by its full name or by the rest of it."""
    registry = scan(modules=[module])

    assert ["smear", "soften"] == sorted(registry)
    assert "paint.blur" == registry.info("soften").module


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ["dig", "soften"]),
        ({"recursive": False}, ["dig", "soften"]),
        ({"recursive": True}, ["bury", "dig", "soften"]),
    ],
)
def test_modules_below_given_ones_are_searched_on_request(
    options: Any, names: list[str], paint: App
) -> None:
    """Named modules alone are searched, unless ``recursive`` says otherwise."""
    assert names == sorted(scan(modules=["deep"], **options))


def test_the_library_alone_is_searched_on_request(paint: App) -> None:
    """``recursive=False`` imports only what the library's own names need."""
    names, imported = paint.run(LISTING.format(arguments=", recursive=False"))

    assert ["soften", "stroke"] == names
    assert "paint.deep" not in imported


def test_overlapping_modules_are_searched_once(paint: App) -> None:
    """A module that two given ones lead to gives its functions once."""
    registry = scan(modules=["deep.deeper", "deep"], recursive=True)

    assert ["bury", "dig", "soften"] == sorted(registry)
    assert () == registry.info("bury").aliases


@pytest.mark.parametrize("module", ["absent", "paint.absent", "deep.absent"])
def test_a_missing_module_that_was_asked_for_is_an_error(module: str, paint: App) -> None:
    """A named module that is not there raises and names itself."""
    with pytest.raises(ScanError, match=r"absent: ModuleNotFoundError") as caught:
        list(scan(modules=[module]))

    assert str(caught.value.name).endswith("absent")


def test_a_missing_library_is_an_error(app: App) -> None:
    """A library that is not installed raises when it is listed, not when it is declared."""
    registry = scan("no_such_library")

    with pytest.raises(ScanError, match="is it installed, is it misspelt") as caught:
        len(registry)
    assert "no_such_library" == caught.value.name


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"include": ["s*"]}, ["smear", "soften", "stroke"]),
        ({"include": ["deep.*"]}, ["bury", "dig", "soften"]),
        ({"include": ["deep.*", "smear"]}, ["bury", "dig", "smear", "soften"]),
        ({"include": ["Soften"]}, []),
        ({"exclude": ["s*"]}, ["bury", "dig"]),
        ({"include": ["deep.*"], "exclude": ["*.soften", "bury"]}, ["dig"]),
        ({"exclude": ["deep*"]}, ["smear", "soften", "stroke"]),
    ],
)
def test_patterns_fit_names_and_places(options: Any, names: list[str], paint: App) -> None:
    """A pattern is compared with a function's name and with its place in the library."""
    registry = scan(**options)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if not names else "error")
        listed = sorted(registry)

    assert names == listed


def test_an_excluded_module_is_not_imported(paint: App) -> None:
    """A module whose place fits ``exclude`` costs nothing, and nor do those below it."""
    _, imported = paint.run(LISTING.format(arguments=", exclude=['deep']"))

    assert "paint.blur" in imported
    assert not any(name.startswith("paint.deep") for name in imported)


def test_a_predicate_says_what_counts(paint: App) -> None:
    """The predicate sees each function, and no class."""
    seen = []

    def is_blur(function: Any) -> bool:
        seen.append(function.__name__)
        return bool(function.__module__ == "paint.blur")

    assert ["soften", "smear"] == list(scan(predicate=is_blur))
    assert {"soften", "line", "smear", "dig", "bury"} == set(seen)


def test_predicate_that_raises_is_told_of() -> None:
    """The error of a predicate comes with the place that it was asked about, and as the cause."""

    def predicate(function: Any) -> bool:
        raise LookupError("no idea")

    registry: Any = FunctionRegistry.scan("statistics", include=["fmean"], predicate=predicate)

    with pytest.raises(ScanError) as caught:
        list(registry)
    assert ("statistics.fmean", "the predicate raised LookupError: no idea") == (
        caught.value.name,
        caught.value.problem,
    )
    assert isinstance(caught.value.__cause__, LookupError)


def test_a_function_is_kept_once_at_its_best_place(paint: App) -> None:
    """The place nearest to the library's top is where it is public; the others are aliases."""
    info = scan().info("soften")

    assert ("paint", "soften", "paint.blur") == (info.module, info.qualname, info.defined_in)
    assert ("blur.soften", "deep.soften") == info.aliases
    assert "soften" == info.original_name


def test_a_renamed_function_has_the_public_name(paint: App) -> None:
    """What is published under another name is listed under that, and keeps its own as a fact."""
    info = scan().info("stroke")

    assert ("stroke", "line", "paint.draw") == (info.name, info.original_name, info.defined_in)


def test_at_equal_places_the_own_name_is_best(app: App) -> None:
    """Of two names in one module the function is listed under the one that is its own."""
    app.write({"pots.py": "def boil(): ...\nbake = boil\n__all__ = ['bake', 'boil']\n"})
    registry = scan("pots")

    assert ["boil"] == list(registry)
    assert ("bake",) == registry.info("boil").aliases
    assert registry["bake"] is registry["boil"]


TWINS = {
    "twins/__init__.py": "",
    "twins/left.py": "__all__ = ['turn']\ndef turn(): return 'left'\n",
    "twins/right.py": "__all__ = ['turn', 'go']\ndef turn(): return 'right'\ndef go(): ...\n",
}


def test_two_functions_of_one_name_are_told_apart(app: App) -> None:
    """Both are listed under their places, and neither under the bare name."""
    app.write(TWINS)
    registry = scan("twins")

    assert ["left.turn", "go", "right.turn"] == list(registry)
    assert ["left", "right"] == [registry[name]() for name in ("left.turn", "right.turn")]
    assert "right" == registry["twins.right.turn"]()
    assert "turn" == registry.info("left.turn").original_name


def test_an_ambiguous_name_is_an_error_that_names_the_full_ones(app: App) -> None:
    """Asking for a name that two functions have tells both of their full names."""
    app.write(TWINS)
    registry = scan("twins")

    with pytest.raises(UnknownFunctionError) as caught:
        registry["turn"]

    assert "turn" not in registry
    assert {"left.turn", "right.turn"} == set(caught.value.close)


def test_a_name_that_also_is_an_alias_of_another_function_stays_unique(app: App) -> None:
    """A function's second name that another function has too is no alias of either."""
    app.write(
        {
            "names/__init__.py": "",
            "names/a.py": "def one(): return 1\nboth = one\n__all__ = ['one', 'both']\n",
            "names/b.py": "__all__ = ['both']\ndef both(): return 2\n",
        }
    )
    registry = scan("names")

    assert ["one", "b.both"] == list(registry)
    assert {"a.both", "b.both"} == set(registry.info("one").aliases) | {"b.both"}
    assert [1, 2] == [registry["a.both"](), registry["b.both"]()]


LAZY = {
    "lazy/__init__.py": """
        __all__ = ["quick", "slow", "gone", "old"]

        def quick(): return "quick"

        def __getattr__(name):
            if name == "slow":
                from .parts import slow
                return slow
            if name == "gone":
                raise RuntimeError("needs a licence")
            if name == "old":
                import warnings
                warnings.warn("old is going away", DeprecationWarning, stacklevel=2)
                return quick_old
            raise AttributeError(name)

        def __dir__():
            return __all__

        def quick_old(): return "old"
        """,
    "lazy/parts.py": "__all__ = ['slow']\ndef slow(): return 'slow'\n",
}


def test_lazy_names_are_listed(app: App) -> None:
    """What a module's ``__getattr__`` makes on request is found and loaded like any other."""
    app.write(LAZY)
    registry = scan("lazy")

    assert ["quick", "quick_old", "slow"] == sorted(
        registry.info(name).original_name for name in registry
    )
    assert ("lazy", "lazy.parts") == (
        registry.info("slow").module,
        registry.info("slow").defined_in,
    )
    assert "slow" == registry["slow"]()


def test_a_name_that_raises_is_rejected_with_its_error(app: App) -> None:
    """A published name that cannot be had costs only itself, and is listed as rejected."""
    app.write(LAZY)
    registry = scan("lazy")

    assert {"gone": "RuntimeError: needs a licence"} == registry.rejected
    assert {} == registry.failures
    with pytest.raises(UnknownFunctionError, match="rejected: RuntimeError: needs a licence"):
        registry["gone"]


def test_a_deprecated_name_is_listed_without_a_warning(app: App) -> None:
    """A scan shows none of the warnings of names that it merely lists (warnings are errors)."""
    app.write(LAZY)
    registry = scan("lazy")

    assert "old" in list(registry)


def test_a_module_that_cannot_say_what_it_publishes_costs_only_itself(app: App) -> None:
    """A module whose ``__getattr__`` raises when it is asked for ``__all__`` is a failure."""
    app.write(
        {
            "sulky/__init__.py": "__all__ = ['fine']\ndef fine(): ...\n",
            "sulky/silent.py": """
                def __getattr__(name):
                    if name == "__all__":
                        raise RuntimeError("nothing to say")
                    raise AttributeError(name)
                """,
        }
    )
    registry = scan("sulky")

    with pytest.warns(ScanWarning, match=r"sulky\.silent failed"):
        assert ["fine"] == list(registry)
    assert registry.failures["sulky.silent"].startswith("RuntimeError: nothing to say")


def test_names_of_a_lazy_module_without_all_come_from_dir(app: App) -> None:
    """``public="names"`` asks the module's ``__dir__``, which knows what is not there yet."""
    app.write(LAZY)

    assert {"quick", "slow", "old"} == set(scan("lazy", public="names", recursive=False))


def test_lazy_loader_with_a_stub_is_followed(app: App) -> None:
    """A library on the real lazy_loader, described by a stub, is listed in full."""
    pytest.importorskip("lazy_loader")
    app.write(
        {
            "loaded/__init__.py": """
                import lazy_loader
                __getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
                """,
            "loaded/__init__.pyi": """
                from . import shapes
                from .shapes import circle, square
                __all__ = ["shapes", "circle", "square"]
                """,
            "loaded/shapes.py": "def circle(): return 'circle'\ndef square(): ...\n",
        }
    )
    registry = scan("loaded")

    assert ["circle", "square"] == list(registry)
    assert "loaded.shapes" == registry.info("circle").defined_in
    assert "circle" == registry["circle"]()


def test_compiled_functions_are_listed() -> None:
    """Functions of an extension module or of the interpreter need no source."""
    registry = scan("zlib")

    assert {"adler32", "compress", "crc32"} <= set(registry)
    assert "zlib" == registry.info("crc32").module
    assert 0 == registry["crc32"](b"")


def test_extension_module_in_a_library_publishes_what_it_defines(app: App) -> None:
    """A compiled module of a library that says nothing of ``__all__`` is searched by names."""
    import math

    origin = getattr(math, "__file__", None)
    if origin is None:
        pytest.skip("math is built into this interpreter")
    app.write({"fast/__init__.py": ""})
    target = app.folder / f"fast/math{sysconfig.get_config_var('EXT_SUFFIX')}"
    target.write_bytes(Path(origin).read_bytes())
    code = """
        from regcache_functions import FunctionRegistry
        fast = FunctionRegistry.scan("fast", modules=["math"])
        out = list(fast), fast.info("hypot").module, fast["hypot"](3, 4)
        """
    names, module, value = app.run(code)

    assert {"hypot", "sin"} <= set(names)
    assert ("fast.math", 5.0) == (module, value)


BROKEN = {
    "broken/__init__.py": "__all__ = ['fine']\ndef fine(): ...\n",
    "broken/needs.py": "import no_such_dependency\n__all__ = ['lost']\ndef lost(): ...\n",
}


def test_a_module_that_fails_costs_only_itself(app: App) -> None:
    """A broken module is warned of and kept in ``failures``; the rest is listed."""
    app.write(BROKEN)
    registry = scan("broken")

    with pytest.warns(ScanWarning, match=r"broken\.needs failed to import") as caught:
        assert ["fine"] == list(registry)
    assert __file__ == caught[0].filename
    error = "ModuleNotFoundError: No module named 'no_such_dependency'"
    assert registry.failures["broken.needs"].startswith(error)
    assert "needs.py:1" in registry.failures["broken.needs"]
    with pytest.raises(UnknownFunctionError, match=r"failed to import .* broken\.needs"):
        registry["lost"]


def test_strict_raises_for_a_broken_module(app: App) -> None:
    """With ``strict`` a module that fails ends the search with its error."""
    app.write(BROKEN)

    with pytest.raises(ScanError, match=r"broken\.needs: ModuleNotFoundError") as caught:
        list(scan("broken", strict=True))
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_library_that_fails_itself_is_an_error(app: App) -> None:
    """If the library cannot be imported there is nothing to list, strict or not."""
    app.write({"wreck/__init__.py": "1 / 0\n"})

    with pytest.raises(ScanError, match="wreck: ZeroDivisionError: division by zero"):
        list(scan("wreck"))


def test_the_missing_dependency_is_an_input(app: App) -> None:
    """A module that failed for want of another appears as soon as that can be imported."""
    app.write(BROKEN)
    code = """
        import warnings
        warnings.simplefilter("ignore")
        from regcache_functions import FunctionRegistry
        broken = FunctionRegistry.scan("broken")
        out = list(broken), broken.report.status
        """
    runs = [app.run(code), app.run(code)]
    app.write({"no_such_dependency.py": ""})

    assert [[["fine"], "miss"], [["fine"], "hit"]] == runs
    assert [["fine", "lost"], "miss"] == app.run(code)


def test_nothing_found_is_a_warning(app: App) -> None:
    """A search that finds no function at all says so."""
    app.write({"bare/__init__.py": "SIZE = 3\n"})

    with pytest.warns(ScanWarning, match="bare: no function was found in bare"):
        assert [] == list(scan("bare"))


@attrs.frozen
class Speed:
    """What the probe of these tests tells."""

    cost: int
    parallel: bool = False


def measure(function: Any) -> dict[str, Any]:
    """A probe: facts by name."""
    if function.__name__ == "line":
        raise Reject("draws nothing")
    if function.__name__ == "dig":
        raise OSError("no spade")
    return {"cost": len(function.__name__), "contract": "2d"}


def test_facts_of_the_probe_are_converted(paint: App) -> None:
    """Facts come back as the declared class; the contract has its own place."""
    info = scan(probe=measure, facts=Speed).info("smear")

    assert Speed(5) == info.facts
    assert "2d" == info.contract


def test_facts_may_be_an_instance_or_nothing(paint: App) -> None:
    """A probe may return an attrs instance, a mapping or ``None``."""
    one = scan(probe=lambda function: Speed(1, True), facts=Speed, name="one")
    none = scan(probe=lambda function: None, name="none")

    assert Speed(1, True) == one.info("smear").facts
    assert {} == none.info("smear").facts
    assert None is none.info("smear").contract


def test_facts_that_do_not_fit_reject_the_function_alone(paint: App) -> None:
    """The reason names the registry, the function and the fact; the others are listed."""

    def probe(function: Any) -> dict[str, Any]:
        return {"cost": "much" if function.__name__ == "soften" else 1}

    registry = scan(probe=probe, facts=Speed)

    assert "soften" not in registry
    assert "smear" in registry
    assert registry.rejected["soften"].startswith("paint: the facts of 'soften' do not fit")
    assert "cost" in registry.rejected["soften"]


def test_a_probe_rejects_with_a_reason(paint: App) -> None:
    """Refused functions are not listed but kept with the reason, in the cache too."""
    cold = scan(probe=measure)
    warm = scan(probe=measure)

    rejected = {"stroke": "draws nothing", "dig": "OSError: no spade"}
    assert ["soften", "smear", "bury"] == list(cold) == list(warm)
    assert rejected == cold.rejected == warm.rejected
    assert ("miss", "hit") == (cold.report.status, warm.report.status)  # type: ignore[union-attr]


def test_asking_for_a_rejected_function_tells_why(paint: App) -> None:
    """The error of a name that was found and refused says so."""
    with pytest.raises(UnknownFunctionError, match="found and rejected: draws nothing") as caught:
        scan(probe=measure)["stroke"]
    assert "draws nothing" == caught.value.rejected


def test_a_probe_that_returns_no_facts_is_told(paint: App) -> None:
    """Anything but facts or ``None`` rejects the function and shows what it was."""
    registry = scan(probe=lambda function: 3, include=["smear"])

    assert {"smear": "TypeError: the probe returned 3; give a mapping of facts, or None"} == (
        registry.rejected
    )


def test_everything_rejected_is_no_warning(paint: App) -> None:
    """An empty list with reasons explains itself (warnings are errors here)."""

    def refuse(function: Any) -> None:
        raise Reject

    registry = scan(probe=refuse)

    assert [] == list(registry)
    assert {"rejected by the probe"} == set(registry.rejected.values())


WARM = """
from regcache_functions import FunctionRegistry
import probing
paint = FunctionRegistry.scan("paint", probe=probing.measure, public={public!r})
listed = [*paint]
before = sorted(name for name in sys.modules if name.split(".")[0] == "paint")
infos = [repr(paint.info(name)) for name in paint]
out = {{
    "answer": [listed, infos, paint.to_json(), repr(paint), paint.rejected, paint.failures,
               len(paint), [*reversed(paint)], "soften" in paint, [*paint.search("edges")],
               [*paint.query(parameter="image")]],
    "imported": before, "status": paint.report.status,
    "after": sorted(name for name in sys.modules if name.split(".")[0] == "paint"),
    "importing": "importlib.metadata" in sys.modules,
}}
"""
PROBING = {"probing.py": "def measure(function): return {'size': len(function.__name__)}\n"}


@pytest.mark.parametrize("public", ["__all__", "names"])
def test_warm_answer_equals_cold_answer(public: str, paint: App) -> None:
    """Every fact, text and question has one answer, whether it comes from the file or a scan."""
    paint.write(PROBING)
    cold, warm = (paint.run(WARM.format(public=public)) for _ in range(2))

    assert ("miss", "hit") == (cold["status"], warm["status"])
    assert cold["answer"] == warm["answer"]


def test_warm_listing_imports_nothing_of_the_library(paint: App) -> None:
    """Names, facts, questions and texts come from the file: not even the package is imported."""
    paint.write(PROBING)
    cold, warm = (paint.run(WARM.format(public="__all__")) for _ in range(2))

    assert "paint.blur" in cold["imported"]
    assert [] == warm["imported"] == warm["after"]
    assert (True, False) == (cold["importing"], warm["importing"])


def test_warm_function_imports_what_it_needs(paint: App) -> None:
    """Loading one function imports its public module and what that imports itself."""
    code = """
        from regcache_functions import FunctionRegistry
        paint = FunctionRegistry.scan("paint", modules=["blur", "deep.deeper"])
        value = paint["smear"](1)
        out = value, sorted(name for name in sys.modules if name.split(".")[0] == "paint")
        """
    cold, warm = paint.run(code), paint.run(code)

    assert ["smear", 1] == cold[0] == warm[0]
    assert "paint.deep.deeper" in cold[1]
    assert ["paint", "paint.blur", "paint.blur_tools", "paint.draw"] == warm[1]


STATUS = """
from regcache_functions import FunctionRegistry
paint = FunctionRegistry.scan("paint")
out = [*paint], paint.report.status, paint.report.where
"""


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"paint/blur.py": "__all__ = ['soften']\ndef soften(): ...\n"}, ["soften", "bury"]),
        ({"paint/new.py": "__all__ = ['new']\ndef new(): ...\n"}, ["soften", "new"]),
        ({"paint/deep/deeper.py": "__all__ = []\n"}, ["soften", "dig"]),
    ],
)
def test_a_changed_source_of_a_local_library_is_a_miss(
    change: dict[str, str], names: list[str], paint: App
) -> None:
    """A library that no distribution owns is watched file by file."""
    first, second = paint.run(STATUS), paint.run(STATUS)
    paint.write(change)
    third = paint.run(STATUS)

    assert ("miss", "hit", "miss") == (first[1], second[1], third[1])
    assert first[0] != third[0]
    assert set(names) <= set(third[0])


def test_scans_with_other_settings_have_files_of_their_own(paint: App) -> None:
    """Two scans of one library that list different things do not evict each other."""
    options: list[dict[str, Any]] = [
        {},
        {"public": "names"},
        {"include": ["s*"]},
        {"exclude": ["s*"]},
        {"modules": ["deep"]},
        {"recursive": False},
        {"name": "colours"},
    ]
    cold = [list(scan(**each)) for each in options]
    warm = [scan(**each) for each in options]

    assert cold == [list(each) for each in warm]
    assert ["hit"] * 7 == [each.report.status for each in warm]  # type: ignore[union-attr]
    assert 7 == len(paint.cache_files())


def test_an_anonymous_predicate_means_no_cache(paint: App) -> None:
    """A predicate whose identity cannot be told disables the cache, and the report says so."""
    registry = scan(predicate=[lambda function: True].__getitem__, include=["smear"])

    with pytest.raises(ScanError, match="smear: the predicate raised TypeError"):
        list(registry)
    usable = scan(predicate={}.get)
    with pytest.warns(ScanWarning):
        list(usable)

    assert "disabled" == str(usable.report.status)  # type: ignore[union-attr]
    assert "the probe or the predicate" in str(usable.report)
    assert [] == paint.cache_files()


DEFAULTS = """
import os
LEAST = int(os.environ.get("LEAST", "3"))

def predicate(function, least=LEAST):
    return len(function.__name__) >= least

def probe(function, *, least=LEAST):
    if len(function.__name__) < least:
        raise ValueError
"""


@pytest.mark.parametrize("kind", ["predicate", "probe"])
def test_another_default_is_another_answer(kind: str, app: App) -> None:
    """The default value of a function that says what counts may come from anywhere."""
    library = "__all__ = ['one', 'three']\ndef one(): ...\ndef three(): ...\n"
    app.write({"lib.py": library, "asked.py": DEFAULTS})
    code = f"""
        import asked
        from regcache_functions import FunctionRegistry
        lib = FunctionRegistry.scan("lib", {kind}=asked.{kind})
        out = list(lib), lib.report.status
        """

    answers = [app.run(code, LEAST=least) for least in "3535"]
    assert [["one", "three"], ["three"]] * 2 == [names for names, _ in answers]
    assert [["one", "three"], "hit"] == answers[2]


def test_without_a_cache_nothing_is_written(paint: App) -> None:
    """``enable_cache=False`` searches in every process and leaves no file."""
    registry = scan(enable_cache=False)

    assert 5 == len(registry)
    assert [] == paint.cache_files()
    assert None is registry.report


def test_refresh_searches_anew(paint: App) -> None:
    """``refresh`` sees a module that was added, in the same process."""
    registry = scan()
    before = list(registry)
    paint.write({"paint/new.py": "__all__ = ['new']\ndef new(): ...\n"})
    registry.refresh()

    assert {"new"} == set(registry) - set(before)


def test_a_function_that_went_away_behind_the_file_is_unknown(paint: App) -> None:
    """A listed function whose module does not give it any more raises, and names the module."""
    list(scan())
    registry = scan()

    import paint as library

    del library.soften
    with pytest.raises(ImportError, match="'soften' is listed, but its module paint fails"):
        registry["soften"]


#: What no trial can keep.
BAD_BOUNDS: dict[str, list[Any]] = {
    "timeout": [0, -1, float("nan"), float("inf"), "x"],
    "memory": [-5, 0, "1G"],
    "progress": [3],
}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"modules": "deep"}, "modules"),
        ({"include": "s*"}, "include"),
        ({"exclude": b"s*"}, "exclude"),
        ({"predicate": 3}, "predicate"),
        ({"probe": "x"}, "probe"),
        ({"public": "all"}, "public"),
        ({"library": ""}, "library"),
        ({"executor": object()}, "executor"),
        ({"memory": 1}, "memory"),
        ({"progress": True}, "progress"),
        ({"name": 3}, "name"),
        ({"facts": 3}, "facts"),
        *(
            ({field: value, "probe": "probes:probe"}, field)
            for field, values in BAD_BOUNDS.items()
            for value in values
        ),
    ],
)
def test_a_wrong_argument_is_told_at_once(options: dict[str, Any], field: str) -> None:
    """Arguments are checked where the registry is declared; the error has field and value."""
    with pytest.raises(ConfigError, match=field) as caught:
        FunctionRegistry.scan(**{"library": "paint", **options})

    assert (field, repr(options[field])) == (caught.value.field, repr(caught.value.value))


def test_what_was_imported_before_an_edit_is_not_stored(paint: App) -> None:
    """An answer from the old text of an edited module is not kept under the new file's stamp."""
    edited = paint.run(
        """
        from pathlib import Path
        import time
        import paint.deep.deeper as deeper
        from regcache_functions import FunctionRegistry
        registry = FunctionRegistry.scan("paint")
        time.sleep(0.02)
        file = Path(deeper.__file__)
        file.write_text(file.read_text().replace("bury", "hide"))
        out = [*registry]
        """
    )
    names, status, _ = paint.run(STATUS)

    assert "bury" in edited
    assert ("miss", True) == (status, "hide" in names)


def test_old_files_are_watched_by_time_and_size(paint: App) -> None:
    """An edit of an old file of the same size is seen by its time."""
    long_ago = time.time() - 3600
    for path in paint.folder.rglob("*"):
        os.utime(path, (long_ago, long_ago))
    before = [paint.run(STATUS)[1] for _ in range(2)]
    file = paint.folder / "paint/deep/deeper.py"
    file.write_text(file.read_text().replace("bury", "hide"))
    names, status, where = paint.run(STATUS)

    assert ["miss", "hit"] == before
    assert ("miss", True) == (status, "hide" in names)
    assert where.endswith("deeper.py")


def test_a_library_in_an_archive_is_listed(app: App) -> None:
    """A library that is imported from a zip file is scanned like any other."""
    import zipfile

    with zipfile.ZipFile(app.folder / "zipped.zip", "w") as archive:
        archive.writestr("zipped/__init__.py", "__all__ = ['zip_it']\ndef zip_it(): return 1\n")
        archive.writestr("zipped/more.py", "__all__ = ['more']\ndef more(): return 2\n")
    code = """
        sys.path.insert(0, "zipped.zip")
        from regcache_functions import FunctionRegistry
        zipped = FunctionRegistry.scan("zipped")
        out = [*zipped], [zipped[name]() for name in zipped]
        """

    assert [["zip_it", "more"], [1, 2]] == app.run(code)
    assert [["zip_it", "more"], [1, 2]] == app.run(code)


def test_odd_values_are_no_functions(app: App) -> None:
    """Classes, types, nameless objects, modules, constants, names that are no text: none counts."""
    app.write(
        {
            "odd.py": """
                import functools, types, typing
                class Kind: pass
                class Callable:
                    def __call__(self): ...
                part = functools.partial(int, base=2)
                thing = Callable()
                named = Callable()
                named.__name__ = "named"
                wrong = Callable()
                wrong.__name__ = 3
                Any = typing.Any
                Ints = list[int]
                Old = typing.List[int]
                Maybe = typing.Optional[int]
                Alias = types.GenericAlias(dict, (str, int))
                Many = typing.List
                T = typing.TypeVar("T")
                def real(): ...
                __all__ = ["Kind", "part", "thing", "named", "wrong", "functools", 3, "real"]
                __all__ += ["Any", "Ints", "Old", "Maybe", "Alias", "Many", "T"]
                """
        }
    )

    assert ["named", "real"] == sorted(scan("odd"))


def test_builtin_that_names_no_module_belongs_to_its_package(app: App) -> None:
    """C code does not say where its functions are from: a builtin is of the module it is in."""
    app.write({"lib/__init__.py": "joined = ''.join\ndef own(): ...\n"})

    assert {"joined", "own"} == set(FunctionRegistry.scan("lib", public="names"))


def test_aliases_have_one_order(app: App) -> None:
    """A library whose ``__all__`` comes from a set has the same names in every process."""
    app.write(
        {
            "lib.py": """
                __all__ = list({"real", "echo", "alpha", "delta", "beta", "gamma"})
                def real(): ...
                echo = alpha = delta = beta = gamma = real
                """
        }
    )
    code = """
        from regcache_functions import FunctionRegistry
        lib = FunctionRegistry.scan("lib", enable_cache=False)
        out = list(lib.info("real").aliases)
        """

    orders = [app.run(code, PYTHONHASHSEED=str(seed)) for seed in range(4)]
    assert ["alpha", "beta", "delta", "echo", "gamma"] == orders[0]
    assert [orders[0]] * 4 == orders


def test_same_answers_from_a_pickled_registry(paint: App) -> None:
    """A registry of a library pickles by its arguments and opens itself again."""
    import pickle

    registry = scan(probe=measure, facts=None, name="colours", include=["s*"])
    listed = list(registry)
    again = pickle.loads(pickle.dumps(registry))

    assert ("colours", listed) == (again.name, list(again))
    assert registry.to_json() == again.to_json()
    assert "hit" == again.report.status


def test_file_that_watches_nothing_of_the_library_is_a_miss(paint: App) -> None:
    """Stamps of a library that were taken out of the file do not make it fresh for ever."""
    list(scan())
    tamper(paint, lambda document: document.update(library={}))
    registry = scan()

    assert ["soften", "stroke"] == list(registry)[:2]
    report = registry.report
    assert report is not None
    assert ("miss", Reason.WRONG_SHAPE, "library") == (report.status, report.reason, report.where)
