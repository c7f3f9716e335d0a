"""How one indicator moves in each agency, and how sure that is."""

from __future__ import annotations

from dashboards import baselines, questions
from dashboards.board import Board, Variable
from dashboards.panel import IN_GROUP, Live, Meter, Panel

BOARD = Board(
    uid="headwind-indicator",
    title="Indicator",
    question="How does this indicator move in each agency, and how sure is it?",
    variables=(
        Variable(name="group", label="Group", whole="all groups"),
        Variable(name="indicator", label="Indicator", required=True),
        Variable(name="unit", label="Unit"),
        Variable(name="service", label="Service"),
        Variable(name="stratum", label="Stratum"),
    ),
    reading=(
        "All agencies share one vertical scale, so heights can be compared.",
        "The band is the 95 % interval; where the line is grey, n is below the minimum.",
        "A grey block is a time without a value, with the reason under the pointer.",
        (
            "The quiet grey band behind a line is what was expected of each single step of a service "
            "or unit, frozen while an alert stands; the line rolls over its window. Totals are not "
            "watched and have none; a block that says so was too early to expect anything. Speeds have "
            "none either: what ends is compared with what should have at its age."
        ),
        (
            "An upright dashed line is a break that explains numbers: a crisis that was declared, a "
            "definition that changed, another rule on remote work, or a baseline that somebody began "
            "anew. A dotted one was found in what is reported: parts of the total that joined or "
            "left, another scale of ratings, another rhythm."
        ),
        (
            "A shaded span is an alert, a triangle a signal: up for higher than expected, down for "
            "lower; blue for better, red for worse."
        ),
        (
            "Control chart, for shares by week or longer: small dots are single buckets, the level "
            "line is the mean of the baseline's twelve, the dashed ones its limits. Blue (a diamond) "
            "is a special cause that is an improvement, orange (a square) one of concern, purple "
            "(a cross) one where no direction is better: beyond a limit, seven in a trend or on one "
            "side, two of three close to a limit."
        ),
        (
            "P beside a name means that the target lies where all usual variation meets it, F where none does, "
            "? that chance decides. Limits move only when somebody says headwind rebase."
        ),
    ),
    meters=(
        Meter(
            title="Value and interval as they were known, now",
            description="The newest value of each agency at each moment with both ends of its 95 % "
            "interval, in the indicator's own unit (shares from 0 to 1); n stands in the ranking.",
            unit="none",
            lives=tuple(
                Live(
                    f'max by (agency) ({name}{{indicator=$indicator, service=""}}) {IN_GROUP}',
                    f"{{{{agency}}}}{word}",
                )
                for name, word in (
                    ("headwind_indicator", ""),
                    ("headwind_indicator_low", ", low"),
                    ("headwind_indicator_high", ", high"),
                )
            ),
        ),
    ),
    panels=(
        Panel(
            id="agencies",
            kind="multiples",
            title="Each agency on one scale, as restated",
            description="The rolling value with its 95 % interval and n in every agency; low n in "
            "grey, gaps where it is undefined, alerts shaded, signals as triangles; the control chart of "
            "single buckets over it, with its icons.",
            unit="indicator",
            question=questions.history,
            overlays={
                "signals": questions.signals,
                "alerts": questions.alerts,
                "breaks": questions.breaks,
                "usual": questions.usual,
                "buckets": baselines.buckets,
                "baselines": baselines.baselines,
            },
            split="agency",
            shared_axis=True,
            empty="No agency has a value of this indicator for this selection.",
        ),
        Panel(
            id="ranking",
            kind="ranking",
            title="Ranking now",
            description="The newest rolling value in each agency, best first, with its 95 % "
            "interval and n. Where two intervals overlap widely, the order says little.",
            unit="indicator",
            question=questions.current,
            live=Live(
                'sort_desc(max by (agency) (headwind_indicator{indicator=$indicator, service="", '
                f'agency!~"group:.*"}}) {IN_GROUP})'
            ),
            place="side",
        ),
        Panel(
            id="signals",
            kind="table",
            title="Signals, as restated",
            description="Each bucket in which a detector saw the value leave what was expected, "
            "the newest first, in every service and unit of the selection, with what was expected and n.",
            unit="indicator",
            question=questions.signals_within,
            place="foot",
            columns=("bucket_end", "where", "direction", "value", "expected", "n", "detector"),
            empty="No detector saw anything unusual in this time.",
        ),
        Panel(
            id="alerts",
            kind="table",
            title="Alerts, as restated",
            description="Alerts on this indicator that were open in the chosen time, the newest "
            "first, with the reason as it was decided; their n stands in the evidence.",
            unit="alerts",
            question=questions.alerts,
            place="foot",
            columns=("severity", "story", "opened", "closed"),
            empty="No alert in this time.",
        ),
    ),
)
