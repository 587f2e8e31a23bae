"""Registries over packages that know nothing of us."""

from typing import Any

import pytest
from throwaway import App

from regcache_meta import DiscoveryError, LazyDiscoveryDict

SHAPES = {
    "shapes_base.py": "class Shape:\n    pass\n",
    "shapes/__init__.py": "from shapes_base import Shape\nclass Dot(Shape):\n    corners = 0\n",
    "shapes/__main__.py": "raise SystemExit('this is a program')\n",
    "shapes/flat.py": """
        import abc
        from shapes_base import Shape

        class Square(Shape):
            '''All sides equal.'''
            corners = 4

        class Triangle(Shape):
            corners = 3

        class Helper:
            pass

        class Open(Shape, abc.ABC):
            @abc.abstractmethod
            def area(self): ...

        Alias = Square
        """,
    "shapes/solid/__init__.py": "",
    "shapes/solid/cube.py": """
        from shapes.flat import Square
        class Cube(Square):
            pass
        """,
}

LIST = """
import sys
from shapes_base import Shape
from regcache_meta import LazyDiscoveryDict, is_published
shapes = LazyDiscoveryDict.for_package("shapes", Shape{arguments})
keys = list(shapes)
out = keys, "shapes.flat" in sys.modules, [shapes[key].__name__ for key in keys]
"""


@pytest.fixture
def shapes(app: App) -> App:
    """A package of shapes."""
    app.write(SHAPES)
    return app


ALL = ["Dot", "Square", "Triangle", "Cube"]


@pytest.mark.parametrize(
    ("arguments", "keys", "classes"),
    [
        ("", ALL, ALL),
        (", key='corners'", [0, 4, 3], ["Dot", "Square", "Triangle"]),
        (", key=lambda name, cls: name.lower()", [name.lower() for name in ALL], ALL),
        (", key=lambda name, cls: name if 'u' in name else None", ["Square", "Cube"], None),
        (", include=lambda cls: cls.corners > 3", ["Square", "Cube"], None),
        (", recursive=False", ALL[:3], None),
        (", recursive=True", ALL, None),
        (", recursive=None", ALL, None),
    ],
)
def test_arguments_say_what_is_listed(
    arguments: str, keys: list[Any], classes: list[str] | None, shapes: App
) -> None:
    """Keys, filter and recursion are obeyed; helpers, aliases and ``__main__`` are left."""
    if "key='corners'" in arguments:
        shapes.remove("shapes/solid/cube.py")
    code = LIST.format(arguments=arguments)
    cold, warm = shapes.run(code), shapes.run(code)

    assert [keys, True, classes or keys] == cold
    assert [keys, False, classes or keys] == warm


def test_the_package_need_not_be_imported(shapes: App) -> None:
    """Making the registry imports nothing; warm facts and names import not even the package."""
    code = """
        from shapes_base import Shape
        from regcache_meta import LazyDiscoveryDict
        shapes = LazyDiscoveryDict.for_package("shapes", Shape, facts=["corners"])
        made = "shapes" in sys.modules
        facts = [shapes.info(key).facts["corners"] for key in shapes]
        info = shapes.info("Square")
        out = made, facts, info.doc, info.module, "shapes" in sys.modules
        """
    cold, warm = shapes.run(code), shapes.run(code)

    expected = [False, [0, 4, 3, 4], "All sides equal.", "shapes.flat"]
    assert [*expected, True] == cold
    assert [*expected, False] == warm


def test_include_published(shapes: App) -> None:
    """``is_published`` keeps the classes that stand in ``__all__``."""
    flat = shapes.folder / "shapes/flat.py"
    flat.write_text(flat.read_text() + "\n__all__ = ['Triangle']\n")

    keys, _, _ = shapes.run(LIST.format(arguments=", include=is_published"))

    assert ["Triangle"] == keys


def test_include_published_by_a_package_above(app: App) -> None:
    """Also those count that a package above their module publishes, eagerly or lazily."""
    app.write(
        {
            "base_of_all.py": "class Base: pass\n",
            "lib/__init__.py": """
                __all__ = ["Top", "Lazy", "Other"]
                from lib.deep._x import Top
                class Other: pass
                def __getattr__(name):
                    if name == "Lazy":
                        import lib.deep._x
                        return lib.deep._x.Lazy
                    raise AttributeError(name)
                """,
            "lib/deep/__init__.py": "from ._x import Near\n__all__ = ['Near', 'gone']\n",
            "lib/deep/_x.py": "".join(
                [
                    "from base_of_all import Base\n",
                    *(
                        f"class {each}(Base): pass\n"
                        for each in ("Top", "Lazy", "Other", "Near", "Far")
                    ),
                ]
            ),
            "lib/own.py": "from lib.deep._x import Far\n__all__ = ['Own']\nclass Own(Far): pass\n",
        }
    )
    code = """
        from regcache_meta import LazyDiscoveryDict
        registry = LazyDiscoveryDict.for_package(
            "lib", "base_of_all:Base", include="regcache_meta:is_published"
        )
        out = list(registry), registry.report.status
        """

    listed = ["Top", "Lazy", "Near", "Own"]
    assert [[listed, "miss"], [listed, "hit"]] == [app.run(code), app.run(code)]


