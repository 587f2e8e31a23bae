"""Which modules depend on changed files, as their sources tell."""

import builtins
import os
import sys
import time

import pytest

from regcache_core import (
    PYTHON_SUFFIXES,
    EditedModules,
    FoundFiles,
    Input,
    SourceTree,
    find_dependants,
    import_some,
)
from regcache_core.outdated import Outdated
from regcache_core.sources import Source, pack_sources, read_source

IMPORTS = {
    "plain": (b"import a", {"a"}),
    "submodule": (b"import a.b.c", {"a.b.c"}),
    "several": (b"import a, b.c as d,e", {"a", "b.c", "e"}),
    "used below": (b"import a.b, c.d as e\na.f.g(e.h).i", {"a.b", "c.d", "a.f", "a.f.g", "c.d.h"}),
    "from": (b"from a.b import c, d as e", {"a.b", "a.b.c", "a.b.d"}),
    "star": (b"from a import *", {"a"}),
    "this package": (b"from . import a", {"pack.sub", "pack.sub.a"}),
    "module of this package": (b"from .a import b", {"pack.sub.a", "pack.sub.a.b"}),
    "package above": (b"from .. import a", {"pack", "pack.a"}),
    "module above": (b"from ..a.b import c", {"pack.a.b", "pack.a.b.c"}),
    "no space": (
        b"from.a import(b)\nfrom .import c",
        {"pack.sub.a", "pack.sub.a.b"} | {"pack.sub"} | {"pack.sub.c"},
    ),
    "spaces around dots": (
        b"import a . b\nfrom . c . d import e",
        {"a.b", "pack.sub.c.d", "pack.sub.c.d.e"},
    ),
    "brackets": (
        b"from a import (  # b, ) c\n    d,  # e\n    # f, (g\n    h as i,\n)\nj = k",
        {"a", "a.d", "a.h"},
    ),
    "brackets on the next line": (b"from a import \\\n    (b,\n     c)", {"a", "a.b", "a.c"}),
    "continued": (b"from a \\\n  import \\\n  b, \\\n  c\nd = 1", {"a", "a.b", "a.c"}),
    "continued before the name": (b"from \\\n  .a import b", {"pack.sub.a", "pack.sub.a.b"}),
    "continued twice": (b"import \\\n  \\\n  a", {"a"}),
    "several statements": (b"x = 1; import a; from b import c; y = d", {"a", "b", "b.c"}),
    "after a colon": (b"try: import a\nexcept ImportError: pass", {"a"}),
    "indented": (b"def f():\n\tfrom .a import b\n", {"pack.sub.a", "pack.sub.a.b"}),
    "comment behind": (b"import a # b, c", {"a"}),
    "in a comment": (b"# import a", set()),
    "in a string": (b"'''\nfrom a import b\n'''", set()),
    "part of a word": (b"important = reimport = import_it = 1", set()),
    "non-ASCII": ("from .größe import maß".encode(), {"pack.sub.größe", "pack.sub.größe.maß"}),
    "another form of a letter": ("import ﬁle".encode(), {"file"}),
    "part of a non-ASCII word": ("éimport = importé = 1".encode(), set()),
    "nothing": (b"", set()),
}


@pytest.mark.parametrize("name", IMPORTS)
def test_names_in_import_statements(name):
    """Every way to write an import statement gives the full names of what may be modules."""
    source, names = IMPORTS[name]

    assert names == Source(source, "pack.sub.module", False).names


def test_package_is_its_own_parent():
    """In an ``__init__`` one dot is the package itself."""
    assert {"pack.sub", "pack.sub.a"} == Source(b"from . import a", "pack.sub", True).names
    assert {"pack.a", "pack.a.b"} == Source(b"from ..a import b", "pack.sub", True).names


