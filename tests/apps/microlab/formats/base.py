"""The base class of result formats; a maker of key extractors gives the keys."""

from abc import abstractmethod

from regcache_meta import AutoRegisterMeta, make_suffix_extractor


class ResultFormat(metaclass=AutoRegisterMeta):
    """Reads the file in which an analysis program leaves its measurements.

    A format without ``format_name`` has its class name without "Format" as key.
    """

    __registry_key__ = "format_name"
    __key_extractor__ = make_suffix_extractor("Format")

    format_name: str | None = None

    @abstractmethod
    def parse(self, data: bytes) -> dict[str, dict[str, float]]:
        """Give the measurements of a file's content: well, then name of the measure, then value."""

    @abstractmethod
    def sample(self) -> bytes:
        """Give the content of a small file in this format."""


FORMAT_REGISTRIES = ResultFormat.__registry__
