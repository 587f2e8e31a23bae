"""ImageXpress plates: an HTD file and names such as ``A01_s1_w2.tif``."""

import csv
import logging
import re
from dataclasses import asdict, dataclass, field

from .base import MetadataHandler, MicroscopeHandler

logger = logging.getLogger(__name__)

FILENAME = re.compile(
    r"(?:.*?_)?(?P<well>[A-P]\d{2})_s(?P<site>\d+)_w(?P<channel>\d)(?P<rest>[^.]*)\.tiff?",
    re.IGNORECASE,
)

SAMPLE = """\
"HTSInfoFile", Version 1.0
"Description", "dose response"
"PlateType", 6
"TimePoints", 1
"XWells", 3
"YWells", 2
"WellsSelection1", TRUE, FALSE, TRUE
"WellsSelection2", FALSE, TRUE, FALSE
"Sites", TRUE
"XSites", 2
"YSites", 2
"NWavelengths", 2
"WaveName1", "DAPI"
"WaveName2", "FITC"
"EndFile"
"""


@dataclass
class HtdFile:
    """What an HTD file says about a plate."""

    description: str
    grid: tuple[int, int]
    wells: list[str] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)


class ImageXpressMetadataHandler(MetadataHandler):
    """Reads HTD files: lines of a quoted name and its values."""

    def read(self, text: str) -> dict[str, object]:
        """Give description, grid of sites as (rows, columns), wells and channel names."""
        entries: dict[str, list[str]] = {}
        for name, *values in csv.reader(text.splitlines(), skipinitialspace=True):
            entries[name] = values
        if "EndFile" not in entries:
            logger.warning("the HTD file has no EndFile line")
        plate = HtdFile(
            description=entries["Description"][0],
            grid=(int(entries["YSites"][0]), int(entries["XSites"][0])),
        )
        for row in range(int(entries["YWells"][0])):
            for column, selected in enumerate(entries[f"WellsSelection{row + 1}"]):
                if selected.strip() == "TRUE":
                    plate.wells.append(f"{chr(ord('A') + row)}{column + 1:02d}")
        for number in range(int(entries["NWavelengths"][0])):
            plate.channels.append(entries[f"WaveName{number + 1}"][0])
        return asdict(plate)


class ImageXpressHandler(MicroscopeHandler):
    """Molecular Devices ImageXpress; its key comes from the class name."""

    _metadata_handler_class = ImageXpressMetadataHandler

    def parse_filename(self, name: str) -> dict[str, int | str] | None:
        """Give well, site and channel of an image that is no thumbnail."""
        match = FILENAME.fullmatch(name)
        if match is None or "thumb" in match["rest"].lower():
            return None
        return {
            "well": match["well"].upper(),
            "site": int(match["site"]),
            "channel": int(match["channel"]),
        }

    def sample_metadata(self) -> str:
        """Give a small HTD file."""
        return SAMPLE
