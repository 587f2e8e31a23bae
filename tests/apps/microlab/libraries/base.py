"""The base class of library registries; a class method gives each subclass its key."""

from abc import abstractmethod

from regcache_meta import AutoRegisterMeta

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


class LibraryRegistry(metaclass=AutoRegisterMeta):
    """Lists the functions of one library that can be applied to images."""

    __registry_key__ = "library_name"

    library: "ModuleType"

    @classmethod
    def library_name(cls) -> str:
        """Give the import name of the library, which is the key."""
        return cls.library.__name__

    @abstractmethod
    def functions(self) -> "dict[str, Callable[..., object]]":
        """Give the functions by name, sorted."""


LIBRARY_REGISTRIES = LibraryRegistry.__registry__
