"""The base class of microscope handlers; declares its registry by an explicit configuration."""

from abc import ABC, abstractmethod

from regcache_meta import (
    PRIMARY_KEY,
    AutoRegisterMeta,
    LazyDiscoveryDict,
    RegistryConfig,
    SecondaryRegistry,
    extract_key_from_handler_suffix,
)


class MetadataHandler(ABC):
    """Reads the one file in which a microscope describes a plate; stands in no registry itself."""

    @abstractmethod
    def read(self, text: str) -> dict[str, object]:
        """Give the facts about the plate that ``text``, the content of that file, holds."""


METADATA_HANDLERS: dict[str, type[MetadataHandler]] = {}
MICROSCOPE_HANDLERS: "LazyDiscoveryDict[str, type[MicroscopeHandler]]" = LazyDiscoveryDict()


class MicroscopeHandler(
    metaclass=AutoRegisterMeta,
    registry_config=RegistryConfig(
        registry_dict=MICROSCOPE_HANDLERS,
        key_attribute="_microscope_type",
        key_extractor=extract_key_from_handler_suffix,
        skip_if_no_key=False,
        secondary_registries=[
            SecondaryRegistry(METADATA_HANDLERS, PRIMARY_KEY, "_metadata_handler_class")
        ],
        registry_name="microscope handler",
    ),
):
    """Knows the file names and the metadata file of one microscope.

    A handler without ``_microscope_type`` has its class name without "Handler" as key.
    """

    _microscope_type: str | None = None
    _metadata_handler_class: type[MetadataHandler]

    @abstractmethod
    def parse_filename(self, name: str) -> dict[str, int | str] | None:
        """Give the parts of an image's file name, or None where the name is another program's."""

    @abstractmethod
    def sample_metadata(self) -> str:
        """Give the content of a small metadata file of this microscope."""

    def read_metadata(self, text: str) -> dict[str, object]:
        """Give the facts that the content of a metadata file holds."""
        return self._metadata_handler_class().read(text)