def test_two_registries_of_one_package_do_not_mix(shapes: App) -> None:
    """Different bases, filters and keys of one package have each their own file."""
    code = """
        from shapes_base import Shape
        from regcache_meta import LazyDiscoveryDict
        make = LazyDiscoveryDict.for_package
        def few(cls): return cls.corners < 4
        def low(name, cls): return name.lower()
        class Other: pass
        all = [make("shapes", Shape), make("shapes", Shape, include=few, name="few"),
               make("shapes", Shape, key=low), make("shapes", Other, name="other")]
        out = [list(each) for each in all], [each.report.status for each in all]
        """
    cold, warm = shapes.run(code), shapes.run(code)

    assert [ALL, ["Dot", "Triangle"], [name.lower() for name in ALL], []] == cold[0] == warm[0]
    assert (["miss"] * 4, ["hit"] * 4) == (cold[1], warm[1])


def test_another_filter_under_the_same_name_is_a_miss(shapes: App) -> None:
    """With another filter or key function the answer is computed anew."""
    few = LIST.format(arguments=", name='x', include=few").replace(
        "shapes =", "def few(cls): return cls.corners < 4\nshapes ="
    )

    assert ALL == shapes.run(LIST.format(arguments=", name='x'"))[0]
    assert ["Dot", "Triangle"] == shapes.run(few)[0]


def test_plain_module_is_a_package_of_one(app: App) -> None:
    """The classes of a plain module are listed, and the module is imported for a value only."""
    app.write({"one.py": "class Base: pass\n", "tools.py": "import one\nclass A(one.Base): pass\n"})
    code = """
        from one import Base
        from regcache_meta import LazyDiscoveryDict
        tools = LazyDiscoveryDict.for_package("tools", Base)
        out = list(tools), "tools" in sys.modules, tools["A"].__module__
        """
    cold, warm = app.run(code), app.run(code)

    assert [["A"], True, "tools"] == cold
    assert [["A"], False, "tools"] == warm


@pytest.mark.parametrize(
    ("above", "text"),
    [
        ("from ._hidden.x import X\nX.__module__ = 'lib'\n", "class X(Base): pass\n"),
        (
            "",
            "def make():\n    class X(Base): pass\n    X.__module__ = 'lib'\n    return X\n"
            "Bound = make()\n",
        ),
    ],
    ids=["published above", "bound to another name"],
)
def test_class_with_the_name_of_a_package_above_is_found(above: str, text: str, app: App) -> None:
    """A class that says it is of the package above costs one import, and no new discovery."""
    base = "from ..base import Base\n"
    app.write(
        {
            "lib/__init__.py": f"from .base import Base\n{above}",
            "lib/base.py": "class Base: pass\n",
            "lib/_hidden/__init__.py": "",
            "lib/_hidden/x.py": base + text,
            "lib/_hidden/y.py": f"{base}class Y(Base): pass\n",
        }
    )
    code = """
        from lib import Base
        from regcache_meta import LazyDiscoveryDict
        registry = LazyDiscoveryDict.for_package("lib._hidden", Base)
        found = [*registry], registry["X"].__name__, registry.report.status
        out = *found, "lib._hidden.y" in sys.modules
        """

    assert [["X", "Y"], "X", "miss", True] == app.run(code)
    assert [["X", "Y"], "X", "hit", False] == app.run(code)


def test_all_portions_of_a_namespace_package_are_searched(app: App) -> None:
    """Modules of a namespace package come from all folders on sys.path, and a new one is seen."""
    app.write(
        {
            "base_of_all.py": "class Base: pass\n",
            "spaced/a.py": "from base_of_all import Base\nclass A(Base): pass\n",
            "other/spaced/b.py": "from base_of_all import Base\nclass B(Base): pass\n",
        }
    )
    code = """
        sys.path.append("other")
        from base_of_all import Base
        from regcache_meta import LazyDiscoveryDict
        spaced = LazyDiscoveryDict.for_package("spaced", Base)
        out = list(spaced), spaced.report.status
        """
    first, second = app.run(code), app.run(code)
    app.write({"other/spaced/c.py": "from base_of_all import Base\nclass C(Base): pass\n"})

    assert [["A", "B"], "miss"] == first
    assert [["A", "B"], "hit"] == second
    assert [["A", "B", "C"], "miss"] == app.run(code)


