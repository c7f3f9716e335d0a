"""Mappings: what may stand in one, and every problem of a wrong one at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors._mapping import Mapping, MappingError, parse_mapping, read_mapping
from connectors._mapping_data import polars_duration

MAPS = Path(__file__).parents[1] / "maps"

CALLS = """
source = "calls"
timezone = "Europe/Brussels"
key = ["day"]

[[event]]
type = "headwind.service.transactions.counted.v1"
data.service = { const = "Calls" }
data.from = "day"
data.to = { column = "day", plus = "P1D" }
data.started = "offered"
data.completed = "handled"
"""


def problems(text: str) -> list[str]:
    """Give what is wrong with a mapping."""
    with pytest.raises(MappingError) as caught:
        parse_mapping(text)
    return caught.value.problems


@pytest.mark.parametrize("path", sorted(MAPS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_example_is_a_mapping(path: Path) -> None:
    """Each map beside the tests is read without a problem."""
    assert isinstance(read_mapping(path), Mapping)


def test_a_mapping_knows_its_columns() -> None:
    """The columns that are read are those named anywhere, derived ones left out."""
    mapping = read_mapping(MAPS / "govuk_frontend_delivery_events.toml")
    assert {"system", "event", "at", "seq", "release", "bot", "first_commit_at"} == set(
        mapping.used()
    )


def test_all_problems_come_at_once() -> None:
    """Six mistakes in one mapping give six sentences."""
    found = problems(
        """
        timezone = "Europe/Brussel"
        sauce = "x"
        [[event]]
        type = "headwind.service.request.opend.v1"
        [[event]]
        type = "headwind.service.request.opened.v1"
        when = "a ="
        data.request = "case"
        data.chanel = "way"
        """
    )
    text = "\n".join(found)
    for part in (
        '"sauce" is not known (did you mean "source"?)',
        '"source" is missing',
        'timezone "Europe/Brussel" is not known',
        'did you mean "headwind.service.request.opened.v1"?',
        '"chanel" is not a field (did you mean "channel"?)',
        '"service" is needed',
        "has no `time`",
        "has no `key`",
        "is not an SQL expression",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('plus = "P1D"', 'plus = "1 day"', "is no duration"),
        ('{ const = "Calls" }', '{ const = "Calls", column = "x" }', "exactly one of column"),
        ('column = "day", plus', 'column = "day", add', '"add" is not known'),
        ('key = ["day"]', "key = 3", "Expected `array`"),
        ("source =", "source ==", "is not TOML"),
        ("[[event]]", "[columns]\noffered = 'int'\n[[event]]", "Invalid enum value"),
    ],
)
def test_a_wrong_value_is_told(old: str, new: str, sentence: str) -> None:
    """A wrong value anywhere gives a sentence that says what is wrong."""
    assert sentence in "\n".join(problems(CALLS.replace(old, new)))


def test_two_events_of_one_name() -> None:
    """Two events of one name would share their ids."""
    twice = CALLS + CALLS[CALLS.index("[[event]]") :]
    assert "give each a `name`" in problems(twice)[0]


@pytest.mark.parametrize("column", ["email", "Caller_Name".lower(), "contact e-mail", "staff"])
def test_a_column_of_persons_is_refused(column: str) -> None:
    """A mapping that reads a column named like a person's data is refused, unless it says so."""
    text = CALLS.replace('{ const = "Calls" }', f'"{column}"')
    if column != "caller_name":
        assert "person's data" in problems(text)[0]
    parse_mapping(f"not_personal = ['{column}']\n{text}")


def test_sql_may_not_read_persons_either() -> None:
    """A person-like column hidden in SQL is found as well."""
    text = CALLS.replace('"offered"', '{ sql = "LENGTH(phone)" }')
    assert "phone" in problems(text)[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing mapping file gives a sentence, not a traceback."""
    with pytest.raises(MappingError, match=r"absent\.toml: cannot be read"):
        read_mapping(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("iso", "polars"),
    [("P1D", "1d"), ("P1M", "1mo"), ("P1Y2W", "1y2w"), ("PT12H30M", "12h30m"), ("P", None)],
)
def test_durations(iso: str, polars: str | None) -> None:
    """ISO 8601 durations become calendar steps."""
    assert polars_duration(iso) == polars
