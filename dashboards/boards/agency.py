"""What is changing in this agency, and does its data arrive: one agency, all indicators."""

from __future__ import annotations

from dashboards import questions
from dashboards.board import Board, Variable
from dashboards.panel import Live, Meter, Panel, of_chosen

BOARD = Board(
    uid="headwind-agency",
    title="Agency",
    question="What is changing in this agency, and does its data arrive?",
    variables=(
        Variable(name="agency", label="Agency or group", required=True),
        Variable(name="unit", label="Unit"),
        Variable(name="service", label="Service"),
        Variable(name="stratum", label="Stratum"),
    ),
    reading=(
        "The line is the rolling value, the band its 95 % interval; grey is low n or no value.",
        (
            "The quiet grey band behind a line is what was expected of each single step of a service "
            "or unit, frozen while an alert stands; the line rolls over its window. Totals are not "
            "watched and have none; a block that says so was too early to expect anything. Speeds have "
            "none either: what ends is compared with what should have at its age."
        ),
        (
            "An upright dashed line is a break that explains numbers: a crisis that was declared, a "
            "definition that changed, or another rule on remote work. A dotted one was found in what "
            "is reported: parts of the total that joined or left, another scale of ratings, another "
            "rhythm."
        ),
        (
            "A shaded span is an alert, a triangle a signal: pointing up when the value was higher "
            "than expected, down when lower; blue for better, red for worse."
        ),
    ),
    meters=(
        Meter(
            title="Alerts open by severity, now",
            description="How many alerts of this agency were open at each moment, by severity, as "
            "it was known then; n is the number itself.",
            unit="none",
            lives=(
                Live(
                    f"sum by (severity) (max by (agency, severity) ({of_chosen('headwind_alerts_open')}))",
                    "{{severity}}",
                ),
            ),
        ),
        Meter(
            title="Which alerts are open, now",
            description="A line at 1 for each alert while it is open, as it was known then; n "
            "stands in the evidence of each.",
            unit="none",
            lives=(
                Live(
                    f"max by (agency, alertname, indicator) ({of_chosen('headwind_alert_state')}) > 0",
                    "{{agency}}: {{alertname}} {{indicator}}",
                ),
            ),
        ),
    ),
    panels=(
        Panel(
            id="sentence",
            kind="sentence",
            title="In one sentence, now",
            description="The worst alert open in the agency and its reason; n is in its evidence.",
            unit="alerts",
            question=questions.open_alerts,
            live=Live(f"max({of_chosen('headwind_agency_state')})", "state"),
            place="top",
        ),
        Panel(
            id="indicators",
            kind="multiples",
            title="Every indicator of this agency, as restated",
            description="The rolling value of each indicator with its 95 % interval, the newest "
            "with its n; alerts shaded, signals as triangles. Each line has its own scale.",
            unit="indicator",
            question=questions.history,
            overlays={
                "signals": questions.signals,
                "alerts": questions.alerts,
                "breaks": questions.breaks,
                "usual": questions.usual,
            },
            split="indicator",
            points=300,
            empty="No value of any indicator yet for this selection.",
        ),
        Panel(
            id="alerts",
            kind="table",
            title="Active alerts now",
            description="Alerts of this agency that are open, the gravest first, with the reason "
            "as it was decided; the n behind each stands in its evidence.",
            unit="alerts",
            question=questions.open_alerts,
            place="side",
            columns=("severity", "story", "opened"),
            empty="No alert is open.",
        ),
        Panel(
            id="sources",
            kind="table",
            title="Sources now",
            description="Each sender: the time of its last event and how long ago that is, and "
            "n, the events taken, without the repeats that were dropped.",
            unit="events",
            question=questions.sources,
            place="side",
            columns=("sender", "last_time", "accepted", "late"),
            empty="No source has sent an event.",
        ),
        Panel(
            id="refused",
            kind="table",
            title="Refused lately, now",
            description="The newest 500 refused events at most, counted by the code of every "
            "problem; n is the number of events with that problem.",
            unit="events",
            question=questions.refusals,
            place="side",
            columns=("code", "count", "received"),
            empty="Nothing has been refused.",
        ),
    ),
)
