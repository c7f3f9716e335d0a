"""How deep a shock went, how soon it was over, and whether things are better than before."""

from __future__ import annotations

from dashboards import shock_questions as questions
from dashboards.board import Board, Variable
from dashboards.panel import Panel
from dashboards.words import CASE_STATES, CRISIS_STATES

BOARD = Board(
    uid="headwind-shocks",
    title="Shocks",
    question="How deep did it go, how soon were we back, better or worse than before?",
    variables=(
        Variable(name="group", label="Group", whole="all groups"),
        Variable(name="agency", label="Agency", whole="all agencies"),
        Variable(name="indicator", label="Indicator", whole="all indicators"),
    ),
    states={**CASE_STATES, **CRISIS_STATES},
    days=3 * 365,
    reading=(
        (
            "A case file follows one series from the first bucket that was off until 90 days after "
            "its recovery. What was expected is frozen at the onset."
        ),
        (
            "Q is actual / expected, and expected / actual where more is worse: 1 is as expected, "
            "0.5 half as good. Depth is 1 minus the lowest Q."
        ),
        (
            "Absorbed: the worst is over. Adapted: the first bucket back at 95 %. Recovered: the "
            "first of enough in a row. Service-days lost: the area under 1, of the first 90 days."
        ),
        (
            "Gain after: the mean of Q - 1 in the 90 days after recovery, the loss of demand paid "
            "back first, with its 95 % interval. First decision: until a crisis decision was made."
        ),
        (
            "Demand and other context have no better or worse: nothing is lost, and their files end "
            "as over, with how far above or below what it was it stayed for 90 days."
        ),
        (
            "Under a service that failed or a demand that fell stands what the other side did. "
            "It held if no five days, two weeks or two months in a row were a tenth off and "
            "beyond what is usual for it."
        ),
        (
            "Three services of one agency that fell within 14 days, or in one declared crisis, "
            "are a shock of the whole; it is back when 90 % of their weight is."
        ),
        (
            "Shocks are never averaged: another shock is another test. Where five services or "
            "more fell within 14 days of one another, the fan shows how far they lie apart."
        ),
    ),
    panels=(
        Panel(
            id="sentence",
            kind="recoveries",
            title="In one sentence, now",
            description="Counts the case files of the chosen time by how they stand, and names the "
            "three services that took longest, n days each; demand is left out.",
            unit="case files",
            question=questions.cases,
            place="top",
        ),
        Panel(
            id="wholes",
            kind="wholes",
            title="The whole organisation, as restated",
            description="Services or units of one agency that fell together: the mean of their Q, "
            "weighted by volume where each has one, thick; P10 to P90 of them grey, from n 5 on. "
            "It is back when 90 % of the weight is and the mean is.",
            unit="Q",
            question=questions.wholes,
            overlays={
                "cases": questions.cases,
                "curves": questions.curves,
                "besides": questions.besides,
            },
            empty="No three services of one agency fell together in this time.",
        ),
        Panel(
            id="sides",
            kind="sides",
            title="Demand and service side by side, as restated",
            description="Of each case Q of its own series and, on the same days, of the other side "
            "of the same service, against what was expected of that before; n is the number of "
            "buckets in each table. Demand that falls while service holds is no failure.",
            unit="Q",
            question=questions.cases,
            overlays={"curves": questions.curves, "besides": questions.besides},
            points=240,
            empty="No case in this time has both sides counted.",
        ),
        Panel(
            id="curves",
            kind="curves",
            title="Resilience curves, as restated",
            description="Q by days since the onset, one line a case, one point a bucket; n, the "
            "number of cases, stands with each chart. Cases that began within 14 days of one "
            "another share a chart; from five services on, with the P10 to P90 fan.",
            unit="Q",
            question=questions.cases,
            overlays={"curves": questions.curves},
            points=240,
            empty="No shock in this time, for this selection.",
        ),
        Panel(
            id="crises",
            kind="crises",
            title="Declared crises now",
            description="Every declared crisis, whether anything showed or not; n is the number of "
            "its cases. First decision: from its beginning. To 95 % of it: until readiness for "
            "remote work came to 95 % of the required level.",
            unit="days",
            question=questions.crises,
            place="foot",
            empty="No crisis was declared in this time.",
        ),
        Panel(
            id="cases",
            kind="cases",
            title="Case files now",
            description="Each case file as it stands, open ones first, then the newest; a dash "
            "where something has not come yet. The n behind each gain stands in its evidence.",
            unit="days",
            question=questions.cases,
            place="foot",
            empty="No shock in this time, for this selection.",
        ),
    ),
)
