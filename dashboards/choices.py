"""What a reader may choose on a board: a group, an agency, an indicator, a part, a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards import questions, screen
from dashboards.drawing import Context, query
from models.value import GROUP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from dashboards.board import Board, Variable

_DAY = 86_400_000
_RANGES = ((90, "90 days"), (365, "1 year"), (3 * 365, "3 years"))
_WHOLE = {"unit": "all units", "service": "all services", "stratum": "all strata"}


def choices_of(connection: Connection, board: Board, context: Context) -> list[dict[str, Any]]:
    """The drop-down lists of a board; a list with nothing to choose from is left out."""
    found = []
    cells: dict[str, list[str]] | None = None
    for variable in board.variables:
        if variable.required:
            continue
        if variable.name == "indicator":
            options = [(fact.id, fact.title) for fact in context.facts.values()]
            options = [("", variable.whole), *options] if variable.whole else options
        elif variable.name == "group":
            groups = screen.groups_of(connection)
            options = [(group, context.agency(GROUP + group)) for group in groups]
            options = [("", variable.whole), *options] if len(groups) > 1 else []
        elif variable.name == "agency":
            # A group is reached by the links of its board.
            known = dict.fromkeys([*context.agencies, context.scope.agency])
            agencies = [(one, context.agency(one)) for one in known if one]
            options = [("", variable.whole), *agencies]
        else:
            cells = cells if cells is not None else _cells(connection, context)
            chosen = getattr(context.scope, variable.name)
            names = sorted({*cells[variable.name], chosen} - {""})
            options = [("", _WHOLE[variable.name]), *((name, name) for name in names)]
        if len(options) > 1:
            found.append(
                {
                    "name": variable.name,
                    "label": _label(variable, context),
                    "options": options,
                    "chosen": getattr(context.scope, variable.name),
                }
            )
    return found


def _label(variable: Variable, context: Context) -> str:
    facts = context.facts.get(context.scope.indicator)
    if variable.name == "stratum" and facts is not None and facts.strata:
        return facts.strata[0].upper() + facts.strata[1:]
    return variable.label


def _cells(connection: Connection, context: Context) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {name: [] for name in _WHOLE}
    for row in connection.execute(questions.cells(context.scope)).mappings():
        for name, members in found.items():
            members.append(row[name])
    return found


def ranges_of(board: Board, context: Context, chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    """Links to the last 90 days, year and three years, the chosen one marked; none for now."""
    if all(panel.title.endswith(" now") for panel in board.panels):
        return []
    path_names = {variable.name for variable in board.variables if variable.required}
    until = context.scope.until
    kept = {name: held for name, held in chosen.items() if name not in {"since", *path_names}}
    days_chosen = round((until - context.scope.since) / _DAY)
    found = []
    for days, label in _RANGES:
        since = context.clock.at(until - days * _DAY).date().isoformat()
        link = query(**kept) if days == board.days else query(**kept, since=since)
        current = abs(days_chosen - days) <= 1
        found.append({"label": label, "link": link or "?", "current": current})
    return found
