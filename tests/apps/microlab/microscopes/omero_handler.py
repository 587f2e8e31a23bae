"""Images exported from an OMERO server: OME-XML and names such as ``image_51_z1_c2_t3.ome.tif``."""

import re
import uuid
import xml.etree.ElementTree as ElementTree
from datetime import datetime

from .base import MetadataHandler, MicroscopeHandler

FILENAME = re.compile(
    r"image_(?P<image>\d+)_z(?P<z>\d+)_c(?P<channel>\d+)_t(?P<time>\d+)\.ome\.tif"
)
OME = {"ome": "http://www.openmicroscopy.org/Schemas/OME/2016-06"}

SAMPLE = """\
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"
     UUID="urn:uuid:2b5f3bd0-6c3e-4c5c-9a52-0d7f4f0f7e11">
  <Image ID="Image:51" Name="neurons">
    <AcquisitionDate>2024-03-05T10:11:12</AcquisitionDate>
    <Pixels ID="Pixels:51" DimensionOrder="XYZCT" Type="uint16" SizeX="512" SizeY="256"
            SizeZ="5" SizeC="2" SizeT="1" PhysicalSizeX="0.65" PhysicalSizeY="0.65">
      <Channel ID="Channel:51:0" Name="DAPI"/>
      <Channel ID="Channel:51:1" Name="TRITC"/>
    </Pixels>
  </Image>
</OME>
"""


class OmeroMetadataHandler(MetadataHandler):
    """Reads the first image of an OME-XML document."""

    def read(self, text: str) -> dict[str, object]:
        """Give name, date, document id, size as (x, y, z, c, t), pixel size and channel names."""
        root = ElementTree.fromstring(text)
        image = root.find("ome:Image", OME)
        pixels = root.find("ome:Image/ome:Pixels", OME)
        if image is None or pixels is None:
            raise ValueError("the OME-XML document has no image with pixels")
        return {
            "name": image.get("Name", ""),
            "acquired": datetime.fromisoformat(image.findtext("ome:AcquisitionDate", "", OME)),
            "document": uuid.UUID(root.get("UUID")),
            "size": tuple(int(pixels.get(f"Size{axis}", "1")) for axis in "XYZCT"),
            "pixel_size_um": float(pixels.get("PhysicalSizeX", "nan")),
            "channels": [channel.get("Name") for channel in pixels.iterfind("ome:Channel", OME)],
        }


class OmeroHandler(MicroscopeHandler):
    """Images from an OMERO server; its key comes from the class name."""

    _metadata_handler_class = OmeroMetadataHandler

    def parse_filename(self, name: str) -> dict[str, int | str] | None:
        """Give the numbers of image, plane, channel and time point."""
        match = FILENAME.fullmatch(name)
        if match is None:
            return None
        return {part: int(number) for part, number in match.groupdict().items()}

    def sample_metadata(self) -> str:
        """Give a small OME-XML document."""
        return SAMPLE
