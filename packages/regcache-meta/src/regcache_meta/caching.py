"""The cache manager of a registry: which inputs its answer has beyond those of core."""

import sys

from regcache_core import PYTHON_SUFFIXES, Declared, Input, RegistryCacheManager, SourceTree
from regcache_core.discovery import (
    EditedModules,
    FoundFiles,
    ImportPath,
    file_of,
    find_sources,
    is_plain_name,
    module_of,
)

from .classes import is_class, same_declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType
    from typing import Any

    from .classes import Scope


class EditedClasses(EditedModules):
    """Modules of the package that were edited, or whose base class was, after their import.

    A module counts as edited too if its classes derive from a base class that was declared anew
    (``importlib.reload``) since.
    """

    def __init__(self, scope: "Scope") -> None:
        super().__init__(str(scope.package), scope.source_files, scope.created_ns)
        self._base = scope.base

    def is_outdated(self, module: "ModuleType") -> bool:
        """Whether a module's classes derive from an older declaration of the base class."""
        base = self._base
        classes = [value for value in list(vars(module).values()) if is_class(value)]
        # By identity: a metaclass may have made them unhashable.
        parents = {id(parent): parent for cls in classes for parent in cls.__mro__}
        parents.pop(id(base), None)
        return any(
            parent.__name__ == base.__name__ and same_declaration(parent, base)
            for parent in parents.values()
        )


class FilesElsewhere(FoundFiles):
    """Files outside of the package that its classes come from: of base classes, or brought in."""

    def __init__(self, scope: "Scope") -> None:
        super().__init__("elsewhere", scope.created_ns)
        self._scope = scope

    def add_classes(self, classes: "Iterable[type]") -> None:
        """Stamp the files of some classes and of all that they derive from."""
        modules = {parent.__module__ for cls in classes for parent in cls.__mro__}
        self.add(
            file_of(module)
            for module in modules
            if module.partition(".")[0] not in sys.stdlib_module_names
            and not self._scope.contains(module)
        )


def make_manager(
    scope: "Scope",
) -> "tuple[RegistryCacheManager[Any, Any], ImportPath, FilesElsewhere, Declared]":
    """A new manager for one load or one discovery, and the inputs that a discovery fills.

    Raises:
        DiscoveryError: There is no such package.
    """
    declared = Declared(scope.depends_on, scope.created_ns)
    group = scope.config.discovery_entry_points or ""
    import_path = ImportPath(scope.application, entry_points=group)
    elsewhere = FilesElsewhere(scope)
    prefix = f"{scope.package}."

    def check_record(record: "Any") -> "Any":
        """A record as it is; one that names something to import elsewhere is refused."""
        module, name, qualname = record["module"], record["class_name"], record["qualname"]
        home, attribute = record.get("via", module), record.get("attribute", name)
        for each in (module, name, qualname, home, attribute, record.get("doc", "")):
            if each.__class__ is not str:
                raise TypeError(f"{each!r} is no text in the record of {module}.{qualname}")
        if record.get("facts", {}).__class__ is not dict:
            raise TypeError(f"{module}.{qualname} has facts that are none")
        names = f".{home}.{qualname}.{attribute}."
        if ("__" in names or ".." in names) and not all(map(is_plain_name, names[1:-1].split("."))):
            raise ValueError(f"{names!r} holds no names of a module or class to be loaded")
        if (
            not home.startswith(prefix)
            and home != scope.package
            and all(home != module_of(value) for _, value, *_ in import_path.installed["points"])
        ):
            raise ValueError(f"{module}.{qualname} lies outside of {scope.package}")
        return record

    manager: RegistryCacheManager[Any, Any] = RegistryCacheManager(
        scope.cache_name,
        scope.version,
        check_record,
        check_record,
        inputs=[
            Input("settings", scope.settings, "SETTINGS_CHANGED"),
            SourceTree([*_package_paths(scope), *scope.source_files()], PYTHON_SUFFIXES),
            elsewhere,
            import_path,
            declared,
            EditedClasses(scope),
        ],
        application=scope.application,
    )
    return manager, import_path, elsewhere, declared


def _package_paths(scope: "Scope") -> "list[str]":
    name = str(scope.package)
    try:
        paths = find_sources(name)
    except ModuleNotFoundError:
        paths = []
    if not paths:  # or it is built into Python, and nothing is below it
        from .errors import DiscoveryError

        raise DiscoveryError(name, "there is no such package; is it installed, is it misspelt?")
    return paths
