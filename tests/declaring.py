"""Applications whose items exist, or not, by a file, a variable and a distribution they declare."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from throwaway import App, write

DECLARED = '[File("data.txt"), EnvironmentVariable("APP_EXTRA"), Distribution("Sci_Tiny")]'
#: Code of a module beside ``data.txt`` that leaves in ``NAMES`` which items there are.
NAMES = """
import importlib.metadata, os, pathlib
HERE = pathlib.Path(__file__).parent
NAMES = ["always", *(p.read_text() for p in HERE.glob("data.txt"))]
NAMES += ["by_" + os.environ["APP_EXTRA"]] if "APP_EXTRA" in os.environ else []
try:
    NAMES.append("tiny" + importlib.metadata.version("sci-tiny").replace(".", "_"))
except importlib.metadata.PackageNotFoundError:
    pass
"""
#: Code that tells of a registry ``REG``; see ``check_each_change``.
STATUS = """
keys = list(REG)
report = REG.report
out = {
    "keys": keys, "status": report.status, "reason": report.reason and report.reason.name,
    "where": report.where, "saved": report.saved and report.saved.status,
    "imported": "made" in str([name for name in sys.modules if name.startswith("app.")]),
}
"""


def install(version: str) -> Callable[[App], None]:
    """A change that installs a version of a distribution, as pip does: no other stays."""

    def change(app: App) -> None:
        for old in app.folder.glob("sci_tiny-*"):
            shutil.rmtree(old)
        info = f"sci_tiny-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: sci-tiny\nVersion: {version}\n"
        app.write({f"{info}/METADATA": metadata, f"{info}/RECORD": f"{info}/METADATA,,\n"})

    return change


def check_each_change(app: App, status: str, data: str) -> None:
    """After each change a start is a miss, and right; the next one hits and imports no item.

    Args:
        app: The application.
        status: Code as ``STATUS``, with ``REG`` imported.
        data: Path of ``data.txt`` in the application.
    """
    steps: list[tuple[Callable[[App], Any] | None, dict[str, str], str]] = [
        (write(data, "changed"), {}, "SOURCE_CHANGED"),
        (None, {"APP_EXTRA": "x"}, "VARIABLE_CHANGED"),
        (None, {}, "VARIABLE_CHANGED"),
        (install("1.0"), {}, "DISTRIBUTION_CHANGED"),
        (install("1.1"), {}, "DISTRIBUTION_CHANGED"),
    ]
    before = app.run(status)["keys"]
    for change, environment, reason in steps:
        if change is not None:
            change(app)
        truth = app.run(status, REGCACHE_DISABLE="1", **environment)
        seen = app.run(status, **environment)
        again = app.run(status, **environment)

        assert ("miss", reason, "saved") == (seen["status"], seen["reason"], seen["saved"])
        assert truth["keys"] == seen["keys"] == again["keys"] != before
        assert ("hit", False) == (again["status"], again["imported"])
        before = seen["keys"]
    app.write({"other-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: other\nVersion: 1\n"})
    assert "hit" == app.run(status)["status"]
