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

from .plugins import file_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .scope import Scope


class EditedModules(Input):
    """Source files that were edited after this process imported them.

    Their classes are those of the old text, their stamps would be those of the new one: such an
    answer must not be written. Files of modules that were in ``sys.modules`` when the scan started
    are edited if their inode changed after the registry was declared.
    """

    def __init__(self, scope: "Scope") -> None:
        super().__init__("edited", self._edited)
        self._scope = scope

    def _edited(self) -> "list[str]":
        files = {*self._scope.source_files()}
        for name, module in list(sys.modules.items()):
            if self._scope.holds(name):
                files.add(getattr(module, "__file__", None) or "")
        return sorted(file for file in files if file and self._is_newer(file))

    def _is_newer(self, file: str) -> bool:
        try:
            return os.stat(file).st_ctime_ns > self._scope.created_ns
        except OSError:
            return True

    def check(self, recorded: "Any") -> None:
        """Refuse to write (or believe) an answer that has such files."""
        if recorded:
            raise Refusal("EDITED_SINCE_IMPORT", str(recorded[0]))


def make_manager(scope: "Scope") -> "tuple[RegistryCacheManager[Any, Any], AbsentModules]":
    """A new manager for one load or one discovery, and its list of modules that were missing.

    Raises:
        DiscoveryError: There is no such package.
    """
    absent = AbsentModules()

    prefix = f"{scope.package}."

    def check_record(record: "Any") -> "Any":
        """A record as it is; one that names something to import elsewhere is refused."""
        module, name, qualname = record["module"], record["class_name"], record["qualname"]
        if not (module.__class__ is name.__class__ is qualname.__class__ is str):
            raise TypeError(f"{(module, name, qualname)} are not the names of a class")
        home = record.get("via", module)
        if not home.startswith(prefix) and home != scope.package:
            raise ValueError(f"{module}.{qualname} lies outside of {scope.package}")
        return record

    manager: RegistryCacheManager[Any, Any] = RegistryCacheManager(
        f"{scope.name.replace(' ', '_')}_registry of {scope.base.__module__}.{scope.base.__name__}",
        scope.version,
        check_record,
        check_record,
        inputs=[
            Input("settings", scope.settings, "SETTINGS_CHANGED"),
            SourceTree([*_package_paths(scope), *scope.source_files()], PYTHON_SUFFIXES),
            absent,
            EditedModules(scope),
        ],
        application=scope.application,
    )
    return manager, absent


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
