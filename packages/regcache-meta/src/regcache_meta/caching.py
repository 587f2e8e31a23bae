"""The cache manager of a registry: which inputs its answer has beyond those of core."""

import os
import sys

from regcache_core import (
    PYTHON_SUFFIXES,
    AbsentModules,
    Input,
    Refusal,
    RegistryCacheManager,
    SourceTree,
    find_package,
)

from .plugins import file_of, same_declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

    from .scope import Scope


class EditedModules(Input):
    """Source files that were edited after this process imported them.

    Their classes are those of the old text, their stamps would be those of the new one: such an
    answer must not be written. Files of modules that were in ``sys.modules`` when the scan started
    are edited if their inode changed after the registry was declared, and count as edited if their
    classes derive from a base class that was declared anew (``importlib.reload``) since.
    """

    def __init__(self, scope: "Scope") -> None:
        super().__init__("edited", self._edited)
        self._scope = scope

    def _edited(self) -> "list[str]":
        files = {*self._scope.source_files()}
        for name, module in list(sys.modules.items()):
            if self._scope.holds(name):
                file = getattr(module, "__file__", None) or ""
                if self._is_outdated(module):
                    return [file]
                files.add(file)
        created_ns = self._scope.created_ns
        return sorted(file for file in files if file and _is_newer(file, created_ns))

    def _is_outdated(self, module: "ModuleType") -> bool:
        base = self._scope.base
        classes = [value for value in list(vars(module).values()) if isinstance(value, type)]
        parents = {parent for cls in classes for parent in cls.__mro__ if parent is not base}
        return any(
            parent.__name__ == base.__name__ and same_declaration(parent, base)
            for parent in parents
        )

    def check(self, recorded: "Any") -> None:
        """Refuse to write (or believe) an answer that has such files."""
        if recorded:
            raise Refusal("EDITED_SINCE_IMPORT", str(recorded[0]))


class FilesElsewhere(SourceTree):
    """Files outside of the package that its classes come from: of base classes, or brought in.

    Attributes:
        stamps: File -> stamp; filled when the classes have been found.
    """

    def __init__(self, scope: "Scope") -> None:
        super().__init__(())
        self.member, self.current = "elsewhere", lambda: self.stamps
        self._scope = scope
        self.stamps: dict[str, Any] = {}

    def add(self, classes: "Iterable[type]") -> None:
        """Stamp the files of some classes and of all that they derive from."""
        modules = {parent.__module__ for cls in classes for parent in cls.__mro__}
        outside = [
            file_of(module)
            for module in modules
            if module.partition(".")[0] not in sys.stdlib_module_names
            and not self._scope.holds(module)
        ]
        files = [file for file in outside if file]
        self.stamps.update(SourceTree(files).record())
        created_ns = self._scope.created_ns
        edited = [file for file in files if _is_newer(file, created_ns)]
        # Made from the old text: no stamp that could ever hold, so nothing is written.
        self.stamps.update((file, [0, -1]) for file in edited)


def _is_newer(file: str, time_ns: int) -> bool:
    while not os.path.exists(file) and file != os.path.dirname(file):
        file = os.path.dirname(file)
    # A folder: the file is gone from it. Else the file itself, or the zip archive that it is in.
    return os.path.isdir(file) or os.stat(file).st_ctime_ns > time_ns


def make_manager(
    scope: "Scope",
) -> "tuple[RegistryCacheManager[Any, Any], AbsentModules, FilesElsewhere]":
    """A new manager for one load or one discovery, and the inputs that a discovery fills.

    Raises:
        DiscoveryError: There is no such package.
    """
    absent, elsewhere = AbsentModules(), FilesElsewhere(scope)
    prefix = f"{scope.package}."

    def check_record(record: "Any") -> "Any":
        """A record as it is; one that names something to import elsewhere is refused."""
        module, name, qualname = record["module"], record["class_name"], record["qualname"]
        if not (module.__class__ is name.__class__ is qualname.__class__ is str):
            raise TypeError(f"{(module, name, qualname)} are not the names of a class")
        if (
            record.get("doc", "").__class__ is not str
            or record.get("facts", {}).__class__ is not dict
        ):
            raise TypeError(f"{module}.{qualname} has facts that are none")
        home = record.get("via", module)
        if not home.startswith(prefix) and home != scope.package:
            raise ValueError(f"{module}.{qualname} lies outside of {scope.package}")
        if record.get("attribute", "").__class__ is not str:
            raise TypeError(f"{module}.{qualname} is bound to a name that is none")
        return record

    manager: RegistryCacheManager[Any, Any] = RegistryCacheManager(
        scope.cache_name,
        scope.version,
        check_record,
        check_record,
        inputs=[
            Input("settings", scope.settings, "SETTINGS_CHANGED"),
            SourceTree([*_package_paths(scope), *scope.source_files()], PYTHON_SUFFIXES),
            absent,
            elsewhere,
            EditedModules(scope),
        ],
        application=scope.application,
    )
    return manager, absent, elsewhere


def _package_paths(scope: "Scope") -> "list[str]":
    name = str(scope.package)
    paths = find_package(name)
    if paths is not None:
        return paths
    file = file_of(name)
    if not file:
        from .errors import DiscoveryError

        raise DiscoveryError(name, "there is no such package; is it installed, is it misspelt?")
    return [file]
