"""Scans of libraries that are written for one test, and know nothing of registries."""

import sys
import sysconfig
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
out = [list(paint), sorted(name[6:] for name in sys.modules if name.startswith("paint."))]
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


TOP = ["soften", "stroke"]
BY_NAME = ["bury", "dig", "dot", "fade", "helper", "smear", "soften", "stroke"]


@pytest.mark.parametrize(
    ("arguments", "names", "imported"),
    [
        ("", [*TOP, "smear", "dig", "bury"], ["deep", "deep.deeper"]),
        (", recursive=False", TOP, []),
        (", exclude=['deep']", [*TOP, "smear"], []),
    ],
)
def test_only_what_is_searched_is_imported(
    arguments: str, names: list[str], imported: list[str], paint: App
) -> None:
    """Functions in ``__all__`` count, classes do not; private modules and tests are left alone."""
    needed = ["blur", "blur_tools", "draw"]

    assert [names, sorted(needed + imported)] == paint.run(LISTING.format(arguments=arguments))


def test_functions_give_what_the_library_gives(paint: App) -> None:
    """A name, an alias and a place lead to the function itself."""
    registry = scan()

    import paint as library  # type: ignore[import-not-found]

    names = ["soften", "blur.soften", "deep.soften", "paint.soften", "stroke"]
    expected = [library.soften] * 4 + [library.stroke]
    assert expected == [registry[name] for name in names]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"public": "names"}, BY_NAME),
        ({"modules": ["draw"]}, ["dot", "fade", "line"]),
        ({"modules": ["blur"]}, ["smear", "soften"]),
        ({"modules": ["paint.blur"]}, ["smear", "soften"]),
        ({"modules": ["deep"]}, ["dig", "soften"]),
        ({"modules": ["deep"], "recursive": False}, ["dig", "soften"]),
        ({"modules": ["deep"], "recursive": True}, ["bury", "dig", "soften"]),
        ({"modules": ["deep.deeper", "deep"], "recursive": True}, ["bury", "dig", "soften"]),
        ({"include": ["s*"]}, ["smear", "soften", "stroke"]),
        ({"include": ["deep.*"]}, ["bury", "dig", "soften"]),
        ({"include": ["deep.*", "smear"]}, ["bury", "dig", "smear", "soften"]),
        ({"include": ["Soften"]}, []),
        ({"exclude": ["s*"]}, ["bury", "dig"]),
        ({"include": ["deep.*"], "exclude": ["*.soften", "bury"]}, ["dig"]),
        ({"exclude": ["deep*"]}, ["smear", "soften", "stroke"]),
    ],
)
def test_options_say_what_is_listed(options: Any, names: list[str], paint: App) -> None:
    """Modules, recursion, and patterns that fit a function's name or its place in the library."""
    registry = scan(**options)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if not names else "error")
        listed = sorted(registry)

    assert names == listed


@pytest.mark.parametrize(
    ("library", "options", "name", "problem"),
    [
        ("no_such_library", {}, "no_such_library", "is it installed, is it misspelt"),
        ("paint", {"modules": ["absent"]}, "paint.absent", "ModuleNotFoundError"),
        ("paint", {"modules": ["paint.absent"]}, "paint.absent", "ModuleNotFoundError"),
        ("paint", {"modules": ["deep.absent"]}, "paint.deep.absent", "ModuleNotFoundError"),
    ],
)
def test_what_is_missing_is_an_error(
    library: str, options: Any, name: str, problem: str, paint: App
) -> None:
    """A library, or a module that was asked for, raises when it is listed, and not before."""
    registry = scan(library, **options)

    with pytest.raises(ScanError, match=problem) as caught:
        len(registry)
    assert name == caught.value.name


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
    """The place nearest to the library's top is where it is public; the others are aliases.

    What is published under another name is listed under that, and keeps its own as a fact.
    """
    info, stroke = scan().info("soften"), scan().info("stroke")

    assert ("paint", "soften", "paint.blur") == (info.module, info.qualname, info.defined_in)
    assert ("blur.soften", "deep.soften") == info.aliases
    assert ("line", "paint.draw") == (stroke.original_name, stroke.defined_in)
    assert () == scan(modules=["deep.deeper", "deep"], recursive=True).info("bury").aliases
    assert ("draw.rule", "rule") == scan(modules=["draw"]).info("line").aliases