MISSING = "there is no such package; is it installed, is it misspelt?"


@pytest.mark.parametrize(
    ("package", "problem"),
    [
        ("no_such_package", MISSING),
        ("app.nothing", MISSING),
        ("sys", MISSING),
        ("broken", "ZeroDivisionError: division by zero"),
    ],
)
def test_package_that_cannot_be_had_is_an_error_on_first_use(
    package: str, problem: str, readers: App
) -> None:
    """A package that is missing, or fails, is a DiscoveryError that names it, but not before."""
    readers.write({"broken/__init__.py": "1 / 0\n"})
    registry = LazyDiscoveryDict.for_package(package, object)

    with pytest.raises(DiscoveryError) as caught:
        len(registry)

    assert isinstance(caught.value, ImportError)
    assert package == caught.value.name
    assert str(caught.value) == f"cannot discover plugins in {package}: {problem}"


def test_callable_object_as_filter(shapes: App) -> None:
    """A filter may be any callable: an instance, or a method of a container."""
    base = shapes.load("shapes_base").Shape
    flat = shapes.load("shapes.flat")

    class Few:
        def __call__(self, cls: Any) -> bool:
            return bool(cls.corners < 4)

    some = LazyDiscoveryDict.for_package("shapes", base, include={flat.Square}.__contains__)
    few = LazyDiscoveryDict.for_package("shapes", base, include=Few())

    assert ["Square"] == list(some)
    assert ["Dot", "Triangle"] == list(few)


PYGMENTS = """
from pygments.lexer import Lexer
from regcache_meta import LazyDiscoveryDict, is_published
lexers = LazyDiscoveryDict.for_package("pygments.lexers", Lexer, include=is_published)
listed = {key: lexers.info(key).module for key in lexers}
imported = sum(name.startswith("pygments.lexers.") for name in sys.modules)
status = lexers.report.status
from pygments.lexers import LEXERS
index = {name: entry[0] for name, entry in LEXERS.items()}
out = {"listed": listed, "index": index, "imported": imported, "status": status,
       "python": lexers["PythonLexer"].name}
"""


def test_pygments_is_listed_as_its_own_index_has_it(app: App) -> None:
    """The published lexers and their modules equal Pygments' own index; warm imports none."""
    cold, warm = app.run(PYGMENTS), app.run(PYGMENTS)

    assert len(cold["index"]) > 500
    assert cold["index"] == cold["listed"]
    assert list(cold["listed"].items()) == list(warm["listed"].items())
    assert ("miss", "hit", 0) == (cold["status"], warm["status"], warm["imported"])
    assert "Python" == cold["python"] == warm["python"]


def test_filter_that_reads_the_registry_sees_what_is_there(shapes: App) -> None:
    """A filter runs while the registry is discovered: it sees what is found so far."""
    base = shapes.load("shapes_base").Shape
    seen: list[list[str]] = []

    def look(cls: type) -> bool:
        seen.append(list(registry))
        return True

    registry = LazyDiscoveryDict.for_package("shapes", base, include=look)

    assert ALL == list(registry)
    assert [[], ["Dot"], ["Dot", "Square"], ["Dot", "Square", "Triangle"]] == seen


@pytest.mark.parametrize("argument", ["include", "key"])
def test_file_of_a_filter_or_key_function_is_watched(argument: str, shapes: App) -> None:
    """A filter or key function whose file was edited is asked anew, wherever it lies."""
    shapes.write({"choices.py": "def include(cls): return True\ndef key(name, cls): return name\n"})
    code = f"""
        import choices
        from shapes_base import Shape
        from regcache_meta import LazyDiscoveryDict
        shapes = LazyDiscoveryDict.for_package("shapes", Shape, {argument}=choices.{argument})
        out = list(shapes), shapes.report.status
        """
    shapes.run(code)
    hit = shapes.run(code)
    shapes.write(
        {
            "choices.py": """
                def include(cls): return cls.corners == 3
                def key(name, cls): return name if cls.corners == 3 else None
                """
        }
    )

    assert [ALL, "hit"] == hit
    assert [["Triangle"], "miss"] == shapes.run(code)
