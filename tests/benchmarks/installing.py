"""Environments in which distributions lie as an installer leaves them, made without a network."""

from __future__ import annotations

import os
import shutil
import sysconfig
from importlib.metadata import distribution
from pathlib import Path
from venv import EnvBuilder

METADATA = ".dist-info"


def make_environment(folder: Path, more: Path) -> tuple[str, Path]:
    """An environment without pip.

    Args:
        folder: Where; made anew.
        more: A second folder of distributions, which several environments share.

    Returns:
        Its interpreter and its ``site-packages``.
    """
    builder = EnvBuilder(symlinks=os.name != "nt")
    builder.create(folder)
    places = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", vars=places))
    (site / "more.pth").write_text(f"{more}\n", encoding="utf-8")
    return str(builder.ensure_directories(folder).env_exe), site


def copy_distribution(name: str, target: Path, *, with_metadata: bool = True) -> None:
    """Copy what is installed here to another folder; with its metadata, it is installed there.

    Raises:
        PackageNotFoundError: It is not installed here.
    """
    for file in distribution(name).files or ():
        is_metadata = file.parts[0].endswith(METADATA)
        if file.suffix != ".pyc" and ".." not in file.parts and with_metadata >= is_metadata:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), target / file)


def copy_package(source: Path, target: Path, *, with_metadata: bool = True) -> None:
    """Copy a package that is no distribution by itself; with metadata, it is installed there."""
    name = source.name
    shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    if with_metadata:
        info = target / f"{name}-1.0{METADATA}"
        info.mkdir()
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        (info / "METADATA").write_text(text, encoding="utf-8")
        files = sorted(path.relative_to(target) for path in (target / name).rglob("*.*"))
        record = "".join(f"{path.as_posix()},,\n" for path in files)
        (info / "RECORD").write_text(record, encoding="utf-8")