@pytest.mark.parametrize("is_warm", [False, True], ids=["cold", "warm"])
def test_every_public_place_is_a_name(is_warm: bool, app: App) -> None:
    """With and without the library's name; a bare name is no place where nothing has it."""
    app.write(
        {
            "pots/__init__.py": """
                from .stove import boil
                bake = cook = boil
                __all__ = ["boil", "bake"]
                """,
            "pots/stove.py": """
                def boil(): ...
                def fry(): ...
                fried = heat = boil
                sear = fry
                __all__ = ["boil", "bake", "heat", "fry", "sear"]
                bake = boil
                """,
        }
    )
    if is_warm:
        list(scan("pots"))
    registry = scan("pots")
    boil = ["boil", "bake", "stove.boil", "stove.bake", "stove.heat"]
    fry = ["stove.fry", "stove.sear"]

    assert [["boil", "fry"], is_warm] == [list(registry), "hit" == registry.report.status]
    for name, places in {"boil": boil, "fry": fry}.items():
        for place in (*places, *(f"pots.{each}" for each in places)):
            assert place in registry, place
            assert registry[place] is registry[name]
            assert name == registry.info(place).name
    assert {"heat", "sear"} == {name for name in ("heat", "sear") if name in registry}
    registry.register("own", aliases=["mine"])(lambda: None)
    nowhere = ["heat", "fry", "sear", "cook", "stove.fried", "own", "mine"]
    for place in ("other.boil", *(f"pots.{each}" for each in nowhere)):
        assert place not in registry, place


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
    """Both are listed under their places; asking for the bare name tells both of these."""
    app.write(TWINS)
    registry = scan("twins")

    assert ["left.turn", "go", "right.turn"] == list(registry)
    assert ["left", "right"] == [registry[name]() for name in ("left.turn", "right.turn")]
    assert "right" == registry["twins.right.turn"]()
    assert "turn" == registry.info("left.turn").original_name
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
    """What ``__getattr__`` makes is found and loaded; what raises there is rejected alone.

    The warnings of names that are merely listed are not shown (warnings are errors here).
    """
    app.write(LAZY)
    registry = scan("lazy")

    assert ["quick", "quick_old", "slow"] == sorted(
        registry.info(name).original_name for name in registry
    )
    info = registry.info("slow")
    assert ("lazy", "lazy.parts", "slow") == (info.module, info.defined_in, registry["slow"]())
    assert "old" in registry
    assert ({"gone": "RuntimeError: needs a licence"}, {}) == (registry.rejected, registry.failures)
    with pytest.raises(UnknownFunctionError, match="rejected: RuntimeError: needs a licence"):
        registry["gone"]


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


def test_a_module_that_fails_is_told(app: App) -> None:
    """A broken module is warned of at the line that lists; an unknown name may have been in it."""
    app.write(BROKEN)
    registry = scan("broken")

    with pytest.warns(ScanWarning, match=r"broken\.needs failed to import") as caught:
        assert ["fine"] == list(registry)
    assert __file__ == caught[0].filename
    assert "needs.py:1" in registry.failures["broken.needs"]
    with pytest.raises(UnknownFunctionError, match=r"failed to import .* broken\.needs"):
        registry["lost"]


@pytest.mark.parametrize(
    ("files", "strict", "problem"),
    [
        (BROKEN, True, r"broken\.needs: ModuleNotFoundError"),
        ({"broken/__init__.py": "1 / 0\n"}, False, "broken: ZeroDivisionError: division by zero"),
    ],
    ids=["strict", "the library itself"],
)
def test_search_raises(files: dict[str, str], strict: bool, problem: str, app: App) -> None:
    """With ``strict`` any module that fails ends the search; without, the library itself."""
    app.write(files)

    with pytest.raises(ScanError, match=problem) as caught:
        list(scan("broken", strict=strict))
    assert caught.value.__cause__ is not None


