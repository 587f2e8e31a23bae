"""Opera Phenix plates: ``Index.idx.xml`` and names such as ``r01c02f03p04-ch1sk1fk1fl1.tiff``."""

import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from .base import MetadataHandler, MicroscopeHandler

FILENAME = re.compile(
    r"r(?P<row>\d{1,2})c(?P<column>\d{1,2})f(?P<site>\d+)p(?P<z>\d+)"
    r"-ch(?P<channel>\d+)sk(?P<time>\d+)(?:fk\d+)?(?:fl\d+)?\.tiff?"
)
HARMONY = {"h": "http://www.perkinelmer.com/PEHH/HarmonyV5"}

SAMPLE = """\
<?xml version="1.0"?>
<EvaluationInputData xmlns="http://www.perkinelmer.com/PEHH/HarmonyV5" Version="1">
  <InstrumentType>Phenix</InstrumentType>
  <Plates>
    <Plate>
      <PlateID>plate-7</PlateID>
      <MeasurementStartTime>2024-03-05T10:11:12+01:00</MeasurementStartTime>
      <PlateRows>16</PlateRows>
      <PlateColumns>24</PlateColumns>
    </Plate>
  </Plates>
  <Images>
    <Image Version="1">
      <URL>r01c02f01p01-ch1sk1fk1fl1.tiff</URL>
      <ChannelID>1</ChannelID>
      <ChannelName>HOECHST 33342</ChannelName>
      <ImageResolutionX Unit="m">5.9799E-07</ImageResolutionX>
    </Image>
    <Image Version="1">
      <URL>r01c02f01p01-ch2sk1fk1fl1.tiff</URL>
      <ChannelID>2</ChannelID>
      <ChannelName>Alexa 488</ChannelName>
      <ImageResolutionX Unit="m">5.9799E-07</ImageResolutionX>
    </Image>
  </Images>
</EvaluationInputData>
"""


class PlateShape(NamedTuple):
    """How many rows and columns of wells a plate has."""

    rows: int
    columns: int


class OperaPhenixMetadataHandler(MetadataHandler):
    """Reads the index that Harmony writes beside the images."""

    def read(self, text: str) -> dict[str, object]:
        """Give plate, start, shape, pixel size in micrometres, channels by number and images."""
        root = ElementTree.fromstring(text)
        plate = root.find("h:Plates/h:Plate", HARMONY)
        images = root.findall("h:Images/h:Image", HARMONY)
        if plate is None or not images:
            raise ValueError("the Opera Phenix index names no plate or no image")
        resolution = Decimal(images[0].findtext("h:ImageResolutionX", "NaN", HARMONY))
        return {
            "plate": plate.findtext("h:PlateID", "", HARMONY),
            "started": datetime.fromisoformat(
                plate.findtext("h:MeasurementStartTime", "", HARMONY)
            ),
            "shape": PlateShape(
                rows=int(plate.findtext("h:PlateRows", "0", HARMONY)),
                columns=int(plate.findtext("h:PlateColumns", "0", HARMONY)),
            ),
            "pixel_size_um": float(resolution * 1_000_000),
            "channels": {
                int(image.findtext("h:ChannelID", "0", HARMONY)): image.findtext(
                    "h:ChannelName", "", HARMONY
                )
                for image in images
            },
            "images": [image.findtext("h:URL", "", HARMONY) for image in images],
        }


class OperaPhenixHandler(MicroscopeHandler):
    """PerkinElmer Opera Phenix; names its key itself."""

    _microscope_type = "opera_phenix"
    _metadata_handler_class = OperaPhenixMetadataHandler

    def parse_filename(self, name: str) -> dict[str, int | str] | None:
        """Give the numbers of row, column, site, plane, channel and time point."""
        match = FILENAME.fullmatch(name)
        if match is None:
            return None
        return {part: int(number) for part, number in match.groupdict().items()}

    def sample_metadata(self) -> str:
        """Give a small index of one plate with two images."""
        return SAMPLE
