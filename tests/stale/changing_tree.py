"""The application of the proof: a real package tree on disk, made to be changed in every way.

Four registries stand for all: ``readers`` (classes that register themselves), ``pack`` (classes of
a namespace package that knows nothing of regcache, and of all that lies in another one, ``ext``),
``filters`` (decorated functions) and ``lib`` (functions of a scanned local library). Each source
file names what it contributes by one-letter constants, so that any of them can be edited without
changing its size.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

from listing import REGISTRIES

#: The folder of each registry's plugins, below the folder of sources.
KINDS = {"readers": "app/readers", "filters": "app/filters", "pack": "pack", "lib": "lib"}
#: Names of plugin modules: some sort before and some after what every package holds.
STEMS = ("alpha", "delta", "kappa", "omega", "sigma", "zeta")


def _registries(
    entry_points: bool = False, as_text: bool = False, alone: bool = False
) -> dict[str, str]:
    """The modules that declare the registries, with all that they can declare.

    Args:
        entry_points: Whether they have plugins of other distributions.
        as_text: Whether the base class of ``pack`` is given as text, and a function that chooses.
        alone: Whether ``pack`` and ``filters`` have these alone, without a package.
    """
    listed = "EnvironmentVariable('APP_MODE'), File({file!r})"
    more = "Distribution('opt-d')"
    imports = "from regcache_core import Distribution, EnvironmentVariable, File\n"
    in_base = f"    __registry_depends_on__ = [{listed.format(file='../data.txt')}, {more}]\n"
    in_call = f", depends_on=[{listed.format(file='data.txt')}"
    in_calls = {"filters": f"{in_call}, {more}]", "pack": f"{in_call}]", "lib": f"{in_call}]"}
    if entry_points or alone:
        in_base += '    __registry_entry_points__ = "app.readers"\n'
        in_calls["filters"] += ', entry_points="app.filters"'
        in_calls["pack"] += ', entry_points="app.pack"'
    registries = imports + _REGISTRIES.format(**in_calls)
    if as_text:
        text = '"packbase:Base", include="packrules:wanted"'
        registries = registries.replace("from packbase import Base\n", "")
        registries = registries.replace('"pack", Base', f'"pack", {text}')
    if alone:
        registries = registries.replace('"filters", "app.filters", ', '"filters", ')
        registries = registries.replace('for_package("pack", ', 'for_entry_points("app.pack", ')
        registries = registries.replace(', entry_points="app.pack"', "")
        registries = registries.replace('key="format", ', "")
        registries = registries.replace('packages=["ext.*"], ', "")
    return {
        "src/app/readers/base.py": imports + _BASE + in_base,
        "src/app/registries.py": registries,
    }


_BASE = """
import os
from regcache_meta import AutoRegister, AutoRegisterMeta, LazyDiscoveryDict, SecondaryRegistry
from app import early
from app.extract import extract
FACT = "b"
READERS = LazyDiscoveryDict()
LABELS = {}
class Reader(metaclass=AutoRegisterMeta):
    __registry_key__ = "format"
    __registry_on_duplicate__ = os.environ.get("ON_DUPLICATE", "error")
    __registry__ = READERS
    __key_extractor__ = extract
    __registry_facts__ = ("fact", "base_fact", *os.environ.get("MORE_FACTS", "").split())
    __secondary_registries__ = [SecondaryRegistry(LABELS, "suffix", "label")]
    base_fact = FACT
"""
_REGISTRIES = """
import os
from app import early
from regcache_functions import FunctionRegistry
from regcache_meta import LazyDiscoveryDict
from packbase import Base
POLICY = os.environ.get("ON_DUPLICATE", "error")
FILTERS = FunctionRegistry("filters", "app.filters", on_duplicate=POLICY{filters})
FACTS = ["fact", "base_fact", *os.environ.get("MORE_FACTS", "").split()]
OPTIONS = dict(key="format", facts=FACTS, on_duplicate=POLICY)
PACK = LazyDiscoveryDict.for_package("pack", Base, packages=["ext.*"], **OPTIONS{pack})
LIB = FunctionRegistry.scan("lib", public="names"{lib})
"""
#: The key is complete behind what registers a class that derives from ``AutoRegister``.
_HOOK = """\
    def __init_subclass__(cls, **more):
        super().__init_subclass__(**more)
        cls.format = cls.format and cls.format + {}
