"""Run this core under the adapters as they were released: wheels of their tags, and their tests.

The wheels go to the folder named on the command line and into the environment of this interpreter,
which needs ``build``, ``uv`` and what the tests need. A clone without tags has nothing to run.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from wheels import ROOT, build, run

#: Adapter -> the tests that tell whether a core fits it.
TESTS = {
    "meta": ["test_meta_conformance.py", "test_plugins_never_stale.py", "test_registry_refresh.py"],
    "functions": ["test_functions_conformance.py", "test_functions_never_stale.py"],
}


def main() -> int:
    target = Path(sys.argv[1]).resolve()
    shutil.rmtree(target, ignore_errors=True)
    tags = {adapter: newest_tag(adapter) for adapter in TESTS}
    if not all(tags.values()):
        print(f"nothing to run: no tags of {' and '.join(a for a in tags if not tags[a])} here")
        return 0
    wheels = [build("wheel", ROOT / "packages/regcache-core", target)]
    for adapter, tag in tags.items():
        unpack(tag, target / adapter)
        wheels.append(build("wheel", target / adapter / f"packages/regcache-{adapter}", target))
    run("-m", "uv", "pip", "install", "--python", sys.executable, "--reinstall-package",
        "regcache-core", *map(str, wheels))  # fmt: skip
    return max(run_tests(adapter, target / adapter, tag) for adapter, tag in tags.items())


def newest_tag(adapter: str) -> str:
    """The newest tag of an adapter; empty if there is none."""
    return git("tag", "--list", f"{adapter}-v*", "--sort=-v:refname").decode().partition("\n")[0]


def unpack(tag: str, target: Path) -> None:
    """Put the tree of a tag into a folder."""
    with tarfile.open(fileobj=io.BytesIO(git("archive", tag))) as archive:
        archive.extractall(target)


def run_tests(adapter: str, tree: Path, tag: str) -> int:
    """Run the tests of an adapter's tag; gives the exit status."""
    print(f"{tag} on this core", flush=True)
    files = [f"tests/{adapter}/{name}" for name in TESTS[adapter]]
    command = [sys.executable, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *files]
    return subprocess.run(command, cwd=tree, check=False).returncode


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    raise SystemExit(main())
