"""MetaXpress results: a CSV file of a few lines about the plate, then a table of wells."""

import csv
import io
import itertools
import locale
import logging

from .base import ResultFormat

logger = logging.getLogger(__name__)

SAMPLE = """\
Barcode,plate-7
Plate Name,dose response
Well,Total Cells (Cell Scoring),Positive Cells (Cell Scoring)
A01,120,33
A02,98,
B01,101,41
"""


class MetaXpressFormat(ResultFormat):
    """Comma separated values; its key comes from the class name."""

    def parse(self, data: bytes) -> dict[str, dict[str, float]]:
        """Give the numbers of each well; a measure that was not taken is left out."""
        rows = csv.reader(io.StringIO(self._decode(data), newline=""))
        table = itertools.dropwhile(lambda row: row[:1] != ["Well"], rows)
        header = next(table, None)
        if header is None:
            raise ValueError("the MetaXpress file has no line that begins with Well")
        return {
            row[0]: {
                name: float(value) for name, value in zip(header[1:], row[1:], strict=True) if value
            }
            for row in table
            if row
        }

    def sample(self) -> bytes:
        """Give a small file with one value missing."""
        return SAMPLE.encode("utf-8")

    def _decode(self, data: bytes) -> str:
        """Read UTF-8, or what the locale says: the program writes in the user's encoding."""
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            encoding = locale.getpreferredencoding(False)
            logger.info("the file is not UTF-8, reading it as %s", encoding)
            return data.decode(encoding, errors="replace")
