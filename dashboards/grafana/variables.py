"""What a reader of Grafana may choose, as the board says; nothing where it was chosen beforehand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case, literal, select, union_all

from dashboards import questions
from dashboards.board import Variable
from dashboards.grafana import asked
from dashboards.grafana.sheet import Json, Sheet
from dashboards.narrowing import agencies_asked
from dashboards.words import unit_word

_CELLS = ("unit", "service", "stratum")


def variables(sheet: Sheet) -> list[Json]:
    """The lists over a board, in its order; behind an indicator stands what it is measured in."""
    found = []
    for variable in sheet.board.variables:
        if variable.name in sheet.fixed:
            continue
        found.append(_variable(variable, sheet))
    if sheet.board.uid == "headwind-indicator":
        found += [_repeated(sheet), _measure(sheet)]
    return found


def _variable(variable: Variable, sheet: Sheet) -> Json:
    if variable.name == "indicator":
        return _indicators(variable, sheet)
    if variable.name == "group":
        return _query(variable, _with_whole(questions.group_names(), variable.whole))
    if variable.name == "agency":
        return _query(variable, _agencies(variable, sheet))
    return _query(variable, _parts(variable.name, sheet))


def _agencies(variable: Variable, sheet: Sheet) -> Select[Any]:
    """Those of the group; where one is always chosen, groups stand behind them."""
    if variable.required:
        return _agencies_and_groups(sheet)
    known = agencies_asked(sheet.scope(agency=""))
    return _with_whole(select(known.c.agency), variable.whole)


def _agencies_and_groups(sheet: Sheet) -> Select[Any]:
    scope = sheet.scope(agency="")
    known = agencies_asked(scope)
    agencies = select(literal(0).label("place"), known.c.agency.label("name"))
    groups = questions.groups(scope).order_by(None).subquery("groups")
    more = select(literal(1).label("place"), groups.c.agency.label("name"))
    both = union_all(agencies, more).subquery("both")
    named = select(both.c.name.label("__text"), both.c.name.label("__value"))
    return named.order_by(both.c.place, both.c.name)


def _indicators(variable: Variable, sheet: Sheet) -> Json:
    """The catalogue: it changes with the program, and so does this file."""
    pairs = [(fact.title, fact.id) for fact in sheet.facts]
    if not variable.required and variable.whole:
        pairs = [(variable.whole, asked.WHOLE), *pairs]
    text, value = pairs[0]
    return {
        "type": "custom",
        "name": variable.name,
        "label": variable.label,
        "query": ", ".join(f"{_escaped(name)} : {key}" for name, key in pairs),
        "options": [{"text": name, "value": key, "selected": key == value} for name, key in pairs],
        "current": {"text": text, "value": value},
        "multi": False,
        "includeAll": False,
        "hide": 0,
        "skipUrlSync": False,
    }


def _escaped(name: str) -> str:
    return name.replace(",", "\\,")


def _parts(name: str, sheet: Sheet) -> Select[Any]:
    """Units, services or strata that had a value lately."""
    scope = sheet.scope(**dict.fromkeys((n for n in _CELLS), ""))
    rows = questions.cells(scope).subquery("rows")
    named = select(rows.c[name].label("__value")).where(rows.c[name] != "").distinct()
    return _with_whole(named, f"all {_PLURAL[name]}")


_PLURAL = {"unit": "units", "service": "services", "stratum": "strata"}


def _with_whole(listed: Select[Any], whole: str) -> Select[Any]:
    """No choice, and each of one column of names."""
    (column,) = listed.order_by(None).subquery("named").c
    first = select(
        literal(0).label("place"),
        literal(whole).label("__text"),
        literal(asked.WHOLE).label("__value"),
    )
    rest = select(literal(1).label("place"), column.label("__text"), column.label("__value"))
    both = union_all(first, rest).subquery("both")
    return select(both.c["__text"], both.c["__value"]).order_by(both.c.place, both.c["__text"])


def _query(variable: Variable, listed: Select[Any], **more: Any) -> Json:
    text = asked.sql(listed)
    open_ = not variable.required
    current = {"text": variable.whole or "all", "value": asked.WHOLE} if open_ else {}
    return {
        "type": "query",
        "name": variable.name,
        "label": variable.label,
        "datasource": asked.POSTGRESQL,
        "query": text,
        "definition": text,
        # Anew with the time shown: what had no value in it has nothing to choose.
        "refresh": 2,
        "regex": "",
        "sort": 0,
        "multi": False,
        "includeAll": False,
        "current": current,
        "options": [],
        "hide": 0,
        "skipUrlSync": False,
    } | more


def _repeated(sheet: Sheet) -> Json:
    """For whom a chart is drawn: everybody and each group, unless some are taken out."""
    every = {"text": ["All"], "value": ["$__all"]}
    return _query(
        Variable(name="agency", label="Agencies and groups", required=True),
        _agencies_and_groups(sheet),
        multi=True,
        includeAll=True,
        current=every,
    )


def _measure(sheet: Sheet) -> Json:
    """What the indicator that was chosen is measured in; for titles, not for choosing."""
    indicator = asked.chosen("indicator")
    word = case(
        *((indicator == fact.id, literal(unit_word(fact.unit))) for fact in sheet.facts), else_=""
    )
    made = _query(Variable(name="indicator", label="Measure", required=True), select(word))
    return made | {"name": "measure", "hide": 2, "refresh": 1}
