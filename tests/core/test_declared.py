"""What can be declared as a dependency: three kinds of values."""

import copy
import pickle
from pathlib import Path

import pytest

from regcache_core import ConfigError, Declared, Distribution, EnvironmentVariable, File
from regcache_core.discovery import as_dependencies

VALUES = [File("a.txt"), EnvironmentVariable("A"), Distribution("a")]


def test_relative_path_begins_at_the_module_that_declares_it(monkeypatch, tmp_path):
    """The working folder does not matter."""
    monkeypatch.chdir(tmp_path)

    assert str(Path(__file__).parent / "data" / "a.txt") == File("data/a.txt").name
    assert File("a.txt") == File(Path("x", "..", "a.txt"))


def test_relative_path_without_a_module_file_begins_at_the_working_folder(monkeypatch, tmp_path):
    """At a prompt, in a notebook and in ``python -c`` there is no other folder."""
    monkeypatch.chdir(tmp_path)

    assert File(str(tmp_path / "a.txt")) == eval("File('a.txt')", {"File": File})


def test_home_is_expanded(monkeypatch, tmp_path):
    """A tilde is the user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))

    assert File(tmp_path / "a.txt") == File("~/a.txt")


@pytest.mark.parametrize("name", ["Sci_Tiny", "sci.tiny", "SCI-tiny", "sci__.-tiny"])
def test_spelling_of_a_distribution_does_not_matter(name):
    """Names are compared as PEP 503 normalizes them."""
    assert "sci-tiny" == Distribution(name).name


@pytest.mark.parametrize("value", VALUES)
def test_values_are_equal_and_shown_and_copied_as_values(value):
    """Equality, hash, repr, pickle and copy are those of class and name."""
    again = type(value)(value.name)

    assert {value} == {again, copy.copy(value), pickle.loads(pickle.dumps(value))}
    assert value == eval(repr(value))
    assert [True] == [value == other for other in VALUES if value == other]
    assert value != value.name


@pytest.mark.parametrize("kind", [File, EnvironmentVariable, Distribution])
@pytest.mark.parametrize("name", ["", None, 5, b"a", "a\0b"], ids=repr)
def test_name_that_means_nothing_is_refused(kind, name):
    """A name is a text; the message says what was given."""
    with pytest.raises(ConfigError, match="non-empty text") as caught:
        kind(name)

    assert (kind.__name__, name) == (caught.value.field, caught.value.value)


def test_variable_with_a_value_is_refused():
    """``NAME=value`` is no name of a variable."""
    with pytest.raises(ConfigError, match="without its value"):
        EnvironmentVariable("A=1")


def test_order_and_repetition_do_not_matter():
    """What is declared twice, or the other way round, is the same."""
    assert as_dependencies(VALUES) == as_dependencies({*VALUES[::-1], *VALUES})
    assert () == as_dependencies([])
    assert Declared(VALUES).depends_on == Declared((*VALUES[::-1], VALUES[0])).depends_on


@pytest.mark.parametrize("given", ["a.txt", ["a.txt"], None, File("a"), iter(VALUES)])
def test_what_is_no_list_of_dependencies_is_refused(given):
    """A path alone says nothing, and what can be read only once would be gone."""
    with pytest.raises(ConfigError, match=r"^depends_on is .*; give a list of File"):
        Declared(given)
    with pytest.raises(ConfigError):
        Declared().add(given)
