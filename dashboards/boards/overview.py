"""How the whole organisation is doing, and where to look first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dashboards import questions
from dashboards.board import Board, Variable
from dashboards.panel import IN_GROUP, Live, Meter, Panel

if TYPE_CHECKING:
    from sqlalchemy import Select

    from dashboards.panel import Question, Scope


def _of_all(question: Question) -> Question:
    """The question over every indicator: on this board the chosen one only ranks."""

    def asked(scope: Scope) -> Select[Any]:
        return question(msgspec.structs.replace(scope, indicator=""))

    return asked


def _headlines(scope: Scope) -> Select[Any]:
    """The history of the few indicators that may stand on a tile, not of all."""
    narrow = msgspec.structs.replace(scope, indicator="", indicators=scope.headlines)
    return questions.history(narrow)


_STATES = f"(max by (agency) (headwind_agency_state) {IN_GROUP})"


def _counted(word: str, number: int) -> str:
    """How many agencies are in a state, as a label: so that a sentence can be made of it."""
    many = f"count({_STATES} == {number}) or vector(0)"
    return f'count_values("{word}", {many})'


def _beside(word: str, number: int) -> str:
    return f" * on () group_left ({word}) {_counted(word, number)}"


_of = f' * on () group_left (all) count_values("all", count({_STATES}))'


BOARD = Board(
    uid="headwind-overview",
    title="Overview",
    question="How is the whole organisation doing, and where should I look first?",
    variables=(
        Variable(name="group", label="Group", whole="all groups"),
        Variable(name="indicator", label="Rank agencies by"),
    ),
    reading=(
        (
            "Every value covers a rolling window, with its 95 % interval and n, the cases behind it. "
            "Grey means low n: draw no conclusion. A dash is a number that does not exist, never zero."
        ),
        "Later arrivals restate values; alerts stay as they were decided.",
    ),
    panels=(
        Panel(
            id="sentence",
            kind="sentence",
            title="In one sentence, now",
            description="Counts agencies by the worst alert open in each; every agency of the group that "
            "ever sent an event is in the count.",
            unit="agencies",
            question=_of_all(questions.open_alerts),
            live=Live(
                _counted("strained", 3) + _beside("watch", 2) + _beside("unknown", 1) + _of,
                "{{strained}} of {{all}} agencies strained, {{watch}} to watch, {{unknown}} unknown",
            ),
            place="top",
        ),
        Panel(
            id="agencies",
            kind="tiles",
            title="Agencies now",
            description="Each agency's state from its open alerts, and the newest rolling value of "
            "one indicator a pillar with its course over the chosen time; n stands in the table.",
            unit="indicator",
            question=_of_all(questions.current),
            live=Live(_STATES),
            overlays={
                "history": _headlines,
                "alerts": _of_all(questions.open_alerts),
            },
            place="top",
            points=90,
        ),
        Panel(
            id="states",
            kind="states",
            title="State of each agency over time, as restated",
            description="The worst alert open at each moment, in event time, from all stored "
            "alerts of the agency; inhibited alerts do not count. The higher the bar, the worse.",
            unit="state",
            question=_of_all(questions.alerts),
            known=Meter(
                title="State of each agency as it was known, now",
                description="The worst alert open at each moment as the gauge said it then, or as it "
                "was backfilled; n, the alerts behind it, stand on the page of Headwind.",
                unit="none",
                lives=(Live(_STATES),),
            ),
        ),
        Panel(
            id="values",
            kind="matrix",
            title="Every indicator, every agency, now",
            description="The newest rolling value, its 95 % interval and n, the number of cases "
            "behind it. Grey with the words low n: fewer cases than the indicator's minimum.",
            unit="indicator",
            question=_of_all(questions.current),
            live=Live(
                'max by (agency, indicator) (headwind_indicator{service="", agency!~"group:.*"} '
                f"and on (agency, indicator, service) headwind_indicator_status == 0 {IN_GROUP})"
            ),
            overlays={"alerts": _of_all(questions.open_alerts)},
        ),
        Panel(
            id="ranking",
            kind="ranking",
            title="Ranking now",
            description="The newest rolling value of the chosen indicator, best first, with its "
            "95 % interval and n. Where two intervals overlap widely, the order says little.",
            unit="indicator",
            question=questions.current,
            live=Live(
                'sort_desc(max by (agency) (headwind_indicator{indicator=$indicator, service="", '
                f'agency!~"group:.*"}}) {IN_GROUP})'
            ),
            place="side",
        ),
        Panel(
            id="alerts",
            kind="table",
            title="Active alerts now",
            description="Alerts that are open, the gravest first, with the reason as it was "
            "decided; the n behind each stands in its evidence.",
            unit="alerts",
            question=_of_all(questions.open_alerts),
            place="side",
            columns=("severity", "story", "opened"),
            empty="No alert is open.",
            known=Meter(
                title="Active alerts now",
                description="Alerts that are open, by agency and indicator; the reason of each and "
                "its n stand on the page of Headwind, which needs no PostgreSQL.",
                unit="none",
                lives=(
                    Live(
                        f"max by (agency, indicator, alertname) (headwind_alert_state == 1 {IN_GROUP})"
                    ),
                ),
            ),
        ),
    ),
)
