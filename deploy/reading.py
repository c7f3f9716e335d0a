"""Reading a store: one that exists, and names that somebody has heard of."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import sqlalchemy
import typer
from sqlalchemy import select

from models import tables
from models.settings import Settings
from models.store import explained, open_store, store_name
from models.value import GROUP
from streams.catalogue import catalogue

EVERY = "*"
"""Said of a unit, service or stratum: all of them, each on its own."""

TOLD = 12
"""So many known names are told where none is like the one that was asked for."""

SHORT = 8
"""So many characters of an id are shown, where they tell it from every other."""

Rows = Iterator[dict[str, Any]]


@contextmanager
def reading(store: str) -> Iterator[sqlalchemy.Connection]:
    """One consistent view of a store that exists."""
    database = open_store(store, make=False)
    try:
        with explained(store_name(database)), database.connect() as connection:
            yield connection
    finally:
        database.dispose()


def narrowed(
    question: sqlalchemy.Select[Any], table: sqlalchemy.Table, asked: Mapping[str, str | None]
) -> sqlalchemy.Select[Any]:
    """The question, for rows of these names only; a name that is empty or "*" asks for all."""
    for column, wanted in asked.items():
        if wanted and wanted != EVERY:
            question = question.where(table.c[column] == wanted)
    return question


def checked(
    connection: sqlalchemy.Connection,
    settings: Settings,
    asked: Mapping[str, str | None],
    found: Rows,
) -> Rows:
    """The rows; where there is none and a name is to blame, the name is refused instead.

    ``asked`` are the names by option: agency, indicator, unit, service, stratum.
    """
    first = next(found, None)
    if first is not None:
        return chain([first], found)
    for option, wanted in asked.items():
        if wanted and wanted != EVERY:
            known = _known(connection, settings, option)
            if known and wanted not in known:
                message = f"{wanted!r} is not known here; {like(wanted, known)}"
                raise typer.BadParameter(message, param_hint=f"--{option}")
    return iter(())


def like(wanted: str, known: set[str]) -> str:
    """The known name that was probably meant, or some of those that are known.

    >>> like("Bostn", {"boston", "chicago"})
    'did you mean boston?'
    """
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(wanted.casefold(), folded, n=1)
    if close:
        return f"did you mean {folded[close[0]]}?"
    names = sorted(known)
    if not names:
        return "none is known here yet."
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return f"known: {', '.join(names[:TOLD])}{more}."


def agencies(connection: sqlalchemy.Connection, settings: Settings) -> set[str]:
    """Every agency that sent something, may send, or stands in the settings."""
    heard = [
        select(table.c.agency).distinct()
        for table in (tables.source, tables.refused, tables.api_key)
    ]
    return set(settings.agencies).union(*(connection.execute(one).scalars() for one in heard))


def parts(
    connection: sqlalchemy.Connection, settings: Settings, of: Collection[str] = ()
) -> set[str]:
    """Every service and unit that a figure or an alert is about, or that has a standard.

    ``of`` are the agencies whose they are; none named means all of them.
    """
    known = set(settings.standards)
    for table in (tables.value, tables.alert):
        mine = table.c.agency.in_(of) if of else sqlalchemy.true()
        for column in (table.c.service, table.c.unit):
            asked = select(column).where(mine, column != "").distinct()
            known.update(connection.execute(asked).scalars())
    return known


def members(connection: sqlalchemy.Connection, settings: Settings, agency: str) -> list[str]:
    """The agencies behind a name: those of a group, or the one itself."""
    if not agency.startswith(GROUP):
        return [agency]
    group = agency.removeprefix(GROUP)
    known = agencies(connection, settings)
    return sorted(name for name in known if settings.agency(name).group == group)


def short(connection: sqlalchemy.Connection, table: sqlalchemy.Table) -> int:
    """How many characters of an id tell each row's from every other, at least :data:`SHORT`."""
    ids = set(connection.execute(select(table.c.id).where(table.c.latest)).scalars())
    longest = max(map(len, ids), default=SHORT)
    enough = (many for many in range(SHORT, longest) if len({i[:many] for i in ids}) == len(ids))
    return next(enough, longest)


def called(settings: Settings, agency: str) -> str:
    """An agency by its name, a group also by its title; for people, not for machines."""
    group = settings.groups.get(agency.removeprefix(GROUP)) if agency.startswith(GROUP) else None
    return f"{group.title} ({agency})" if group is not None and group.title else agency


def _known(connection: sqlalchemy.Connection, settings: Settings, option: str) -> set[str]:
    if option == "agency":
        known = agencies(connection, settings)
        return known | {GROUP + settings.agency(name).group for name in known}
    if option == "indicator":
        return set(catalogue())
    named = select(tables.value.c[option]).where(tables.value.c[option] != "").distinct()
    return set(connection.execute(named).scalars())
