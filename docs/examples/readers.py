"""The first example of the site: class plugins."""

# [base]
from abc import abstractmethod

from regcache_meta import AutoRegisterMeta


class Reader(metaclass=AutoRegisterMeta):
    """Base class of all readers; in ``app/readers/base.py``."""

    __registry_key__ = "format"
    __registry_facts__ = ("suffixes",)

    @abstractmethod
    def read(self, data: bytes) -> str:
        """Read a file's content."""


class PlainReader(Reader):
    """Reads plain text; in ``app/readers/plain.py``."""

    format = "plain"
    suffixes = (".txt",)
    __registry_aliases__ = ("text",)

    def read(self, data: bytes) -> str:
        return data.decode()


readers = Reader.__registry__
print(list(readers))  # from the cache; no plugin is imported
print(readers.list("pl*"), list(readers.query(suffixes=[".txt"])))  # so are these
print(readers["text"]().read(b"hello"))  # imports one module
# [end]