WRITTEN = {
    "with a mark at the start": b"\xef\xbb\xbfimport a\nfrom b import (c,\n d)\n",
    "with line ends of Windows": b"import a\r\nfrom b import \\\r\n  c,\\\r\n  d\r\n",
    "with line ends of old": b"import a\rfrom b import (c, # e\r d)\r",
    "in another encoding": "# coding: latin-1\nimport a; x = 'ß'\nfrom b import c, d".encode("l1"),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_source_is_read_as_python_reads_it(how, tmp_path):
    """Encodings and line ends that Python takes are no obstacle."""
    (tmp_path / "module.py").write_bytes(WRITTEN[how])

    source = read_source(str(tmp_path / "module.py"))

    assert {"a", "b", "b.c", "b.d"} == Source(source, "module", False).names


def test_non_ascii_names_of_another_encoding(tmp_path):
    """The name of a module is what Python makes of it."""
    (tmp_path / "module.py").write_bytes("# coding: latin-1\nimport größe".encode("latin-1"))

    source = read_source(str(tmp_path / "module.py"))

    assert {"größe"} == Source(source, "module", False).names


def test_no_source_is_empty(tmp_path):
    """What is no text, or cannot be read, has no source."""
    (tmp_path / "module.so").write_bytes(b"import a")

    assert b"" == read_source(str(tmp_path / "module.so")) == read_source(str(tmp_path))
    assert b"" == read_source(str(tmp_path / "gone.py")) == read_source("")


class Tree:
    """A package ``pack`` on disk, and what lies beside it."""

    def __init__(self, folder):
        self.folder = folder
        self.pack = folder / "pack"
        self.stamps = None

    def write(self, files):
        """Write files, by their paths in the folder."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)

    def start(self, *outside):
        """Take the stamps that an answer rests on; of files outside of the package, too."""
        others = [self.folder / name for name in outside]
        self.inputs = [SourceTree([self.pack], PYTHON_SUFFIXES), SourceTree(others)]
        self.stamps = [item.record() for item in self.inputs]
        self.sources = {
            path: read_source(path)
            for stamps in self.stamps
            for path in stamps
            if path[-3:] == ".py"
        }

    def affected(self, bases=None):
        """What depends on the changes since."""
        now = [item.record() for item in self.inputs]
        outdated = Outdated(
            {},
            {"sources": pack_sources(self.sources)},
            [*zip(self.inputs, self.stamps, now, strict=True)],
        )
        return find_dependants(outdated, "pack", [str(self.pack)], bases=bases)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A package of plugins, helpers, and a sub-package; modules beside it."""
    monkeypatch.syspath_prepend(tmp_path)
    tree = Tree(tmp_path)
    tree.write(
        {
            "pack/__init__.py": "",
            "pack/base.py": "import os, json.tool\nfrom beside.util import name",
            "pack/helper.py": "from . import low",
            "pack/low.py": "",
            "pack/a.py": "from .base import Base",
            "pack/b.py": "from .base import Base\nfrom pack import helper",
            "pack/sub/__init__.py": "",
            "pack/sub/c.py": "from ..helper import x",
            "pack/sub/d.py": "",
            "beside/__init__.py": "",
            "beside/util.py": "import deep, pack.low\nfrom . import tool",
            "deep.py": "import tool",
            "tool.py": "",
            "unused.py": "",
        }
    )
    tree.start("beside/__init__.py", "beside/util.py", "deep.py", "tool.py", "unused.py")
    return tree


#: ``base`` imports what lies outside, and that imports each other, and ``pack.low``.
OUTER = {"beside.util", "pack.base", "pack.a", "pack.b"}
DEPENDANTS = {
    "pack/a.py": {"pack.a"},
    "pack/low.py": {"pack.low", "pack.helper", "pack.sub.c"} | OUTER,
    "pack/sub/c.py": {"pack.sub.c"},
    "pack/sub/__init__.py": {"pack.sub", "pack.sub.c", "pack.sub.d"},
    "pack/base.py": {"pack.base", "pack.a", "pack.b"},
    "deep.py": {"deep"} | OUTER,
    "tool.py": {"tool", "deep"} | OUTER,
    "beside/util.py": OUTER,
    "beside/__init__.py": {"beside"} | OUTER,
}


def test_nothing_depends_on_no_change(tree):
    """Files that were touched, or are as they were, concern nobody."""
    (tree.pack / "a.py").touch()

    assert set() == tree.affected()


@pytest.mark.parametrize("changed", DEPENDANTS)
def test_dependants_of_an_edited_file(changed, tree):
    """Those that import it, directly or not, in the package and outside, and what is below it."""
    text = (tree.folder / changed).read_text()
    tree.write({changed: text + "\nx = 1"})

    assert DEPENDANTS[changed] == tree.affected()


def test_dependants_of_an_edit_of_the_same_size(tree):
    """The content counts, whatever the times say."""
    tree.write({"pack/a.py": "x = 1"})
    tree.start()
    times = os.stat(tree.pack / "a.py")
    tree.write({"pack/a.py": "x = 2"})
    os.utime(tree.pack / "a.py", ns=(times.st_atime_ns, times.st_mtime_ns))

    assert {"pack.a"} == tree.affected()


def test_dependants_of_an_added_file(tree):
    """A module that is new, and those that do without it so far."""
    tree.write({"pack/a.py": "try: from . import new\nexcept ImportError: pass"})
    tree.start()
    tree.write({"pack/new.py": ""})

    assert {"pack.new", "pack.a"} == tree.affected()


def test_dependants_of_a_removed_file(tree):
    """A module that is gone, and those that import it still."""
    (tree.pack / "sub/d.py").unlink()
    (tree.pack / "low.py").unlink()

    assert {"pack.sub.d", "pack.low", "pack.helper", "pack.sub.c"} | OUTER == tree.affected()


def test_modules_depend_on_what_is_declared(tree):
    """Modules that classes come from count beside what is imported."""
    tree.write({"pack/a.py": "x = 1"})

    assert {"pack.a", "pack.sub.d"} == tree.affected({"pack.sub.d": ["pack.a"]})


def test_two_files_of_one_module_count_together(tree):
    """A package hides a module of its name, until it is gone."""
    tree.write({"pack/b/__init__.py": "from .. import low"})
    tree.start()
    tree.write({"pack/helper.py": "x = 1"})
    assert {"pack.helper", "pack.b", "pack.sub.c"} == tree.affected()
    tree.write({"pack/low.py": "x = 1"})
    assert {"pack.helper", "pack.low", "pack.b", "pack.sub.c"} | OUTER == tree.affected()


@pytest.mark.parametrize("when", ["before", "after", "both"])
@pytest.mark.parametrize("name", ["pack/a.py", "deep.py"])
@pytest.mark.parametrize("text", ["import pack.base\npack.base.x = 1", "exec('x = 1')", "x ="])
def test_module_that_does_more_than_declare(text, name, when, tree):
    """Others may depend on it in other ways, as it was and as it is."""
    tree.write({name: "x = 1" if when == "after" else text})
    tree.start("beside/__init__.py", "beside/util.py", "deep.py", "tool.py")
    tree.write({name: "x = 2" if when == "before" else f"{text}\n"})

    assert tree.affected() is None


def test_nothing_is_told_without_the_earlier_sources(tree):
    """What they did is not known."""
    tree.sources = None
    tree.write({"pack/a.py": "x = 1"})

    assert tree.affected() is None


def test_modules_in_a_circle_are_found_anew_together(tree):
    """Which of them is imported first decides what they see; others do not mind."""
    tree.write({"pack/b.py": "from . import helper", "pack/low.py": "def f(): import pack.b"})
    tree.start()
    tree.write({"pack/sub/d.py": "x = 1"})
    assert {"pack.sub.d"} == tree.affected()

    tree.write({"pack/sub/c.py": "from ..helper import x\n"})
    assert tree.affected() is None


@pytest.mark.parametrize("name", ["pack/x.so", "pack/x.pyc", "pack/sub/x.pyw"])
@pytest.mark.parametrize("change", ["none", "added", "edited", "removed"])
def test_module_without_a_text_cannot_be_looked_through(name, change, tree):
    """Byte code and machine code may import anything: then nothing is known."""
    if change != "added":
        tree.write({name: "text"})
    tree.start()
    if change == "removed":
        (tree.folder / name).unlink()
    else:
        tree.write({name: "other text" if change == "edited" else "text", "pack/a.py": "x = 1"})

    assert tree.affected() is None


def test_removed_byte_code_is_no_longer_in_the_way(tree):
    """Byte code outside of the package that has not changed is no obstacle."""
    tree.write({"outside.pyc": ""})
    tree.start("outside.pyc")
    tree.write({"pack/a.py": "x = 1"})

    assert {"pack.a"} == tree.affected()


@pytest.mark.parametrize("name", ["outside.zip", "outside.so"])
def test_edited_archive_or_machine_code_outside_cannot_be_looked_through(name, tree):
    """What is not text tells nothing of what it defines."""
    tree.write({name: "text"})
    tree.start(name)
    tree.write({name: "other text"})

    assert tree.affected() is None


@pytest.mark.parametrize("name", ["deep.py", "unused.py"])
def test_removed_file_outside_is_not_known_by_name(name, tree):
    """The name by which a file elsewhere was imported is not known once it is gone."""
    (tree.folder / name).unlink()

    assert tree.affected() is None


def test_edited_file_outside_that_nothing_is_seen_to_import(tree):
    """It was imported all the same, in a way that is not seen."""
    tree.write({"unused.py": "x = 1"})

    assert tree.affected() is None


def test_folder_outside_is_spelt_as_it_is_on_the_path(tree, monkeypatch):
    """A folder on ``sys.path`` may be written in more than one way."""
    monkeypatch.setattr(sys, "path", [f"{tree.folder}/pack/..", *sys.path[1:]])
    tree.write({"deep.py": "x = 1"})

    assert {"deep"} | OUTER == tree.affected()


@pytest.fixture
def spelled(tree):
    """Modules that can be imported, each of which tells."""
    tree.write(
        {
            "pack/a.py": "import builtins\nbuiltins.told.append(__name__)",
            "pack/broken.py": "import no_such_module",
            "pack/sub/__init__.py": "import builtins\nbuiltins.told.append(__name__)",
            "pack/sub/c.py": "import builtins\nbuiltins.told.append(__name__)",
        }
    )
    yield tree
    for name in [name for name in sys.modules if f"{name}.".startswith("pack.")]:
        del sys.modules[name]


ALL = ["a", "b", "base", "helper", "low", "sub", "sub.c", "sub.d"]


@pytest.mark.parametrize(
    ("wanted", "imported", "failed", "told"),
    [
        (set(), set(), [], []),
        ({"a"}, {"a"}, [], ["a"]),
        ({"sub.c"}, {"sub.c"}, [], ["sub", "sub.c"]),
        ({"sub"}, {"sub"}, [], ["sub"]),
        ({"broken", "gone"}, set(), ["broken"], []),
    ],
)
def test_only_what_is_wanted_is_imported(wanted, imported, failed, told, spelled, monkeypatch):
    """All modules are named, in order; one that fails now is left out."""
    failures = []
    monkeypatch.setattr("builtins.told", [], raising=False)
    wanted = {f"pack.{name}" for name in wanted}

    found = dict(
        import_some([str(spelled.pack)], "pack.", wanted, lambda name, _: failures.append(name))
    )

    names = [*ALL[:3], *([] if failed else ["broken"]), *ALL[3:]]

    assert [f"pack.{name}" for name in names] == [*found]
    assert {f"pack.{name}" for name in imported} == {name for name in found if found[name]}
    assert [f"pack.{name}" for name in failed] == failures
    assert [f"pack.{name}" for name in told] == builtins.told


def test_sub_packages_are_left_out_if_asked(spelled):
    """Without ``recursive`` only the modules of the package itself are named."""
    found = dict(import_some([str(spelled.pack)], "pack.", set(), print, recursive=False))

    assert ["pack.a", "pack.b", "pack.base", "pack.broken", "pack.helper", "pack.low"] == [*found]


@pytest.fixture
def outdated(tree, make):
    """Gives what a manager over a package finds outdated; an input and a found file beside it."""
    settings = {"size": 1}

    def look(version="1.0", refresh=False, **options):
        found = FoundFiles("elsewhere", time.time_ns() + 10**9)
        inputs = [
            Input("settings", lambda: dict(settings), "SOURCE_CHANGED"),
            SourceTree([tree.pack], PYTHON_SUFFIXES),
            found,
            EditedModules(lambda name: False, list, time.time_ns()),
        ]
        manager = make(version=version, inputs=inputs, **options)
        if manager.load_cache() is not None:
            return "hit"
        if refresh:
            manager.begin_scan()
        outdated = manager.outdated()
        assert manager.outdated() is None  # it is for one use
        assert {} == manager.extra
        if outdated is None:
            found.add([str(tree.folder / "deep.py")])
            manager.save_cache({"a": 1}, extra={"more": 2})
        else:
            outdated.keep()
            manager.save_cache({"a": 3}, extra=outdated.extra)
        return outdated

    return settings, look


def test_nothing_is_outdated_without_a_cache(outdated):
    """At the first start there is nothing to keep a part of; then there is a hit."""
    _, look = outdated

    assert look() is None
    assert "hit" == look()


@pytest.mark.parametrize("name", ["pack/a.py", "deep.py"])
def test_answer_is_outdated_where_only_sources_changed(name, outdated, tree):
    """What is in the file can be kept in part, and what was found elsewhere is watched still."""
    _, look = outdated
    look()
    tree.write({name: "x = 1"})

    found = look()

    assert ({"a": 1}, {"more": 2}) == (found.records, found.extra)
    assert {str(tree.folder / name)} == found.changed
    assert {str(tree.folder / "deep.py"), str(tree.pack / "a.py")} <= found.files
    assert "hit" == look()
    tree.write({"deep.py": "x = 222"})
    assert {str(tree.folder / "deep.py")} == look().changed


def test_added_and_removed_files_are_outdated(outdated, tree):
    """They count as changed, and only what is there is among the files; folders are none."""
    _, look = outdated
    look()
    tree.write({"pack/more/new.py": "x = 1"})
    (tree.pack / "a.py").unlink()

    found = look()

    added, removed = str(tree.pack / "more/new.py"), str(tree.pack / "a.py")
    assert {added, removed} == found.changed
    assert (True, False) == (added in found.files, removed in found.files)
    assert all(map(os.path.isfile, found.files))


def test_file_that_cannot_be_read_counts_as_changed(tree):
    """What it holds is not known, then and now."""
    stamps = {"/x/a.py": [1, 2, -1, 3, ""]}

    assert {"/x/a.py"} == Outdated({}, {}, [(SourceTree([]), stamps, stamps)]).changed


def test_nothing_is_kept_where_more_changed_than_sources(outdated, tree):
    """All is computed anew then, though a source is what is told of."""
    settings, look = outdated
    look()
    settings["size"] = 2

    assert look() is None
    tree.write({"pack/a.py": "x = 1"})
    assert look(version="2.0") is None


def test_nothing_is_kept_at_a_refresh(outdated, tree):
    """Whoever asks for everything gets everything."""
    _, look = outdated
    look()
    tree.write({"pack/a.py": "x = 1"})

    assert look(refresh=True) is None


def test_nothing_is_kept_of_a_damaged_file(outdated, tree, make, edit):
    """Items or stamps of another shape are no answer."""
    _, look = outdated
    for damage in ({"items": 1}, {"elsewhere": 1}, {"elsewhere": {str(tree.pack): [1]}}):
        look()
        edit(make(inputs=[SourceTree([tree.pack], PYTHON_SUFFIXES)]), **damage)
        tree.write({"pack/a.py": f"x = {damage!r}"})

        assert look() is None


@pytest.mark.parametrize(
    ("text", "is_known"),
    [("import tool", True), ("exec('x = 1')", False), ("x =", False)],
)
def test_module_outside_that_is_new_to_all(text, is_known, tree, monkeypatch):
    """It is looked through before anything is imported, with what it imports; nothing installed."""
    tree.write(
        {
            "pack/a.py": "import fresh.one, inst, json, no_such, deep",
            "fresh/__init__.py": "",
            "fresh/one.py": "from . import two\nimport pack.low",
            "fresh/two.py": text,
            "site-packages/inst.py": "exec('x = 1')",
        }
    )
    monkeypatch.syspath_prepend(tree.folder / "site-packages")

    assert ({"pack.a"} if is_known else None) == tree.affected()
