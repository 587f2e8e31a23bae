"""Registries whose base class and functions are given as text, and imported when needed."""

import re
from typing import Any

import pytest
from throwaway import App, Change, check_after, remove, replace, write

from regcache_meta import LazyDiscoveryDict

SHAPES = {
    "above.py": "class Thing:\n    pass\n",
    "shapes_base.py": """
        from above import Thing
        __version__ = "1"  # another one where the base class is not imported
        try:
            import opt
        except ImportError:
            opt = None
        class Shape(Thing):
            class Round:
                pass
        """,
    "limits.py": "LEAST = 3\n",
    "rules.py": """
        import limits
        NOTHING = None
        def many(cls): return cls.corners >= limits.LEAST
        def key_of(name, cls): return name.lower()
        """,
    "shapes/__init__.py": "",
    "shapes/flat.py": """
        from shapes_base import Shape
        class Dot(Shape): corners = 0
        class Square(Shape): corners = 4
        class Triangle(Shape): corners = 3
        class Circle(Shape.Round): pass
        """,
    "shapes/solid.py": "from shapes.flat import Square\nclass Cube(Square): pass\n",
}
MAKE = """
from regcache_meta import LazyDiscoveryDict
def make(base="shapes_base:Shape", **more):
    return LazyDiscoveryDict.for_package("shapes", base, **more)
def imported():
    names = "above", "shapes_base", "rules", "limits", "shapes", "shapes.flat", "shapes.solid"
    return [name for name in names if name in sys.modules]
"""
LOOK = f"""{MAKE}
REGISTRY = make()
keys = list(REGISTRY)
report = REGISTRY.report
out = keys, report.status, report.saved and report.saved.status
"""
TEXTS = "include='rules:many', key='rules:key_of'"
OBJECTS = "shapes_base.Shape, include=rules.many, key=rules.key_of"


@pytest.fixture
def shapes(app: App) -> App:
    """A package of shapes, and functions that choose among them."""
    app.write(SHAPES)
    return app


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        ("", ["Dot", "Square", "Triangle", "Cube"]),
        ("'shapes_base:Shape.Round'", ["Circle"]),
        ("'shapes.flat:Square'", ["Cube"]),
        ("'shapes.flat:Shape'", ["Dot", "Square", "Triangle", "Cube"]),
        ("'builtins:object', key='corners'", [0, 4, 3]),
        ("include='rules:many'", ["Square", "Triangle", "Cube"]),
        ("key='rules:key_of'", ["dot", "square", "triangle", "cube"]),
        (TEXTS, ["square", "triangle", "cube"]),
    ],
)
def test_warm_start_imports_nothing_that_is_given_as_text(
    arguments: str, keys: list[Any], shapes: App
) -> None:
    """Cold and warm list the same; warm questions import nothing, a plugin what it needs."""
    if "corners" in arguments:
        shapes.remove("shapes/solid.py")
    code = f"""{MAKE}
        registry = make({arguments})
        listed = list(registry)
        last = listed[-1]
        asked = last in registry, repr(registry), len(registry), registry.info(last).qualname
        more = registry.failures, registry.skipped
        status, modules = registry.report.status, imported()
        out = [listed, *asked, *more], status, modules, registry[last].__name__
        """
    cold, missed, _, loaded = shapes.run(code.replace("\n        ", "\n"))
    warm, hit, modules, again = shapes.run(code.replace("\n        ", "\n"))

    assert [keys, "miss", "hit", []] == [cold[0], missed, hit, modules]
    assert [cold, loaded] == [warm, again]


