"""A table: the columns that the page has, each written by PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import JSONB

from dashboards.grafana import asked, looks
from dashboards.grafana.cells import TIMES, Cells
from dashboards.grafana.links import to_agency
from dashboards.grafana.sheet import WIDTHS, Json, Sheet, live_of, table_of
from dashboards.kinds.table import HEADS
from dashboards.panel import Panel, Scope

MOST = 200


def draw(panel: Panel, sheet: Sheet) -> list[Json]:
    """One target; the columns are called as on the page."""
    if panel.live is not None:
        return [_of_labels(panel, sheet)]
    drawn = table_of(panel, WIDTHS[panel.place], 8)
    drawn["targets"] = [asked.table("A", rows_of(panel, sheet.scope(), Cells(sheet.facts)))]
    overrides = []
    for name in panel.columns:
        head = HEADS[name]
        if name in TIMES:
            overrides.append(looks.named(head, unit="dateTimeFromNow", custom__width=130))
        elif name == "severity":
            overrides.append(looks.named(head, mappings=_weights(), custom__width=90))
        elif name == "agency":
            links = to_agency(sheet, f"${{__data.fields.{head}}}")
            overrides.append(looks.named(head, links=links, custom__width=130))
    drawn["fieldConfig"]["overrides"] = overrides
    return [drawn]


def _of_labels(panel: Panel, sheet: Sheet) -> Json:
    """The labels of each series that answers, as rows."""
    drawn = table_of(panel, WIDTHS[panel.place], 8)
    drawn["targets"] = [asked.metric("A", live_of(panel, sheet), instant=True, form="table")]
    heads = {"agency": HEADS["agency"], "indicator": HEADS["indicator"], "alertname": "Alert"}
    drawn["transformations"] = [
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True, "Value": True},
                "indexByName": {name: at for at, name in enumerate(heads)},
                "renameByName": heads,
            },
        }
    ]
    titles = looks.mapped({fact.id: (fact.title, looks.TEXT) for fact in sheet.facts})
    links = to_agency(sheet, f"${{__data.fields.{heads['agency']}}}")
    drawn["fieldConfig"]["overrides"] = [
        looks.named(heads["agency"], links=links),
        looks.named(heads["indicator"], mappings=titles),
    ]
    return drawn


def _weights() -> list[Json]:
    """Words of alerts' weight keep their word, and get its colour."""
    colours = {
        "critical": looks.RED,
        "warning": looks.YELLOW,
        "silent": looks.GREY,
        "note": looks.TEXT,
    }
    return looks.mapped({word: (word, colour) for word, colour in colours.items()})


def rows_of(panel: Panel, scope: Scope, cells: Cells) -> Select[Any]:
    """The rows of a panel, in the question's own order, each column under its heading."""
    if "code" in panel.columns:
        return _by_code(panel, scope)
    question = panel.question(scope)
    rows = question.subquery("rows")
    number = func.row_number().over().label("place")
    numbered = select(rows, number).subquery("numbered")
    columns = [cells.of(numbered, name).label(HEADS[name]) for name in panel.columns]
    return select(*columns).order_by(numbered.c.place).limit(MOST)


def _by_code(panel: Panel, scope: Scope) -> Select[Any]:
    """Refused events by the code of each of their problems, the most frequent first."""
    rows = panel.question(scope).subquery("rows")
    problems = func.jsonb_array_elements(func.cast(rows.c.problems, JSONB)).table_valued("value")
    problems = problems.render_derived("problem")
    code = problems.c.value.op("->>")("code")
    many = func.count().label(HEADS["count"])
    last = asked.timestamp(func.max(rows.c.received)).label(HEADS["received"])
    return (
        select(code.label(HEADS["code"]), many, last)
        .select_from(rows.join(problems, func.coalesce(True)))
        .group_by(code)
        .order_by(many.desc(), code)
    )
