"""The types of regcache_core, as mypy and pyright see them; checked, never executed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing_extensions import assert_type

import regcache_core
from regcache_core import (
    PYTHON_SUFFIXES,
    CacheConfig,
    CacheMiss,
    ConfigError,
    Declared,
    Dependency,
    Difference,
    Distribution,
    EnvironmentVariable,
    File,
    Input,
    Reason,
    RegcacheError,
    RegistryCacheManager,
    Report,
    SerializationError,
    SourceTree,
    Verification,
    VerificationError,
    get_cache_file_path,
    get_package_file_mtimes,
    key_to_text,
    make_converter,
    package_tree,
    text_to_key,
)
from regcache_core.discovery import (
    EditedModules,
    Failures,
    FoundFiles,
    ImportPath,
    as_dependencies,
    file_of,
    find_package,
    fingerprint,
    import_module,
    import_modules,
    is_anonymous,
    is_installed,
    is_unfinished,
    iter_module_names,
    modules_in_execution,
    name_of,
    place_of,
)


class Palette:
    """An item."""

    def __init__(self, colors: list[str]) -> None:
        self.colors = colors


def version() -> str:
    """A version."""
    return "1.0"


def to_record(palette: Palette) -> list[str]:
    """A serializer."""
    return palette.colors


def from_record(record: list[str]) -> Palette:
    """A deserializer."""
    return Palette(record)


def build() -> dict[str, Palette]:
    """An answer."""
    return {}


def build_and_tell(tell: Callable[[int, int, str], None]) -> dict[str, Palette]:
    """An answer that takes long."""
    tell(1, 2, "red")
    return {}


def build_numbers() -> dict[str, int]:
    """An answer of another type."""
    return {}


# Keys and items have the types that the manager was given.
manager = RegistryCacheManager[str, Palette]("palettes", version, to_record, from_record)
assert_type(manager.load_cache(), "dict[str, Palette] | None")
assert_type(manager.load_records(), "dict[str, Any] | None")
assert_type(manager.load_lazily(), Mapping[str, Palette] | None)
assert_type(manager.get_or_build(build), "dict[str, Palette]")
assert_type(
    manager.get_or_build(build_and_tell, lambda done, total, what: None), "dict[str, Palette]"
)
assert_type(manager.get_lazily_or_build(build), Mapping[str, Palette])
assert_type(manager.from_record([]), Palette)
assert_type(manager.save_cache({}, {"a": 1.0}, {"b": 2}), bool)
assert_type(manager.last_report, "Report | None")
assert_type(manager.extra, "dict[str, Any]")
assert_type(manager.path, "str | None")
assert_type(manager.config, CacheConfig)
mixed = RegistryCacheManager[str, int | Path]("mixed", version, item_type=int | Path)
assert_type(mixed.load_cache(), "dict[str, int | Path] | None")
manager.get_or_build(build_numbers)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
manager.save_cache({1: Palette([])})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]

# The type of an item follows from `item_type`, or from an annotation.
of_type: RegistryCacheManager[tuple[str, int], Palette] = RegistryCacheManager(
    "palettes",
    version,
    item_type=Palette,
    converter=make_converter(),
    config=CacheConfig(max_age_days=None, check_mtimes=False, cache_version="2"),
    inputs=[SourceTree(["a", Path("b")], PYTHON_SUFFIXES), ImportPath()],
    application="painter",
)
assert_type(of_type.load_cache(), "dict[tuple[str, int], Palette] | None")
wrong: RegistryCacheManager[str, int] = RegistryCacheManager("p", version, item_type=str)  # type: ignore[arg-type]  # pyright: ignore[reportAssignmentType]

# Reports and reasons.
report = Report("hit")
assert_type(report.status, 'Literal["hit", "miss", "saved", "disabled", "error"]')
assert_type(report.reason, "Reason | None")
assert_type(report.saved, "Report | None")
assert_type(report.load_ns, int)
assert_type(report.wait_ns, int)
assert_type(CacheMiss("TOO_OLD").reason, Reason)
assert_type(Reason.TOO_OLD.sentence, str)
Report("unknown")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# Inputs.
setting = Input("settings", lambda: {"deep": True})
assert_type(setting.member, str)
assert_type(setting.paths, "tuple[str, ...]")
assert_type(package_tree("json"), SourceTree)
assert_type(ImportPath().names, "list[str]")
found = FoundFiles("elsewhere", 0)
found.add(file for file in ["a"])
assert_type(found.stamps, "dict[str, Any]")
declared = Declared([File("a"), File(Path("a")), EnvironmentVariable("A"), Distribution("a")], 0)
assert_type(declared.depends_on, "tuple[Dependency, ...]")
declared.add({File("a")})
files: list[File] = [File("a")]
dependencies: list[Dependency] = [File("a"), Distribution("a")]
Declared(files).add(dependencies)
assert_type(as_dependencies(files), "tuple[Dependency, ...]")
assert_type(File("a").name, str)
Declared(["a"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
edited = EditedModules("json", lambda: ["a"], 0)
assert_type(edited.is_outdated(ModuleType("a")), bool)

# Modules, and their discovery.
failures = Failures(ImportPath())
assert_type(import_module("json", failures.add), "ModuleType | None")
assert_type(import_modules(["a"], "b.", failures.add, exclude=["c"]), Iterator[ModuleType])
assert_type(failures.texts, "dict[str, list[str]]")
assert_type(failures.transient, "BaseException | None")
assert_type(place_of(ValueError()), str)
assert_type(is_unfinished("json"), bool)
assert_type(modules_in_execution("json".__eq__), Iterator[str])
assert_type(name_of(len), "str | None")
assert_type(is_anonymous(name_of(len)), bool)
assert_type(fingerprint([]), str)
assert_type(is_installed("a/b.py", "b"), bool)
assert_type(file_of("json"), str)

# Functions.
assert_type(get_cache_file_path("palettes", application="painter", paths=["a"]), Path)
assert_type(get_package_file_mtimes("json"), "dict[str, Any]")
assert_type(find_package("json"), "list[str] | None")
assert_type(iter_module_names(["a"], "b."), Iterator[tuple[str, bool]])
assert_type(key_to_text(("a", 1)), str)
assert_type(text_to_key("!int 1", "painter"), Any)
assert_type(regcache_core.__version__, str)

# Errors are caught by their base or a builtin.
errors: list[RegcacheError] = [ConfigError("field", 1, "2"), SerializationError("a", "b", "c")]
values: list[ValueError] = [ConfigError("field", 1, "2")]
getter: Callable[[], str] = manager.version_getter
status: Literal["saved"] = "saved"


def verified(manager: RegistryCacheManager[str, int], build: Callable[[], dict[str, int]]) -> None:
    seen = manager.verify(build)
    assert_type(seen, Verification)
    assert_type(seen.status, str)
    assert_type(seen.is_fresh, bool)
    assert_type(seen.report, Report)
    assert_type(seen.differences, tuple[Difference, ...])
    assert_type(seen.differences[0].where, str)
    manager.verify(len)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert_type(VerificationError("a", 1, "b").output, str)
