"""A declared distribution that pip really installs, upgrades and uninstalls."""

import pytest
from environments import PIP, Environment

pytestmark = [
    pytest.mark.pip,
    pytest.mark.skipif(PIP is None, reason="this Python brings no pip along"),
]

PROGRAM = """
from importlib.metadata import PackageNotFoundError, version
from regcache_core import Declared, Distribution, RegistryCacheManager

def build():
    try:
        return {"tiny": version("sci-tiny")}
    except PackageNotFoundError:
        return {}

declared = Declared([Distribution("Sci_Tiny")] if BY == "registry" else [])
manager = RegistryCacheManager(
    "tools", lambda: "1", str, str, inputs=[declared], application="painter"
)
def search():
    declared.add([Distribution("sci.tiny")] if BY == "plugin" else [])
    return build()
answer, report = manager.get_or_build(search), manager.last_report
reason = report.reason and report.reason.name
out = [answer == build(), answer.get("tiny"), report.status, reason]
"""


@pytest.mark.parametrize("by", ["registry", "plugin"])
def test_pip_is_seen_by_the_next_process(by, tmp_path):
    """Installed, upgraded, downgraded, installed anew, uninstalled: each is a miss, then a hit."""
    environment = Environment(tmp_path)
    program = f"BY = {by!r}\n{PROGRAM}"

    def install(version, text=""):
        environment.install("sci-tiny", {"tiny.py": f"# {text}\n"}, version)

    steps = [
        ("1.0", lambda: install("1.0"), "DISTRIBUTION_CHANGED"),
        ("2.0", lambda: install("2.0"), "DISTRIBUTION_CHANGED"),
        ("1.0", lambda: install("1.0"), "DISTRIBUTION_CHANGED"),
        ("1.0", lambda: install("1.0", "other"), "SOURCE_CHANGED"),
        (None, lambda: environment.uninstall("sci-tiny"), "DISTRIBUTION_CHANGED"),
    ]
    environment.run(program)
    assert [True, None, "hit", None] == environment.run(program)

    for version, change, reason in steps:
        change()

        assert [True, version, "miss", reason] == environment.run(program)
        assert [True, version, "hit", None] == environment.run(program)
