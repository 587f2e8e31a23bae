"""What a module did before it failed does not count, whoever imports it and goes on."""

import pytest
from throwaway import FILES, FOLDER, LIST, LISTED, App, plugin

#: Files of the package -> text; ``{plugin}`` is a plugin's code, ``{package}`` the package's name.
HALVES = {
    "a module, swallowed by a plugin": {
        "odd.py": "{plugin}1 / 0\n",
        "zz.py": "try: from . import odd\nexcept ZeroDivisionError: pass\n",
    },
    "a module, swallowed by the program": {"odd.py": "{plugin}1 / 0\n"},
    "a package after its module": {
        "bio/__init__.py": "from . import odd\nimport optional_library\n",
        "bio/odd.py": "{plugin}",
    },
    "a package for its module": {
        "bio/__init__.py": "from . import odd\n",
        "bio/odd.py": "{plugin}import optional_library\n",
    },
    "a package in a package": {
        "bio/__init__.py": "from .deep import odd\nimport optional_library\n",
        "bio/deep/__init__.py": "",
        "bio/deep/odd.py": "{plugin}",
    },
}
SEE = """
warnings.simplefilter("ignore")
{first}
keys, failed = sorted(REG), sorted(REG.failures)
try: REG["odd"]
except KeyError: found = False
else: found = True
{then}
out = [keys, found, sorted(REG), [each for each in failed if each not in REG.failures]]
"""
GO_ON = "try: import {0}.odd\nexcept ZeroDivisionError: pass"


@pytest.fixture
def app(kind: str, tmp_path: object) -> App:
    """An application of that kind."""
    app = App(tmp_path)  # type: ignore[arg-type]
    app.write(FILES[kind])
    return app


@pytest.mark.parametrize("when", ["first", "then"])
@pytest.mark.parametrize("half", HALVES)
def test_plugin_is_not_listed(half: str, when: str, kind: str, app: App) -> None:
    """Cold, warm and without a cache; and it is as soon as nothing fails."""
    files = {
        f"app/{FOLDER[kind]}/{name}": text.format(plugin=plugin(kind, "'odd'"))
        for name, text in HALVES[half].items()
    }
    app.write(files)
    more = GO_ON.format(f"app.{FOLDER[kind]}") if "program" in half else ""
    steps = {"first": "", "then": "", when: more}
    code = f"import sys, warnings\n{LIST[kind]}{SEE.format(**steps)}"

    seen = [app.run(code), app.run(code), app.run(code, REGCACHE_DISABLE="1")]
    app.write({name: text.replace("1 / 0", "") for name, text in files.items()})
    app.write({"optional_library.py": ""})
    mended = app.run(f"{LIST[kind]}\nout = sorted(REG), REG['odd'].__name__.lower()")

    assert [[LISTED[kind], False, LISTED[kind], []]] * 3 == seen
    assert [sorted([*LISTED[kind], "odd"]), "odd"] == mended
