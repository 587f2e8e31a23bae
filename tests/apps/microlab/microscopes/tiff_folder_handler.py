"""A folder of TIFF files with an ini file beside them, and names such as ``B03-2-DAPI.tif``."""

import configparser
import io
import re
import struct
from fractions import Fraction
from pathlib import PurePosixPath

from .base import MetadataHandler, MicroscopeHandler

STEM = re.compile(r"(?P<well>[A-P]\d{2})-(?P<site>\d+)-(?P<channel>\w+)")
WIDTH, LENGTH = 256, 257  # the tags of image width and length in TIFF 6.0
SHORT, LONG = 3, 4

SAMPLE = """\
[acquisition]
pixel size = 13/20
channels =
    DAPI
    GFP

[wells]
A01 = control
B03 = treated
"""


class TiffFolderMetadataHandler(MetadataHandler):
    """Reads the ini file of a folder."""

    def read(self, text: str) -> dict[str, object]:
        """Give pixel size in micrometres, channel names and the treatment of each well."""
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_file(io.StringIO(text))
        acquisition = parser["acquisition"]
        return {
            "pixel_size_um": float(Fraction(acquisition["pixel size"])),
            "channels": acquisition["channels"].split(),
            "wells": {well.upper(): treatment for well, treatment in parser["wells"].items()},
        }


class TiffFolderHandler(MicroscopeHandler):
    """Any microscope that leaves a folder of TIFF files; names its key itself."""

    _microscope_type = "tiff_folder"
    _metadata_handler_class = TiffFolderMetadataHandler

    def parse_filename(self, name: str) -> dict[str, int | str] | None:
        """Give well, site and channel name."""
        path = PurePosixPath(name)
        match = STEM.fullmatch(path.stem)
        if match is None or path.suffix.lower() not in {".tif", ".tiff"}:
            return None
        return {"well": match["well"], "site": int(match["site"]), "channel": match["channel"]}

    def sample_metadata(self) -> str:
        """Give a small ini file."""
        return SAMPLE

    def image_size(self, data: bytes) -> tuple[int, int]:
        """Give (width, length) in pixels from the first directory of a TIFF file's bytes."""
        order = {b"II": "<", b"MM": ">"}[data[:2]]
        magic, offset = struct.unpack_from(order + "HI", data, 2)
        if magic != 42:
            raise ValueError("these bytes are not a TIFF file")
        (count,) = struct.unpack_from(order + "H", data, offset)
        sizes: dict[int, int] = {}
        for entry in range(count):
            place = offset + 2 + 12 * entry
            tag, kind = struct.unpack_from(order + "HH", data, place)
            if tag in (WIDTH, LENGTH) and kind in (SHORT, LONG):
                letter = "H" if kind == SHORT else "I"
                (sizes[tag],) = struct.unpack_from(order + letter, data, place + 8)
        return sizes[WIDTH], sizes[LENGTH]