@attrs.frozen
class Speed:
    """What the probe of these tests tells."""

    cost: int
    parallel: bool = False


#: Tuples are lists from the start, for a file has no tuples.
NESTED = {"shape": [1, {"low": [0.5, None]}], "text": "ü\n"}


def measure(function: Any) -> dict[str, Any]:
    """A probe: facts by name."""
    if function.__name__ == "line":
        raise Reject("draws nothing")
    if function.__name__ == "dig":
        raise OSError("no spade")
    return {"cost": len(function.__name__), "contract": "2d"}


@pytest.mark.parametrize(
    ("probe", "declared", "facts", "contract"),
    [
        (lambda function: {"cost": 5, "contract": "2d"}, Speed, Speed(5), "2d"),
        (lambda function: Speed(1, True), Speed, Speed(1, True), None),
        (lambda function: {"cost": 1, "contract": 5}, None, {"cost": 1}, "5"),
        (lambda function: {"contract": None}, None, {}, None),
        (lambda function: {"shape": (1, {"low": (0.5, None)}), "text": "ü\n"}, None, NESTED, None),
        (lambda function: None, None, {}, None),
    ],
)
def test_facts_of_the_probe_are_converted(
    probe: Any, declared: Any, facts: Any, contract: str | None, paint: App
) -> None:
    """A mapping, an instance or nothing gives JSON values or the declared class, cold and warm."""
    for status in ("miss", "hit"):
        registry = scan(probe=probe, facts=declared, include=["smear"])
        info = registry.info("smear")

        assert (facts, contract) == (info.facts, info.contract)
        assert status == registry.report.status  # type: ignore[union-attr]


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
    """Refused functions are kept with the reason, in the cache too; asking for one tells it."""
    cold = scan(probe=measure)
    warm = scan(probe=measure)

    rejected = {"stroke": "draws nothing", "dig": "OSError: no spade"}
    assert ["soften", "smear", "bury"] == list(cold) == list(warm)
    assert rejected == cold.rejected == warm.rejected
    with pytest.raises(UnknownFunctionError, match="found and rejected: draws nothing") as caught:
        warm["stroke"]
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
    """Facts, texts and questions have one answer; from the file it imports nothing of a library."""
    paint.write(PROBING)
    cold, warm = (paint.run(WARM.format(public=public)) for _ in range(2))

    assert ("miss", "hit") == (cold["status"], warm["status"])
    assert cold["answer"] == warm["answer"]
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

    assert (5, None) == (len(registry), registry.report)
    assert "disabled" == registry.verify().status
    assert [] == paint.cache_files()


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
        ({"name": ""}, "name"),
        ({"facts": 3}, "facts"),
        ({"library": sys}, "library"),
        ({"library": ".paint"}, "library"),
        ({"modules": ["deep", 3]}, "modules"),
        ({"include": 3}, "include"),
        ({"exclude": [None]}, "exclude"),
        ({"exclude": ("deep", "paint.deep")}, "exclude"),
        ({"recursive": "no"}, "recursive"),
        ({"strict": "no"}, "strict"),
        ({"enable_cache": None}, "enable_cache"),
        ({"max_age_days": "7"}, "max_age_days"),
        ({"cache_dir": 3}, "cache_dir"),
        ({"probe_version": "2"}, "probe_version"),
        ({"probe_version": 2, "probe": "probes:probe"}, "probe_version"),
        ({"executor": 3, "probe": "probes:probe"}, "executor"),
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
    tamper(paint, lambda document: document.update(file_mtimes={}))
    registry = scan()

    assert ["soften", "stroke"] == list(registry)[:2]
    report = registry.report
    assert report is not None
    assert ("miss", Reason.SOURCE_ADDED) == (report.status, report.reason)
