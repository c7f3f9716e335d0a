"""Every way in which a table from a file differs from the Struct it should become, at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Meta

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_WORDS = {
    "str": "text in quotes",
    "int": "a whole number without quotes",
    "float": "a number without quotes",
    "bool": "true or false",
    "array": "a list in square brackets",
    "object": "a table",
    "null": "nothing",
}


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong in a file: where, what, and what to write instead.

    Never repeats a value, which could be a secret.
    """

    where: str
    what: str
    hint: str

    def __str__(self) -> str:
        """One line for a person."""
        return f"{self.where}: {self.what}; {self.hint}"


def place(path: tuple[str, ...], *, table: bool = False) -> str:
    """The place of a value as it stands in a TOML file.

    >>> place(("sources", "https://311.boston", "lateness"))
    '[sources."https://311.boston"] lateness'
    """
    above, last = (path, "") if table else (path[:-1], path[-1])
    header = ".".join(key if _PLAIN.fullmatch(key) else f'"{key}"' for key in above)
    return " ".join(part for part in (header and f"[{header}]", last) if part) or "the file"


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word, or all of them.

    >>> nearest("timzone", ["timezone", "name"])
    'did you mean timezone?'
    """
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    if close:
        return f"did you mean {close[0]}?"
    return f"what is known here: {', '.join(known)}" if known else "nothing is known here"


def faults(raw: object, kind: Any, path: tuple[str, ...] = ()) -> Iterator[Fault]:
    """All faults of ``raw`` against ``kind``, a Struct, a dict of them, or any msgspec type.

    A field's ``Meta(description=)`` says what to write; it becomes the hint.
    """
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct(raw, kind, path)
    elif get_origin(kind) is dict:
        yield from _named(raw, get_args(kind), path)
    else:
        yield from _value(raw, kind, path)


def parted(
    raw: Mapping[str, Any], kind: type[msgspec.Struct]
) -> tuple[dict[str, Any], list[Fault]]:
    """The tables of a file that have the right shape, and all faults of the others.

    So what is misshapen keeps back nothing that is wrong with the rest. Of ``kind`` every field
    may be left out.
    """
    found = {name: list(faults({name: part}, kind)) for name, part in raw.items()}
    rest = {name: part for name, part in raw.items() if not found[name]}
    return rest, [fault for some in found.values() for fault in some]


def _struct(raw: object, kind: type[msgspec.Struct], path: tuple[str, ...]) -> Iterator[Fault]:
    if not isinstance(raw, Mapping):
        yield Fault(place(path), "must be a table", f"write {place(path, table=True)} above it")
        return
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in raw:
        if key not in known:
            yield Fault(place((*path, str(key))), "is not known", nearest(str(key), known))
    for name, field in known.items():
        if name in raw:
            yield from faults(raw[name], field.type, (*path, name))
        elif field.default is NODEFAULT and field.default_factory is NODEFAULT:
            yield Fault(place((*path, name)), "is missing", f"write {_described(field.type)}")


def _named(raw: object, kinds: tuple[Any, ...], path: tuple[str, ...]) -> Iterator[Fault]:
    if not isinstance(raw, Mapping):
        yield Fault(place(path), "must be a table of names", f"write {place(path, table=True)}")
        return
    for key, value in raw.items():
        named = (*path, str(key))
        yield from (
            Fault(place(named, table=True), "has a name that cannot be used", fault.hint)
            for fault in _value(key, kinds[0], named)
        )
        yield from faults(value, kinds[1], named)


def _value(raw: object, kind: Any, path: tuple[str, ...]) -> Iterator[Fault]:
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        yield Fault(place(path), _sentence(str(error)), f"write {_described(kind)}")


def _sentence(message: str) -> str:
    """What msgspec found, without its type names and without the pattern or the value."""
    got = re.fullmatch(r"Expected `([a-z| ]+)`, got `(\w+)`(?: - at `\$(.*)`)?", message)
    if got is None:
        return "is not one that can be used"
    wanted = " or ".join(_WORDS.get(one, one) for one in got[1].split(" | "))
    item = "an item " if got[3] else ""
    return f"{item}must be {wanted}, not {_WORDS.get(got[2], 'a ' + got[2])}"


def _described(kind: Any) -> str:
    """What to write, from the type's own description."""
    for note in getattr(kind, "__metadata__", ()):
        if isinstance(note, Meta) and note.description:
            return note.description
    inner = [one for one in get_args(kind) if one not in (NoneType, Ellipsis)]
    if inner and all(isinstance(one, str) for one in inner):
        return "one of " + ", ".join(f'"{one}"' for one in inner)
    if get_origin(kind) in {tuple, list} and inner:
        return f"a list, each item {_described(inner[0])}"
    return _WORDS.get(getattr(kind, "__name__", ""), "a value of the right kind")
