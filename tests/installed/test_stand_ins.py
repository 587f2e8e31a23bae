"""Something else than a module where a plugin's import looks, as in test sessions: not believed."""

from importlib.util import find_spec

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

SEEN = "\nkeys = sorted(REG)\nsaved = REG.report.saved\nout = [keys, saved and saved.status]"
#: How a plugin uses the library, and the keys that it has with and without it.
USES = {
    "needs it": "import lib\nKEY = 'odd'\n",
    "goes on without it": "try: import lib\nexcept ImportError: lib = None\n"
    "KEY = 'odd' if lib else 'poor'\n",
    "takes something of it": "from lib.deep import KEY\n",
    "uses it in a function": "def use():\n    import lib\n    return lib\nKEY = 'odd'\n",
    "is helped by one that does": "from app.helper import KEY\n",
}
HELPER = "import lib.deep\nKEY = lib.deep.KEY\n"
#: What a test session puts in the place of the library.
STAND_INS = {
    "None": "sys.modules['lib'] = sys.modules['lib.deep'] = None",
    "mock": "lib = MagicMock()\nlib.deep.KEY = 'fake'\n"
    "sys.modules.update({'lib': lib, 'lib.deep': lib.deep})",
    "module made by hand": "lib = types.ModuleType('lib')\nlib.__path__ = []\n"
    "lib.deep = types.ModuleType('lib.deep')\nlib.deep.KEY = 'fake'\n"
    "sys.modules.update({'lib': lib, 'lib.deep': lib.deep})",
    "finder of mocks": """
class Mocks:
    def find_spec(self, name, path=None, target=None):
        if name in ("lib", "lib.deep"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
    def create_module(self, spec):
        module = types.ModuleType(spec.name)
        module.KEY = "fake"
        return module
    def exec_module(self, module): pass
sys.meta_path.insert(0, Mocks())""",
}
HEAD = "import importlib.machinery, sys, types, warnings\nfrom unittest.mock import MagicMock\n"
HEAD += "warnings.simplefilter('ignore')\n"


@pytest.fixture
def app(kind: str, tmp_path: object) -> App:
    """An application of that kind, and a library beside it."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write(FILES[kind])
    app.write({"lib/__init__.py": "", "lib/deep.py": "KEY = 'odd'\n", "app/helper.py": HELPER})
    return app


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("stand_in", STAND_INS)
def test_next_process_sees_the_library(stand_in: str, use: str, kind: str, app: App) -> None:
    """What a session of tests has listed is not stored, though its own registry answers."""
    app.write({f"app/{FOLDER[kind]}/odd.py": USES[use] + plugin(kind, "KEY")})
    whole = sorted([*LISTED[kind], "odd"])

    session = app.run(f"{HEAD}{STAND_INS[stand_in]}\n{LIST[kind]}{SEEN}")
    program = app.run(f"{HEAD}{LIST[kind]}{SEEN}")

    # A finder that nobody has asked gave nothing.
    is_unused = stand_in == "finder of mocks" and use == "uses it in a function"
    assert ("saved" if is_unused else "error") == session[1]
    assert whole == program[0]


@pytest.mark.parametrize("place", ["odd", "sub", "sub.odd"])
@pytest.mark.parametrize("stand_in", ["None", "MagicMock()", "types.ModuleType('{}')"])
def test_next_process_sees_a_plugin_that_something_stood_for(
    stand_in: str, place: str, kind: str, app: App
) -> None:
    """A module of the package itself, or a package in it: what was listed without is not stored."""
    folder = f"app/{FOLDER[kind]}"
    own = {"odd.py": "", "sub/__init__.py": "", "sub/odd.py": plugin(kind, "'odd'")}
    app.write({f"{folder}/{name}": text for name, text in own.items()})
    name = f"app.{FOLDER[kind]}.{place}"
    fake = f"sys.modules[{name!r}] = {stand_in.format(name)}"

    session = app.run(f"{HEAD}{fake}\n{LIST[kind]}{SEEN}")
    program = app.run(f"{HEAD}{LIST[kind]}{SEEN}")

    assert "error" == session[1]
    assert [sorted([*LISTED[kind], "odd"]), "saved"] == program


@pytest.mark.parametrize("stand_in", ["None", "mock", "module made by hand"])
def test_one_that_no_plugin_imports_is_none_of_its_business(
    stand_in: str, kind: str, app: App
) -> None:
    """Many sessions have some; they cache all the same."""
    text = STAND_INS[stand_in].replace("'lib", "'other")
    session = app.run(f"{HEAD}{text}\n{LIST[kind]}{SEEN}")

    assert [LISTED[kind], "saved"] == session


#: What libraries put into ``sys.modules`` themselves: what is installed for it, and the import.
HONEST = {
    "six.moves": ("six", "from six.moves.urllib.parse import quote"),
    "_distutils_hack": ("setuptools", "import setuptools, distutils.core"),
    "gevent's patches": ("gevent", "import socket, threading"),
    "a lazy module": ("", "import importlib.util, lazily\nlazily.KEY"),
    "a module that replaces itself": ("", "import itself\nitself.KEY"),
    "a part that a package makes": ("", "import whole.part"),
    "an alias": ("", "import alias, alias.deep"),
}
MODULES = {
    "lazily.py": "import sys, types\nclass Lazy(types.ModuleType):\n"
    "    def __getattr__(self, name): return name\n"
    "new = Lazy(__name__)\nnew.__spec__ = __spec__\nsys.modules[__name__] = new\n",
    "itself.py": "import sys\nclass Itself:\n    KEY = 1\nsys.modules[__name__] = Itself()\n",
    "whole/__init__.py": "import sys, types\n"
    "part = sys.modules[__name__ + '.part'] = types.ModuleType(__name__ + '.part')\n",
    "alias.py": "import sys, lib, lib.deep\nsys.modules[__name__] = lib\n"
    "sys.modules[__name__ + '.deep'] = lib.deep\n",
}


@pytest.mark.parametrize("honest", HONEST)
@pytest.mark.parametrize("when", ["before", "in a plugin"])
def test_what_libraries_put_there_themselves_goes_on_caching(
    when: str, honest: str, kind: str, app: App
) -> None:
    """It is there in every process."""
    library, use = HONEST[honest]
    if library and find_spec(library) is None:  # not imported here: setuptools changes sys.path
        pytest.skip(f"{library} is not installed")
    app.write(MODULES)
    app.write({f"app/{FOLDER[kind]}/odd.py": f"{use}\n{plugin(kind, repr('odd'))}"})
    patch = "import gevent.monkey; gevent.monkey.patch_all()\n" if library == "gevent" else ""
    head = HEAD + patch + (f"{use}\n" if when == "before" else "")

    first, second = (app.run(f"{head}{LIST[kind]}{SEEN}") for _ in range(2))

    whole = sorted([*LISTED[kind], "odd"])
    assert [[whole, "saved"], [whole, None]] == [first, second]
