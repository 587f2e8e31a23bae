"""CellInsight CX5 results: the first sheet of an ``.xlsx`` workbook, a zip of XML parts."""

import io
import re
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from .base import ResultFormat

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
NAMES = {"s": SPREADSHEET}
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
CELL = re.compile(r"(?P<column>[A-Z]+)(?P<row>\d+)")

ROWS: list[list[str | float]] = [
    ["Well", "CellCount", "MeanIntensity"],
    ["A01", 120, 33.5],
    ["A02", 98, 41.25],
]


class Cx5Format(ResultFormat):
    """Workbook of one sheet: a header row, then a row for each well; names its key itself."""

    format_name = "EDDU_CX5"

    def parse(self, data: bytes) -> dict[str, dict[str, float]]:
        """Give the numbers of each row under the well in its first column."""
        header, *rows = self._rows(data)
        names = {column: str(name) for column, name in header.items()}
        measures: dict[str, dict[str, float]] = {}
        for row in rows:
            measures[str(row["A"])] = {
                names[column]: float(value) for column, value in row.items() if column != "A"
            }
        return measures

    def sample(self) -> bytes:
        """Make a workbook of the parts that a reader of values needs."""
        strings: list[str] = []
        lines: list[str] = []
        for number, row in enumerate(ROWS, 1):
            cells: list[str] = []
            for column, value in zip("ABC", row, strict=True):
                kind = ""
                if isinstance(value, str):
                    strings.append(value)
                    kind, value = ' t="s"', len(strings) - 1
                cells.append(f'<c r="{column}{number}"{kind}><v>{value}</v></c>')
            lines.append(f'<row r="{number}">{"".join(cells)}</row>')
        items = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(STRINGS, f'<sst xmlns="{SPREADSHEET}">{items}</sst>')
            sheet = f"<sheetData>{''.join(lines)}</sheetData>"
            archive.writestr(SHEET, f'<worksheet xmlns="{SPREADSHEET}">{sheet}</worksheet>')
        return stream.getvalue()

    def _rows(self, data: bytes) -> Iterator[dict[str, str]]:
        """Yield the rows of the first sheet: letter of the column, then text of the value."""
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            shared = ElementTree.fromstring(archive.read(STRINGS))
            sheet = ElementTree.fromstring(archive.read(SHEET))
        strings = ["".join(item.itertext()) for item in shared.iterfind("s:si", NAMES)]
        for row in sheet.iterfind("s:sheetData/s:row", NAMES):
            values: dict[str, str] = {}
            for cell in row.iterfind("s:c", NAMES):
                place = CELL.fullmatch(cell.get("r", ""))
                text = cell.findtext("s:v", "", NAMES)
                if place is not None:
                    values[place["column"]] = strings[int(text)] if cell.get("t") == "s" else text
            yield values
