"""What Grafana asks: a question as SQL in which Grafana fills in time and choices.

``$__unixEpochNanoFrom()`` is replaced by Grafana's server, ``${agency:sqlstring}`` by its page,
as a quoted text with doubled quotes, so that a name cannot become SQL.
"""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, String, case, func, literal_column
from sqlalchemy.dialects import postgresql

from dashboards.panel import Live, Scope
from models.metrics import ALL_GROUPS
from models.value import RHYTHMS

WHOLE: Final = ALL_GROUPS
"""What a list offers for no choice: an empty choice is not told from none everywhere."""

PROMETHEUS: Final = {"type": "prometheus", "uid": "headwind-prometheus"}
POSTGRESQL: Final = {"type": "grafana-postgresql-datasource", "uid": "headwind-postgresql"}

_DIALECT: Final = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
_NANOS: Final = 1_000_000


def moment(name: str) -> Any:
    """Begin (``From``) or end (``To``) of the time shown, ms."""
    return literal_column(f"($__unixEpochNano{name}() / {_NANOS})", BigInteger)


def chosen(name: str) -> Any:
    """The value of a required variable, as SQL."""
    return literal_column(f"${{{name}:sqlstring}}", String)


def chosen_or_all(name: str) -> Any:
    """The value of a variable that may be left open: "" where it is."""
    return func.replace(chosen(name), WHOLE, "")


def scope(**choices: Any) -> Scope:
    """A scope whose time Grafana fills in; of the choices those that are SQL."""
    return Scope(since=moment("From"), until=moment("To"), **choices)


def sql(question: Select[Any]) -> str:
    """The question as PostgreSQL understands it, in one line."""
    compiled = question.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True})
    return re.sub(r"\s+", " ", str(compiled)).strip()


def timestamp(milliseconds: ColumnElement[Any]) -> ColumnElement[Any]:
    """A moment of ours as one of PostgreSQL's."""
    return func.to_timestamp(milliseconds / literal_column("1000.0"))


def finest(rhythm: ColumnElement[Any]) -> ColumnElement[Any]:
    """The place of a rhythm among all, the finest first."""
    return case({name: at for at, name in enumerate(RHYTHMS)}, value=rhythm)


def table(ref: str, question: Select[Any], form: str = "table") -> dict[str, Any]:
    """A target that asks PostgreSQL; ``form`` is ``table`` or ``time_series``."""
    return {
        "refId": ref,
        "datasource": POSTGRESQL,
        "editorMode": "code",
        "rawQuery": True,
        "format": form,
        "rawSql": sql(question),
    }


def promql(expr: str) -> str:
    """An expression with what was chosen, quoted: ``agency=$agency``."""
    return re.sub(r"\$(agency|group|indicator)\b", r"${\1:doublequote}", expr)


def metric(
    ref: str, live: Live, *, instant: bool = False, form: str = "time_series"
) -> dict[str, Any]:
    """A target that asks Prometheus: a range, or this instant; ``form`` may be ``table``."""
    return {
        "refId": ref,
        "datasource": PROMETHEUS,
        "editorMode": "code",
        "expr": promql(live.expr),
        "legendFormat": live.legend,
        "instant": instant,
        "range": not instant,
        "format": form,
    }