def test_the_same_named_by_text_and_given_as_objects_share_an_answer(shapes: App) -> None:
    """Whoever goes over from one form to the other has no discovery, whatever is imported."""
    shapes.run(f"{MAKE}\nout = list(make({TEXTS}))")
    by_object = f"""{MAKE}
import shapes_base, rules
registry = make({OBJECTS})
out = list(registry), registry.report.status
"""
    by_text = f"{MAKE}\nregistry = make({TEXTS})\nout = list(registry), registry.report.status"

    keys = ["square", "triangle", "cube"]
    assert [keys, "hit"] == shapes.run(by_object) == shapes.run(by_text)
    shapes.write({"more.py": ""})
    shapes.cache_files()[0].unlink()
    assert [keys, "miss"] == shapes.run(by_object)
    assert [keys, "hit"] == shapes.run(by_text) == shapes.run("import shapes_base\n" + by_text)


@pytest.mark.parametrize(
    "change",
    [
        replace("rules.py", ">=", "<"),
        replace("rules.py", "name.lower()", "name.upper()"),
        replace("limits.py", "3", "4"),
        replace("above.py", "pass", "corners = 5"),
        replace("shapes_base.py", "Shape(Thing)", "Other(Thing): pass\nclass Shape(Other)"),
        write("shapes/more.py", "from shapes.flat import Square\nclass More(Square): pass\n"),
        remove("shapes/solid.py"),
    ],
)
@pytest.mark.parametrize("given", [TEXTS, OBJECTS])
def test_files_of_what_is_given_are_inputs(change: Change, given: str, shapes: App) -> None:
    """An edit of the base class, of one above it, of a function, of what that imports is a miss."""
    imports = "import shapes_base, rules\n" if given == OBJECTS else ""
    look = f"""{MAKE}
{imports}registry = make({given})
listed = list(registry)
report = registry.report
out = listed, report.status, report.saved and report.saved.status
"""

    check_after(shapes, change, look)


def test_base_class_above_which_nothing_is_found_is_watched(shapes: App) -> None:
    """Also without any plugin the classes above the base class are inputs."""
    shapes.remove("shapes/flat.py")
    shapes.remove("shapes/solid.py")
    check_after(shapes, write("above.py", "class Thing: x = 1\n"), LOOK)


@pytest.mark.parametrize(
    ("argument", "text", "right"),
    [
        ("base", "sklearn.base.BaseEstimator", "sklearn.base:BaseEstimator"),
        ("include", "app.rules.wanted", "app.rules:wanted"),
        ("key", "app.rules.key_of", "app.rules:key_of"),
        ("base", "BaseEstimator", "module:name"),
        ("base", "sklearn/base:Base", "module:name"),
        ("base", "sklearn:", "module:name"),
        ("base", ":Base", "module:name"),
        ("base", ".base:Base", "module:name"),
        ("include", "app:a:b", "module:name"),
        ("include", "app.rules:wanted()", "module:name"),
        ("key", "app: key", "module:name"),
    ],
)
def test_text_of_a_wrong_form_is_told_at_the_declaration(
    argument: str, text: str, right: str
) -> None:
    """The error names the argument, what it is, and how it would be right."""
    arguments: dict[str, Any] = {"base": "a:b", argument: text}

    with pytest.raises(ValueError, match=re.escape(f"{argument} is {text!r}; give ")) as caught:
        LazyDiscoveryDict.for_package("nowhere", **arguments)

    assert str(caught.value).endswith(f"or where it lies: {right!r}.")


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ("base='no_such:Shape'", "DiscoveryError", "base='no_such:Shape' cannot be had: Module"),
        ("base='rules:Shape'", "DiscoveryError", "base='rules:Shape' cannot be had: Attribute"),
        ("base='wrong:Shape'", "DiscoveryError", "base='wrong:Shape' cannot be had: ZeroDivis"),
        ("base='rules:many'", "ConfigError", "base is 'rules:many'; give the place of a class: "),
        ("include='rules:few'", "DiscoveryError", "include='rules:few' cannot be had: Attribute"),
        ("include='rules:NOTHING'", "ConfigError", "include is 'rules:NOTHING'; give the place of"),
        ("key='rules:NOTHING'", "ConfigError", "key is 'rules:NOTHING'; give the place of"),
    ],
)
def test_text_that_leads_nowhere_is_an_error_in_its_own_words(
    given: str, error: str, words: str, shapes: App
) -> None:
    """Once for the registry, not for each plugin; nothing is stored, so that it can be mended."""
    shapes.write({"wrong.py": "1 / 0\n"})
    code = f"""{MAKE}
registry = make({given})
try:
    list(registry)
except Exception as error:
    out = type(error).__name__, str(error)
"""
    name, text = shapes.run(code)

    assert (error, True) == (name, words in text)
    assert ("DiscoveryError" == error) == ("cannot discover plugins in shapes: " in text)
    assert [] == shapes.cache_files()