"""
#: How a base class may begin, by its name.
BASES = {
    "Reader": {
        "with a metaclass": "class Reader(metaclass=AutoRegisterMeta):\n",
        "without one": "class Reader(AutoRegister):\n",
        "with a hook": "class Reader(AutoRegister):\n" + _HOOK.format("FACT"),
    },
    "Base": {
        "plain": "class Base:\n",
        "a protocol": "from typing import Protocol\nclass Base(Protocol):\n",
    },
}
#: Runs while plugins are imported, if a process is told so: the source of a plugin changes then.
_EDITOR = """
import os
if "CHANGE_NOW" in os.environ:
    from pathlib import Path
    path = Path(os.environ["CHANGE_NOW"])
    times = path.stat() if path.exists() else None
    if "CHANGE_TO" in os.environ:
        path.write_text(os.environ["CHANGE_TO"])
        if times and "CHANGE_KEEPS_TIME" in os.environ:
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    else:
        path.unlink(missing_ok=True)
"""
_FILES = {
    # Where the version comes from is no file that is watched: only the version itself tells.
    "src/app/VERSION": "1",
    "src/app/__init__.py": (
        "__version__ = __loader__.get_data(__file__.replace('__init__.py', 'VERSION')).decode()\n"
    ),
    "src/app/extract.py": 'K = "x"\ndef extract(name, cls):\n    return name.lower() + K\n',
    # Loaded before any discovery begins.
    "src/app/early.py": 'try:\n    import opt_a\n    FOUND = "with"\n'
    'except ImportError:\n    FOUND = "without"\n',
    "src/app/util.py": 'FACT = "u"\n',
    "src/app/mixins.py": f'F = "m"\nclass Mixed:\n    fact = F\nclass Named:\n{_HOOK.format("F")}',
    "src/app/data.txt": "d",
    "src/app/readers/__init__.py": 'F = "i"\n',
    "src/app/readers/own.txt": "o",
    "src/pack/own.txt": "o",
    "src/app/filters/__init__.py": 'F = "i"\n',
    "src/lib/__init__.py": 'F = "i"\n',
    "src/packrules.py": (
        'K = "r"\ndef wanted(cls):\n    return (ord(K) + len(cls.__module__)) % 4 > 0\n'
    ),
    "src/packbase.py": 'FACT = "p"\nclass Base:\n    base_fact = FACT\n',
    "src/vendor.py": (
        'K = "v"\nfrom app.readers.base import Reader\n'
        'class Vendor(Reader):\n    format = "vendor" + K\n'
    ),
    "src/vendor_functions.py": 'F = "v"\ndef sell(image, width=F):\n    pass\n',
    **{f"src/{folder}/editor.py": _EDITOR for folder in KINDS.values()},
    **{f"src/{folder}/helper.py": 'KEY = "h"\nFACT = "f"\n' for folder in KINDS.values()},
}

_TRY = """\
try:
    import {module}
    FOUND = "with"
except ImportError:
    FOUND = "without"
