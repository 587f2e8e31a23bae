"""Build each package as users get it, check its sdist, and install the wheels here.

A wheel is built from the tree and another from the sdist; both must hold the same files with the
same contents. The wheels go to the folder named on the command line and into the environment of
this interpreter, which needs ``build`` and ``uv``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))
BY_PRODUCTS = {"__pycache__", "build", "dist"}


def main() -> int:
    target = Path(sys.argv[1]).resolve()
    shutil.rmtree(target, ignore_errors=True)
    wheels = [build_both_ways(package, target) for package in PACKAGES]
    names = [argument for package in PACKAGES for argument in ("--reinstall-package", package.name)]
    run("-m", "uv", "pip", "install", "--python", sys.executable, *names, *map(str, wheels))
    return 0


def build_both_ways(package: Path, target: Path) -> Path:
    """Return the wheel built from the tree, once the one from the sdist is known to equal it."""
    direct = build("wheel", package, target)
    sdist = build("sdist", package, target / "sdist")
    unpacked = unpack(sdist, target / "unpacked")
    indirect = build("wheel", unpacked, target / "from-sdist")
    differing = differences(contents(direct), contents(indirect))
    if differing or direct.name != indirect.name:
        raise SystemExit(f"{package.name}: tree and sdist build different wheels: {differing}")
    missing = [name for name in source_files(package) if not (unpacked / name).is_file()]
    if missing:
        raise SystemExit(f"{package.name}: not in the sdist: {missing}")
    print(f"{package.name}: {direct.name} is the same from the tree and from {sdist.name}")
    return direct


def build(kind: str, source: Path, target: Path) -> Path:
    """Build one distribution of ``kind`` and return its file."""
    before = set(target.glob("*"))
    run("-m", "build", f"--{kind}", "--installer", "uv", "--outdir", str(target), str(source))
    (built,) = set(target.glob("*")) - before
    return built


def unpack(sdist: Path, target: Path) -> Path:
    """Unpack ``sdist`` and return its one top folder."""
    with tarfile.open(sdist) as archive:
        if hasattr(tarfile, "data_filter"):
            archive.extractall(target, filter="data")
        else:
            archive.extractall(target)
    return target / sdist.name.removesuffix(".tar.gz")


def contents(wheel: Path) -> dict[str, bytes]:
    """Return file name -> bytes of everything in ``wheel``."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def differences(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    """Return the names that only one side has, or that differ between the two."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def source_files(package: Path) -> list[str]:
    """Return the files of ``package`` that are no by-products, relative to it."""
    relative = (path.relative_to(package) for path in package.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in relative if not is_by_product(path))


def is_by_product(path: Path) -> bool:
    """Say whether a tool made ``path``: byte code, a cache folder, an earlier build."""
    return any(part in BY_PRODUCTS or part.startswith(".") for part in path.parts)


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True)


if __name__ == "__main__":
    raise SystemExit(main())