def test_what_is_loaded_is_a_sub_class_of_the_base(shapes: App) -> None:
    """A file that names another class of the package is not believed."""
    code = f"{MAKE}\nR = make('shapes_base:Shape.Round')\nout = [*R], R['Circle'].__name__"
    shapes.run(code)
    shapes.edit_cache('"qualname":"Circle"', '"qualname":"Square"')

    assert [["Circle"], "Circle"] == shapes.run(code)


def test_what_the_module_of_the_base_does_without_is_an_input(shapes: App) -> None:
    """Also where the package is loaded before the discovery, and the base class is not."""
    shapes.write({"rules.py": "import shapes_base\ndef few(cls): return not shapes_base.opt\n"})
    look = LOOK.replace("make()", "make(include='rules:few')").replace(
        "REG", "import shapes\nREG", 1
    )

    check_after(shapes, write("opt.py", ""), look)


def test_copies_and_pickles_name_the_same(shapes: App) -> None:
    """Pickled and opened again, a registry imports nothing; ``copy()`` loads all."""
    code = f"""{MAKE}
import copy, pickle
registry = make({TEXTS})
again = pickle.loads(pickle.dumps(registry))
listed = [*again], [*copy.deepcopy(registry)], again.report.status, imported()
out = *listed, again == registry, [cls.__name__ for cls in again.copy().values()]
"""
    shapes.run(code)

    keys, names = ["square", "triangle", "cube"], ["Square", "Triangle", "Cube"]
    assert [keys, keys, "hit", [], True, names] == shapes.run(code)


def test_verify_compares_with_a_fresh_process(shapes: App) -> None:
    """Verifying imports nothing here, and finds what is wrong in a file."""
    shapes.write({"declared.py": f"import sys{MAKE}REGISTRY = make({TEXTS})\n"})
    code = """
        from declared import REGISTRY, imported
        list(REGISTRY)
        seen = REGISTRY.verify()
        out = seen.status, seen.is_fresh, imported(), [str(each) for each in seen.differences]
        """
    shapes.run(code)
    fresh = shapes.run(code)
    shapes.edit_cache('"qualname":"Cube"', '"qualname":"Tube"')

    assert ["hit", True, [], []] == fresh
    assert "items['cube']['qualname']: cached 'Tube', found 'Cube'" in shapes.run(code)[3]


def test_base_class_that_is_reloaded_is_the_one_of_now(shapes: App) -> None:
    """After a reload of everything the classes of the new base are found."""
    code = f"""{MAKE}
import importlib
registry = make()
list(registry)
import shapes_base, shapes.flat, shapes.solid
for each in shapes_base, shapes.flat, shapes.solid: importlib.reload(each)
registry.refresh()
out = [*registry], registry["Cube"] is shapes.solid.Cube
"""

    assert [["Dot", "Square", "Triangle", "Cube"], True] == shapes.run(code)


def test_declared_dependencies_of_a_base_class_count(shapes: App) -> None:
    """What the base class declares is an input, though it is not imported by a hit."""
    shapes.write(
        {
            "data.txt": "3",
            "shapes_base.py": """
                from regcache_core import File
                class Shape:
                    __registry_depends_on__ = [File("data.txt")]
                    class Round: pass
                """,
        }
    )
    check_after(shapes, write("data.txt", "4"), LOOK)