"""


class Style(NamedTuple):
    """How a plugin comes by its key and its fact, and what it does to the registry of another.

    ``{stem}``, ``{cls}``, ``{package}``, and ``{home}`` and ``{registry}`` are filled in.

    Args:
        before: Statements at the begin of the module.
        key: The expression for its key.
        fact: The expression for its fact.
        body: Statements in its class.
        after: Statements after its class or function.
        bases: What its class derives from before its registry's base class.
        kinds: The registries that it makes sense for.
    """

    before: str = ""
    key: str = "'{stem}' + K"
    fact: str = "F"
    bases: str = ""
    body: str = ""
    after: str = ""
    kinds: tuple[str, ...] = ("readers", "filters", "pack", "lib")


_OTHERS = "from {package} import alpha\nfrom {home} import {registry}"
_LABELS = "from {package} import alpha\nfrom {home} import LABELS"
STYLES = {
    "plain": Style(),
    "key from helper": Style("from {package}.helper import KEY", "'{stem}' + KEY + K"),
    "fact from helper": Style("from {package} import helper", fact="helper.FACT + F"),
    "helper by name": Style(
        "import importlib\nhelper = importlib.import_module('{package}.helper')",
        "'{stem}' + helper.KEY",
        "helper.FACT + F",
    ),
    "fact from package": Style("import {package}", fact="getattr({package}, 'F', '') + F"),
    "broken": Style("raise RuntimeError('broken ' + K + F)"),
    "no syntax": Style("def def"),
    "missing": Style("import opt_a", fact="opt_a.VALUE + F"),
    "missing submodule": Style("import opt_p.sub"),
    "missing in app": Style("from app import speedups"),
    "same key": Style(key="'same'"),
    "derived key": Style(key="None", kinds=("readers",)),
    "version": Style("import app", fact="app.__version__ + F", kinds=("readers", "filters")),
    "mixed in": Style(
        "from app.mixins import Mixed",
        fact="Mixed.fact",
        bases="Mixed, ",
        kinds=("readers", "pack"),
    ),
    "from vendor": Style("from vendor import Vendor", kinds=("readers",)),
    "function of vendor": Style(
        "import vendor_functions\nfrom app.registries import FILTERS\n"
        "FILTERS.register('sold by {stem}')(vendor_functions.sell)",
        kinds=("filters",),
    ),
    "with or without": Style(_TRY.format(module="opt_a"), fact="FOUND"),
    "with or without submodule": Style(_TRY.format(module="opt_p.sub"), fact="FOUND"),
    "with or without module of app": Style(_TRY.format(module="app.speedups"), fact="FOUND"),
    "with or without, by name": Style(
        "import importlib\ntry:\n    importlib.import_module('opt' + '_a')\n    FOUND = 'with'\n"
        "except ImportError:\n    FOUND = 'without'",
        fact="FOUND",
    ),
    "found by an early module": Style(
        "from app import early",
        fact="early.FOUND + F",
        kinds=("readers", "filters", "pack"),
    ),
    "key with or without": Style(_TRY.format(module="opt_a"), key="'{stem}' + FOUND"),
    "fact from util": Style(
        "from app.util import FACT",
        fact="FACT + F",
        kinds=("readers", "filters", "pack"),
    ),
    "sub-class of a plugin": Style(
        "from {package} import alpha",
        bases="alpha.Alpha, ",
        fact="alpha.Alpha.fact + F",
        kinds=("readers", "pack"),
    ),
    "key of another plugin": Style("from {package} import sigma", "'{stem}' + sigma.K"),
    "relative import": Style("from . import helper as h", fact="h.FACT + F"),
    "lazy import": Style(
        "def fact():\n    from {package}.helper import FACT\n    return FACT + F", fact="fact()"
    ),
    "star import": Style("N = F\nfrom {package}.helper import *\nF = N", fact="FACT + F"),
    "changes another plugin": Style(
        "from {package} import alpha\nalpha.Alpha.fact = 'changed' + F",
        kinds=("readers", "pack"),
    ),
    "changes the helper": Style(
        "from {package} import helper\nhelper.FACT = 'changed' + F",
        fact="helper.FACT",
    ),
    "counts itself in the helper": Style(
        "from {package} import helper\nhelper.SEEN = getattr(helper, 'SEEN', '') + K",
        fact="helper.SEEN",
    ),
    "changes the package": Style("import {package}\n{package}.F = 'changed' + F"),
    "variable": Style("import os", fact="os.environ.get('APP_MODE', 'unset')"),
    "key from variable": Style("import os", key="'{stem}' + os.environ.get('APP_MODE', '')"),
    "data file": Style(
        "import app, pathlib",
        fact="pathlib.Path(app.__file__).with_name('data.txt').read_text()",
    ),
    "own declaration": Style(
        "import os, pathlib\nfrom regcache_core import EnvironmentVariable, File",
        fact="os.environ.get('OWN_MODE', 'unset') + "
        "pathlib.Path(__file__).with_name('own.txt').read_text()",
        body="__registry_depends_on__ = [EnvironmentVariable('OWN_MODE'), File('own.txt')]",
        kinds=("readers", "pack"),
    ),
    "version of distribution": Style(
        "from importlib import metadata\ntry:\n    FOUND = metadata.version('opt-d')\n"
        "except metadata.PackageNotFoundError:\n    FOUND = 'none'",
        fact="FOUND",
    ),
    "of distribution": Style("import opt_d", fact="opt_d.VALUE"),
    "with or without distribution": Style(_TRY.format(module="opt_d"), fact="FOUND"),
    "overrides a key": Style(
        _OTHERS, after="{registry}[alpha.Alpha.format] = {cls}", kinds=("readers", "pack")
    ),
    "wraps what has a key": Style(
        _OTHERS,
        fact="F + str(getattr({registry}.get(alpha.Alpha.format), 'fact', None))",
        after="{registry}[alpha.Alpha.format] = type('Made', (), dict(fact=F, old={cls}.fact))",
        kinds=("readers", "pack"),
    ),
    "adds aliases": Style(
        _OTHERS,
        after="{registry}['alias ' + K] = {cls}\n{registry}.setdefault('first', lambda: F)\n"
        "{registry}.update({{'of another': alpha.Alpha}})",
        kinds=("readers", "pack"),
    ),
    "removes a key": Style(
        _OTHERS, after="del {registry}[alpha.Alpha.format]", kinds=("readers", "pack")
    ),
    "removes its own key": Style(
        _OTHERS, after="{registry}.pop({cls}.format, None)", kinds=("readers", "pack")
    ),
    "renames a key": Style(
        _OTHERS,
        after="{registry}['renamed by {stem}'] = {registry}.pop(alpha.Alpha.format)",
        kinds=("readers", "pack"),
    ),
    "renames all keys": Style(
        _OTHERS,
        after="for key in list({registry}):\n    {registry}[key + F] = {registry}.pop(key)",
        kinds=("readers", "pack"),
    ),
    "adds aliases of functions": Style(
        _OTHERS,
        after="{registry}.register('more {stem}', aliases=['alias ' + K])({stem})\n"
        "{registry}.register('by {stem}', aliases=['of another'])(alpha.alpha)",
        kinds=("filters",),
    ),
    "adds to another module": Style(
        "from {package} import alpha",
        after="def by_{stem}(image, width=F): pass\nalpha.by_{stem} = by_{stem}",
        kinds=("lib",),
    ),
    "sets labels": Style(
        _LABELS,
        after="LABELS['of {stem}'] = F\nLABELS[alpha.Alpha.suffix] = K",
        kinds=("readers",),
    ),
    "updates labels": Style(
        _LABELS,
        after="LABELS.update({{'of all': F, alpha.Alpha.suffix: K}})\nLABELS.setdefault('any', F)",
        kinds=("readers",),
    ),
    "removes a label": Style(
        _LABELS,
        after="LABELS['was'] = LABELS.pop(alpha.Alpha.suffix) + F",
        kinds=("readers",),
    ),
    "removes all labels": Style(_LABELS, after="LABELS.clear()", kinds=("readers",)),
    "named by a hook": Style(
        "from app.mixins import Named", bases="Named, ", kinds=("readers", "pack")
    ),
    "fails at times": Style("import os\nexec(os.environ.get('AT_IMPORT', ''))"),
    "with or without a folder of data": Style(
        _TRY.format(module="{package}.data.more.part"), fact="FOUND"
    ),
    "label after the class": Style(
        body="label = None", after="{cls}.label = 'late' + F", kinds=("readers",)
    ),
    "util by name": Style(
        "import importlib\nutil = importlib.import_module('app.util')",
        fact="util.FACT + F",
        kinds=("readers", "filters", "pack"),
    ),
}
CLASS = """\
K = "{k}"
F = "{f}"
{before}
from {place} import {base}
class {cls}({bases}{base}):
    '''Doc {k}.'''
    format = {key}
    fact = {fact}
    suffix = "." + K + "{stem}"
    label = "label" + F
    {body}
{after}
"""
FUNCTION = """\
K = "{k}"
F = "{f}"
{before}
from app.registries import FILTERS
@FILTERS.register({key}, tags=[K], fact={fact})
def {stem}(image, width={fact}):
    '''Doc {k}.'''
{after}
"""
LIBRARY = """\
K = "{k}"
F = "{f}"
{before}
def function(image, width={fact}):
    '''Doc {k}.'''
