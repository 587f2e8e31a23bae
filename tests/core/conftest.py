"""Managers, files and processes for the tests of core."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from core_tools import as_is, make_old, read
from throwaway import ALL_OF_CORE, sealed

from regcache_core import RegistryCacheManager, SourceTree

#: Becomes another user for what follows, and root again at the end (coverage writes its data then).
_BECOME = f"""{ALL_OF_CORE}
import atexit, os
if os.geteuid() == 0:
    os.setgroups([])
    os.setresuid({{uid}}, {{uid}}, 0)
    atexit.register(os.setresuid, 0, 0, 0)
"""


@pytest.fixture
def make():
    """Makes a manager of the application `painter`; keywords as `RegistryCacheManager` has them."""

    def make(cache_name="palettes", version="1.0", **options):
        options.setdefault("application", "painter")
        if "item_type" not in options and "serializer" not in options:
            options |= {"serializer": as_is, "deserializer": as_is}
        return RegistryCacheManager(cache_name, lambda: version, **options)

    return make


@pytest.fixture
def watch(make):
    """Makes a manager of some paths whose file holds; keywords are those of `SourceTree`.

    It waits before until what was written is a tick old.
    """

    def watch(*paths, config=None, **options):
        time.sleep(0.02)
        manager = make(inputs=[SourceTree(paths, **options)], config=config)
        assert manager.save_cache({"a": 1}), manager.last_report
        assert {"a": 1} == manager.load_cache()
        return manager

    return watch


@pytest.fixture
def edit():
    """Changes members of a manager's cache file; a value `...` removes the member."""

    def edit(manager, **members):
        document = read(manager) | members
        kept = {name: value for name, value in document.items() if value is not ...}
        Path(manager.path).write_bytes(sealed(kept))

    return edit


@pytest.fixture
def folder(tmp_path):
    """A folder of sources, with one folder inside, that was made a while ago."""
    folder = tmp_path / "sources"
    (folder / "more" / "deep").mkdir(parents=True)
    (folder / "more" / "empty").mkdir()
    for name in ("a.txt", "b.txt", "more/c.txt", "more/deep/d.txt"):
        (folder / name).write_text(name)
    make_old(folder)
    return folder


@pytest.fixture
def run_python(tmp_path):
    """Runs code in a fresh process, as another user if asked, and gives what it prints as JSON.

    The interpreter is ours and starts as we are, so that it can read itself; `uid` counts from the
    moment on at which everything of core is imported and `first` is run.
    """

    def run_python(code, *, first="", uid=None, env=None, cwd=None):
        become = "" if uid is None else _BECOME.format(uid=uid)
        lines = [
            "import json, os, sys, warnings, regcache_core",
            first,
            become,
            textwrap.dedent(code),
        ]
        environment = os.environ | ({} if uid is None else {"REGCACHE_EAGER_IMPORT": "1"})
        environment |= {"PYTHONDONTWRITEBYTECODE": "1"} | (env or {})
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(lines)],
            env={name: value for name, value in environment.items() if value is not None},
            cwd=cwd or tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run_python


@pytest.fixture
def open_folder():
    """A folder that every user can enter (`tmp_path` is ours alone)."""
    folder = Path(tempfile.mkdtemp(prefix="regcache-tests-"))
    folder.chmod(0o755)
    yield folder
    for parent, folders, _ in os.walk(folder):
        for name in folders:
            os.chmod(os.path.join(parent, name), 0o700)
    shutil.rmtree(folder)
