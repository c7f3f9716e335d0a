"""The data part of a mapped event: where each field comes from, checked against its type."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.events import Data

Target = Literal["text", "integer", "number", "time", "boolean", "list"]

_DURATION = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
    r"(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_POLARS_UNITS = ("y", "mo", "w", "d", "h", "m", "s")


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where one value comes from: exactly one of ``column``, ``sql`` and ``const``.

    ``when`` (SQL): only these rows have it. ``format``: how a time is written (``iso``,
    ``epoch``, ``epoch_ms`` or strptime), or several of them. ``plus``: an ISO 8601 duration
    to add, in calendar steps of the mapping's zone. ``not_before`` and ``not_after`` (times),
    ``at_most`` (numbers): SQL; a value beyond is taken as that and counted as cleaned.
    """

    column: str = ""
    sql: str = ""
    const: str | int | float | bool | None = None
    when: str = ""
    format: str | list[str] = "iso"
    plus: str = ""
    not_before: str = ""
    not_after: str = ""
    at_most: str = ""
    target: Target = "text"
    pointer: str = ""

    @property
    def origin(self) -> str:
        """The column, or the SQL, for a person."""
        return self.column or self.sql


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """An object: values by name, objects in it by name, and arrays of objects by name."""

    leaves: dict[str, Leaf] = {}
    objects: dict[str, Tree] = {}
    arrays: dict[str, list[Tree]] = {}

    def walk(self) -> Iterator[Leaf]:
        """Every leaf at every depth."""
        yield from self.leaves.values()
        for inner in self.objects.values():
            yield from inner.walk()
        for many in self.arrays.values():
            for inner in many:
                yield from inner.walk()


_SETTABLE = frozenset(Leaf.__struct_fields__) - {"target", "pointer"}
_MARKS = frozenset({"column", "sql", "const"})


def read_tree(
    raw: dict[str, Any],
    data: type[Data] | None,
    where: str,
    problems: list[str],
) -> Tree:
    """Read the table ``raw``, which makes an object of the type ``data``.

    ``data`` None: the table holds the envelope's time alone.
    """
    if data is None:
        leaf = _leaf(raw["time"], "time", "/time", f"{where} time", problems)
        return Tree(leaves={} if leaf is None else {"time": leaf})
    return _read(raw, msgspec.inspect.type_info(data), ("/data", where), problems)


def _read(
    raw: dict[str, Any],
    info: msgspec.inspect.Type,
    at: tuple[str, str],
    problems: list[str],
) -> Tree:
    pointer, where = at
    fields = (
        {field.encode_name: field for field in info.fields}
        if isinstance(info, msgspec.inspect.StructType)
        else {}
    )
    tree = Tree(leaves={}, objects={}, arrays={})
    for name, value in raw.items():
        here = f"{pointer}/{name}"
        if name not in fields:
            problems.append(f'{where}: "{name}" is not a field{_meant(name, fields)}.')
            continue
        inner = _plain(fields[name].type)
        label = f"{where}.{name}"
        if isinstance(value, list):
            item = _plain(inner.item_type) if isinstance(inner, msgspec.inspect.ListType) else inner
            tree.arrays[name] = [
                _read(one, item, (f"{here}/{place}", label), problems)
                for place, one in enumerate(value)
            ]
        elif isinstance(value, dict) and not (value.keys() & _MARKS):
            tree.objects[name] = _read(value, inner, (here, label), problems)
        elif (leaf := _leaf(value, _target(inner), here, label, problems)) is not None:
            tree.leaves[name] = leaf
    problems += [
        f'{where}: "{name}" is needed; say which column it comes from.'
        for name, field in fields.items()
        if field.required and name not in raw
    ]
    return tree


def _leaf(value: Any, target: Target, pointer: str, where: str, problems: list[str]) -> Leaf | None:
    if isinstance(value, str):
        value = {"column": value}
    elif not isinstance(value, dict):
        value = {"const": value}
    for key in [key for key in value if key not in _SETTABLE]:
        problems.append(f'{where}: "{key}" is not known{_meant(key, _SETTABLE)}.')
        return None
    if len(value.keys() & _MARKS) != 1:
        problems.append(f"{where}: say exactly one of column, sql and const.")
        return None
    try:
        leaf = msgspec.convert({**value, "target": target, "pointer": pointer}, Leaf)
    except msgspec.ValidationError as error:
        problems.append(f"{where}: {error}.")
        return None
    if leaf.plus and polars_duration(leaf.plus) is None:
        problems.append(f'{where}: plus "{leaf.plus}" is no duration; write it as P1D or PT12H.')
        return None
    return leaf


def polars_duration(text: str) -> str | None:
    """An ISO 8601 duration in the notation of Polars; None if it is not one."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    parts = zip(found.groups(), _POLARS_UNITS, strict=True)
    return "".join(f"{int(number)}{unit}" for number, unit in parts if number is not None)


def _plain(info: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """The type itself, without what describes it and without None."""
    if isinstance(info, msgspec.inspect.Metadata):
        return _plain(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return next(
            _plain(one) for one in info.types if not isinstance(one, msgspec.inspect.NoneType)
        )
    return info


_TARGETS: tuple[tuple[type[msgspec.inspect.Type], Target], ...] = (
    (msgspec.inspect.IntType, "integer"),
    (msgspec.inspect.FloatType, "number"),
    (msgspec.inspect.DateTimeType, "time"),
    (msgspec.inspect.BoolType, "boolean"),
    (msgspec.inspect.ListType, "list"),
)


def _target(info: msgspec.inspect.Type) -> Target:
    for kind, target in _TARGETS:
        if isinstance(info, kind):
            return target
    return "text"


def _meant(word: str, known: Any) -> str:
    near = get_close_matches(word, list(known), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""
