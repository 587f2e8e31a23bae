"""The parser of the warm path equals `json.loads`, but for NaN; the encoder `json.dumps`."""

import json
import os
import subprocess
import sys
import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regcache_core import CacheMiss, Reason
from regcache_core._cold.write import as_file
from regcache_core._file import _read_all as read_all
from regcache_core._file import parse_text, read_document

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=20,
)
formats = st.fixed_dictionaries(
    {
        "indent": st.sampled_from([None, 0, 2, "\t"]),
        "ensure_ascii": st.booleans(),
        "separators": st.sampled_from([(",", ":"), (", ", ": "), ("\n,", "\t: ")]),
        "sort_keys": st.booleans(),
    }
)
blanks = st.text(" \t\n\r", max_size=3)

INVALID = [
    "",
    " ",
    "\ufeff{}",
    "[",
    "[1,]",
    "{",
    "{} {}",
    "{'a': 1}",
    '{"a" 1}',
    '{"a": 1,}',
    '{"a": }',
    "nul",
    "True",
    "tru\u0435",
    "01",
    "1.",
    ".5",
    "1e",
    "0x10",
    "\u0661",
    '"',
    '"\\u12"',
    '"\t"',
    '"a" "b"',
    "[1] # one",
    "\x0b{}",
    "\u00a0{}",
    "9" * 5000,
    "[" * 10_000,
    '{"a":' * 10_000,
    "[" * 100_000 + "]" * 100_000,
]

VALID = [
    "1e400",
    "-0.0",
    "-0",
    "1E+2",
    "123456789012345678901234567890",
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '"\\u0000"',
    '"\\/"',
    '{"a": 1, "a": 2}',
    '{"": {"": []}}',
    " \r\n\t[ ] \r\n\t",
    "\n0",
]


@given(values, formats, blanks, blanks)
def test_every_document_is_parsed_as_json_does(value, options, before, behind):
    """Whatever json writes, in any format, is read as `json.loads` reads it, types included."""
    text = before + json.dumps(value, **options) + behind

    assert repr(json.loads(text)) == repr(parse_text(text, "here"))


@given(values)
def test_every_document_is_written_as_json_does(value):
    """The encoder that is called directly gives the text that `json.dumps` gives."""
    document = {"items": value}
    expected = json.dumps(document, separators=(",", ":"))[:-1].encode()

    assert expected == as_file(document)[: len(expected)]


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), [float("-inf")], {(1, 2): 3}])
def test_what_json_does_not_write_is_refused(value):
    """Each as `json.dumps` refuses it, if it is not to write NaN and infinities."""
    with pytest.raises((TypeError, ValueError)):
        json.dumps(value, allow_nan=False)
    with pytest.raises(TypeError, match="no JSON can be made of it"):
        as_file({"items": value})


@pytest.mark.parametrize("text", VALID)
def test_odd_document_is_parsed_as_json_does(text):
    """Numbers, escapes, repeated names and blanks at the edges of the grammar are read alike."""
    assert repr(json.loads(text)) == repr(parse_text(text, "here"))


def refuse(name):
    """Has `json.loads` refuse NaN and infinities."""
    raise ValueError(name)


@given(st.text(st.sampled_from('[]{},:"\\0123456789.eE+-truefalsn \n\t')))
@example("[")
def test_any_text_is_refused_where_json_refuses_it(text):
    """A text is refused exactly where `json.loads` refuses it, or where it has NaN or infinity."""
    try:
        expected = repr(json.loads(text, parse_constant=refuse))
    except ValueError:
        expected = None
    try:
        actual = repr(parse_text(text, "here"))
    except CacheMiss:
        actual = None

    assert expected == actual


@pytest.mark.parametrize("text", INVALID, ids=lambda text: ascii(text)[:30])
def test_text_that_is_no_json_is_refused(text):
    """Each invalid text is refused with its place, as `json.loads` refuses it."""
    with pytest.raises((ValueError, RecursionError)):
        json.loads(text)
    with pytest.raises(CacheMiss) as caught:
        parse_text(text, "here")

    assert Reason.NOT_JSON == caught.value.reason
    assert caught.value.where.startswith("here")


WITHOUT_JSON = """
import sys

for name in [name for name in sys.modules if name.partition(".")[0] == "json"]:
    del sys.modules[name]

from regcache_core import Reason, CacheMiss
from regcache_core._file import parse_text

for text in {texts}:
    try:
        print("parsed", repr(parse_text(text, "here")))
    except CacheMiss as miss:
        print(miss.reason.name)
"""


def test_text_that_is_no_json_is_refused_where_json_was_never_imported(tmp_path):
    """The scanner without json around it (as on a warm start) refuses the same texts."""
    program = tmp_path / "program.py"
    program.write_text(WITHOUT_JSON.format(texts=ascii(INVALID)))

    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)

    assert ["NOT_JSON"] * len(INVALID) == done.stdout.splitlines()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": [1, NaN]}'])
def test_constants_beyond_json_are_refused(text):
    """Python's json takes NaN and infinities; JSON has none, and we never write any."""
    with pytest.raises(CacheMiss, match="NOT_JSON"):
        parse_text(text, "here")


def test_rubbish_behind_a_document_is_placed():
    """The report tells where the document ended."""
    with pytest.raises(CacheMiss) as caught:
        parse_text("{}  x", "file.json")

    assert "file.json, character 2" == caught.value.where


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "x" * 5000, ""], ids=ascii)
def test_path_that_no_system_call_takes_is_refused(path):
    """An impossible path is a miss, too."""
    with pytest.raises(CacheMiss) as caught:
        read_document(path)

    assert caught.value.reason in (Reason.FILE_UNREADABLE, Reason.FILE_ABSENT)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs a file that fails to read")
def test_file_that_fails_while_it_is_read_is_refused():
    """A disk that fails is a miss, like a file that is not to be had."""
    with pytest.raises(CacheMiss) as caught:
        read_document("/proc/self/mem")

    assert Reason.FILE_UNREADABLE == caught.value.reason
    assert isinstance(caught.value.__cause__, OSError)


def test_file_that_comes_in_pieces_is_read_whole():
    """Fewer bytes than asked for, as a signal or a network may give, are not the end."""
    reader, writer = os.pipe()
    pieces = [b'{"a"', b": 1", b"}"]

    def write():
        for piece in pieces:
            os.write(writer, piece)
            done.wait(0.05)
        os.close(writer)

    done = threading.Event()
    thread = threading.Thread(target=write)
    thread.start()
    data = read_all(reader, len(b"".join(pieces)))
    thread.join()
    os.close(reader)

    assert b"".join(pieces) == data


def test_file_that_became_shorter_meanwhile_ends(tmp_path):
    """A file that is cut while it is read ends where it ends."""
    (tmp_path / "file").write_bytes(b"{}")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    data = read_all(descriptor, 100)
    os.close(descriptor)

    assert b"{}" == data
