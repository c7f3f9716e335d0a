"""A mapping: how the columns of a file become events; read from TOML, all problems at once."""

from __future__ import annotations

import hashlib
import tomllib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from connectors._mapping_data import Leaf, Tree, read_tree
from connectors._report import LoadError
from models.event import DATA_TYPES
from models.person import person_field

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

T = TypeVar("T")

ColumnType = Literal["text", "integer", "number", "time", "boolean"]


class Column(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a column holds, where SQL is to compute with it. ``format``: see Leaf."""

    type: ColumnType = "text"
    format: str | list[str] = "iso"


class Derive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each of ``rows`` belongs to the first of the rows ``first`` whose ``by`` is not smaller.

    First means first in the order of ``order`` (absent: the one with the smallest ``by``),
    among those alike in ``within``. ``give`` adds columns to ``rows`` with what the found row
    has; ``collect`` adds list columns to the found rows with what belongs to them.
    """

    rows: str
    first: str
    by: str
    order: str = ""
    within: list[str] = []
    give: dict[str, str] = {}
    collect: dict[str, str] = {}


class EventMap(msgspec.Struct, frozen=True, kw_only=True):
    """One ``[[event]]``: which rows become an event of which type, and how."""

    name: str
    type: str
    when: str
    once: list[str]
    key: list[str]
    time: Leaf | None
    data: Tree
    counted: bool


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """A whole mapping, free of contradictions with itself and with the event types."""

    source: str
    fingerprint: str
    events: list[EventMap]
    timezone: str = ""
    agency: str = ""
    encoding: str = "utf-8"
    delimiter: str = ""
    decimal: str = "."
    sheet: str = ""
    columns: dict[str, Column] = {}
    derive: list[Derive] = []
    not_personal: list[str] = []

    def used(self) -> dict[str, str]:
        """Every column that the mapping reads, and where it says so first."""
        made = {name for step in self.derive for name in (*step.give, *step.collect)}
        used: dict[str, str] = {}
        for column, where in _uses(self):
            if column not in made:
                used.setdefault(column, where)
        return used


class _Event(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    type: str
    name: str = ""
    when: str = ""
    once: list[str] = []
    key: list[str] = []
    time: Any = None
    data: dict[str, Any] = {}


class _Document(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    source: str
    key: list[str] = []
    timezone: str = ""
    agency: str | dict[str, str] = ""
    encoding: str = "utf-8"
    delimiter: str = ""
    decimal: Literal[".", ","] = "."
    sheet: str = ""
    columns: dict[str, Any] = {}
    derive: list[Any] = []
    event: list[Any] = []
    not_personal: list[str] = []


class MappingError(LoadError):
    """The mapping cannot be used; ``problems`` holds one sentence for each thing to put right."""

    def __init__(self, name: str, problems: list[str]) -> None:
        """``name`` is that of the mapping's file."""
        self.problems = problems
        super().__init__("\n".join(f"{name}: {problem}" for problem in problems))


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises ``MappingError`` with every problem in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MappingError(path.name, [f"cannot be read ({error.strerror})."]) from None
    except UnicodeDecodeError:
        raise MappingError(path.name, ["is not UTF-8; save it as UTF-8."]) from None
    return parse_mapping(text, path.name)


def parse_mapping(text: str, name: str = "mapping") -> Mapping:
    """Read a mapping from TOML text. Raises ``MappingError`` with every problem in it."""
    problems: list[str] = []
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(name, [f"is not TOML: {error}."]) from None
    known = set(_Document.__struct_fields__)
    for key in [key for key in raw if key not in known]:
        problems.append(f'"{key}" is not known{_meant(key, known)}; leave it out.')
        del raw[key]
    raw.setdefault("source", "")
    document = _convert(raw, _Document, "the file", problems)
    if document is None:
        raise MappingError(name, problems)
    mapping = _assemble(document, hashlib.sha256(text.encode()).hexdigest(), problems)
    if not problems:
        problems += _personal(mapping)
    if problems:
        raise MappingError(name, problems)
    return mapping


def _assemble(document: _Document, fingerprint: str, problems: list[str]) -> Mapping:
    if not 1 <= len(document.source) <= 256:
        problems.append('"source" is missing; name the system in up to 256 characters.')
    if document.timezone:
        _check_zone(document.timezone, problems)
    if not document.event:
        problems.append("has no [[event]]; say at least one type of event to make.")
    agency = document.agency
    if isinstance(agency, dict):
        agency = agency.get("sql", "") or _quoted(agency.get("column", ""))
    elif agency:
        agency = _quoted(agency)
    columns = {
        column: found
        for column, given in document.columns.items()
        if (found := _column(column, given, problems)) is not None
    }
    steps = [
        step
        for number, given in enumerate(document.derive, 1)
        if (step := _convert(given, Derive, f"[[derive]] {number}", problems)) is not None
    ]
    events = [
        event
        for number, given in enumerate(document.event, 1)
        if (event := _event(number, given, document, problems)) is not None
    ]
    names = [event.name for event in events]
    problems += [
        f'two [[event]] are named "{name}"; give each a `name` of its own.'
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    mapping = Mapping(
        source=document.source,
        fingerprint=fingerprint,
        events=events,
        timezone=document.timezone,
        agency=agency,
        encoding=document.encoding,
        delimiter=document.delimiter,
        decimal=document.decimal,
        sheet=document.sheet,
        columns=columns,
        derive=steps,
        not_personal=document.not_personal,
    )
    problems += _bad_sql(mapping)
    return mapping


def _event(number: int, given: Any, document: _Document, problems: list[str]) -> EventMap | None:
    where = f"[[event]] {number}"
    raw = _convert(given, _Event, where, problems)
    if raw is None:
        return None
    data = DATA_TYPES.get(raw.type)
    if data is None:
        problems.append(f'{where}: type "{raw.type}" is not known{_meant(raw.type, DATA_TYPES)}.')
        return None
    counted = "start" in data.__struct_fields__ and "part" in data.__struct_fields__
    key = raw.key or document.key
    if not key:
        problems.append(f"{where} has no `key`: name the columns that make a row unique.")
    tree = read_tree(raw.data, data, f"{where} data", problems)
    if raw.time is None and not counted:
        problems.append(f"{where} has no `time`: name the column that says when it happened.")
    time = None
    if raw.time is not None:
        time = read_tree({"time": raw.time}, None, where, problems).leaves.get("time")
    words = [word for word in raw.type.split(".") if word[:1].isalpha() and word != "v1"]
    name = raw.name or (words[-2] if words[-1] == "counted" else words[-1])
    return EventMap(
        name=name,
        type=raw.type,
        when=raw.when,
        once=raw.once,
        key=key,
        time=time,
        data=tree,
        counted=counted,
    )


def _column(name: str, given: Any, problems: list[str]) -> Column | None:
    raw = {"type": given} if isinstance(given, str) else given
    return _convert(raw, Column, f"[columns] {name}", problems)


def _convert(raw: Any, kind: type[T], where: str, problems: list[str]) -> T | None:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {error}.")
        return None


def _check_zone(name: str, problems: list[str]) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        problems.append(f'timezone "{name}" is not known; write it as in Europe/Brussels.')


def _uses(mapping: Mapping) -> Iterator[tuple[str, str]]:
    for name in mapping.columns:
        yield name, "[columns]"
    for sql, where in _sql(mapping):
        for name in roots(sql):
            yield name, where
    for step in mapping.derive:
        names = (step.by, step.order, *step.within, *step.give.values())
        yield from ((name, "[[derive]]") for name in names if name)
    for event in mapping.events:
        where = f'event "{event.name}"'
        for name in (*event.key, *event.once):
            yield name, f"{where}, key"
        for leaf in (*([event.time] if event.time else []), *event.data.walk()):
            if leaf.column:
                yield leaf.column, f"{where}, {leaf.pointer}"


def _sql(mapping: Mapping) -> Iterator[tuple[str, str]]:
    """Every SQL expression of a mapping, and where it stands."""
    if mapping.agency:
        yield mapping.agency, "agency"
    for step in mapping.derive:
        for sql in (step.rows, step.first, *step.collect.values()):
            yield sql, "[[derive]]"
    for event in mapping.events:
        where = f'event "{event.name}"'
        if event.when:
            yield event.when, f"{where}, when"
        for leaf in (*([event.time] if event.time else []), *event.data.walk()):
            for sql in (
                leaf.sql,
                leaf.when,
                leaf.not_before,
                leaf.not_after,
                leaf.at_most,
            ):
                if sql:
                    yield sql, f"{where}, {leaf.pointer}"


def roots(sql: str) -> list[str]:
    """Columns that an SQL expression reads. Raises ``polars.exceptions.PolarsError``."""
    return pl.sql_expr(sql).meta.root_names()


def _bad_sql(mapping: Mapping) -> list[str]:
    problems = []
    for sql, where in _sql(mapping):
        try:
            roots(sql)
        except pl.exceptions.PolarsError as error:
            reason = str(error).splitlines()[0]
            problems.append(f"{where}: {sql!r} is not an SQL expression ({reason}).")
    return problems


def _personal(mapping: Mapping) -> list[str]:
    return [
        f'{where} reads the column "{column}", which is named like a person\'s data; such data '
        "may not be sent. Leave the column out or, if it holds nothing about a person, say so: "
        f'not_personal = ["{column}"].'
        for column, where in mapping.used().items()
        if person_field(column) and column not in mapping.not_personal
    ]


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"' if column else ""


def _meant(word: str, known: Any) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""
