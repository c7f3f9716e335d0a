"""Shocks in a sentence: how many, how they stand, and the slowest three services to recover."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dashboards import words
from dashboards.case import Told, days, told
from dashboards.drawing import Context, Drawn, Row, render
from models.shock import OVER

if TYPE_CHECKING:
    from dashboards.panel import Panel

_SLOWEST = 3


def draw(panel: Panel, answers: dict[str, list[Row]], context: Context) -> Drawn:
    """Rows are case files."""
    rows = answers[""]
    state = next((one for one in _WEIGHT if any(row["state"] == one for row in rows)), "steady")
    html = render(
        "kinds/sentence.html",
        panel=panel,
        state=state,
        text=_counted(rows),
        why=_slowest(rows, context),
    )
    return Drawn(html)


_WEIGHT = (
    *("absorbing", "disrupted", "recovering", "recovered"),
    *("degraded", "restored", "thriving"),
)
"""The state that gives the sentence its icon: what is open comes first, then what is worse."""


def _counted(rows: list[Row]) -> str:
    """How many case files, how many are not back yet, and what became of the rest."""
    if not rows:
        return "No shock in this time."
    ends = Counter(row["state"] for row in rows)
    back = ends.pop("recovered", 0)
    still = sum(many for state, many in ends.items() if state not in OVER)
    said = [f"{still} not back yet"] if still else []
    said += [f"{back} back and still followed"] if back else []
    said += [f"{ends[one]} {one}" for one in ("thriving", "restored", "degraded") if ends[one]]
    said += [f"{ends['over']} of context, over"] if ends["over"] else []
    return f"{len(rows)} case file{'' if len(rows) == 1 else 's'}: {', '.join(said)}."


def _slowest(rows: list[Row], context: Context) -> str:
    """The slowest three services, or units where no service has a case; demand is context."""
    rows = [row for row in rows if row["kind"] != "demand"]
    rows = [row for row in rows if row["service"]] or rows
    slowest: dict[tuple[str, str], Told] = {}
    for case in sorted(
        (told(row, context) for row in rows), key=lambda one: (-_took(one), one.name)
    ):
        slowest.setdefault((case.agency, case.part), case)
    first = [*slowest.values()][:_SLOWEST]
    if not first:
        return ""
    agencies = {case.agency for case in first}
    one = len(agencies) == 1
    named = [_named(case, _how_long(case), with_agency=not one) for case in first]
    where = f" in {first[0].agency}" if one and not context.scope.agency else ""
    return f"Slowest to recover{where}: {words.listed(named)}."


def _named(case: Told, how_long: str, *, with_agency: bool) -> str:
    part = case.part or "the whole agency"
    return f"{part} ({case.agency}, {how_long})" if with_agency else f"{part} ({how_long})"


def _took(case: Told) -> float:
    """Days to recovery; while there is none, the days that it has lasted at least."""
    return case.lasted if case.recover is None else case.recover


def _how_long(case: Told) -> str:
    if case.recover is not None:
        return days(case.recover)
    return f"not back after {days(case.lasted)}"