function.__name__ = {key}
globals()[function.__name__] = function
del function
{after}
"""


def source(kind: str, stem: str, style: str, k: str = "1", f: str = "1") -> str:
    """The text of a plugin module.

    Args:
        kind: One of ``KINDS``.
        stem: Name of the module, without its packages.
        style: One of ``STYLES``.
        k: A letter in the plugin's key.
        f: A letter in the plugin's fact.
    """
    home, registry = REGISTRIES[kind]
    fields = {"stem": stem, "cls": stem.capitalize(), "home": home, "registry": registry}
    fields["package"] = KINDS[kind].replace("/", ".")
    parts = STYLES[style]._asdict()
    names = ("before", "key", "fact", "bases", "body", "after")
    fields |= {name: parts[name].format(**fields) for name in names}
    fields |= {"k": k, "f": f}
    if kind == "filters":
        return FUNCTION.format(**fields)
    if kind == "lib":
        return LIBRARY.format(**fields)
    place = ("app.readers.base", "Reader") if kind == "readers" else ("packbase", "Base")
    return CLASS.format(place=place[0], base=place[1], **fields)


class Tree:
    """The application and everything beside it that processes see.

    Args:
        root: An empty folder.

    Attributes:
        environment: Variables that processes see beside those of every process.
        alone: Whether two registries have no package.
        during: Variables that the next start sees, and no other: what is edited in its course,
            what fails then, and what stands in the place of a module.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment: dict[str, str] = {}
        self.during: dict[str, str] = {}
        self.alone = False
        for name in ("src", "site", "portion", "beside", "work", "cache", "targets", "home"):
            (root / name).mkdir()
        for name, text in {**_FILES, **_registries()}.items():
            self.write(name, text)
        for kind, folder in KINDS.items():
            self.write(f"src/{folder}/alpha.py", source(kind, "alpha", "plain"))
            self.write(f"src/{folder}/sigma.py", source(kind, "sigma", "key from helper"))
        self.write("src/ext/tau.py", source("pack", "tau", "plain"))

    def declare(self, entry_points: bool, as_text: bool, alone: bool) -> None:
        """Declare the registries in another way; the arguments are those of ``_registries``."""
        self.alone = alone
        for name, text in _registries(entry_points, as_text, alone).items():
            self.write(name, text)

    @property
    def path(self) -> list[str]:
        """What ``sys.path`` begins with, after the working folder."""
        names = ["front", "bundle.zip", "src", "portion", "site"]
        eggs = [path.name for path in sorted(self.root.glob("*.egg"))]
        return [str(self.root / name) for name in names + eggs]

    def job(self, cached: bool, load: bool = False) -> dict[str, object]:
        """What a process needs to know that lists the registries."""
        environment = {
            "PATH": os.defpath,
            "HOME": str(self.root / "home"),
            "REGCACHE_DIR": str(self.root / "cache"),
            **({} if cached else {"REGCACHE_DISABLE": "1"}),
            **self.environment,
        }
        return {
            "root": str(self.root),
            "cwd": str(self.root / "work"),
            "path": self.path,
            "environment": environment,
            "load": load,
        }

    def write(self, name: str, text: str) -> Path:
        """Write a file, by its path in the tree."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
        return path

    def install(
        self, name: str, version: str, files: dict[str, str], entry_points: str = ""
    ) -> None:
        """Do what an installer does: write modules, and metadata that list them.

        Args:
            name: Name of the distribution, as its metadata folder has it.
            version: Its version.
            files: Path in ``site`` -> text; a path that begins with ``../`` is not listed, as that
                of an editable install is not.
            entry_points: Text of ``entry_points.txt``; empty for none.
        """
        self.uninstall(name)
        info = f"{name}-{version}.dist-info"
        told = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            **({f"{info}/entry_points.txt": entry_points} if entry_points else {}),
        }
        own = [file for file in files if not file.startswith("../")]
        record = "".join(f"{file},,\n" for file in [*own, *told, f"{info}/RECORD"])
        for file, text in {**files, **told, f"{info}/RECORD": record}.items():
            self.write(f"site/{file}", text)

    def uninstall(self, name: str) -> bool:
        """Do what an installer does: remove the metadata of a distribution, and what they list."""
        found = sorted((self.root / "site").glob(f"{name}-*.dist-info"))
        for info in found:
            for line in (info / "RECORD").read_text().splitlines():
                (self.root / "site" / line.partition(",")[0]).unlink(missing_ok=True)
            info.rmdir()
        return bool(found)

    def remove(self, name: str) -> None:
        """Remove a file, folder or link, if it is there."""
        path = self.root / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def homes(self, kind: str) -> list[Path]:
        """The folders that a plugin of a kind may lie in: those that there are."""
        folders = [KINDS[kind]] + ["ext"] * (kind == "pack")
        places = [self.root / top for top in ("front", "src", "portion", "beside")]
        tops = [place / folder for folder in folders for place in places]
        found = [top for top in tops if top.is_dir() and any(top.glob("*.py"))]
        subs = [sub for top in found for sub in sorted([*top.glob("sub*"), *top.glob("data")])]
        subs = [each for sub in subs for each in (sub, *sorted(sub.rglob("*")))]
        return found + [sub for sub in subs if sub.is_dir()]

    def plugins(self, kind: str) -> list[Path]:
        """The files of plugin modules of a kind, sorted."""
        paths = [path for home in self.homes(kind) for path in sorted(home.glob("*.py"))]
        paths += [path for home in self.homes(kind) for path in sorted(home.glob("*/__init__.py"))]
        return [
            path for path in dict.fromkeys(paths) if re.search('^[KF] = "', path.read_text(), re.M)
        ]

    def clear_cache(self) -> None:
        """Remove all cache files."""
        self.remove("cache")
        (self.root / "cache").mkdir()

    def cache_files(self) -> list[Path]:
        """The cache files, sorted."""
        return sorted((self.root / "cache").rglob("*.json"))


def edited(text: str, name: str, letter: str) -> str:
    """A text with another letter in one of its constants; the size is the same.

    Args:
        text: Source of a module.
        name: Which constants: the begin of a regular expression, such as ``"K|KEY"``.
        letter: The new letter.
    """
    return re.sub(f'^({name}) = "."', rf'\1 = "{letter}"', text, flags=re.M)
