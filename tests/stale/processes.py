"""Fresh processes that list the registries of a tree: by a fork server, or by ``python -c``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent
_LISTING = (_HERE / "listing.py").read_text()
_REAL = """\
import json, sys
result = main({root!r}, {load!r})
sys.stdout.write(json.dumps(result))
"""

Job = dict[str, Any]


class ForkServer:
    """The other end of ``server.py``.

    Args:
        patch: Code that makes regcache ignore something, executed before the first fork.
    """

    def __init__(self, patch: str = "") -> None:
        # Not by the path of the program: its folder would be the first one on sys.path.
        program = f"import sys\nsys.argv[1:] = [{json.dumps([patch, _LISTING])!r}]\n"
        self._process = subprocess.Popen(
            [sys.executable, "-c", program + (_HERE / "server.py").read_text()],
            env=_environment(),
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, jobs: Iterable[Job]) -> list[dict[str, Any]]:
        """Run jobs, each in a process of its own, all at once; gives what each found."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(list(jobs)) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the fork server has ended"
        results: list[dict[str, Any]] = json.loads(line)
        for result in results:
            assert "crashed" not in result, result["crashed"]
        return results

    def close(self) -> None:
        """End the server."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def run_really(job: Job) -> dict[str, Any]:
    """Run a job in a process that Python itself starts."""
    environment = {
        **_environment(),
        **job["environment"],
        "PYTHONPATH": os.pathsep.join(job["path"]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
    }
    program = _LISTING + _REAL.format(root=job["root"], load=job["load"])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=job["cwd"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _environment() -> dict[str, str]:
    """What no process of the proof may inherit is taken out: coverage of children, for one."""
    hidden = ("PYTHON", "REGCACHE_", "COVERAGE_", "XDG_", "ANDROID_")
    return {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
