"""An application that has what a cache file can hold: plugins, failures, entry points, typed keys.

``canary`` must never be imported: no package and no entry point names it. It leaves a file.
"""

from __future__ import annotations

#: Run in a process of the application: uses one kind of registry, and gives what there is.
USE = """
import use
answer = use.USES[{kind!r}]()
report = use.report_of({kind!r})
reason = report.reason and report.reason.name
out = [[*answer], report.status, reason, report.where, "canary" in sys.modules]
"""
KINDS = ("classes", "filters", "library", "pair", "shapes")

FILES = {
    "canary.py": """
        with open(__file__ + ".sang", "a") as file:
            file.write(__name__)
        from app.readers.base import Reader
        from app.registry import FILTERS
        class Canary(Reader):
            format = "csv"
        @FILTERS.register("gaussian")
        def chirp(*args): ...
        """,
    "app/__init__.py": "__version__ = '1.0'\n",
    "app/canary.py": "import canary\n",
    "app/keys.py": """
        import enum
        class Level(enum.Enum):
            LOW = 1
            HIGH = 2
        """,
    "app/items.py": """
        from __future__ import annotations
        import datetime
        import attrs
        from app.keys import Level
        @attrs.frozen
        class Shape:
            name: str
            level: Level
            made: datetime.date
            corners: list[tuple[int, int]] = attrs.field(factory=list)
            tags: dict[str, int] = attrs.field(factory=dict)
        """,
    "app/readers/__init__.py": "",
    "app/readers/base.py": """
        from regcache_core import EnvironmentVariable, File
        from regcache_meta import (
            PRIMARY_KEY, AutoRegisterMeta, LazyDiscoveryDict, RegistryConfig, SecondaryRegistry
        )
        READERS = LazyDiscoveryDict()
        BY_SUFFIX = {}
        class Reader(metaclass=AutoRegisterMeta):
            __registry_config__ = RegistryConfig(
                READERS, "format", skip_if_no_key=True,
                secondary_registries=[SecondaryRegistry(BY_SUFFIX, "suffix", "suffixes")],
                facts=("suffixes",),
                depends_on=[File("colors.txt"), EnvironmentVariable("APP_COLORS")],
                discovery_entry_points="app.readers",
            )
        """,
    "app/readers/colors.txt": "red\n",
    "app/readers/csv_reader.py": """
        from .base import Reader
        class CsvReader(Reader):
            '''Reads tables.'''
            format, suffix, suffixes = "csv", ".csv", [".csv", ".tsv"]
        """,
    "app/readers/json_reader.py": """
        from .base import Reader
        class Outer:
            class JsonReader(Reader):
                format, suffix, suffixes = "json", 7, []
        try:
            import no_such_module_of_json
        except ImportError:
            pass
        """,
    "app/readers/yaml_reader.py": "import no_such_module_of_yaml\n",
    "app/readers/broken.py": "1 / 0\n",
    "app/registry.py": """
        from regcache_core import Distribution
        from regcache_functions import FunctionRegistry
        FILTERS = FunctionRegistry(
            "filters", package="app.filters", entry_points="app.filters",
            depends_on=[Distribution("plug")],
        )
        LIBRARY = FunctionRegistry.scan("library", exclude=["secrets.*"])
        """,
    "app/filters/__init__.py": "",
    "app/filters/blur.py": """
        import os
        from app.registry import FILTERS
        @FILTERS.register(tags=["blur"], aliases=["gauss"], contract="3d", cost=2)
        def gaussian(image, sigma: float = 1.0, *, mode="nearest"):
            '''Smooth an image.'''
            return "gaussian"
        @FILTERS.register("median", tags=["blur", "rank"])
        def median_filter(image, /, size=3):
            return "median"
        """,
    "app/filters/broken.py": "import no_such_module_of_filters\n",
    "library/__init__.py": "__all__ = ['add']\nimport os\ndef add(a, b):\n    return 'add'\n",
    "library/maths.py": """
        '''Mathematics.'''
        __all__ = ["multiply", "total", "missing"]
        def multiply(a, b):
            '''The product.'''
            return "multiply"
        def total(*values): return "total"
        """,
    "plug/__init__.py": "",
    "plug/tiff.py": """
        from app.readers.base import Reader
        class Tiff(Reader):
            suffix, suffixes = ".tif", [".tif"]
        """,
    "plug/filters.py": "import os\ndef sharpen(image):\n    return 'sharpen'\n",
    "plug-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n",
    "plug-1.0.dist-info/RECORD": "plug/__init__.py,,\n",
    "plug-1.0.dist-info/entry_points.txt": """
        [app.readers]
        tiff = plug.tiff:Tiff
        [app.filters]
        sharpen = plug.filters:sharpen
        """,
    "use.py": """
        import datetime
        import os
        import sys
        import warnings
        warnings.simplefilter("ignore")
        from regcache_core import RegcacheError, RegistryCacheManager
        from app.readers import base
        from app.readers.base import READERS, Reader
        from app.registry import FILTERS, LIBRARY

        def same(value):
            return value

        PAIR = RegistryCacheManager("pair", lambda: "1", same, same, application="app")
        ROWS = {
            "red": [1, 2.5, None], "!x": {"a": True}, 7: "seven", (1, ("b", None)): [], None: {},
            1.5: "\\ud800", "a/b\\0c": [[]],
        }

        SHAPES = []

        def shapes():
            from app.items import Shape
            if not SHAPES:
                SHAPES.append(RegistryCacheManager(
                    "shapes", lambda: "1", item_type=Shape, application="app"
                ))
            return SHAPES[0]

        def make_shapes():
            from app.items import Shape
            from app.keys import Level
            day = datetime.date(2026, 1, 2)
            return {
                Level.LOW: Shape("square", Level.HIGH, day, [(0, 0), (1, 1)], {"a": 1}),
                ("line", 2): Shape("line", Level.LOW, day),
            }

        def classes():
            return {
                "keys": repr([*READERS]), "length": len(READERS), "shown": bool(repr(READERS)),
                "in": [key in READERS for key in ("csv", "tiff", "nobody")],
                "infos": {repr(key): repr(READERS.info(key)) for key in READERS},
                "failures": repr(READERS.failures),
                "secondary": [repr([*base.BY_SUFFIX]), bool(repr(base.BY_SUFFIX))],
            }

        def functions(registry):
            return {
                "names": [*registry], "length": len(registry), "shown": repr(registry),
                "infos": {name: repr(registry.info(name)) for name in registry},
                "failures": registry.failures, "rejected": registry.rejected,
                "asked": [*registry.query(parameter="size"), *registry.search("smooth")],
                "ways out": [registry.to_json(), registry._repr_html_()],
                "in": ["gauss" in registry, "maths.multiply" in registry],
            }

        def load_class(key):
            try:
                found = READERS[key]
            except (KeyError, RegcacheError) as error:
                return type(error).__name__
            assert issubclass(found, Reader), (key, found)
            assert key == getattr(found, "format", "tiff"), (key, found)
            return f"{found.__module__}.{found.__qualname__}"

        def load_function(registry, name):
            try:
                found = registry[name]
            except (KeyError, RegcacheError) as error:
                return type(error).__name__
            assert found.__module__.partition(".")[0] in ("app", "library", "plug"), (name, found)
            return f"{found.__module__}.{found.__qualname__}"

        # One of each kind: list what there is and all that is stored; load everything; what caches.
        def use_classes():
            return classes(), {repr(key): load_class(key) for key in [*READERS]}

        def use_filters():
            return functions(FILTERS), {name: load_function(FILTERS, name) for name in [*FILTERS]}

        def use_library():
            return functions(LIBRARY), {name: load_function(LIBRARY, name) for name in [*LIBRARY]}

        def use_pair():
            return repr(PAIR.get_or_build(lambda: ROWS)), None

        def use_shapes():
            return repr(shapes().get_or_build(make_shapes)), None

        USES = {
            "classes": use_classes, "filters": use_filters, "library": use_library,
            "pair": use_pair, "shapes": use_shapes,
        }

        def report_of(kind):
            managers = {"pair": PAIR, "shapes": SHAPES and SHAPES[0]}
            registries = {"classes": READERS, "filters": FILTERS, "library": LIBRARY}
            if kind in registries:
                return registries[kind].report
            return managers[kind].last_report
        """,
}
